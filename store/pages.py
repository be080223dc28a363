"""What the pages of a run show."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

_VERDICTS = """
SELECT source, entity, window_from, window_until, passed, reason, pulled, published, unchanged,
       quarantined, dropped, checks
FROM data_verdict WHERE run_id = :run ORDER BY passed, id
"""

# What a reason says of one person only is taken off, so that equal ones fall together.
_REASONS = """
SELECT reason, count(*) FILTER (WHERE place = 1) AS first,
       count(*) FILTER (WHERE place > 1) AS also,
       array_agg(DISTINCT person_id) FILTER (WHERE rank <= :examples) AS examples
FROM (
    SELECT r.value - 'used' - 'unanswered' - 'beside' AS reason, r.place, c.person_id,
           dense_rank() OVER (PARTITION BY r.value - 'used' - 'unanswered' - 'beside'
                              ORDER BY c.person_id) AS rank
    FROM candidate c JOIN decision d ON d.candidate_id = c.id
    CROSS JOIN LATERAL jsonb_array_elements(d.reasons) WITH ORDINALITY AS r(value, place)
    WHERE c.run_id = :run AND d.verdict = 'suppressed'
) found
GROUP BY reason ORDER BY first DESC, also DESC, reason
"""

_SCENES = """
SELECT c.scene, count(*) AS candidates,
       count(*) FILTER (WHERE d.verdict = 'won') AS won,
       count(*) FILTER (WHERE d.verdict = 'suppressed') AS suppressed,
       count(*) FILTER (WHERE d.verdict = 'outcompeted') AS outcompeted,
       count(*) FILTER (WHERE d.verdict = 'ghost') AS ghosts
FROM candidate c JOIN decision d ON d.candidate_id = c.id
WHERE c.run_id = :run GROUP BY c.scene ORDER BY candidates DESC, c.scene
"""

_CONTESTS = """
SELECT c.scene, w.scene AS winner, count(*) AS n
FROM candidate c
JOIN decision d ON d.candidate_id = c.id AND d.verdict = 'outcompeted'
JOIN candidate w ON w.id = d.winner_id
WHERE c.run_id = :run GROUP BY 1, 2 ORDER BY n DESC, 1, 2
"""

_HELD_OUT = """
SELECT c.person_id FROM candidate c
JOIN decision d ON d.candidate_id = c.id AND d.verdict = 'ghost'
WHERE c.run_id = :run ORDER BY c.person_id LIMIT :examples
"""

_DRAFTS = """
SELECT w.scene, w.segment, d.text, d.link, d.violations, d.warnings, d.author, d.model, d.note,
       d.claims, d.expires_at, d.content_hash, n.persons, n.employees, n.ghosts,
       b.id AS batch, b.ordinal, b.flow_run_id,
       count(*) OVER () AS drafts, sum(n.persons) OVER () AS everybody,
       count(*) FILTER (WHERE d.violations <> '[]') OVER () AS failed
FROM wording w
JOIN LATERAL (SELECT * FROM draft WHERE wording_id = w.id ORDER BY revision DESC LIMIT 1) d ON true
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT ghost) AS persons, count(*) FILTER (WHERE ghost) AS ghosts,
           count(DISTINCT sender) FILTER (WHERE NOT ghost) AS employees
    FROM message m WHERE m.wording_id = w.id
) n
LEFT JOIN LATERAL (
    SELECT b.id, b.flow_run_id, i.ordinal FROM draft x
    JOIN review_item i ON i.draft_id = x.id JOIN review_batch b ON b.id = i.batch_id
    WHERE x.wording_id = w.id ORDER BY b.id DESC LIMIT 1
) b ON true
WHERE w.run_id = :run
ORDER BY d.violations = '[]', b.id, b.ordinal, w.id LIMIT :limit
"""

_BATCHES = "SELECT id, flow_run_id FROM review_batch WHERE run_id = :run ORDER BY id"


@dataclass(frozen=True)
class WhyNot:
    """
    Why candidates of a run did not become messages: by rule, by scene, by who won instead.

    `held_out` are some of the persons who would have got one.
    """

    reasons: list[Any]
    scenes: list[Any]
    contests: list[Any]
    held_out: list[int]


@dataclass(frozen=True)
class Drafts:
    """
    The newest text of each wording of a run, those that failed first, and the review batches.

    The numbers are of all wordings, not only of those shown.
    """

    shown: list[Any]
    batches: list[Any]
    drafts: int
    persons: int
    failed: int


def verdicts(connection: Connection, run_id: int) -> list[Any]:
    """Return what the data contract said of every window of a pull, the refused ones first."""
    return list(connection.execute(text(_VERDICTS), {"run": run_id}))


def why_not(connection: Connection, run_id: int, examples: int) -> WhyNot:
    """Return why not, each rule with up to so many persons as examples."""
    values = {"run": run_id, "examples": examples}
    return WhyNot(
        list(connection.execute(text(_REASONS), values)),
        list(connection.execute(text(_SCENES), values)),
        list(connection.execute(text(_CONTESTS), {"run": run_id})),
        list(connection.execute(text(_HELD_OUT), values).scalars()),
    )


def drafts(connection: Connection, run_id: int, limit: int) -> Drafts:
    """Return what was written in a run, of the texts no more than so many."""
    shown = list(connection.execute(text(_DRAFTS), {"run": run_id, "limit": limit}))
    batches = list(connection.execute(text(_BATCHES), {"run": run_id}))
    if not shown:
        return Drafts(shown, batches, 0, 0, 0)
    in_all = shown[0]
    return Drafts(shown, batches, in_all.drafts, int(in_all.everybody), in_all.failed)
