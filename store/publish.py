"""
From staging to the tables everything else reads.

Each publisher first takes away what is already known, so that what remains is what changed:
publishing a window twice publishes nothing the second time.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from schemas.enums import Entity
from store.publication import Publication, Published
from store.publish_catalogue import publish_employees, publish_products, publish_stores
from store.publish_contacts import publish_contacts
from store.publish_happenings import publish_benefits, publish_events
from store.publish_members import publish_members
from store.publish_orders import publish_order_lines
from store.staging import Stage, is_empty

_PUBLISHERS: Mapping[Entity, Callable[[Publication], Published]] = {
    Entity.STORE: publish_stores,
    Entity.EMPLOYEE: publish_employees,
    Entity.PRODUCT: publish_products,
    Entity.MEMBER: publish_members,
    Entity.ORDER_LINE: publish_order_lines,
    Entity.BENEFIT: publish_benefits,
    Entity.MEMBER_EVENT: publish_events,
    Entity.CONTACT: publish_contacts,
}


def publish(connection: Connection, stage: Stage, as_of: datetime, salt: str) -> Published:
    """
    Publish what is staged of an entity and return its part of the books.

    `salt` draws the bucket of persons not known before.
    """
    if is_empty(connection, stage):  # as most windows of a day are
        return Published(0, 0, {})
    return _PUBLISHERS[stage.entity](Publication(connection, stage, as_of, salt))
