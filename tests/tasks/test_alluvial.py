"""Bars and ribbons: in proportion, in order, and never on top of each other."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.alluvial import _HEIGHT, _THICKEST, _THINNEST, GAP, Alluvial, Bar, Ribbon, alluvial

STAGES = ["newcomers", "prospect", "new", "active", "due", "at_risk", "lapsed", "gone"]
NEAR = 1e-6

flows = st.dictionaries(
    st.tuples(st.sampled_from(STAGES), st.sampled_from(STAGES)),
    st.one_of(st.integers(-2, 40), st.integers(1, 5_000_000)),
)


def within(drawn: Alluvial, bar: Bar, *, on_the_left: bool) -> list[tuple[float, Ribbon]]:
    """Return where the ribbons of a bar begin in it, from the top down."""
    found = [
        (one.left if on_the_left else one.right, one)
        for one in drawn.ribbons
        if (one.source if on_the_left else one.target) == bar.name
    ]
    return sorted(found, key=lambda placed: placed[0])


@given(flows)
def test_ribbons_fill_their_bars_without_a_gap_or_an_overlap(
    given_flows: dict[tuple[str, str], int],
) -> None:
    drawn = alluvial(given_flows, STAGES)
    for on_the_left, bars in ((True, drawn.left), (False, drawn.right)):
        for bar in bars:
            edge = bar.top
            for begins, ribbon in within(drawn, bar, on_the_left=on_the_left):
                assert begins == pytest.approx(edge, abs=NEAR)
                edge += ribbon.thickness
            assert edge == pytest.approx(bar.bottom, abs=NEAR)


@given(flows)
def test_ribbons_with_an_end_in_common_never_cross(
    given_flows: dict[tuple[str, str], int],
) -> None:
    drawn = alluvial(given_flows, STAGES)
    for on_the_left, bars in ((True, drawn.left), (False, drawn.right)):
        for bar in bars:
            placed = [one for _, one in within(drawn, bar, on_the_left=on_the_left)]
            leads = [STAGES.index(one.target if on_the_left else one.source) for one in placed]
            assert leads == sorted(leads)


@given(flows)
def test_every_person_is_in_one_ribbon_and_in_a_bar_at_both_ends(
    given_flows: dict[tuple[str, str], int],
) -> None:
    drawn = alluvial(given_flows, STAGES)
    positive = {ends: persons for ends, persons in given_flows.items() if persons > 0}
    assert {(one.source, one.target): one.persons for one in drawn.ribbons} == positive
    for end, bars in enumerate((drawn.left, drawn.right)):
        held = dict.fromkeys({ends[end] for ends in positive}, 0)
        for ends, persons in positive.items():
            held[ends[end]] += persons
        assert {bar.name: bar.persons for bar in bars} == held


@given(flows)
def test_bars_stand_in_order_with_room_for_a_label_between(
    given_flows: dict[tuple[str, str], int],
) -> None:
    drawn = alluvial(given_flows, STAGES)
    for bars in (drawn.left, drawn.right):
        places = [STAGES.index(bar.name) for bar in bars]
        assert places == sorted(places)
        for upper, lower in pairwise(bars):
            assert lower.top - upper.bottom == pytest.approx(GAP)
            assert lower.middle - upper.middle > GAP
        assert sum(bar.height for bar in bars) <= _HEIGHT + NEAR


@given(flows)
def test_one_scale_holds_for_all_ribbons_that_are_not_the_thinnest(
    given_flows: dict[tuple[str, str], int],
) -> None:
    drawn = alluvial(given_flows, STAGES)
    scales = [one.thickness / one.persons for one in drawn.ribbons if one.thickness > _THINNEST]
    assert all(scale == pytest.approx(scales[0]) for scale in scales)
    for one in drawn.ribbons:
        assert one.thickness >= _THINNEST
        assert one.thickness <= _THICKEST * one.persons + NEAR


@given(flows)
def test_those_who_stay_lie_below_those_who_move(
    given_flows: dict[tuple[str, str], int],
) -> None:
    stays = [one.stays for one in alluvial(given_flows, STAGES).ribbons]
    assert stays == sorted(stays, reverse=True)


def test_many_fill_the_height_and_few_do_not() -> None:
    many = alluvial({("new", "new"): 900_000, ("new", "active"): 100_000}, STAGES)
    assert [bar.height for bar in many.left] == pytest.approx([_HEIGHT])
    assert [bar.height for bar in many.right] == pytest.approx([_HEIGHT * 0.9, _HEIGHT * 0.1])
    assert many.height == pytest.approx(_HEIGHT + GAP)
    few = alluvial({("new", "new"): 2, ("new", "active"): 1}, STAGES)
    assert [one.thickness for one in few.ribbons] == [2 * _THICKEST, _THICKEST]


def test_one_in_a_million_is_seen_and_the_others_make_room() -> None:
    drawn = alluvial({("lapsed", "lapsed"): 1_000_000, ("lapsed", "new"): 1}, STAGES)
    thickness = {one.target: one.thickness for one in drawn.ribbons}
    assert thickness == pytest.approx({"lapsed": _HEIGHT - _THINNEST, "new": _THINNEST})


def test_nobody_makes_an_empty_picture() -> None:
    drawn = alluvial({("new", "new"): 0}, STAGES)
    assert (drawn.left, drawn.right, drawn.ribbons, drawn.height) == ((), (), (), 0)


def test_a_path_runs_from_edge_to_edge_level_at_both_ends() -> None:
    ribbon = Ribbon("new", "active", 3, left=10, right=40, thickness=5)
    assert ribbon.path(100, 300, down=1) == (
        "M100,11.00 C200,11.00 200,41.00 300,41.00 V46.00 C200,46.00 200,16.00 100,16.00 Z"
    )
