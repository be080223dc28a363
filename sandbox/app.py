"""The stand-ins as one FastAPI application."""

from typing import Literal

from fastapi import FastAPI

from sandbox.control_routes import control_routes
from sandbox.faults import Faults, FaultyLine
from sandbox.llm.routes import llm_routes
from sandbox.llm.studio import Studio
from sandbox.shop.routes import shop_routes
from sandbox.wecom.routes import wecom_routes
from sandbox.world import Options, World

Part = Literal["shop", "wecom", "llm"]


def create_app(options: Options, only: Part | None = None) -> FastAPI:
    """Return a world of its own: /shop, /wecom and /llm (or `only` one of them) and /sandbox."""
    world, studio, faults = World(options), Studio(), Faults()
    app = FastAPI(title="runwu sandbox", openapi_url=None)
    app.add_middleware(FaultyLine, faults=faults)
    parts = {
        "shop": shop_routes(world),
        "wecom": wecom_routes(world),
        "llm": llm_routes(world, studio),
    }
    for part, routes in parts.items():
        if only in (None, part):
            app.include_router(routes)
    app.include_router(control_routes(world, studio, faults))
    return app
