"""The platform's quota is one more cap, and unset until somebody has looked it up."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.caps import Ask, Limits
from sandbox.calendar import ZONE
from sandbox.records import Received
from sandbox.wecom.contacts import Customer
from sandbox.wecom.letterbox import Letterbox, Quota, Status
from sandbox.world import Options
from schemas.enums import Category
from schemas.governing import Cap, Scope
from schemas.planning import Slot, Span
from schemas.settings import Settings
from tests.rules.builders import broken_by

SOMEBODY = Customer("wm1", "u1", "somebody", {})
EARLY = datetime(2026, 1, 24, tzinfo=ZONE)  # a week and a month end within the next days
HOURS = st.integers(min_value=0, max_value=12 * 24)
TIMES = st.sets(HOURS, min_size=40, max_size=120).map(sorted)


def settings(quota: str | None) -> Settings:
    wecom: dict[str, Any] = {} if quota is None else {"quota": quota}
    return Settings.model_validate({"channels": {"wecom": wecom}})


def test_unset_is_no_cap_and_the_same_version() -> None:
    unset = settings(None)
    assert unset == Settings()
    assert unset.channels.wecom.quota_cap is None
    assert unset.effective_policy == unset.policy


@pytest.mark.parametrize(
    ("quota", "window", "most"),
    [("day:1", "day", 1), ("week:7", "week", 7), ("month:days", "month", "days")],
)
def test_each_way_a_corp_may_set_it_is_a_cap_of_the_channel(
    quota: str, window: str, most: int | str
) -> None:
    told = settings(quota)
    cap = Cap.model_validate(
        {"scope": Scope.CHANNEL, "only": ("wecom",), "window": window, "max": most}
    )
    assert told.effective_policy.caps == (*told.policy.caps, cap)


def test_every_quota_has_a_version_of_its_own() -> None:
    told = [settings(quota) for quota in (None, "day:1", "week:7", "month:days")]
    assert len({one.effective_policy.version for one in told}) == len(told)
    assert len({one.policy.version for one in told}) == 1


def test_a_cap_that_says_the_same_already_is_not_doubled() -> None:
    quota = settings("day:1").channels.wecom.quota_cap
    told = settings("day:1").model_copy(
        update={"policy": settings(None).policy.model_copy(update={"caps": (quota,)})}
    )
    assert told.effective_policy.caps == (quota,)


def _lived(hours: list[int], box: Letterbox, caps: tuple[Cap, ...]) -> list[tuple[bool, bool]]:
    """Return, for each message tried, whether the stand-in takes it and whether the caps do."""
    slots: list[Slot] = []
    told = []
    for hour in hours:
        at = EARLY + timedelta(hours=hour)
        ask = Ask(Span(at, at), ZONE, Category.CARE, "wecom", "lin")
        taken = box.accepts(SOMEBODY, "lin", at) is Status.SENT
        fits = not broken_by(ask, slots, Limits(caps))
        told.append((taken, fits))
        if taken and fits:
            slots.append(Slot(hour, ask.span, ZONE, Category.CARE, "wecom", "lin"))
            box.deliver(SOMEBODY, Received.model_construct(at=at))
    return told


@pytest.mark.parametrize(
    ("quota", "simulated"), [("day:1", "day"), ("week:7", "week"), ("month:days", "month")]
)
@given(hours=TIMES)
def test_the_cap_counts_as_the_platform_does(
    quota: str, simulated: Quota, hours: list[int]
) -> None:
    caps = settings(quota).effective_policy.caps[-1:]
    assert all(taken is fits for taken, fits in _lived(hours, Letterbox(simulated), caps))


@given(hours=TIMES)
def test_without_a_file_our_own_caps_keep_within_the_stand_ins_quota(hours: list[int]) -> None:
    """So the quota may stay unset there: whoever is within ours is never capped."""
    lived = _lived(hours, Letterbox(Options().quota), Settings().effective_policy.caps)
    assert all(taken for taken, fits in lived if fits)
