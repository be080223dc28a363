"""The error tree is what its picture shows."""

import inspect
import re

import pytest

from schemas import errors
from schemas.errors import ChannelError, Nobody, NotSent, Rejected, Unknown


def _drawn() -> dict[str, str]:
    """Return child: parent as drawn in the module's docstring."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    [│├└─ ]*(\w+)", line)
        if not found:
            continue
        above = [(column, name) for column, name in above if column < found.start(1)]
        parents[found[1]] = above[-1][1] if above else "Exception"
        above.append((found.start(1), found[1]))
    return parents


def test_the_picture_shows_every_error_below_its_parent() -> None:
    found = inspect.getmembers(errors, inspect.isclass)
    classes = [(name, kind) for name, kind in found if issubclass(kind, Exception)]
    assert _drawn() == {name: kind.__bases__[0].__name__ for name, kind in classes}


@pytest.mark.parametrize("kind", [ChannelError, NotSent, Rejected, Nobody, Unknown])
def test_a_channel_error_carries_the_channels_own_code(kind: type[ChannelError]) -> None:
    error = kind("the channel says no", 41001)
    assert (str(error), error.code) == ("the channel says no", 41001)
    assert kind("silence").code is None


@pytest.mark.parametrize("kind", [Rejected, Nobody, Unknown])
def test_only_what_surely_reached_nobody_may_be_sent_again(kind: type[ChannelError]) -> None:
    assert not issubclass(kind, NotSent)
