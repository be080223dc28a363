"""Interleavings that once went wrong: each test is one that a reader found by thinking."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, text

from schemas.channel import Progress
from schemas.enums import Decision, DispatchState, MessageState
from schemas.environment import Environment
from schemas.errors import RunRefused
from schemas.settings import Channels, Settings, WecomSettings
from store import outbox
from store.database import transaction
from store.persons import lock_persons, mark_stale
from tasks import allot, draft, plan, refresh, review
from tasks.collect import _record
from tasks.decisions import apply_review
from tasks.forms import review_form
from tasks.growth import GrowthRun
from tasks.push import call, queued, release_chunk
from tasks.review import approved_so_far
from tasks.wiring import Wiring
from tests import builders
from tests.house import House, at
from tests.tasks.test_review import answer, the_form, to_all

MORNING = at(2, 9, 5)
EVENING = at(2, 20, 31)


def test_a_day_gone_by_never_reaches_a_real_channel() -> None:
    real = Settings(channels=Channels(wecom=WecomSettings(base_url="https://example.com")))
    made = Wiring(real, Environment(wecom_secret=SecretStr("x" * 20)))
    with pytest.raises(RunRefused, match="sandbox only"):
        made.channel(datetime(2026, 3, 2, tzinfo=UTC), made.way_out)


def test_what_may_still_be_confirmed_is_not_settled(approved: House) -> None:
    approved.push(at(2, 20, 20))
    approved.control.fault("cancel_groupmsg_send", "errcode", code=45009, times=100_000)
    approved.collect(EVENING + timedelta(days=4))
    waiting = approved.states().get("dispatched", 0)
    assert waiting > 0
    assert approved.unbalanced() == []


def test_a_decision_waits_for_a_plan_that_holds_its_persons(planned: House) -> None:
    """Both lock in id order, so the slower one waits and neither dies."""
    batch, form = the_form(planned)
    persons = [row.person_id for row in planned.rows("SELECT person_id FROM message")]
    errors: list[Exception] = []

    def decide() -> None:
        try:
            apply_review.fn(batch, to_all(form, Decision.APPROVE))
        except Exception as error:  # noqa: BLE001 - the thread's fate is what is asserted
            errors.append(error)

    with transaction(planned.database) as connection:
        lock_persons(connection, [min(persons)])
        thread = threading.Thread(target=decide)
        thread.start()
        thread.join(0.5)
        lock_persons(connection, persons)
    thread.join(30)
    assert errors == []
    assert set(planned.states()) == {"approved"}


def test_an_order_that_comes_in_beside_a_refresh_is_not_forgotten(planned: House) -> None:
    person = planned.rows("SELECT person_id FROM message ORDER BY id")[0].person_id
    planned.change("INSERT INTO stale_person VALUES (:p)", p=person)
    with transaction(planned.database) as pulling:
        mark_stale(pulling, [person])
        assert refresh.refresh_chunk.fn(at(2, 7, 40)) == 0
    assert refresh.refresh_chunk.fn(at(2, 7, 41)) == 1


def test_a_yes_in_the_evening_is_pushed_the_next_morning(planned: House) -> None:
    """Also by a run that died between the decision and the scheduling of its push."""
    planned.decide()
    batch = planned.rows("SELECT id FROM review_batch")[0].id
    assert review_form(batch) is None
    found = approved_so_far.fn(batch)
    assert found.first_due == at(2, 9, 0)


def test_drafts_that_say_the_same_are_decided_apart(planned: House) -> None:
    batch, form = the_form(planned)
    one, two, *_ = form.texts
    planned.change("UPDATE draft SET content_hash = :h WHERE id = :d", h=one[1], d=two[0])
    again = review_form(batch)
    assert again is not None
    assert len(again.texts) == len(form.texts)
    apply_review.fn(batch, answer(form, {one: Decision.APPROVE}))
    rows = planned.rows("SELECT draft_id FROM approval")
    assert [row.draft_id for row in rows] == [one[0]]


def test_a_text_that_is_not_what_was_approved_is_not_sent(approved: House) -> None:
    """Even where every stored hash still agrees: what goes out is hashed anew."""
    draft = approved.rows("SELECT id FROM draft ORDER BY id")[0].id
    approved.change("UPDATE draft SET text = text || '！' WHERE id = :d", d=draft)
    approved.push(MORNING)
    assert not [task for task in approved.control.tasks() if task.text.endswith("！")]
    assert approved.states()["blocked"] > 0
    assert approved.unbalanced() == []


def test_a_call_hours_after_its_release_is_looked_at_again(approved: House) -> None:
    approved.control.set_clock(MORNING)
    release_chunk.fn(MORNING)
    person, contact = approved.rows("SELECT person_id, contact FROM message ORDER BY id")[0]
    approved.change("UPDATE consent SET granted = false WHERE person_id = :p", p=person)
    for dispatch in queued.fn():
        call.fn(dispatch, at(2, 14, 0))
    sent = {one for task in approved.control.tasks() for one in task.external_userid}
    assert sent
    assert contact not in sent
    assert approved.unbalanced() == []


def test_an_empty_parcel_does_not_stop_those_behind_it(approved: House) -> None:
    approved.control.set_clock(MORNING)
    release_chunk.fn(MORNING)
    first, *others = queued.fn()
    approved.change(
        "UPDATE consent SET granted = false WHERE person_id IN (SELECT m.person_id FROM message m"
        " JOIN dispatch_recipient r ON r.message_id = m.id WHERE r.dispatch_id = :d)",
        d=first,
    )
    assert call.fn(first, MORNING) == "closed"
    assert {call.fn(dispatch, MORNING) for dispatch in others} == {"accepted"}


def test_a_confirmation_that_is_unsaid_later_loses_nobody(approved: House) -> None:
    """The channel says confirmed, then not confirmed, then its time is up."""
    approved.push(MORNING)
    with transaction(approved.database) as connection:
        dispatch = outbox.in_state(connection, DispatchState.ACCEPTED)[0]
        sealed = outbox.load(connection, dispatch)
    _record(sealed, Progress(confirmed=True, results=()), at(2, 10, 0), over=False)
    assert approved.states()[MessageState.CONFIRMED] > 0
    state = _record(sealed, Progress(confirmed=False, results=()), EVENING, over=True)
    assert state == "no answer"
    assert approved.unbalanced() == []
    late = EVENING + timedelta(days=4)
    assert _record(sealed, Progress(confirmed=True, results=()), late, over=True) == "settled"
    assert approved.unbalanced() == []


def test_the_same_pull_again_keeps_its_books(house: House) -> None:
    house.pull(at(2, 7, 30))
    (before,) = house.rows("SELECT books FROM run WHERE flow = 'pull-data'")
    house.pull(at(2, 7, 30))
    (after,) = house.rows("SELECT books FROM run WHERE flow = 'pull-data'")
    assert before == after
    assert set(before.books) == {"shop member", "shop order_line", "wecom contact"}


def test_parts_of_a_cell_sealed_beside_each_other_are_numbered_apart(approved: House) -> None:
    """A release and a reissue lock other persons, so nothing else keeps them apart."""
    (cell,) = approved.rows(
        "SELECT wording_id, draft.id, sender FROM message JOIN draft"
        " USING (wording_id) WHERE NOT ghost LIMIT 1"
    )
    one, other, *_ = (row.id for row in approved.rows("SELECT id FROM message WHERE NOT ghost"))
    errors: list[Exception] = []

    def seal(message: int) -> None:
        try:
            with transaction(approved.database) as connection:
                _seal_part(connection, message)
        except Exception as error:  # noqa: BLE001 - the thread's fate is what is asserted
            errors.append(error)

    def _seal_part(connection: Connection, message: int) -> None:
        outbox.seal(
            connection,
            cell.wording_id,
            cell.id,
            cell.sender,
            [message],
            channel="wecom",
            queued_at=MORNING,
            until=EVENING,
        )

    with transaction(approved.database) as connection:
        _seal_part(connection, one)
        thread = threading.Thread(target=seal, args=(other,))
        thread.start()
        thread.join(0.5)
    thread.join(30)
    assert errors == []
    assert [row.part for row in approved.rows("SELECT part FROM dispatch ORDER BY part")] == [1, 2]


def test_what_another_release_has_sealed_is_not_sealed_again(approved: House) -> None:
    """Both see the same messages due, and the slower one finds them gone."""
    approved.control.set_clock(MORNING)
    persons = [row.person_id for row in approved.rows("SELECT person_id FROM message")]
    releases = [threading.Thread(target=release_chunk.fn, args=(MORNING,)) for _ in range(2)]
    with transaction(approved.database) as connection:
        lock_persons(connection, persons)
        for release in releases:
            release.start()
        for release in releases:
            release.join(0.5)
    for release in releases:
        release.join(30)
    assert approved.states().keys() == {"queued"}
    assert all(row.n for row in approved.rows(_RECIPIENTS))


def test_whoever_changes_messages_waits_for_who_holds_their_persons(house: House) -> None:
    """Else an expiry beside a daily run would deadlock: both change messages, in two orders."""
    people = builders.persons(house.database, 4)
    run, next_run = (
        GrowthRun(
            builders.run(house.database, day=date(2026, 3, day)),
            date(2026, 3, day),
            when,
            done=False,
        )
        for day, when in ((2, at(2, 7, 30)), (3, at(3, 7, 30)))
    )
    builders.candidates(house.database, run.id, people)
    house.change(_SLOTS)
    plan.plan_chunk.fn(run)
    for state, step in (
        ("planned", lambda: allot.allot_budgets.fn(run, last=True)),
        ("planned", lambda: draft.form_wordings.fn(run)),
        ("drafted", lambda: asyncio.run(draft.draft_chunk.fn(run))),
        ("in_review", lambda: review.form_batches.fn(run)),
    ):
        _wait_for_persons(house, people, step)
        assert house.states() == {state: 4}
    house.change("UPDATE message SET state = 'deferred'")
    _wait_for_persons(house, people, lambda: allot.settle_deferred.fn(next_run))
    assert house.states() == {"expired": 4}


def _wait_for_persons(house: House, people: list[int], step: Callable[[], object]) -> None:
    thread = threading.Thread(target=step)
    with transaction(house.database) as connection:
        lock_persons(connection, people)
        thread.start()
        thread.join(0.5)
        connection.execute(text("SELECT id FROM message FOR NO KEY UPDATE NOWAIT"))
    thread.join(30)


_SLOTS = (
    """UPDATE candidate SET inputs = inputs || '{"slots": {"rhythm": "一周", "product": null}}'"""
)

_RECIPIENTS = """
SELECT count(r.message_id) AS n FROM dispatch s
LEFT JOIN dispatch_recipient r ON r.dispatch_id = s.id GROUP BY s.id
"""
