"""Between the yes and the call everything is looked at again; an unanswered call is asked after."""

from collections import Counter
from datetime import timedelta

import pytest

from schemas.errors import ConfigurationError
from tasks.push import call, queued, release_chunk
from tests.house import House, at

MORNING = at(2, 9, 5)


SUPPRESS = """
INSERT INTO suppression (person_id, channel, address, employee_id, reason, at)
SELECT person_id, channel, contact, sender, 'test', planned_for FROM message WHERE person_id = :p
"""


def recipients(house: House) -> Counter[str]:
    tasks = house.control.tasks()
    return Counter(recipient for task in tasks for recipient in task.external_userid)


def test_nothing_is_released_in_quiet_hours(approved: House) -> None:
    assert approved.push(at(2, 8, 59)) == []
    assert approved.control.tasks() == []
    assert approved.push(at(2, 9, 0)) != []


@pytest.mark.parametrize(
    "event",
    [
        "UPDATE consent SET granted = false WHERE person_id = :p",
        SUPPRESS,
        "DELETE FROM approval_recipient WHERE person_id = :p",
        "UPDATE approval_recipient SET sender = 'somebody else' WHERE person_id = :p",
        "UPDATE person_facts SET unanswered = 3 WHERE person_id = :p",
    ],
    ids=["consent withdrawn", "suppressed", "not approved for", "another sender", "gone silent"],
)
def test_what_happened_since_the_yes_counts(approved: House, event: str) -> None:
    person, contact = approved.rows("SELECT person_id, contact FROM message ORDER BY id")[0]
    approved.change(event, p=person)
    approved.push(MORNING)
    rows = approved.rows("SELECT state FROM message WHERE person_id = :p", p=person)
    assert [row.state for row in rows] == ["blocked"]
    assert contact not in recipients(approved)
    assert approved.unbalanced() == []


def test_a_message_that_reached_the_person_otherwise_blocks_ours(approved: House) -> None:
    person = approved.rows("SELECT person_id FROM message ORDER BY id")[0].person_id
    approved.change(
        "WITH c AS (INSERT INTO candidate (run_id, person_id, scene, wording_key, value,"
        " window_until, inputs) SELECT min(id), :p, 'manual', 'k', 1, '2026-03-02T23:00+08:00',"
        " '{}' FROM run RETURNING id)"
        " INSERT INTO ledger (slot, kind, person_id, contact, scene, category, channel, sender, at,"
        " until, zone, local_date, policy_version, ghost, reason)"
        " SELECT id, 'reservation', :p, 'x', 'manual', 'service', 'wecom', 'x',"
        " '2026-03-02T08:00+08:00', '2026-03-02T08:00+08:00', 'Asia/Shanghai', '2026-03-02', 'v',"
        " false, 'by hand' FROM c",
        p=person,
    )
    approved.push(MORNING)
    rows = approved.rows(
        "SELECT m.state, e.reason FROM message m JOIN message_event e ON e.message_id = m.id"
        " WHERE m.person_id = :p AND e.to_state = m.state",
        p=person,
    )
    assert rows[0].state == "blocked"
    assert "gap" in rows[0].reason


def test_an_answer_that_got_lost_is_found_by_its_marker(approved: House) -> None:
    approved.control.fault("add_msg_template", "drop_after")
    assert "unknown" in approved.push(MORNING)
    made = len(approved.control.tasks())
    approved.push(MORNING + timedelta(minutes=1))
    assert len(approved.control.tasks()) == made
    assert set(recipients(approved).values()) == {1}
    assert set(approved.states()) == {"dispatched"}


def test_a_call_that_got_lost_is_made_again_only_when_the_channel_surely_has_none(
    approved: House,
) -> None:
    approved.control.fault("add_msg_template", "drop_before")
    approved.push(MORNING)
    approved.push(MORNING + timedelta(minutes=9))
    assert approved.states()["unknown"] > 0
    approved.push(MORNING + timedelta(minutes=11))
    assert set(approved.states()) == {"dispatched"}
    assert set(recipients(approved).values()) == {1}


def test_a_busy_channel_leaves_the_parcel_in_the_outbox(approved: House) -> None:
    approved.control.fault("add_msg_template", "errcode", code=45009)
    assert "queued" in approved.push(MORNING)
    approved.push(MORNING + timedelta(minutes=10))
    assert set(approved.states()) == {"dispatched"}


def test_a_refused_parcel_fails_and_frees_its_slots(approved: House) -> None:
    approved.control.fault("add_msg_template", "errcode", code=40058)
    approved.push(MORNING)
    assert approved.states()["failed"] > 0
    assert approved.unbalanced() == []


def test_nobody_to_send_to_is_no_failure_of_ours(approved: House) -> None:
    approved.control.fault("add_msg_template", "errcode", code=41048)
    approved.push(MORNING)
    assert approved.states()["unreachable"] > 0
    assert approved.unbalanced() == []


def test_an_app_that_may_not_call_stops_the_push_with_one_sentence(approved: House) -> None:
    approved.control.fault("add_msg_template", "errcode", code=48002)
    with pytest.raises(ConfigurationError):
        approved.push(MORNING)
    approved.push(MORNING + timedelta(minutes=1))
    approved.push(MORNING + timedelta(minutes=15))
    assert set(approved.states()) == {"dispatched"}
    assert set(recipients(approved).values()) == {1}


def test_an_unknown_counts_as_delivered_once_its_time_to_live_is_over(approved: House) -> None:
    approved.control.fault("add_msg_template", "drop_after")
    approved.push(MORNING)
    lost = approved.states()["unknown"]
    later = at(5, 9, 6)
    approved.control.set_clock(later)
    approved.control.fault("get_groupmsg_list_v2", "errcode", code=45009, times=1000)
    approved.collect(later)
    assert approved.states()["unknown_settled"] == lost
    closing = approved.rows(
        "SELECT l.kind, l.at = :at AS latest FROM ledger l"
        " JOIN dispatch_recipient r ON r.message_id = l.slot"
        " JOIN dispatch s ON s.id = r.dispatch_id AND s.state = 'settled'"
        " WHERE l.kind <> 'reservation'",
        at=later,
    )
    assert {(row.kind, row.latest) for row in closing} == {("delivery", True)}
    assert len(approved.rows("SELECT 1 FROM stale_person")) >= lost


def test_a_parcel_whose_window_ended_is_not_called(approved: House) -> None:
    approved.control.set_clock(MORNING)
    release_chunk.fn(MORNING)
    for dispatch in queued.fn():
        assert call.fn(dispatch, at(2, 20, 30)) == "closed"
    assert approved.control.tasks() == []
    assert set(approved.states()) == {"expired"}
    assert approved.unbalanced() == []


def test_recipients_the_channel_refuses_are_unreachable_the_others_go_on(approved: House) -> None:
    message = approved.rows("SELECT id, contact, sender FROM message ORDER BY id")[0]
    approved.change("UPDATE contact SET address = 'wm-gone' WHERE address = :a", a=message.contact)
    approved.change("UPDATE message SET contact = 'wm-gone' WHERE id = :m", m=message.id)
    approved.push(MORNING)
    state = approved.rows("SELECT state FROM message WHERE id = :m", m=message.id)[0].state
    assert state == "unreachable"
    assert approved.states()["dispatched"] > 0


def _marketing(house: House) -> int:
    """Return a person with an approved message of a guarded category."""
    rows = house.rows(
        "SELECT person_id FROM message WHERE state = 'approved' AND category = 'marketing'"
        " AND NOT ghost ORDER BY id"
    )
    return int(rows[0].person_id)


def _fate(house: House, person: int) -> tuple[str, str]:
    """Return the state of a person's message and why it came to it."""
    (row,) = house.rows(
        "SELECT m.state, (SELECT e.reason FROM message_event e WHERE e.message_id = m.id"
        " ORDER BY e.seq DESC LIMIT 1) AS reason"
        " FROM message m WHERE m.person_id = :p AND NOT m.ghost",
        p=person,
    )
    return row.state, row.reason


def _zone(house: House, person: int, zone: str) -> None:
    house.change("UPDATE member SET timezone = :z WHERE person_id = :p", z=zone, p=person)


def test_whose_own_night_it_is_gets_the_message_in_their_own_morning(approved: House) -> None:
    """
    Nine in Shanghai is one at night in London; nine in London is five in the afternoon.

    A local schedule that ran in UTC is what others complain of (mautic#7665).
    """
    person = _marketing(approved)
    _zone(approved, person, "Europe/London")
    approved.push(MORNING)
    assert _fate(approved, person)[0] == "approved"
    approved.push(at(2, 16, 59))
    assert _fate(approved, person)[0] == "approved"
    approved.push(at(2, 17, 0))
    assert _fate(approved, person)[0] == "dispatched"
    ends = approved.rows(
        "SELECT s.until FROM dispatch s JOIN dispatch_recipient r ON r.dispatch_id = s.id"
        " JOIN message m ON m.id = r.message_id WHERE m.person_id = :p",
        p=person,
    )
    assert ends[0].until <= at(3, 4, 30)  # half past eight in the evening, in London


def test_who_lives_by_an_unknown_clock_is_left_alone(approved: House) -> None:
    """A few bad zones held up everybody's messages without a word (parcelvoy#610)."""
    person = _marketing(approved)
    _zone(approved, person, "Mars/Olympus_Mons")
    approved.push(MORNING)
    assert _fate(approved, person) == ("blocked", "unknown_zone")
    assert approved.states()["dispatched"] > 0


_LATE_ORDER = """
INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency)
SELECT source, 'late', id, :at, 'paid', 'CNY' FROM member WHERE person_id = :p
"""
_LATE_COMPLAINT = """
INSERT INTO member_event (source, key, kind, member_id, at)
SELECT source, 'late', 'complaint', id, :at FROM member WHERE person_id = :p
"""


@pytest.mark.parametrize(
    ("happened", "why"), [(_LATE_ORDER, "after_order"), (_LATE_COMPLAINT, "complaint")]
)
def test_what_happened_since_the_plan_is_known_to_the_push(
    approved: House, happened: str, why: str
) -> None:
    """Nobody is sold to who has just bought, or who is angry; the facts are of the morning."""
    person = _marketing(approved)
    approved.change(happened, p=person, at=at(2, 8, 45))
    approved.change("INSERT INTO stale_person VALUES (:p) ON CONFLICT DO NOTHING", p=person)
    approved.push(MORNING)
    assert _fate(approved, person) == ("blocked", why)


@pytest.mark.parametrize(
    ("told", "why"), [("minor = true", "minor"), ("personalised = false", "not_personalised")]
)
def test_children_and_whoever_refuses_what_machines_choose_are_left_alone(
    approved: House, told: str, why: str
) -> None:
    """PIPL 31 and 24; known only since the yes, it still counts."""
    person = _marketing(approved)
    approved.change(f"UPDATE member SET {told} WHERE person_id = :p", p=person)
    approved.push(MORNING)
    assert _fate(approved, person) == ("blocked", why)
