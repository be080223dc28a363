"""The counts of a run, or of all of them."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

_DECISIONS = """
SELECT d.verdict, coalesce(d.reasons->0->>'rule', '') AS rule, count(*) AS n
FROM candidate c LEFT JOIN decision d ON d.candidate_id = c.id
WHERE (CAST(:run AS bigint) IS NULL OR c.run_id = :run) GROUP BY 1, 2
"""

_MESSAGES = """
SELECT m.state, EXISTS (SELECT 1 FROM message_event e WHERE e.message_id = m.id
                        AND e.to_state = 'drafted') AS drafted, count(*) AS n
FROM message m
WHERE NOT m.ghost AND (CAST(:run AS bigint) IS NULL OR m.run_id = :run) GROUP BY 1, 2
"""

_GHOSTS = """
SELECT m.state, count(*) AS n FROM message m
WHERE m.ghost AND (CAST(:run AS bigint) IS NULL OR m.run_id = :run) GROUP BY 1
"""

_ORDERS = """
SELECT m.ghost, count(*) AS n FROM outcome o JOIN message m ON m.id = o.message_id
WHERE CAST(:run AS bigint) IS NULL OR m.run_id = :run GROUP BY 1
"""

_REACHED = """
SELECT e.to_state, count(DISTINCT e.message_id) AS n
FROM message_event e JOIN message m ON m.id = e.message_id
WHERE NOT m.ghost AND (CAST(:run AS bigint) IS NULL OR m.run_id = :run) GROUP BY 1
"""


_SPENT = """
SELECT d.author, count(*) AS texts, count(*) FILTER (WHERE d.note <> '') AS instead,
       sum(d.calls) AS calls, sum(d.prompt_tokens) AS prompt_tokens,
       sum(d.completion_tokens) AS completion_tokens
FROM wording w JOIN draft d ON d.wording_id = w.id
WHERE CAST(:run AS bigint) IS NULL OR w.run_id = :run GROUP BY d.author ORDER BY d.author
"""


def spent(connection: Connection, run_id: int | None = None) -> list[Any]:
    """Return how many texts of a run, or of all, each author wrote, and what asking models cost."""
    return list(connection.execute(text(_SPENT), {"run": run_id}))


@dataclass
class Funnel:
    """
    How far candidates came.

    `states` counts messages by present state, split by whether they were ever drafted; `reached`
    counts messages that were ever in a state. `ghosts` are the holdout's, by present state: they
    are in none of the other counts; `orders_holdout` followed them although nothing was sent.
    """

    candidates: int = 0
    winners: int = 0
    outcompeted: int = 0
    would_have_won: int = 0
    suppressed: dict[str, int] = field(default_factory=dict)
    drafted_states: dict[str, int] = field(default_factory=dict)
    undrafted_states: dict[str, int] = field(default_factory=dict)
    reached: dict[str, int] = field(default_factory=dict)
    ghosts: dict[str, int] = field(default_factory=dict)
    orders: int = 0
    orders_holdout: int = 0


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
        elif row.verdict == "ghost":
            funnel.would_have_won += row.n
        elif row.verdict == "suppressed":
            funnel.suppressed[row.rule] = row.n
    for row in connection.execute(text(_MESSAGES), values):
        side = funnel.drafted_states if row.drafted else funnel.undrafted_states
        side[row.state] = row.n
    funnel.reached = {row.to_state: row.n for row in connection.execute(text(_REACHED), values)}
    funnel.ghosts = {row.state: row.n for row in connection.execute(text(_GHOSTS), values)}
    for row in connection.execute(text(_ORDERS), values):
        if row.ghost:
            funnel.orders_holdout = row.n
        else:
            funnel.orders = row.n
    return funnel
