"""The counts of a run, or of all of them."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, text

_DECISIONS = """
SELECT d.verdict, coalesce(d.reasons->0->>'rule', '') AS rule, count(*) AS n
FROM candidate c LEFT JOIN decision d ON d.candidate_id = c.id
WHERE (CAST(:run AS bigint) IS NULL OR c.run_id = :run) GROUP BY 1, 2
"""

_MESSAGES = """
SELECT m.state, EXISTS (SELECT 1 FROM message_event e WHERE e.message_id = m.id
                        AND e.to_state = 'drafted') AS drafted, count(*) AS n
FROM message m WHERE (CAST(:run AS bigint) IS NULL OR m.run_id = :run) GROUP BY 1, 2
"""

_REACHED = """
SELECT e.to_state, count(DISTINCT e.message_id) AS n
FROM message_event e JOIN message m ON m.id = e.message_id
WHERE CAST(:run AS bigint) IS NULL OR m.run_id = :run GROUP BY 1
"""


@dataclass
class Funnel:
    """
    How far candidates came.

    `states` counts messages by present state, split by whether they were ever drafted; `reached`
    counts messages that were ever in a state.
    """

    candidates: int = 0
    winners: int = 0
    outcompeted: int = 0
    suppressed: dict[str, int] = field(default_factory=dict)
    drafted_states: dict[str, int] = field(default_factory=dict)
    undrafted_states: dict[str, int] = field(default_factory=dict)
    reached: dict[str, int] = field(default_factory=dict)
    outcomes: int = 0


def count(connection: Connection, run_id: int | None = None) -> Funnel:
    """Return the funnel of one run, or of all runs."""
    values = {"run": run_id}
    funnel = Funnel()
    for row in connection.execute(text(_DECISIONS), values):
        funnel.candidates += row.n
        if row.verdict == "won":
            funnel.winners += row.n
        elif row.verdict == "outcompeted":
            funnel.outcompeted += row.n
        elif row.verdict == "suppressed":
            funnel.suppressed[row.rule] = row.n
    for row in connection.execute(text(_MESSAGES), values):
        side = funnel.drafted_states if row.drafted else funnel.undrafted_states
        side[row.state] = row.n
    funnel.reached = {row.to_state: row.n for row in connection.execute(text(_REACHED), values)}
    funnel.outcomes = connection.execute(
        text(
            "SELECT count(*) FROM outcome o JOIN message m ON m.id = o.message_id"
            " WHERE CAST(:run AS bigint) IS NULL OR m.run_id = :run"
        ),
        values,
    ).scalar_one()
    return funnel
