"""Decided again by the same rules, days come to the same; by others, nobody gets too much."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.caps import Ask, Limits
from schemas.planning import Slot, Span
from tests.rules.builders import case
from tests.rules.recorded_lives import (
    FIRST,
    Lives,
    Morning,
    drawn_policy,
    lives,
    replayed,
    span_of,
    terms_of,
    took_a_slot,
)
from tests.rules.ticks import counted_of, fits

days = settings(max_examples=60)
"""An example is three days of several decisions."""


@days
@given(lives())
def test_by_the_same_rules_every_candidate_has_the_same_fate(lived: Lives) -> None:
    for morning, cases, fates in replayed(lived, lived.policy):
        assert fates == morning.fates
        for person, told in cases.items():
            assert told == morning.case(person)


@days
@given(lives(), st.data())
def test_by_other_rules_nobody_gets_more_than_they_allow(lived: Lives, data: st.DataObject) -> None:
    """Counted by a slow reference, over slots that are kept track of here."""
    policy = data.draw(st.composite(drawn_policy)(lived.around))
    wrote: dict[int, list[int]] = {1: [], 2: []}
    assumed: dict[int, Slot] = {}
    for morning, cases, fates in replayed(lived, policy):
        assert fates.keys() == morning.fates.keys()
        for person, told in cases.items():
            taken = _taken(lived, morning, wrote[person], assumed, person)
            assert sorted(told.slots, key=str) == sorted(taken, key=str)
            assert told.open_scenes == _on_their_way(taken, morning)
        for number, fate in fates.items():
            assert (fate.slotted is not None) is took_a_slot(fate)
            if fate.slotted is not None:
                terms = policy.categories.of(fate.contender.category)
                asked = Ask(span_of(fate), *terms_of(fate)[:4])
                slots = counted_of(case(slots=cases[fate.person].slots), policy)
                limits = Limits(policy.caps, None, policy.gap_hours)
                assert fits(asked, slots, limits) or not terms.capped
                wrote[fate.person].append(number)
                at = fate.slotted.at
                assumed[number] = Slot(number, Span(at, at), *terms_of(fate))


def _taken(
    lived: Lives, morning: Morning, wrote: list[int], assumed: dict[int, Slot], person: int
) -> list[Slot]:
    """Return what a person has got by a morning: before the record began, and by other rules."""
    before = [one for one in morning.case(person).slots if one.candidate_id < FIRST]
    since = [
        lived.messages[number].known(morning.as_of) if number in lived.messages else assumed[number]
        for number in wrote
    ]
    return [*before, *(one for one in since if one is not None)]


def _on_their_way(taken: list[Slot], morning: Morning) -> set[str]:
    """Return the scenes of what may still arrive."""
    return {
        one.scene for one in taken if one.scene and (one.is_open or one.span.start > morning.as_of)
    }
