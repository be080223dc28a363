"""What a visit puts on the bill, now and then with a slip of the till."""

from datetime import datetime
from random import Random

from sandbox.chance import chance
from sandbox.members.shopper import Shopper
from sandbox.shop.books import Line, Order
from sandbox.shop.catalogue import EXTRAS, STAPLES, Product

_EXTRA = 0.25
_SECOND_PIECE = 0.15
_BAD_LINE = 1 / 500
_BAD_STATUS = 1 / 1000


def fill(seed: int, shopper: Shopper, visit: int, at: datetime) -> Order:
    """Return the order of a member's visit number `visit`."""
    name = f"{shopper.id}-{visit:04d}"
    dice = chance(seed, name, "basket")
    products = [shopper.staple or dice.choice(STAPLES + EXTRAS)]
    if dice.random() < _EXTRA:
        products.append(dice.choice(EXTRAS))
    return Order(
        id=name,
        member_id=shopper.id,
        ordered_at=at,
        status="test" if dice.random() < _BAD_STATUS else "paid",
        updated_at=at,
        lines=tuple(_line(dice, product) for product in products),
    )


def _line(dice: Random, product: Product) -> Line:
    quantity = 2 if dice.random() < _SECOND_PIECE else 1
    price = product.price
    if dice.random() < _BAD_LINE:
        quantity, price = dice.choice(((0, price), (-1, price), (1, -price)))
    return Line(product.id, product.name, quantity, price)
