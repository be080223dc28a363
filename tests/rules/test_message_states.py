"""Every message can be planned, can move, and must be able to end."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.message_states import MOVES, TERMINAL, may_move
from schemas.enums import MessageState

STATES = list(MessageState)


def _reachable(origins: Iterable[MessageState]) -> set[MessageState]:
    seen: set[MessageState] = set()
    waiting = list(origins)
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting += [target for target in STATES if may_move(state, target)]
    return seen


@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_reached(state: MessageState) -> None:
    assert state in _reachable([MessageState.PLANNED])


@pytest.mark.parametrize("state", STATES)
def test_every_message_can_end(state: MessageState) -> None:
    """Nothing is "pending" for ever (mautic#7724)."""
    assert _reachable([state]) & TERMINAL


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_an_end_is_an_end(state: MessageState) -> None:
    assert not any(may_move(state, target) for target in STATES)


@pytest.mark.parametrize("state", [state for state in STATES if state not in TERMINAL])
def test_whatever_waits_can_end_without_reaching_anybody(state: MessageState) -> None:
    """Everything expires, is settled, or was never sent (listmonk#1801)."""
    given_up = {MessageState.EXPIRED, MessageState.UNKNOWN_SETTLED}
    assert any(may_move(state, target) for target in given_up)


def test_the_good_way_leads_to_a_delivery() -> None:
    names = "planned drafted in_review approved queued dispatched confirmed delivered"
    way = [MessageState(name) for name in names.split()]
    assert all(may_move(origin, target) for origin, target in pairwise(way))


@pytest.mark.parametrize(
    ("origin", "target"),
    [
        (MessageState.DRAFTED, MessageState.APPROVED),  # nobody has looked at it
        (MessageState.IN_REVIEW, MessageState.QUEUED),
        (MessageState.HELD, MessageState.APPROVED),  # it is offered again first
        (MessageState.HELD, MessageState.QUEUED),
        (MessageState.APPROVED, MessageState.DISPATCHED),  # nothing is called past the outbox
        (MessageState.UNKNOWN, MessageState.FAILED),  # it may have been sent
        (MessageState.UNKNOWN, MessageState.EXPIRED),
        (MessageState.CONFIRMED, MessageState.QUEUED),  # it may have arrived: never twice
        (MessageState.DISPATCHED, MessageState.APPROVED),
        (MessageState.DEFERRED, MessageState.DRAFTED),  # tomorrow it competes anew
    ],
)
def test_no_short_cut_is_open(origin: MessageState, target: MessageState) -> None:
    assert not may_move(origin, target)


@pytest.mark.parametrize("state", STATES)
def test_no_state_moves_to_itself(state: MessageState) -> None:
    assert not may_move(state, state)


@pytest.mark.parametrize("state", STATES)
def test_a_ghost_may_only_move_further_to_the_end_the_others_came_to(state: MessageState) -> None:
    more = {t for t in STATES if may_move(state, t, ghost=True) and not may_move(state, t)}
    alone_or_approved = {MessageState.PLANNED, MessageState.APPROVED}
    assert more == ({MessageState.DELIVERED} if state in alone_or_approved else set())


@given(st.data())
def test_nobody_is_written_to_without_a_yes(data: st.DataObject) -> None:
    """However a message wanders, it is approved before it is dispatched."""
    way = [MessageState.PLANNED]
    while way[-1] in MOVES and len(way) < 30:
        way.append(data.draw(st.sampled_from(sorted(MOVES[way[-1]]))))
    for sent in (MessageState.QUEUED, MessageState.DISPATCHED, MessageState.DELIVERED):
        if sent in way:
            assert MessageState.APPROVED in way[: way.index(sent)]
