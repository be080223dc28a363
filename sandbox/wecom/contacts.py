"""The customers, and the employees who follow them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Final

from sandbox.chance import chance, digest
from sandbox.wecom.employees import EMPLOYEES

TAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "口味": ("手冲", "意式", "低因"),
    "到店": ("常来", "自提"),
}
"""The names of the corporation's tags, by the name of their group."""

_WITH_SECOND_EMPLOYEE = 0.04
_TAGGED = 0.4
_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙"
_GIVEN: Final = "安宁静怡晨阳子涵雨桐思远嘉禾"


@dataclass(frozen=True)
class Customer:
    """
    One person in WeCom; `followers` is since when, by employee, and `tags` what each calls them.

    The first follower is the one they last chatted with.
    """

    external_userid: str
    unionid: str
    name: str
    followers: Mapping[str, datetime]
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def draw_customer(seed: int, unionid: str, since: datetime) -> Customer:
    """Return the customer behind a unionid, followed since `since`."""
    dice = chance(seed, unionid, "contact")
    count = 2 if dice.random() < _WITH_SECOND_EMPLOYEE else 1
    name = dice.choice(_SURNAMES) + dice.choice(_GIVEN)
    followers = dict.fromkeys(dice.sample(tuple(EMPLOYEES), count), since)
    return Customer(
        external_userid=f"wm{digest(seed, unionid)[:30]}",
        unionid=unionid,
        name=name,
        followers=followers,
        tags={userid: _draw_tags(seed, unionid, userid) for userid in followers},
    )


def _draw_tags(seed: int, unionid: str, userid: str) -> tuple[str, ...]:
    """Return the tags an employee gave a customer: none, or one of each of some groups."""
    dice = chance(seed, unionid, userid, "tags")
    if dice.random() >= _TAGGED:
        return ()
    groups = dice.sample(tuple(TAGS.values()), dice.randint(1, len(TAGS)))
    return tuple(dice.choice(names) for names in groups)


def tag_id(name: str) -> str:
    """Return what WeCom calls a tag, or a group of tags."""
    return f"et{digest('tag', name)[:30]}"


class Contacts:
    """Who may be written to by whom; a customer who deletes an employee still counts as theirs."""

    def __init__(self, customers: Iterable[Customer]) -> None:
        self._by_id: dict[str, Customer] = {}
        self._of: dict[str, list[Customer]] = {userid: [] for userid in EMPLOYEES}
        for customer in sorted(customers, key=attrgetter("external_userid")):
            self.add(customer)

    def add(self, customer: Customer) -> None:
        """Let a customer become the last of each employee's who follows them."""
        self._by_id[customer.external_userid] = customer
        for userid in customer.followers:
            self._of[userid].append(customer)

    def find(self, external_userid: str) -> Customer | None:
        """Return a customer, if there is such a one."""
        return self._by_id.get(external_userid)

    def of(self, userid: str) -> list[Customer]:
        """Return an employee's customers, in a stable order."""
        return self._of[userid]
