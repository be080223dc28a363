"""What the racers of test_publish_beside_plans.py do, each in a process of its own."""

import os
from multiprocessing.synchronize import Barrier

from schemas.enums import Entity
from store import facts, publish
from store.database import engine, transaction
from tasks import plan
from tasks.growth import GrowthRun
from tests.builders import MONDAY, MORNING, staged
from tests.house import at


def plan_all(url: str, run_id: int, chunk: int, together: Barrier) -> None:
    """Plan a run to its end, in chunks whose persons overlap with every other racer's."""
    os.environ["DATABASE_URL"] = url
    plan.CHUNK = chunk
    run = GrowthRun(run_id, MONDAY, MORNING, done=False)
    together.wait(60)
    while plan.plan_chunk.fn(run):
        pass


def publish_orders(url: str, members: int, rounds: int, together: Barrier) -> None:
    """Publish an order of every member, last member first, and mark all persons anew each time."""
    together.wait(60)
    for place in range(rounds):
        orders = (_line(place, number) for number in range(members, 0, -1))
        stage = staged(engine(url), Entity.ORDER_LINE, orders)
        with transaction(engine(url)) as connection:
            publish.publish(connection, stage, MORNING, "salt")
        with transaction(engine(url)) as connection:
            facts.claim_stale(connection, members)


def _line(place: int, number: int) -> dict[str, object]:
    return {
        "order_key": f"o{place}-{number}",
        "ordinal": 1,
        "member_key": f"m{number}",
        "ordered_at": at(1, 10),
        "status": "paid",
        "currency": "CNY",
        "product_key": "p1",
        "quantity": 1,
        "unit_price": 28,
    }
