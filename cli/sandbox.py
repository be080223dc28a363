"""runwu sandbox: local stand-ins for a shop and WeCom."""

from enum import StrEnum
from typing import Annotated, Literal

import typer

from cli.options import Config, config_path
from schemas.settings import load


class Part(StrEnum):
    """Which stand-ins to serve."""

    ALL = "all"
    SHOP = "shop"
    WECOM = "wecom"


def sandbox(
    part: Annotated[Part, typer.Argument(help="Which stand-in to serve.")] = Part.ALL,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 4280,
    members: Annotated[int, typer.Option(min=1, help="How many members to simulate.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same members.")] = 7,
    config: Config = None,
) -> None:
    """Serve stand-ins for a shop and WeCom, with simulated people behind them, until stopped."""
    from sandbox.adopt import adopted
    from sandbox.server import serve
    from sandbox.world import Options

    only: Literal["shop", "wecom"] | None = None
    if part is not Part.ALL:
        only = "shop" if part is Part.SHOP else "wecom"
    serve(Options(members=members, seed=seed, adopt=adopted(load(config_path(config)))), port, only)
