"""What was and what would have been stand beside each other, and nothing is counted twice."""

from rules.comparison import EXAMPLES, Comparison, Fact, Heard, Load
from rules.replay import HOLDOUT, OUTCOMPETED, WRITTEN, Fate, Slotted
from schemas.planning import Contender
from tests.rules.builders import SHANGHAI, contender, shanghai

MORNING = shanghai("2026-03-10T10:00")


def of(candidate: int, scene: str = "a", wording: str = "w") -> Contender:
    return contender(candidate, MORNING, scene=scene, wording_key=wording)


def written(person: int, one: Contender, sender: str = "ChenYu") -> Fate:
    return Fate(person, one, WRITTEN, Slotted(MORNING, SHANGHAI, sender))


def held(person: int, one: Contender, told: str = "gap") -> Fate:
    return Fate(person, one, told)


WROTE = Fact(WRITTEN, "ChenYu", delivered=True)


def test_a_message_that_was_written_is_kept_spared_or_lost() -> None:
    found = Comparison(bound=None)
    found.note(WROTE, written(1, of(1)))
    found.note(WROTE, held(2, of(2)))
    found.note(Fact(WRITTEN, "ChenYu"), held(3, of(3)))
    found.note(WROTE, Fate(4, of(4), OUTCOMPETED, winner=of(5, "b")))
    assert found.spared_today == [2, 3]
    found.end_day()
    assert (found.fact.messages, found.other.messages, found.delivered) == (4, 1, 3)
    assert (found.spared, found.spared_delivered) == ({"gap": 2}, 1)
    assert found.examples == {"gap": [2, 3]}
    assert found.lost == {("a", "b"): 1}
    assert found.spared_today == []
    assert found.flows == {
        (WRITTEN, WRITTEN): 1,
        (WRITTEN, "gap"): 2,
        (WRITTEN, OUTCOMPETED): 1,
    }


def test_what_only_other_rules_write_is_told_by_what_held_it_back() -> None:
    found = Comparison(bound=None)
    found.note(Fact("cap"), written(1, of(1)))
    found.note(Fact(HOLDOUT), written(2, of(2, "b")))
    found.note(Fact("cap"), held(3, of(3), "cap"))
    found.end_day()
    assert found.heard == {"cap": 1, HOLDOUT: 1}
    assert found.other.scenes == {"a": 1, "b": 1}
    assert (found.fact.messages, found.spared) == (0, {})


def test_few_examples_are_named_and_nobody_twice() -> None:
    found = Comparison(bound=None)
    for person in (1, 1, 2, 3, 4):
        found.note(WROTE, held(person, of(person)))
    assert found.examples["gap"] == [1, 2, 3]
    assert len(found.examples["gap"]) == EXAMPLES


def test_an_employees_day_has_the_texts_and_messages_of_both() -> None:
    """On a day on which the other rules give an employee nothing to do, they have none."""
    found = Comparison(bound=1)
    for candidate, wording in enumerate("xxy"):
        found.note(WROTE, held(candidate, of(candidate, wording=wording)))
    found.note(Fact("gap"), written(9, of(9), "LinXia"))
    found.end_day()
    assert found.fact.load == Load(2, 2, 3, most_texts=2, most_messages=3, over=1)
    assert found.other.load == Load(2, 1, 1, most_texts=1, most_messages=1, over=0)
    found.note(WROTE, written(1, of(20)))
    found.end_day()
    assert found.fact.load == Load(3, 3, 4, most_texts=2, most_messages=3, over=1)


def test_persons_are_counted_by_how_many_messages_they_got_over_all_days() -> None:
    heard = Heard()
    heard.add([1, 2, 3], [1, 2], [2])
    heard.add([2, 4], [2, 2], [2])
    heard.add([2], [2], [4])
    heard.add([2], [2], [])
    assert (heard.spread(0), heard.spread(1)) == ([2, 1, 0, 0, 1], [2, 1, 1, 0, 0])
    assert (heard.fewer(), heard.more()) == (2, 1)


def test_who_had_a_candidate_and_heard_nothing_is_counted_too() -> None:
    found = Comparison(bound=None)
    found.note(Fact("gap"), held(1, of(1)))
    found.note(Fact("gap"), held(1, of(2)))
    found.note(WROTE, held(2, of(3)))
    found.end_day()
    assert found.persons.spread(0) == [1, 1, 0, 0, 0]
    assert found.persons.spread(1) == [2, 0, 0, 0, 0]
