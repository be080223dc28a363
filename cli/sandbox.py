"""runwu sandbox: local stand-ins for a shop, WeCom and a language model."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Config, config_path
from schemas.settings import load

if TYPE_CHECKING:
    from sandbox.app import Part as Served


class Part(StrEnum):
    """Which stand-ins to serve."""

    ALL = "all"
    SHOP = "shop"
    WECOM = "wecom"
    LLM = "llm"


def sandbox(
    part: Annotated[Part, typer.Argument(help="Which stand-in to serve.")] = Part.ALL,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 4280,
    members: Annotated[int, typer.Option(min=1, help="How many members to simulate.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same members.")] = 7,
    config: Config = None,
) -> None:
    """Serve stand-ins for a shop, WeCom and a language model until stopped."""
    from sandbox.adopt import adopted
    from sandbox.server import serve
    from sandbox.world import Options

    served: dict[Part, Served | None] = {
        Part.ALL: None,
        Part.SHOP: "shop",
        Part.WECOM: "wecom",
        Part.LLM: "llm",
    }
    options = Options(members=members, seed=seed, adopt=adopted(load(config_path(config))))
    serve(options, port, served[part])
