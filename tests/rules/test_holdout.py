"""Who is in the holdout never depends on anything but their own bucket."""

from hypothesis import given
from hypothesis import strategies as st

from rules.holdout import BUCKETS, arm_of
from schemas.enums import Arm

buckets = st.integers(min_value=0, max_value=BUCKETS - 1)
shares = st.floats(min_value=0, max_value=0.5)


@given(shares)
def test_the_share_of_all_buckets_is_held_out(share: float) -> None:
    held = sum(1 for bucket in range(BUCKETS) if arm_of(bucket, share) is Arm.HOLDOUT)
    assert held == round(share * BUCKETS)


@given(buckets, shares, shares)
def test_a_larger_holdout_keeps_everyone_of_a_smaller_one(
    bucket: int, one: float, other: float
) -> None:
    small, large = sorted((one, other))
    if arm_of(bucket, small) is Arm.HOLDOUT:
        assert arm_of(bucket, large) is Arm.HOLDOUT


@given(buckets)
def test_without_a_share_nobody_is_held_out(bucket: int) -> None:
    assert arm_of(bucket, 0) is Arm.TREATED
