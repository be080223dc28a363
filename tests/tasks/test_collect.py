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
