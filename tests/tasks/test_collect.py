"""What comes back is written down once and used by the next run."""

from tests.house import House, at

MORNING = at(2, 9, 5)
LATE = at(2, 20, 20)  # too late for employees who take their time
EVENING = at(2, 20, 31)


def test_a_task_nobody_confirmed_is_taken_back_before_the_night(approved: House) -> None:
    approved.push(LATE)
    approved.collect(EVENING)
    late = [task for task in approved.control.tasks() if task.confirmed_at is None]
    assert late
    assert all(task.cancelled for task in late)
    expired = approved.rows(
        "SELECT l.kind FROM message m JOIN ledger l ON l.slot = m.id AND l.kind <> 'reservation'"
        " WHERE m.state = 'expired' AND NOT m.ghost"
    )
    assert len(expired) == sum(len(task.external_userid) for task in late)
    assert {row.kind for row in expired} == {"release"}


def test_a_confirmation_at_the_last_minute_still_counts(approved: House) -> None:
    approved.push(LATE)
    approved.control.set_clock(at(2, 20, 29))
    waiting = [task for task in approved.control.tasks() if task.confirmed_at is None]
    approved.control.confirm(waiting[0].msgid)
    approved.collect(EVENING)
    states = approved.rows(
        "SELECT DISTINCT m.state FROM message m JOIN dispatch_recipient r ON r.message_id = m.id"
        " JOIN dispatch s ON s.id = r.dispatch_id WHERE s.msgid = :id",
        id=waiting[0].msgid,
    )
    assert {row.state for row in states} <= {"delivered", "unreachable", "capped"}
    assert approved.unbalanced() == []


def test_a_task_that_cannot_be_cancelled_keeps_its_reservations(approved: House) -> None:
    approved.push(MORNING)
    approved.control.fault("cancel_groupmsg_send", "errcode", code=45009, times=1000)
    approved.collect(EVENING)
    assert approved.states()["dispatched"] > 0
    assert approved.unbalanced() == []


def test_a_task_the_channel_knows_nothing_of_is_settled_in_the_end(approved: House) -> None:
    """Nothing is pending for ever; what may have been sent counts as sent."""
    approved.push(MORNING)
    approved.control.fault("get_groupmsg_task", "errcode", code=41047, times=10_000)
    approved.collect(at(5, 20, 29))
    assert set(approved.states()) == {"dispatched"}
    approved.collect(at(5, 20, 31))
    assert set(approved.states()) == {"unknown_settled"}
    assert approved.unbalanced() == []


def test_a_quota_used_up_elsewhere_ends_as_capped_and_frees_the_slot(approved: House) -> None:
    message = approved.rows("SELECT contact, sender FROM message ORDER BY id")[0]
    _send_by_hand(approved, message.sender, message.contact)
    approved.push(MORNING)
    approved.control.set_clock(at(2, 9, 10))
    for task in approved.control.tasks():
        approved.control.confirm(task.msgid)
    approved.collect(EVENING)
    rows = approved.rows("SELECT state FROM message WHERE contact = :c", c=message.contact)
    assert [row.state for row in rows] == ["capped"]
    assert approved.unbalanced() == []


def test_an_order_within_the_window_answers_the_last_message_once(approved: House) -> None:
    approved.push(MORNING)
    approved.collect(EVENING)
    approved.pull(at(5, 7, 30))
    approved.collect(at(5, 7, 31))
    found = approved.rows("SELECT source_event, message_id, at FROM outcome")
    assert found
    approved.collect(at(5, 7, 32))
    assert approved.rows("SELECT source_event, message_id, at FROM outcome") == found
    early = approved.rows(
        "SELECT 1 FROM outcome o JOIN delivery d USING (message_id)"
        " WHERE o.at <= d.at OR o.at > d.answer_until"
    )
    assert early == []


def test_silence_is_noticed_once_the_orders_of_the_window_are_read(approved: House) -> None:
    """What has not been pulled yet is not silence."""
    approved.push(MORNING)
    approved.collect(EVENING)
    approved.collect(at(10, 7, 29))
    assert approved.rows("SELECT 1 FROM delivery WHERE answered IS NOT NULL") == []
    approved.pull(at(10, 7, 30))
    approved.collect(at(10, 7, 31))
    approved.grow(at(10, 7, 32))
    rows = approved.rows(
        "SELECT d.answered, f.unanswered FROM delivery d JOIN person_facts f USING (person_id)"
        " WHERE d.status = 'delivered'"
    )
    assert {(row.answered, row.unanswered) for row in rows} == {(True, 0), (False, 1)}


def test_who_deleted_us_is_suppressed_and_never_chosen_again(approved: House) -> None:
    person, contact, sender = approved.rows(
        "SELECT person_id, contact, sender FROM message ORDER BY id"
    )[0]
    approved.push(MORNING)
    approved.control.delete(contact, sender)
    for task in approved.control.tasks():
        approved.control.confirm(task.msgid)
    approved.collect(EVENING)
    approved.pull(at(3, 7, 30))
    approved.grow(at(3, 7, 30))
    assert approved.rows(_FATE, p=person) == [
        ("2026-03-02", "unreachable", "won", None),
        ("2026-03-03", None, "suppressed", "suppressed"),
    ]
    assert approved.unbalanced() == []


_FATE = """
SELECT r.business_date::text, m.state, d.verdict, d.reasons->0->>'rule'
FROM candidate c
JOIN run r ON r.id = c.run_id
JOIN decision d ON d.candidate_id = c.id
LEFT JOIN message m ON m.id = c.id
WHERE c.person_id = :p ORDER BY c.id
"""


def _send_by_hand(house: House, sender: str, contact: str) -> None:
    """An employee's own mass send, which uses up the platform's quota of the day."""
    from schemas.channel import Link, Parcel
    from tasks.wiring import wiring

    house.control.set_clock(at(2, 9, 1))
    link = Link("a", "b", "https://example.com/?m=by-hand")
    receipt = wiring()._channel.send(Parcel(sender, (contact,), "手工群发", link))
    house.control.set_clock(at(2, 9, 3))
    house.control.confirm(receipt.msgid)


def _refuse(house: House, person: int) -> None:
    house.change("UPDATE consent SET granted = false WHERE person_id = :p", p=person)


def waiting_task(house: House) -> tuple[int, str, list[int]]:
    """
    Push a task of two persons; return its dispatch, its id at the channel, and whom it is for.

    Two approved messages through one employee are given one text, which is approved for both.
    """
    one, other = house.rows(
        "SELECT array_agg(id ORDER BY id) AS ids FROM message WHERE state = 'approved'"
        " AND NOT ghost GROUP BY sender HAVING count(*) > 1 ORDER BY sender LIMIT 1"
    )[0].ids[:2]
    for table, column, key in (
        ("message", "wording_id", "id"),
        ("approval_recipient", "approval_id", "message_id"),
    ):
        house.change(
            f"UPDATE {table} SET {column} ="
            f" (SELECT {column} FROM {table} WHERE {key} = :one) WHERE {key} = :other",
            one=one,
            other=other,
        )
    house.push(LATE)
    (row,) = house.rows(
        "SELECT s.id, s.msgid, array_agg(m.person_id ORDER BY m.id) AS persons FROM dispatch s"
        " JOIN dispatch_recipient r ON r.dispatch_id = s.id JOIN message m ON m.id = r.message_id"
        " WHERE m.state = 'dispatched' GROUP BY s.id HAVING count(*) > 1"
    )
    return row.id, row.msgid, row.persons


def states_of(house: House, persons: list[int]) -> dict[int, str]:
    rows = house.rows(
        "SELECT person_id, state FROM message WHERE person_id = ANY(:p) AND NOT ghost", p=persons
    )
    return {row.person_id: row.state for row in rows}


def test_whoever_refuses_is_taken_out_of_a_waiting_task_and_the_others_still_get_it(
    approved: House,
) -> None:
    """Under the same approval and the same reservations: nobody decides anew, nobody pays twice."""
    _, msgid, persons = waiting_task(approved)
    first, *others = persons
    before = approved.rows("SELECT count(*) AS n FROM ledger WHERE kind = 'reservation'")
    _refuse(approved, first)
    approved.collect(at(2, 20, 21))
    (task,) = [one for one in approved.control.tasks() if one.msgid == msgid]
    assert task.cancelled
    states = states_of(approved, persons)
    assert states[first] == "blocked"
    assert {states[one] for one in others} == {"queued"}
    approved.push(at(2, 20, 22))
    assert {states_of(approved, persons)[one] for one in others} == {"dispatched"}
    (again,) = [
        one
        for one in approved.control.tasks()
        if one.msgid != msgid and set(one.external_userid) <= set(task.external_userid)
    ]
    assert len(again.external_userid) == len(task.external_userid) - 1
    assert approved.rows("SELECT count(*) AS n FROM ledger WHERE kind = 'reservation'") == before
    assert approved.unbalanced() == []


def test_a_task_that_cannot_be_cancelled_is_not_issued_again(approved: House) -> None:
    """It may still be confirmed: issued again, the others might get it twice."""
    dispatch, _, persons = waiting_task(approved)
    approved.control.fault("cancel_groupmsg_send", "errcode", code=45009, times=1000)
    _refuse(approved, persons[0])
    approved.collect(at(2, 20, 21))
    assert set(states_of(approved, persons).values()) == {"dispatched"}
    assert approved.rows("SELECT state FROM dispatch WHERE id = :d", d=dispatch)[0].state == (
        "accepted"
    )


def test_what_was_confirmed_before_the_refusal_arrived_is_not_sent_again(approved: House) -> None:
    _, msgid, persons = waiting_task(approved)
    approved.control.set_clock(at(2, 20, 21))
    approved.control.confirm(msgid)
    _refuse(approved, persons[0])
    approved.collect(at(2, 20, 22))
    assert not set(states_of(approved, persons).values()) & {"queued", "dispatched", "blocked"}
    assert approved.unbalanced() == []


def test_when_all_refuse_nothing_is_issued_again(approved: House) -> None:
    dispatch, _, persons = waiting_task(approved)
    for person in persons:
        _refuse(approved, person)
    approved.collect(at(2, 20, 21))
    assert set(states_of(approved, persons).values()) == {"blocked"}
    assert approved.rows("SELECT state FROM dispatch WHERE id = :d", d=dispatch)[0].state == (
        "closed"
    )
    assert approved.unbalanced() == []
