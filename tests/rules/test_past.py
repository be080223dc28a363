"""What a cut-off leaves of order days."""

from datetime import timedelta

import numpy as np

from rules.past import Past, day_number, ordered
from tests.rules.order_days import OPENED, days

LOG = days([0, 10, 40], [5], [50, 60])
CUT_OFF = OPENED + timedelta(days=45)


def test_only_days_before_the_cut_off_are_seen() -> None:
    past = Past.of(LOG, CUT_OFF)
    assert past.members["member"].to_list() == [0, 1]
    assert past.x.tolist() == [2, 0]
    assert past.t_x.tolist() == [40, 0]
    assert past.age.tolist() == [45, 40]
    assert past.silence.tolist() == [5, 40]
    assert past.number.tolist() == [0, 1, 2, 0]


def test_later_rows_change_nothing() -> None:
    early = Past.of(days([0, 10, 40], [5]), CUT_OFF)
    past = Past.of(LOG, CUT_OFF)
    assert past.members.equals(early.members)
    assert past.day.tolist() == early.day.tolist()


def test_an_order_on_the_cut_off_belongs_to_the_days_to_come() -> None:
    log = days([0, 45], [0, 74], [0, 75], [0])
    assert ordered(log, Past.of(log, CUT_OFF), 30).tolist() == [1, 1, 0, 0]


def test_slices_are_the_past_of_their_members() -> None:
    past = Past.of(days([0, 3], [1], [2, 4, 6], [7], [8, 9]), CUT_OFF)
    parts = list(past.slices(2))
    assert [len(part) for part in parts] == [2, 2, 1]
    assert np.concatenate([part.x for part in parts]).tolist() == past.x.tolist()
    assert np.concatenate([part.day for part in parts]).tolist() == past.day.tolist()
    assert parts[1].owner.tolist() == [0, 0, 0, 1]


def test_days_are_counted_from_the_first_to_before_the_last() -> None:
    past = Past.of(LOG, CUT_OFF)
    first = day_number(OPENED)
    assert past.count(first, first + 10).tolist() == [1, 1]
    assert past.count(first, first + 11).tolist() == [2, 1]
