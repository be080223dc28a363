"""One day from orders to confirmed messages and back, without Prefect's engine."""

from tests.house import House, at


def test_a_day_ends_with_balanced_books_and_members_got_what_was_approved(house: House) -> None:
    house.approved_day(2)
    house.push(at(2, 9, 5))
    for hour, minute in ((12, 0), (16, 0), (20, 31)):
        house.collect(at(2, hour, minute))
    states = house.states()
    received = house.control.received()
    assert states["delivered"] == len(received) > 0
    assert set(states) <= {"delivered", "expired", "capped", "unreachable"}
    assert house.unbalanced() == []


def test_the_stand_in_holds_exactly_the_approved_texts_and_recipients(house: House) -> None:
    house.approved_day(2)
    approved = house.rows(
        "SELECT m.contact, m.sender, d.text FROM approval_recipient r"
        " JOIN message m ON m.id = r.message_id JOIN draft d ON d.wording_id = m.wording_id"
    )
    house.push(at(2, 9, 5))
    held = {
        (recipient, task.sender, task.text)
        for task in house.control.tasks()
        for recipient in task.external_userid
    }
    assert held == {tuple(row) for row in approved}


def test_the_same_instant_again_changes_nothing(house: House) -> None:
    house.pull(at(2, 7, 30))
    run = house.grow(at(2, 7, 30))
    before = house.states()
    assert house.pull(at(2, 7, 30)) == {}
    again = house.grow(at(2, 7, 30))
    assert (again.id, again.done, house.states()) == (run.id, True, before)


def test_the_next_day_knows_of_the_touches_and_of_who_deleted_us(house: House) -> None:
    house.approved_day(2)
    house.push(at(2, 9, 5))
    house.collect(at(2, 20, 31))
    touched = {row.person_id for row in house.rows("SELECT person_id FROM delivery")}
    house.pull(at(3, 7, 30))
    house.grow(at(3, 7, 30))
    won = house.rows(
        "SELECT m.person_id FROM message m JOIN run r ON r.id = m.run_id"
        " WHERE r.business_date = '2026-03-03'"
    )
    facts = house.rows("SELECT person_id FROM person_facts WHERE touches > 0")
    assert touched
    assert not touched & {row.person_id for row in won}
    reached = house.rows("SELECT person_id FROM delivery WHERE status = 'delivered'")
    assert {row.person_id for row in facts} == {row.person_id for row in reached}
