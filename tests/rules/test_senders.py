"""Through whom a person is written to, and when through nobody."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from rules.senders import KnownContact, choose_contact
from schemas.planning import Contact


def _known(sender: str, day: int, suppressed: str | None = None) -> KnownContact:
    since = datetime(2026, 3, day, tzinfo=UTC)
    return KnownContact(Contact("external-1", sender), since, suppressed)


@pytest.mark.parametrize(
    ("known", "sender", "why_not"),
    [
        ([], None, None),
        ([_known("ChenYu", 1)], "ChenYu", None),
        ([_known("ChenYu", 1), _known("LiNa", 2)], "LiNa", None),  # who served last
        ([_known("LiNa", 1), _known("ChenYu", 1)], "ChenYu", None),  # equals by name
        ([_known("ChenYu", 1, "deleted")], None, "deleted"),
        ([_known("ChenYu", 1, "deleted"), _known("LiNa", 2)], None, "deleted"),
        ([_known("ChenYu", 1, "blocked"), _known("LiNa", 2, "deleted")], None, "deleted"),
    ],
)
def test_the_newest_relation_speaks_unless_any_was_refused(
    known: list[KnownContact], sender: str | None, why_not: str | None
) -> None:
    for order in permutations(known):
        contact, reason = choose_contact(order)
        assert (contact.sender if contact else None) == sender
        assert reason == why_not
