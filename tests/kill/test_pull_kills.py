"""Wherever a pull is killed, running it again brings in what an undisturbed one does, once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.world import Options
from tests.conftest import database_of, fresh_name, wired_house
from tests.house import House, at
from tests.kill import puller
from tests.kill.nursery import born

pytestmark = pytest.mark.soak

MORNING = at(2, 7, 30)
_SMALL_PAGES = '[sources.shop]\ntype = "shop"\npage_size = 50\nlag_seconds = 0\n'

_STATE = """
SELECT source, key, unionid, city, joined_at, consent, consent_at FROM member;
SELECT o.source, o.key, m.key, o.ordered_at, o.status, o.currency, l.ordinal, l.product_key,
       l.quantity, l.unit_price
FROM shop_order o JOIN order_line l ON l.order_id = o.id JOIN member m ON m.id = o.member_id;
SELECT c.channel, c.address, c.employee_id, p.identity
FROM contact c JOIN person p ON p.id = c.person_id;
SELECT p.identity, c.granted, c.at FROM consent c JOIN person p ON p.id = c.person_id;
SELECT source, entity, until FROM watermark;
SELECT source, entity, passed, pulled, published, unchanged, quarantined, dropped::text
FROM data_verdict;
SELECT p.identity FROM stale_person JOIN person p ON p.id = person_id;
SELECT source, entity, rule, value FROM quarantine WHERE settled_at IS NULL;
SELECT source, entity FROM reading
"""


def state_of(house: House) -> list[list[str]]:
    return [sorted(map(str, house.rows(query))) for query in _STATE.split(";")]


@contextmanager
def empty_house(
    server_url: str, template: str, patch: pytest.MonkeyPatch, config: Path
) -> Iterator[House]:
    """A house that has pulled nothing yet, whose windows have several pages."""
    with (
        database_of(server_url, fresh_name(), template) as url,
        wired_house(url, patch, Options(members=120, seed=7)) as house,
    ):
        patch.setenv("RUNWU_CONFIG", str(config))
        house.control.set_clock(MORNING)
        yield house


def test_killed_at_every_point_in_turn_a_pull_ends_as_if_never_disturbed(
    server_url: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "runwu.toml"
    config.write_text(_SMALL_PAGES)
    with empty_house(server_url, template, monkeypatch, config) as house:
        house.pull(MORNING)
        undisturbed = state_of(house)
    with empty_house(server_url, template, monkeypatch, config) as house:
        environment = {
            "DATABASE_URL": house.database_url,
            "RUNWU_SANDBOX_URL": house.sandbox_url,
            "RUNWU_CONFIG": str(config),
        }
        for point in (*puller.POINTS, *puller.POINTS):  # with members first, then with orders
            with born(puller.run, point, MORNING, environment) as process:
                process.join(60)
                assert process.exitcode == -signal.SIGKILL, point
        house.pull(MORNING)
        assert state_of(house) == undisturbed
    assert all(undisturbed[:7])
