"""What holds in the evening of any day, however it was disturbed."""

from collections import Counter

from rules.message_states import TERMINAL
from tests.house import House


def assert_promises_kept(house: House) -> None:
    """
    Nothing was sent twice, nothing was lost, nothing went where it must not.

    Counted at the stand-in where that is possible: by what it was given and what arrived.
    """
    sent = Counter(
        recipient for task in house.control.tasks() for recipient in task.external_userid
    )
    received = Counter(one.external_userid for one in house.control.received())
    assert received, "a day on which nobody gets anything proves nothing"
    assert set(sent.values()) == {1}
    assert set(received.values()) == {1}
    assert house.unbalanced() == []
    assert house.rows(_UNDECIDED) == []
    assert house.rows(_WITHOUT_END, ends=[state.value for state in TERMINAL]) == []
    ghosts = {row.contact for row in house.rows(_GHOSTS)}
    assert ghosts, "a day without a holdout proves nothing of it"
    assert not ghosts & sent.keys()
    assert house.rows(_GHOSTS_ON_THEIR_WAY) == []
    assert {row.contact for row in house.rows(_DELIVERED)} == set(received)


_UNDECIDED = """
SELECT c.id FROM candidate c
WHERE (SELECT count(*) FROM decision d WHERE d.candidate_id = c.id) <> 1
"""
_WITHOUT_END = "SELECT id, state FROM message WHERE state <> ALL(CAST(:ends AS text[]))"
_GHOSTS = "SELECT contact FROM message WHERE ghost"
_GHOSTS_ON_THEIR_WAY = """
SELECT m.id FROM message m JOIN dispatch_recipient r ON r.message_id = m.id WHERE m.ghost
"""
_DELIVERED = "SELECT contact FROM message WHERE state = 'delivered' AND NOT ghost"
