"""The stand-ins as one FastAPI application."""

from typing import Literal

from fastapi import FastAPI

from sandbox.control_routes import control_routes
from sandbox.faults import Faults, FaultyLine
from sandbox.shop.routes import shop_routes
from sandbox.wecom.routes import wecom_routes
from sandbox.world import Options, World

Part = Literal["shop", "wecom"]


def create_app(options: Options, only: Part | None = None) -> FastAPI:
    """Return a world of its own: /shop, /wecom (or `only` one of them) and /sandbox."""
    world, faults = World(options), Faults()
    app = FastAPI(title="runwu sandbox", openapi_url=None)
    app.add_middleware(FaultyLine, faults=faults)
    if only != "wecom":
        app.include_router(shop_routes(world))
    if only != "shop":
        app.include_router(wecom_routes(world))
    app.include_router(control_routes(world, faults))
    return app
