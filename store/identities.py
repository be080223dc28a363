"""
Who members are taken for.

Members that share a unionid are one person, and so are those that share a phone, for which only
a salted hash is kept. Both are facts of today's members, so the answer is computed from them and
from nothing else: it is the same in whatever order sources are read, and it goes back by itself
when a source takes back what spoke for it.

A person has the strongest name its members give: unionid, else phone, else the member's own. One
phone with two unionids never gets here (the contract's `one_unionid`), so every phone leads to one
person. A person whose name is outdone is merged into the stronger one: what it got stays its own
and is counted together (see store.persons). A unionid is outdone by nothing.
"""

from store.persons import REMARK
from store.publication import Publication

BUCKET = """
('x' || left(encode(sha256(convert_to(:salt || identity, 'UTF8')), 'hex'), 8))::bit(32)::bigint
 % 10000
"""
"""
A number below 10,000 that the identity alone decides, for those who know the salt.

The same person falls into the same bucket in every import; nobody can tell from outside which.
"""

OWN_NAMES = "own_name"
"""A temporary table: the identity by which each staged member is known, by `key`."""

_CONCERNED = "concerned"
"""A temporary table: published members whose person may change, and who it was."""

_LOST_PHONES = "lost_phone"
"""A temporary table: phones of staged members as they were until now."""


def lock_concerned(run: Publication) -> None:
    """
    Note which published members may come to another person, and lock those they are with.

    Those are the staged ones, and all who share a phone with them, now or until now. A plan or a
    push that holds one of their persons comes first, or waits and sees the new state.
    """
    run(
        f"CREATE TEMPORARY TABLE {_LOST_PHONES} ON COMMIT DROP AS"
        " SELECT DISTINCT m.phone_hash FROM {stage} s JOIN member m"
        " ON m.source = :source AND m.key = s.key WHERE m.phone_hash IS NOT NULL"
        " UNION SELECT phone_hash FROM {stage} WHERE phone_hash IS NOT NULL"
    )
    run(
        f"CREATE TEMPORARY TABLE {_CONCERNED} ON COMMIT DROP AS"
        " SELECT m.id, m.person_id AS was FROM {stage} s JOIN member m"
        " ON m.source = :source AND m.key = s.key"
        f" UNION SELECT m.id, m.person_id FROM {_LOST_PHONES} JOIN member m USING (phone_hash)"
    )
    for table in (_LOST_PHONES, _CONCERNED):  # else all members would be read for a few
        run(f"ANALYZE {table}")
    run(
        f"SELECT p.id FROM person p WHERE p.id IN (SELECT was FROM {_CONCERNED}"
        f" UNION ALL SELECT q.id FROM {_CONCERNED} JOIN person q ON q.merged_into = was)"
        " ORDER BY p.id FOR NO KEY UPDATE"
    )


def persons_of_new(run: Publication) -> None:
    """Name the staged members, and make the persons that are not there yet."""
    run(
        f"CREATE TEMPORARY TABLE {OWN_NAMES} ON COMMIT DROP AS"
        " SELECT s.key, coalesce('unionid:' || s.unionid, 'unionid:' || tied.unionid,"
        " 'phone:' || s.phone_hash, 'member:' || :source || ':' || s.key) AS identity"
        " FROM {stage} s LEFT JOIN (SELECT phone_hash, min(unionid) AS unionid FROM ("
        " SELECT phone_hash, unionid FROM {stage} WHERE unionid IS NOT NULL"
        f" UNION ALL SELECT m.phone_hash, m.unionid FROM {_CONCERNED} JOIN member m USING (id)"
        " WHERE m.unionid IS NOT NULL AND NOT (m.source = :source"
        " AND EXISTS (SELECT 1 FROM {stage} s WHERE s.key = m.key))"
        " ) known WHERE phone_hash IS NOT NULL GROUP BY phone_hash) tied USING (phone_hash)"
    )
    _make_persons(run, OWN_NAMES)


def resettle(run: Publication) -> None:
    """Bring members to the persons they are now taken for, and merge or part those persons."""
    run(
        "CREATE TEMPORARY TABLE renamed ON COMMIT DROP AS"
        " SELECT m.id, coalesce('unionid:' || m.unionid, 'unionid:' || tied.unionid,"
        " 'phone:' || m.phone_hash, 'member:' || m.source || ':' || m.key) AS identity"
        f" FROM {_CONCERNED} JOIN member m USING (id)"
        " LEFT JOIN LATERAL (SELECT min(o.unionid) AS unionid FROM member o"
        " WHERE o.phone_hash = m.phone_hash AND o.unionid IS NOT NULL) tied ON true"
    )
    _make_persons(run, "renamed")
    run(
        "UPDATE member m SET person_id = p.id FROM renamed r JOIN person p USING (identity)"
        " WHERE m.id = r.id AND m.person_id <> p.id"
    )
    _merge(run)
    run(
        "CREATE TEMPORARY TABLE touched ON COMMIT DROP AS"
        " SELECT m.person_id FROM {stage} s JOIN member m ON m.source = :source AND m.key = s.key"
        f" UNION SELECT was FROM {_CONCERNED}"
        f" UNION SELECT m.person_id FROM {_CONCERNED} JOIN member m USING (id)"
    )
    _hear_consent(run)
    run(f"INSERT INTO stale_person SELECT person_id FROM touched ORDER BY 1 {REMARK}")
    _forget(run, "renamed", "touched")


def hear_first(run: Publication) -> None:
    """Take the word of members who are the first there are, and mark their persons."""
    run(f"INSERT INTO consent {_WORDS.format(members='member m')}")
    run("INSERT INTO stale_person SELECT DISTINCT person_id FROM member ORDER BY 1")
    _forget(run)


def _forget(run: Publication, *more: str) -> None:
    for table in (OWN_NAMES, _CONCERNED, _LOST_PHONES, *more):
        run(f"DROP TABLE {table}")


def _make_persons(run: Publication, named: str) -> None:
    run(
        f"INSERT INTO person (identity, bucket) SELECT identity, {BUCKET}"
        f" FROM (SELECT DISTINCT identity FROM {named}) found"
        " WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.identity = found.identity)"
        " ORDER BY identity ON CONFLICT DO NOTHING"
    )


def _merge(run: Publication) -> None:
    """
    Have every outdone person point to who outdid it, and free those that are so no longer.

    A phone that its last member gave up goes along with that member; a unionid never does, as its
    contacts are still somebody's.
    """
    run(
        "CREATE TEMPORARY TABLE led ON COMMIT DROP AS"
        " SELECT p.id, CASE"
        " WHEN EXISTS (SELECT 1 FROM member m WHERE m.person_id = p.id) THEN NULL"
        " ELSE coalesce("
        "  (SELECT min(m.person_id) FROM member m WHERE p.identity = 'phone:' || m.phone_hash),"
        f"  (SELECT min(m.person_id) FROM {_CONCERNED} c JOIN member m USING (id)"
        "   WHERE c.was = p.id OR p.identity = 'member:' || m.source || ':' || m.key),"
        "  p.merged_into) END AS leads"
        " FROM person p WHERE p.identity NOT LIKE 'unionid:%' AND p.id IN ("
        f"  SELECT was FROM {_CONCERNED}"
        f"  UNION SELECT q.id FROM person q JOIN {_LOST_PHONES} l"
        "   ON q.identity = 'phone:' || l.phone_hash"
        f"  UNION SELECT q.id FROM {_CONCERNED} c JOIN member m USING (id) JOIN person q"
        "   ON q.identity = 'member:' || m.source || ':' || m.key"
        f"  UNION SELECT q.id FROM person q WHERE q.merged_into IN (SELECT was FROM {_CONCERNED}))"
    )
    run("ANALYZE led")
    # Who was merged into somebody that is now merged further goes there too.
    run(
        "UPDATE led SET leads = further.leads FROM led further"
        " WHERE led.leads = further.id AND further.leads IS NOT NULL"
    )
    run(
        "DELETE FROM led USING person p"
        " WHERE p.id = led.id AND p.merged_into IS NOT DISTINCT FROM led.leads"
    )
    run(
        "UPDATE merge SET undone_at = :as_of FROM led"
        " WHERE merge.absorbed_id = led.id AND merge.undone_at IS NULL"
    )
    run(
        "INSERT INTO merge (person_id, absorbed_id, evidence, at)"
        " SELECT led.leads, led.id, CASE WHEN 'phone' IN"
        " (split_part(one.identity, ':', 1), split_part(other.identity, ':', 1))"
        " THEN 'phone' ELSE 'unionid' END, :as_of"
        " FROM led JOIN person one ON one.id = led.id JOIN person other ON other.id = led.leads"
    )
    run("UPDATE person SET merged_into = led.leads FROM led WHERE person.id = led.id")
    run("DROP TABLE led")


def _hear_consent(run: Publication) -> None:
    """Take the newest word of a person's members, a refusal before a yes of the same instant."""
    run(
        "DELETE FROM consent c USING touched t WHERE c.person_id = t.person_id"
        " AND NOT EXISTS (SELECT 1 FROM member m WHERE m.person_id = t.person_id)"
    )
    words = _WORDS.format(members="touched JOIN member m USING (person_id)")
    run(
        f"INSERT INTO consent {words}"
        " ON CONFLICT (person_id, purpose) DO UPDATE SET granted = excluded.granted,"
        " at = excluded.at, source = excluded.source WHERE (consent.granted, consent.at,"
        " consent.source) IS DISTINCT FROM (excluded.granted, excluded.at, excluded.source)"
    )


_WORDS = """
(person_id, purpose, granted, at, source)
SELECT DISTINCT ON (m.person_id) m.person_id, 'marketing', m.consent, m.consent_at, m.source
FROM {members} WHERE m.consent IS NOT NULL
ORDER BY m.person_id, m.consent_at DESC, m.consent, m.source
"""
"""The newest word of each person's members, a refusal before a yes of the same instant."""
