"""Shared budgets go by value, and nobody has a claim by coming first."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.allotment import RUN, SCENE, SENDER, Asking, Left, allot

SENDERS, SCENES, KEYS = "xy", "ab", "klm"

asking = st.lists(
    st.tuples(
        st.sampled_from(SCENES),
        st.sampled_from(SENDERS),
        st.sampled_from(KEYS),
        st.integers(min_value=0, max_value=4),
    ),
    max_size=12,
).map(
    lambda rows: [
        Asking(number, scene, sender, key, float(worth))
        for number, (scene, sender, key, worth) in enumerate(rows)
    ]
)
some = st.integers(min_value=0, max_value=4)
left = st.builds(
    Left,
    st.dictionaries(st.sampled_from(SENDERS), some),
    st.dictionaries(st.sampled_from(SCENES), some),
    st.none() | some,
)


def one(number: int, worth: float, scene: str = "a", sender: str = "x", key: str = "k") -> Asking:
    return Asking(number, scene, sender, key, worth)


@given(asking, left)
def test_no_budget_is_overdrawn_and_everybody_has_an_answer(
    winners: list[Asking], room: Left
) -> None:
    found = allot(winners, room)
    assert all(found.texts[sender] <= most for sender, most in room.texts.items())
    assert all(found.scenes[scene] <= most for scene, most in room.scenes.items())
    assert room.run is None or len(found.kept) <= room.run
    kept = {one.message_id for one in found.kept}
    assert not kept & found.over.keys()
    assert kept | found.over.keys() == {one.message_id for one in winners}


def test_a_text_that_is_paid_costs_nothing_more_and_takes_no_other_texts_place() -> None:
    winners = [one(0, 1, key="k"), one(1, 9, key="l"), one(2, 5, key="m")]
    found = allot(winners, Left({"x": 1}, paid=frozenset({("x", "k"), ("y", "m")})))
    assert {each.wording_key for each in found.kept} == {"l", "k"}
    assert found.over == {2: SENDER}
    assert found.texts == {"x": 1}


@given(asking, left)
def test_what_is_left_out_would_not_have_fitted_in_its_place(
    winners: list[Asking], room: Left
) -> None:
    """Its text, its scene or the run was full of what is worth at least as much."""
    found = allot(winners, room)
    texts: dict[tuple[str, str], float] = defaultdict(float)
    for each in winners:
        texts[each.sender, each.wording_key] += each.worth
    for each in winners:
        why = found.over.get(each.message_id)
        if why == SENDER:
            mine = texts[each.sender, each.wording_key]
            better = [
                key
                for (sender, key), worth in texts.items()
                if sender == each.sender and key != each.wording_key and worth >= mine
            ]
            assert len(better) >= room.texts[each.sender]
        elif why == SCENE:
            above = [o for o in found.kept if o.scene == each.scene and o.worth >= each.worth]
            cut = [o for o in winners if found.over.get(o.message_id) == RUN]
            above += [o for o in cut if o.scene == each.scene and o.worth >= each.worth]
            assert len(above) >= room.scenes[each.scene]
        elif why == RUN:
            assert len([o for o in found.kept if o.worth >= each.worth]) == room.run


@given(asking, left, st.randoms(use_true_random=False))
def test_the_order_of_asking_does_not_matter(
    winners: list[Asking], room: Left, chance: object
) -> None:
    shuffled = sorted(winners, key=lambda _: chance.random())  # type: ignore[attr-defined]
    here, there = allot(winners, room), allot(shuffled, room)
    assert Counter(here.kept) == Counter(there.kept)
    assert here.over == there.over


@given(asking)
def test_without_bounds_everybody_keeps_their_slot(winners: list[Asking]) -> None:
    assert not allot(winners, Left()).over


def test_a_tap_serves_many_before_it_serves_one() -> None:
    many = [one(number, 0.4, key="many") for number in range(3)]
    found = allot([one(9, 0.9, key="one"), *many], Left(texts={"x": 1}))
    assert {each.wording_key for each in found.kept} == {"many"}
    assert found.over == {9: SENDER}


@pytest.mark.parametrize(
    ("room", "why"),
    [
        (Left(texts={"x": 0}), SENDER),
        (Left(scenes={"a": 0}), SCENE),
        (Left(run=0), RUN),
    ],
)
def test_a_budget_of_zero_lets_nothing_pass_and_says_so(room: Left, why: str) -> None:
    """Zero and unset are told apart (mautic#10416)."""
    assert allot([one(1, 1.0)], room).over == {1: why}


def test_the_most_valuable_message_of_a_scene_goes_though_it_came_last() -> None:
    found = allot([one(1, 0.2), one(2, 0.9)], Left(scenes={"a": 1}))
    assert [each.message_id for each in found.kept] == [2]


def test_the_same_text_through_two_employees_costs_both_a_tap() -> None:
    found = allot([one(1, 1.0), one(2, 1.0, sender="y")], Left())
    assert found.texts == {"x": 1, "y": 1}
