"""What the shop sells, and the cities its members live in."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class Product:
    """One thing on the shelf; the price is in yuan."""

    id: str
    name: str
    price: Decimal


STAPLES: Final = (
    Product("p01", "云南日晒咖啡豆 250g", Decimal("68.00")),
    Product("p02", "意式拼配咖啡豆 500g", Decimal("98.00")),
    Product("p03", "挂耳咖啡 10 包", Decimal("49.00")),
    Product("p04", "冷萃咖啡液 6 瓶", Decimal("59.00")),
    Product("p05", "正山小种 100g", Decimal("88.00")),
    Product("p06", "茉莉花茶 150g", Decimal("42.00")),
    Product("p07", "龙井 50g", Decimal("128.00")),
    Product("p08", "燕麦奶 1L", Decimal("19.90")),
)
EXTRAS: Final = (
    Product("p09", "手冲滤纸 100 张", Decimal("28.00")),
    Product("p10", "随行保温杯", Decimal("139.00")),
    Product("p11", "海盐曲奇", Decimal("32.00")),
    Product("p12", "桂花拿铁", Decimal("26.00")),
)
CITIES: Final = ("上海", "杭州", "苏州", "南京", "北京", "成都", "深圳", "广州", "武汉", "长沙")
