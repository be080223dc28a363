"""Two who start at the same moment do not meet on one port."""

import pytest

from cli.services import free_port


def test_a_port_that_somebody_is_about_to_use_is_not_free() -> None:
    with free_port(0) as mine, free_port(mine) as theirs:
        assert theirs != mine


def test_a_preferred_port_is_free_again_once_nobody_uses_it() -> None:
    with free_port(0) as mine:
        pass
    with free_port(mine) as again:
        assert again == mine


def test_a_mistake_while_a_port_is_held_is_not_taken_for_a_port_in_use() -> None:
    with pytest.raises(OSError, match="disk full"), free_port(0):
        raise OSError("disk full")
