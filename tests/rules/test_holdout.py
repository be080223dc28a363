"""Who is in the holdout never depends on anything but their own bucket."""

from hypothesis import given
from hypothesis import strategies as st

from rules.holdout import BUCKETS, arm_of, bucket_in, is_held_out
from schemas.enums import Arm
from schemas.governing import Holdout

buckets = st.integers(min_value=0, max_value=BUCKETS - 1)
shares = st.floats(min_value=0, max_value=0.5)
scenes = st.sampled_from(["replenish", "birthday", "补货"])


@given(shares)
def test_the_share_of_all_buckets_is_held_out(share: float) -> None:
    holdout = Holdout(share=share)
    assert sum(is_held_out(bucket, holdout) for bucket in range(BUCKETS)) == round(share * BUCKETS)


@given(buckets, shares, scenes)
def test_whoever_is_held_out_of_all_is_held_out_of_each_scene(
    bucket: int, share: float, scene: str
) -> None:
    holdout = Holdout(share=share)
    held = arm_of(bucket, scene, holdout) is Arm.HOLDOUT
    assert held is is_held_out(bucket, holdout)


@given(buckets, scenes, shares, shares)
def test_a_larger_holdout_keeps_everyone_of_a_smaller_one(
    bucket: int, scene: str, one: float, other: float
) -> None:
    small, large = sorted((one, other))
    if arm_of(bucket, scene, Holdout(share=small)) is Arm.HOLDOUT:
        assert arm_of(bucket, scene, Holdout(share=large)) is Arm.HOLDOUT
    if arm_of(bucket, scene, _of_scene(scene, small)) is Arm.HOLDOUT:
        assert arm_of(bucket, scene, _of_scene(scene, large)) is Arm.HOLDOUT


@given(buckets, scenes)
def test_without_a_share_nobody_is_held_out(bucket: int, scene: str) -> None:
    for nobody in (Holdout(share=0), _of_scene(scene, 0)):
        assert arm_of(bucket, scene, nobody) is Arm.TREATED


def test_a_scene_holds_out_about_its_share_and_of_that_scene_only() -> None:
    half = _of_scene("replenish", 0.5)
    held = [bucket for bucket in range(BUCKETS) if arm_of(bucket, "replenish", half) is Arm.HOLDOUT]
    assert abs(len(held) - BUCKETS / 2) < 200  # four standard deviations
    assert not any(arm_of(bucket, "birthday", half) is Arm.HOLDOUT for bucket in range(BUCKETS))


def test_scenes_draw_apart_from_each_other_and_from_all() -> None:
    """Whoever one scene leaves alone hears from another about as often as anybody."""
    both = Holdout(share=0, scenes={"replenish": 0.5, "birthday": 0.5})
    held = [
        {bucket for bucket in range(BUCKETS) if arm_of(bucket, scene, both) is Arm.HOLDOUT}
        for scene in ("replenish", "birthday")
    ]
    low = set(range(BUCKETS // 2))
    for one, other in ((held[0], held[1]), (held[0], low), (held[1], low)):
        assert abs(len(one & other) - BUCKETS / 4) < 200


def test_the_draw_is_the_same_on_every_machine() -> None:
    """A re-run, a merge back and a re-import find everybody in their arm."""
    assert [bucket_in("replenish", bucket) for bucket in (0, 1, 9_999)] == [6552, 8917, 8330]


def _of_scene(scene: str, share: float) -> Holdout:
    return Holdout(share=0, scenes={scene: share})
