"""The persons of a race, whom the stand-in knows too, and more reasons to write than they bear."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.wecom.contacts import draw_customer
from schemas.clock import now
from store import runs
from store.database import transaction
from tasks.growth import FLOW, GrowthRun
from tests.house import House, at

PERSONS = 20_000
DAYS = (2, 3)
"""Of March 2026: a Monday and the day after it."""

_OPENED = {"": (7, 30), "again": (11, 0)}
"""When the daily runs of a day look at the world: the second while the first is pushed."""

RUNS_A_DAY = len(_OPENED)

_SCENES = ("replenish", "lapsing_care", "first_order_thanks")
_TEXTS = 4
"""Per scene and run: of two runs of three scenes, more than an employee may be asked to confirm."""

_SINCE = at(1, 0)
UNIONIDS = tuple(f"u{number}" for number in range(1, PERSONS + 1))

_PEOPLE = (
    """
INSERT INTO person (identity, bucket)
SELECT 'unionid:' || unionid, (place * 7919) % 10000
FROM unnest(CAST(:unionids AS text[])) WITH ORDINALITY AS told(unionid, place)
""",
    """
INSERT INTO consent (person_id, purpose, granted, at, source)
SELECT id, 'marketing', true, '2026-01-01Z', 'shop' FROM person
""",
    """
INSERT INTO employee (id, active)
SELECT DISTINCT employee, true FROM unnest(CAST(:employees AS text[])) AS told(employee)
""",
    """
INSERT INTO contact (channel, address, employee_id, person_id, since, tags)
SELECT 'wecom', told.address, told.employee, p.id, '2026-01-01Z', '[]'
FROM unnest(CAST(:employees AS text[]), CAST(:addresses AS text[]), CAST(:known AS text[]))
  AS told(employee, address, unionid)
JOIN person p ON p.identity = 'unionid:' || told.unionid
""",
)

# Of three scenes every person has two in a run. A third of the windows end in the afternoon, too
# soon to wait for tomorrow's budgets.
_CANDIDATES = """
INSERT INTO candidate (run_id, person_id, scene, wording_key, value, window_until, inputs)
SELECT :run, p.id, s.scene, s.scene || t.text, 0.3 + (p.id * 37 + s.place * 11) % 64 / 100.0,
       CASE WHEN p.id % 3 = 0 THEN CAST(:soon AS timestamptz) ELSE :late END,
       jsonb_build_object(
           'voice', 'junior', 'segment', 'due', 'evidence', '{}'::jsonb,
           'slots', CASE s.scene
               WHEN 'replenish' THEN jsonb_build_object('rhythm', '一周', 'product', t.text)
               WHEN 'lapsing_care' THEN jsonb_build_object('away', t.text)
               ELSE jsonb_build_object('visit', t.text)
           END
       )
FROM person p
CROSS JOIN unnest(CAST(:scenes AS text[])) WITH ORDINALITY AS s(scene, place)
CROSS JOIN LATERAL (SELECT ' ' || :run || '-' || p.id / 3 % :texts AS text) AS t
WHERE (p.id + s.place + :run) % 3 > 0
"""


def settle_in(house: House, seed: int) -> None:
    """Know everybody at home by the addresses and employees that they have at the stand-in."""
    customers = (draw_customer(seed, unionid, _SINCE) for unionid in UNIONIDS)
    told = [
        (employee, one.external_userid, one.unionid)
        for one in customers
        for employee in one.followers
    ]
    values = {
        "unionids": list(UNIONIDS),
        "employees": [employee for employee, _, _ in told],
        "addresses": [address for _, address, _ in told],
        "known": [unionid for _, _, unionid in told],
    }
    for statement in _PEOPLE:
        house.change(statement, **values)


def open_runs(house: House) -> tuple[GrowthRun, ...]:
    """Open the daily runs of all days, each with its candidates."""
    made = tuple(
        _open(house, at(day, *opened), occasion)
        for day in DAYS
        for occasion, opened in _OPENED.items()
    )
    house.change("ANALYZE")
    return made


def _open(house: House, as_of: datetime, occasion: str) -> GrowthRun:
    today = as_of.date()
    with transaction(house.database) as connection:
        run = runs.open_run(
            connection, FLOW, today, as_of=as_of, opened_at=now(), occasion=occasion
        )
    values: dict[str, Any] = {
        "run": run.id,
        "scenes": list(_SCENES),
        "texts": _TEXTS,
        "soon": as_of.replace(hour=16, minute=0),
        "late": as_of + timedelta(days=2),
    }
    house.change(_CANDIDATES, **values)
    return GrowthRun(run.id, today, as_of, done=False)
