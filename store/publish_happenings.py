"""What members hold and what happened to them."""

from store.persons import REMARK
from store.publication import Publication, Published

_MEMBER = "member m ON m.source = :members AND m.key = s.member_key"
"""The member a staged row is about."""

_STRANGERS = (
    "DELETE FROM {stage} s WHERE s.member_key IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM member m WHERE m.source = :members AND m.key = s.member_key)"
)


def publish_benefits(run: Publication) -> Published:
    """Publish benefits, and mark who holds them; one of somebody unknown is put aside."""
    strangers = run(_STRANGERS)
    # A benefit without a member is for all; amounts are compared as they are stored.
    unchanged = run(
        "DELETE FROM {stage} s USING benefit b LEFT JOIN member m ON m.id = b.member_id"
        " WHERE b.source = :source AND b.key = s.key"
        " AND (b.kind, m.key, b.name, b.code, b.face_value, b.threshold, b.currency, b.remaining,"
        " b.valid_from, b.valid_until, b.store_keys, b.redeemable_for) IS NOT DISTINCT FROM"
        " (s.kind, s.member_key, s.name, s.code, round(s.face_value, 4), round(s.threshold, 4),"
        " s.currency, s.remaining, s.valid_from, s.valid_until, s.store_keys, s.redeemable_for)"
    )
    _mark_stale(run, "benefit")
    published = run(
        "INSERT INTO benefit (source, key, kind, member_id, name, code, face_value, threshold,"
        " currency, remaining, valid_from, valid_until, store_keys, redeemable_for)"
        " SELECT :source, s.key, s.kind, m.id, s.name, s.code, s.face_value, s.threshold,"
        " s.currency, s.remaining, s.valid_from, s.valid_until, s.store_keys, s.redeemable_for"
        f" FROM {{stage}} s LEFT JOIN {_MEMBER}"
        " ON CONFLICT (source, key) DO UPDATE SET kind = excluded.kind,"
        " member_id = excluded.member_id, name = excluded.name, code = excluded.code,"
        " face_value = excluded.face_value, threshold = excluded.threshold,"
        " currency = excluded.currency, remaining = excluded.remaining,"
        " valid_from = excluded.valid_from, valid_until = excluded.valid_until,"
        " store_keys = excluded.store_keys, redeemable_for = excluded.redeemable_for"
    )
    return Published(published, unchanged, _told(strangers))


def publish_events(run: Publication) -> Published:
    """Publish events, and mark to whom they happened; one of somebody unknown is put aside."""
    strangers = run(_STRANGERS)
    unchanged = run(
        "DELETE FROM {stage} s USING member_event v JOIN member m ON m.id = v.member_id"
        " WHERE v.source = :source AND v.key = s.key"
        " AND (v.kind, m.key, v.at, v.subject)"
        " IS NOT DISTINCT FROM (s.kind, s.member_key, s.at, s.subject)"
    )
    _mark_stale(run, "member_event")
    published = run(
        "INSERT INTO member_event (source, key, kind, member_id, at, subject)"
        " SELECT :source, s.key, s.kind, m.id, s.at, s.subject"
        f" FROM {{stage}} s JOIN {_MEMBER}"
        " ON CONFLICT (source, key) DO UPDATE SET kind = excluded.kind,"
        " member_id = excluded.member_id, at = excluded.at, subject = excluded.subject"
    )
    return Published(published, unchanged, _told(strangers))


def _mark_stale(run: Publication, table: str) -> None:
    """Mark whom staged rows are about, and whom the same rows of `table` were about until now."""
    run(
        f"INSERT INTO stale_person SELECT m.person_id FROM {{stage}} s JOIN {_MEMBER}"
        f" UNION SELECT m.person_id FROM {{stage}} s JOIN {table} known"
        " ON known.source = :source AND known.key = s.key"
        f" JOIN member m ON m.id = known.member_id ORDER BY 1 {REMARK}"
    )


def _told(strangers: int) -> dict[str, int]:
    return {"not_a_member": strangers} if strangers else {}
