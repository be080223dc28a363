"""Members as their sources tell them."""

from store.identities import OWN_NAMES, lock_concerned, persons_of_new, resettle
from store.publication import Publication, Published


def publish_members(run: Publication) -> Published:
    """Publish members, whom they are taken for, and what they said of marketing."""
    unchanged = run(
        "DELETE FROM {stage} s USING member m WHERE m.source = :source AND m.key = s.key"
        " AND m.unionid IS NOT DISTINCT FROM s.unionid"
        " AND m.phone_hash IS NOT DISTINCT FROM s.phone_hash"
        " AND m.city IS NOT DISTINCT FROM s.city AND m.timezone IS NOT DISTINCT FROM s.timezone"
        " AND (s.joined_at IS NULL OR m.joined_at <= s.joined_at)"
        # An undated refusal that is known is no news; of dated words only a newer one is.
        " AND (m.consent_at > s.consent_at"
        " OR (m.consent_at = s.consent_at AND m.consent <= s.consent)"
        " OR (s.consent_at IS NULL AND NOT m.consent))"
    )
    lock_concerned(run)
    persons_of_new(run)
    # A refusal that bears no date was said by now: it must not lose against an older yes.
    newer = (
        "(member.consent IS NULL OR excluded.consent_at > member.consent_at"
        " OR (excluded.consent_at = member.consent_at AND NOT excluded.consent))"
    )
    published = run(
        "INSERT INTO member (source, key, person_id, unionid, phone_hash, city, timezone,"
        " joined_at, consent, consent_at)"
        " SELECT :source, s.key, p.id, s.unionid, s.phone_hash, s.city, s.timezone, s.joined_at,"
        " s.consent, coalesce(s.consent_at, CAST(:as_of AS timestamptz))"
        f" FROM {{stage}} s JOIN {OWN_NAMES} n USING (key) JOIN person p USING (identity)"
        " ON CONFLICT (source, key) DO UPDATE SET"
        " unionid = excluded.unionid, phone_hash = excluded.phone_hash, city = excluded.city,"
        " timezone = excluded.timezone,"
        " joined_at = least(member.joined_at, excluded.joined_at),"
        f" consent = CASE WHEN {newer} THEN excluded.consent ELSE member.consent END,"
        f" consent_at = CASE WHEN {newer} THEN excluded.consent_at ELSE member.consent_at END"
    )
    resettle(run)
    return Published(published, unchanged, {})
