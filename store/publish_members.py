"""Members as their sources tell them."""

from store.bulk import indexed_afterwards, make_room
from store.identities import (
    OWN_NAMES,
    hear_first,
    lock_concerned,
    persons_of_new,
    resettle,
)
from store.publication import Publication, Published

TABLES = ("person", "member", "consent", "stale_person")

_KNOWN = """
DELETE FROM {stage} s USING member m WHERE m.source = :source AND m.key = s.key
   AND m.unionid IS NOT DISTINCT FROM s.unionid
   AND m.phone_hash IS NOT DISTINCT FROM s.phone_hash
   AND m.city IS NOT DISTINCT FROM s.city AND m.timezone IS NOT DISTINCT FROM s.timezone
   AND m.personalised IS NOT DISTINCT FROM s.personalised AND m.minor IS NOT DISTINCT FROM s.minor
   AND (s.joined_at IS NULL OR m.joined_at <= s.joined_at)
   AND (m.consent_at > s.consent_at
        OR (m.consent_at = s.consent_at AND m.consent <= s.consent)
        OR (s.consent_at IS NULL AND NOT m.consent))
"""
"""An undated refusal that is known is no news; of dated words only a newer one is."""

_INSERT = f"""
INSERT INTO member (source, key, person_id, unionid, phone_hash, city, timezone, joined_at,
                    consent, consent_at, personalised, minor)
SELECT :source, s.key, p.id, s.unionid, s.phone_hash, s.city, s.timezone, s.joined_at,
       s.consent, coalesce(s.consent_at, CAST(:as_of AS timestamptz)), s.personalised, s.minor
FROM {{stage}} s JOIN {OWN_NAMES} n USING (key) JOIN person p USING (identity)
"""
"""A refusal that bears no date was said by now: it must not lose against an older yes."""

_NEWER = """
(member.consent IS NULL OR excluded.consent_at > member.consent_at
 OR (excluded.consent_at = member.consent_at AND NOT excluded.consent))
"""
_CHANGE = f"""
ON CONFLICT (source, key) DO UPDATE SET
    unionid = excluded.unionid, phone_hash = excluded.phone_hash, city = excluded.city,
    timezone = excluded.timezone, personalised = excluded.personalised, minor = excluded.minor,
    joined_at = least(member.joined_at, excluded.joined_at),
    consent = CASE WHEN {_NEWER} THEN excluded.consent ELSE member.consent END,
    consent_at = CASE WHEN {_NEWER} THEN excluded.consent_at ELSE member.consent_at END
"""


def publish_members(run: Publication) -> Published:
    """Publish members, whom they are taken for, and what they said of marketing."""
    make_room(run.connection)
    if run.is_first(*TABLES):
        with indexed_afterwards(run.connection, TABLES):
            lock_concerned(run)
            persons_of_new(run)
            published = run(_INSERT)
            hear_first(run)
        return Published(published, 0, {})
    unchanged = run(_KNOWN)
    lock_concerned(run)
    persons_of_new(run)
    published = run(_INSERT + _CHANGE)
    resettle(run)
    return Published(published, unchanged, {})
