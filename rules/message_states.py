"""The moves a message may make; every other is a bug."""

from collections.abc import Mapping

from schemas.enums import MessageState as S

MOVES: Mapping[S, frozenset[S]] = {
    S.PLANNED: frozenset({S.DRAFTED, S.DRAFT_FAILED, S.DEFERRED, S.CANCELLED, S.EXPIRED}),
    S.DEFERRED: frozenset({S.CANCELLED, S.EXPIRED}),
    S.DRAFTED: frozenset({S.IN_REVIEW, S.EXPIRED}),
    S.IN_REVIEW: frozenset({S.APPROVED, S.HELD, S.REJECTED, S.EXPIRED}),
    S.HELD: frozenset({S.IN_REVIEW, S.EXPIRED}),
    S.APPROVED: frozenset({S.QUEUED, S.BLOCKED, S.EXPIRED}),
    S.QUEUED: frozenset(
        {S.DISPATCHED, S.UNREACHABLE, S.FAILED, S.UNKNOWN} | {S.BLOCKED, S.EXPIRED}
    ),
    S.UNKNOWN: frozenset({S.QUEUED, S.DISPATCHED, S.UNKNOWN_SETTLED}),
    S.DISPATCHED: frozenset(
        {S.QUEUED, S.BLOCKED, S.CONFIRMED, S.DELIVERED, S.CAPPED, S.UNREACHABLE}
        | {S.CANCELLED, S.EXPIRED, S.UNKNOWN_SETTLED}
    ),
    S.CONFIRMED: frozenset({S.DELIVERED, S.CAPPED, S.UNREACHABLE, S.EXPIRED, S.UNKNOWN_SETTLED}),
}

_GHOST_MOVES: Mapping[S, frozenset[S]] = {
    S.PLANNED: frozenset({S.DELIVERED}),
    S.APPROVED: frozenset({S.DELIVERED}),
}

TERMINAL = frozenset(S) - frozenset(MOVES)


def may_move(origin: S, target: S, *, ghost: bool = False) -> bool:
    """
    Tell whether a message may go from one state to another.

    Rationale: a ghost is never dispatched, so it goes straight to the end that the others of its
    wording came to.
    """
    lawful = MOVES.get(origin, frozenset())
    return target in (lawful | _GHOST_MOVES.get(origin, frozenset()) if ghost else lawful)
