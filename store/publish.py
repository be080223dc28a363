"""
From staging to the tables everything else reads.

Each publisher first takes away what is already known, so that what remains is what changed:
publishing a window twice publishes nothing the second time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from schemas.enums import Entity
from store.persons import REMARK


@dataclass(frozen=True)
class Published:
    """How many staged rows were new or changed, known already, or put aside by a rule."""

    published: int
    unchanged: int
    dropped: Mapping[str, int]


def publish(
    connection: Connection, entity: Entity, source: str, as_of: datetime, salt: str
) -> Published:
    """
    Publish what is staged of an entity and return its part of the books.

    `salt` draws the bucket of persons not known before.
    """

    def run(statement: str) -> int:
        values = {"source": source, "as_of": as_of, "salt": salt}
        return connection.execute(text(statement), values).rowcount

    return _PUBLISHERS[entity](run)


_Run = Callable[[str], int]
_BUCKET = """
('x' || left(encode(sha256(convert_to(:salt || identity, 'UTF8')), 'hex'), 8))::bit(32)::bigint
 % 10000
"""
"""
A number below 10,000 that the identity alone decides, for those who know the salt.

The same person falls into the same bucket in every import; nobody can tell from outside which.
"""
_IDENTITY = "coalesce('unionid:' || s.unionid, 'member:' || :source || ':' || s.key)"


def _members(run: _Run) -> Published:
    unchanged = run(
        "DELETE FROM staged_member s USING member m JOIN consent c USING (person_id)"
        " WHERE m.source = :source AND m.key = s.key AND c.purpose = 'marketing'"
        " AND m.unionid IS NOT DISTINCT FROM s.unionid AND m.city IS NOT DISTINCT FROM s.city"
        " AND (s.joined_at IS NULL OR m.joined_at <= s.joined_at)"
        # An undated refusal that is known is no news; of dated words only a newer one is.
        " AND (c.at > s.consent_at OR (c.at = s.consent_at AND c.granted <= s.consent)"
        " OR (s.consent_at IS NULL AND NOT c.granted))"
    )
    run(
        f"INSERT INTO person (identity, bucket) SELECT identity, {_BUCKET}"
        f" FROM (SELECT DISTINCT {_IDENTITY} AS identity FROM staged_member s) found"
        " ON CONFLICT DO NOTHING"
    )
    # Who turns out to share a unionid joins that person and takes their orders along. From one
    # unionid to another nobody moves: that is a merge, with a ledger to be kept right.
    run(
        "INSERT INTO stale_person SELECT DISTINCT m.person_id FROM staged_member s"
        " JOIN member m ON m.source = :source AND m.key = s.key ORDER BY 1"
        f" {REMARK}"
    )
    published = run(
        "INSERT INTO member (source, key, person_id, unionid, city, joined_at)"
        " SELECT :source, s.key, p.id, s.unionid, s.city, s.joined_at"
        f" FROM staged_member s JOIN person p ON p.identity = {_IDENTITY}"
        " ON CONFLICT (source, key) DO UPDATE SET person_id = CASE WHEN EXISTS"
        " (SELECT 1 FROM person p WHERE p.id = member.person_id AND p.identity LIKE 'unionid:%')"
        " THEN member.person_id ELSE excluded.person_id END, unionid = excluded.unionid,"
        " city = excluded.city, joined_at = least(member.joined_at, excluded.joined_at)"
    )
    # A refusal that bears no date was said by now: it must not lose against an older yes.
    run(
        "INSERT INTO consent (person_id, purpose, granted, at, source)"
        " SELECT DISTINCT ON (m.person_id) m.person_id, 'marketing', s.consent,"
        " coalesce(s.consent_at, CAST(:as_of AS timestamptz)),"
        " :source FROM staged_member s JOIN member m ON m.source = :source AND m.key = s.key"
        " ORDER BY m.person_id, s.consent_at DESC NULLS FIRST, s.consent"
        " ON CONFLICT (person_id, purpose) DO UPDATE SET granted = excluded.granted,"
        " at = excluded.at, source = excluded.source"
        " WHERE excluded.at > consent.at"
        " OR (excluded.at = consent.at AND excluded.granted < consent.granted)"
    )
    run(
        "INSERT INTO stale_person SELECT DISTINCT m.person_id FROM staged_member s"
        " JOIN member m ON m.source = :source AND m.key = s.key ORDER BY 1"
        f" {REMARK}"
    )
    return Published(published, unchanged, {})


def _order_lines(run: _Run) -> Published:
    unchanged = run(
        "DELETE FROM staged_order_line s USING shop_order o JOIN order_line l ON l.order_id = o.id"
        " WHERE o.source = :source AND o.key = s.order_key AND l.ordinal = s.ordinal"
        " AND o.status = s.status AND o.currency = s.currency AND o.ordered_at <= s.ordered_at"
        " AND l.product_key = s.product_key AND l.quantity = s.quantity"
        " AND l.unit_price = s.unit_price"
    )
    run(
        "INSERT INTO product (source, key, name) SELECT DISTINCT ON (s.product_key) :source,"
        " s.product_key, coalesce(s.product_name, s.product_key) FROM staged_order_line s"
        " ORDER BY s.product_key, s.product_name IS NULL, s.ordered_at DESC, s.row DESC"
        " ON CONFLICT (source, key) DO UPDATE SET name = excluded.name"
        " WHERE product.name <> excluded.name"
    )
    # An invoice may be keyed in over several minutes: an order begins with its first line.
    run(
        "INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency)"
        " SELECT :source, s.order_key, m.id, min(s.ordered_at), max(s.status), max(s.currency)"
        " FROM staged_order_line s JOIN member m ON m.source = :source AND m.key = s.member_key"
        " GROUP BY s.order_key, m.id ON CONFLICT (source, key) DO UPDATE"
        " SET status = excluded.status, currency = excluded.currency,"
        " ordered_at = least(shop_order.ordered_at, excluded.ordered_at)"
    )
    published = run(
        "INSERT INTO order_line (order_id, ordinal, product_key, quantity, unit_price)"
        " SELECT o.id, s.ordinal, s.product_key, s.quantity, s.unit_price"
        " FROM staged_order_line s JOIN shop_order o ON o.source = :source AND o.key = s.order_key"
        " ON CONFLICT (order_id, ordinal) DO UPDATE SET product_key = excluded.product_key,"
        " quantity = excluded.quantity, unit_price = excluded.unit_price"
    )
    run(
        "INSERT INTO stale_person SELECT DISTINCT m.person_id FROM staged_order_line s"
        " JOIN member m ON m.source = :source AND m.key = s.member_key ORDER BY 1"
        f" {REMARK}"
    )
    return Published(published, unchanged, {})


def _contacts(run: _Run) -> Published:
    strangers = run(
        "DELETE FROM staged_contact s WHERE NOT EXISTS"
        " (SELECT 1 FROM person p WHERE p.identity = 'unionid:' || s.unionid)"
    )
    unchanged = run(
        "DELETE FROM staged_contact s USING contact c JOIN person p ON p.id = c.person_id"
        " WHERE c.channel = s.channel AND c.address = s.address"
        " AND c.employee_id = s.employee_id AND p.identity = 'unionid:' || s.unionid"
        " AND c.since = s.since"
    )
    run(
        "INSERT INTO employee (id) SELECT DISTINCT employee_id FROM staged_contact"
        " ON CONFLICT DO NOTHING"
    )
    published = run(
        "INSERT INTO contact (channel, address, employee_id, person_id, since)"
        " SELECT s.channel, s.address, s.employee_id, p.id, s.since FROM staged_contact s"
        " JOIN person p ON p.identity = 'unionid:' || s.unionid"
        " ON CONFLICT (channel, address, employee_id) DO UPDATE"
        " SET person_id = excluded.person_id, since = excluded.since"
    )
    return Published(published, unchanged, {"not_a_member": strangers} if strangers else {})


_PUBLISHERS: Mapping[Entity, Callable[[_Run], Published]] = {
    Entity.MEMBER: _members,
    Entity.ORDER_LINE: _order_lines,
    Entity.CONTACT: _contacts,
}
