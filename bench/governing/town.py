"""A town of members with a history of messages, and a morning on which many have a reason."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from store.bulk import indexed_afterwards
from store.database import engine, transaction

TODAY = date(2026, 3, 2)
AS_OF = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
"""07:30 in the business zone on a Monday."""

PAST_DAYS = 90
_SCENES = (("replenish", 1, 48), ("lapsing_care", 3, 72), ("first_order_thanks", 3, 36))
"""Scenes of the morning, every which person has a candidate of it, and for how many hours."""

_TABLES = (
    "person",
    "member",
    "contact",
    "consent",
    "person_facts",
    "candidate",
    "message",
    "ledger",
    "delivery",
)


@dataclass(frozen=True)
class Town:
    """So many members, messages that they once got, and candidates of this morning."""

    members: int
    past: int
    candidates: int

    @property
    def asked(self) -> int:
        """How many persons have a candidate: of three, one has a second one and a third."""
        return self.candidates * 3 // 5


def settle_town(url: str, town: Town) -> int:
    """Fill the empty tables of a database with a town; return the morning's run."""
    values = {
        "members": town.members,
        "past": town.past,
        "days": PAST_DAYS,
        "today": TODAY,
        "as_of": AS_OF,
        "midnight": datetime.combine(TODAY, datetime.min.time(), UTC) - timedelta(hours=8),
    }
    with transaction(engine(url)) as connection:
        connection.execute(text(_EMPLOYEES))
        connection.execute(text(_PAST_RUNS), values)
        with indexed_afterwards(connection, _TABLES):
            for statement in (*_PEOPLE, *_HISTORY):
                connection.execute(text(statement), values)
        run: int = connection.execute(text(_RUN), values).scalar_one()
        for scene, nth, wait in _SCENES:
            told = {"run": run, "scene": scene, "nth": nth, "asked": town.asked}
            until = AS_OF + timedelta(hours=wait)
            connection.execute(text(_CANDIDATES), {**values, **told, "until": until})
    return run


_EMPLOYEES = (
    "INSERT INTO employee (id, active) SELECT 'e' || n, true FROM generate_series(0, 499) n"
)

_PAST_RUNS = """
INSERT INTO run (flow, business_date, shard, occasion, as_of, opened_at, status, books)
SELECT 'daily-growth', CAST(:today AS date) - n, 0, '', :as_of, :as_of, 'done', '{}'
FROM generate_series(1, :days) n ORDER BY n
"""

_PEOPLE = (
    """
INSERT INTO person (id, identity, bucket)
SELECT n, 'unionid:u' || n, n * CAST(7919 AS bigint) % 10000 FROM generate_series(1, :members) n
""",
    """
INSERT INTO member (id, source, key, person_id, unionid, timezone)
SELECT n, 'shop', 'm' || n, n, 'u' || n, CASE WHEN n % 50 = 0 THEN 'Asia/Urumqi' END
FROM generate_series(1, :members) n
""",
    """
INSERT INTO contact (id, channel, address, employee_id, person_id, since, tags)
SELECT n, 'wecom', 'wm' || n, 'e' || n % 500, n, '2026-01-01Z', '[]'
FROM generate_series(1, :members) n
""",
    """
INSERT INTO consent (person_id, purpose, granted, at, source)
SELECT n, 'marketing', n % 40 <> 0, '2026-01-01Z', 'shop' FROM generate_series(1, :members) n
""",
    """
INSERT INTO person_facts
SELECT f.* FROM generate_series(1, :members) n, jsonb_populate_record(
    NULL::person_facts,
    jsonb_build_object('person_id', n, 'orders', 3, 'refunds', 0, 'order_days', 3, 'units', 3,
        'spent', 90, 'regularity', 0.5, 'worth', 60, 'discount_told', 0, 'discounted', 0,
        'repeats_told', 0, 'repeats_discounted', 0, 'over_threshold', 0, 'staple_days', 0,
        'families', '[]'::jsonb, 'tags', '[]'::jsonb, 'reviews', 0, 'suggestions', 0,
        'referrals', 0, 'staff_contacts', 0, 'visits', 0, 'saved_items', 0, 'carts', 0,
        'carts_left', 0, 'cart_orders', 0, 'touches', 3, 'answered', 1, 'points', 0, 'coupons', 0,
        'city', '上海', 'unanswered', n % 3,
        'last_touch_at', CAST(:as_of AS timestamptz) - make_interval(days => n % 60),
        'last_order_at', CAST(:as_of AS timestamptz) - make_interval(days => 61 + n % 90))
) f
""",
)

# A stride that shares no factor with any round number spreads the past over all members.
_PAST = """
FROM generate_series(1, CAST(:past AS bigint)) i
CROSS JOIN LATERAL (
    SELECT i * 7919 % :members + 1 AS person, (i + i / :members * 31) % :days + 1 AS ago
) w
CROSS JOIN LATERAL (
    SELECT CAST(:midnight AS timestamptz) - make_interval(days => w.ago::int) AS midnight
) d
"""

_HISTORY = (
    f"""
INSERT INTO candidate (id, run_id, person_id, scene, wording_key, value, window_until, inputs)
SELECT i, w.ago, w.person, 'replenish', 'w' || i % 40, 0.5,
       d.midnight + interval '42 hours', '{{}}' {_PAST}
""",
    f"""
INSERT INTO message (id, run_id, person_id, scene, category, channel, sender, contact, ghost,
                     round, state, planned_for, window_until)
SELECT i, w.ago, w.person, 'replenish', 'marketing', 'wecom', 'e' || w.person % 500,
       'wm' || w.person, false, 0, 'delivered', d.midnight + interval '9 hours',
       d.midnight + interval '20 hours' {_PAST}
""",
    f"""
INSERT INTO ledger (slot, kind, person_id, contact, scene, category, channel, sender, at, until,
                    zone, local_date, policy_version, ghost, reason)
SELECT i, k.kind, w.person, 'wm' || w.person, 'replenish', 'marketing', 'wecom',
       'e' || w.person % 500,
       d.midnight + k.at, d.midnight + k.until, 'Asia/Shanghai',
       CAST(:today AS date) - w.ago::int, 'bench', false, 'planned' {_PAST}
CROSS JOIN (VALUES ('reservation', interval '9 hours', interval '20 hours'),
                   ('delivery', interval '11 hours', interval '11 hours')) k(kind, at, until)
""",
    f"""
INSERT INTO delivery (message_id, person_id, status, at, answer_until, answered)
SELECT i, w.person, 'delivered', d.midnight + interval '11 hours',
       d.midnight + interval '7 days', i % 4 = 0 {_PAST}
""",
    "SELECT setval(pg_get_serial_sequence('candidate', 'id'), max(id)) FROM candidate",
)

_RUN = """
INSERT INTO run (flow, business_date, shard, occasion, as_of, opened_at, status, books)
VALUES ('daily-growth', :today, 0, '', :as_of, :as_of, 'open', '{}') RETURNING id
"""

_CANDIDATES = """
INSERT INTO candidate (run_id, person_id, scene, wording_key, value, window_until, inputs)
SELECT :run, w.person, :scene, :scene || w.person / 7 % 24, 0.3 + w.person % 71 / 100.0, :until,
       '{"slots": {"product": "云南日晒咖啡豆"}, "evidence": {"gap_days": 14}, "need": 0.5}'
FROM generate_series(1, CAST(:asked AS bigint)) n
CROSS JOIN LATERAL (SELECT n * CAST(:members AS bigint) / :asked AS person) w
WHERE n % :nth = 0 ORDER BY w.person
"""
