"""What people do in a Medusa shop, through its own HTTP interface: staff sell, customers buy."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.medusa.server import ADMIN, PASSWORD

BEANS, GRINDER = "豆", "磨豆机"
PRICES = {BEANS: "28.5", GRINDER: "1299.99"}
FREIGHT = 8
DISCOUNT_PERCENT = 7
VAT_PERCENT = 13


@dataclass
class Backoffice:
    http: httpx.Client
    key: str = ""
    storefront: dict[str, str] = field(default_factory=dict)
    region: str = ""
    channel: str = ""
    depot: str = ""
    shipping: str = ""
    products: dict[str, str] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None, **options: Any) -> Any:
        answer = self.http.post(path, json=body or {}, **options)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def add_customer(self, email: str, **told: Any) -> str:
        """A customer whom staff enters."""
        return str(self.post("/admin/customers", {"email": email, **told})["customer"]["id"])

    def register(self, email: str, **told: Any) -> tuple[str, dict[str, str]]:
        """A customer with an account, and the header they are signed in by."""
        secret = {"email": email, "password": "guessable"}
        anyone = {"Authorization": ""}
        token = self.post("/auth/customer/emailpass/register", secret, headers=anyone)["token"]
        mine = {"Authorization": f"Bearer {token}"}
        made = self.post(
            "/store/customers", {"email": email, **told}, headers=self.storefront | mine
        )
        token = self.post("/auth/customer/emailpass", secret, headers=anyone)["token"]
        return str(made["customer"]["id"]), {"Authorization": f"Bearer {token}"}

    def change_customer(self, customer: str, **told: Any) -> None:
        self.post(f"/admin/customers/{customer}", told)

    def buy(
        self, email: str, lines: dict[str, int], signed_in: dict[str, str] | None = None
    ) -> str:
        """An order placed at the checkout; its money is authorized, not yet taken."""
        headers = self.storefront | (signed_in or {"Authorization": ""})
        items = [{"variant_id": self.variants[name], "quantity": n} for name, n in lines.items()]
        address = {
            "first_name": "Lin",
            "last_name": "Wang",
            "address_1": "West Lake 1",
            "city": "杭州",
            "country_code": "cn",
            "postal_code": "310000",
        }
        cart = self.post(
            "/store/carts",
            {
                "region_id": self.region,
                "sales_channel_id": self.channel,
                "email": email,
                "items": items,
                "shipping_address": address,
            },
            headers=headers,
        )["cart"]["id"]
        self.post(
            f"/store/carts/{cart}/shipping-methods", {"option_id": self.shipping}, headers=headers
        )
        paying = self.post("/store/payment-collections", {"cart_id": cart}, headers=headers)
        sessions = f"/store/payment-collections/{paying['payment_collection']['id']}"
        self.post(
            f"{sessions}/payment-sessions", {"provider_id": "pp_system_default"}, headers=headers
        )
        return str(self.post(f"/store/carts/{cart}/complete", headers=headers)["order"]["id"])

    def write_order(self, customer: str, email: str, name: str, unit_price: str) -> str:
        """An order that staff writes; nobody has paid for it yet."""
        item = {"variant_id": self.variants[name], "quantity": 1, "unit_price": unit_price}
        told = {"customer_id": customer, "email": email, "items": [item]}
        where = {"region_id": self.region, "sales_channel_id": self.channel}
        draft = self.post("/admin/draft-orders", told | where)["draft_order"]["id"]
        self.post(f"/admin/draft-orders/{draft}/convert-to-order")
        return str(draft)

    def mark_paid(self, order: str) -> None:
        owed = self.order(order)["total"]
        asked = {"order_id": order, "amount": owed}
        made = self.post("/admin/payment-collections", asked)["payment_collection"]["id"]
        self.post(f"/admin/payment-collections/{made}/mark-as-paid", {"order_id": order})

    def capture(self, order: str) -> None:
        self.post(f"/admin/payments/{self.payment(order)}/capture")

    def refund(self, order: str, amount: float | None = None) -> None:
        whole = {} if amount is None else {"amount": amount}
        self.post(f"/admin/payments/{self.payment(order)}/refund", whole)

    def cancel(self, order: str) -> None:
        self.post(f"/admin/orders/{order}/cancel")

    def take_back(self, order: str, quantities: dict[str, int]) -> None:
        """A delivered order of which some comes back."""
        bought = self.order(order)["items"]
        everything = [{"id": line["id"], "quantity": line["quantity"]} for line in bought]
        self.post(f"/admin/orders/{order}/fulfillments", {"items": everything})
        sent = self.get(f"/admin/orders/{order}", fields="*fulfillments")["order"]
        parcel = f"/admin/orders/{order}/fulfillments/{sent['fulfillments'][0]['id']}"
        self.post(f"{parcel}/shipments", {"items": everything})
        self.post(f"{parcel}/mark-as-delivered")
        asked = {"order_id": order, "location_id": self.depot}
        coming = f"/admin/returns/{self.post('/admin/returns', asked)['return']['id']}"
        some = [
            {"id": line["id"], "quantity": quantities[line["product_title"]]}
            for line in bought
            if line["product_title"] in quantities
        ]
        self.post(f"{coming}/request-items", {"items": some})
        self.post(f"{coming}/request")
        self.post(f"{coming}/receive")
        self.post(f"{coming}/receive-items", {"items": some})
        self.post(f"{coming}/receive/confirm")

    def change_quantity(self, order: str, quantity: int) -> None:
        """An order of one line, edited."""
        (line,) = self.order(order)["items"]
        self.post("/admin/order-edits", {"order_id": order})
        edit = f"/admin/order-edits/{order}"
        self.post(f"{edit}/items/item/{line['id']}", {"quantity": quantity})
        self.post(f"{edit}/confirm")

    def payment(self, order: str) -> str:
        return str(self.order(order)["payment_collections"][0]["payments"][0]["id"])

    def order(self, order: str) -> dict[str, Any]:
        told: dict[str, Any] = self.get(f"/admin/orders/{order}")["order"]
        return told


def opened(url: str) -> Backoffice:
    """A shop in China that sells two things, with freight, value added tax and a discount."""
    office = Backoffice(httpx.Client(base_url=url, timeout=60))
    signed_in = office.post("/auth/user/emailpass", {"email": ADMIN, "password": PASSWORD})
    office.http.headers["Authorization"] = f"Bearer {signed_in['token']}"
    secret = office.post("/admin/api-keys", {"title": "runwu", "type": "secret"})
    office.key = secret["api_key"]["token"]
    office.channel = office.get("/admin/sales-channels")["sales_channels"][0]["id"]
    shown = office.get("/admin/api-keys", type="publishable")["api_keys"][0]
    office.storefront = {"x-publishable-api-key": shown["token"]}
    office.post(f"/admin/api-keys/{shown['id']}/sales-channels", {"add": [office.channel]})
    _open_region(office)
    profile = _open_shipping(office)
    for name, price in PRICES.items():
        _sell(office, name, price, profile)
    return office


def _open_region(office: Backoffice) -> None:
    china = {"name": "中国", "currency_code": "cny", "countries": ["cn"]}
    paid_by = {"payment_providers": ["pp_system_default"]}
    office.region = office.post("/admin/regions", china | paid_by)["region"]["id"]
    prices = {"attribute": "currency_code", "value": "cny", "is_tax_inclusive": True}
    office.post("/admin/price-preferences", prices)
    rate = {"name": "VAT", "code": "vat", "rate": VAT_PERCENT}
    office.post(
        "/admin/tax-regions",
        {"country_code": "cn", "provider_id": "tp_system", "default_tax_rate": rate},
    )


def _open_shipping(office: Backoffice) -> str:
    office.depot = office.post("/admin/stock-locations", {"name": "仓"})["stock_location"]["id"]
    place = f"/admin/stock-locations/{office.depot}"
    office.post(f"{place}/sales-channels", {"add": [office.channel]})
    office.post(f"{place}/fulfillment-providers", {"add": ["manual_manual"]})
    made = office.post(
        f"{place}/fulfillment-sets",
        {"name": "express", "type": "shipping"},
        params={"fields": "*fulfillment_sets"},
    )["stock_location"]["fulfillment_sets"][0]["id"]
    zone = {"name": "cn", "geo_zones": [{"type": "country", "country_code": "cn"}]}
    zones = office.post(f"/admin/fulfillment-sets/{made}/service-zones", zone)
    profile = str(office.get("/admin/shipping-profiles")["shipping_profiles"][0]["id"])
    option = {
        "name": "express",
        "service_zone_id": zones["fulfillment_set"]["service_zones"][0]["id"],
        "shipping_profile_id": profile,
        "provider_id": "manual_manual",
        "price_type": "flat",
        "type": {"label": "express", "description": "express", "code": "express"},
        "prices": [{"currency_code": "cny", "amount": FREIGHT}],
    }
    office.shipping = office.post("/admin/shipping-options", option)["shipping_option"]["id"]
    return profile


def _sell(office: Backoffice, name: str, price: str, profile: str) -> None:
    only = {
        "title": name,
        "options": {"规格": "标准"},
        "manage_inventory": False,
        "prices": [{"currency_code": "cny", "amount": float(price)}],
    }
    made = office.post(
        "/admin/products",
        {
            "title": name,
            "status": "published",
            "shipping_profile_id": profile,
            "options": [{"title": "规格", "values": ["标准"]}],
            "variants": [only],
            "sales_channels": [{"id": office.channel}],
        },
    )["product"]
    office.products[name] = made["id"]
    office.variants[name] = made["variants"][0]["id"]


def give_discount(office: Backoffice) -> None:
    """From now on every order is cheaper by a share that no price divides by evenly."""
    office.post(
        "/admin/promotions",
        {
            "code": "OFF",
            "type": "standard",
            "status": "active",
            "is_automatic": True,
            "application_method": {
                "type": "percentage",
                "target_type": "items",
                "allocation": "across",
                "value": DISCOUNT_PERCENT,
                "currency_code": "cny",
                "target_rules": [],
            },
        },
    )
