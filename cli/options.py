"""What the commands share: options, and how they speak."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from schemas.environment import Environment
from schemas.errors import ConfigurationError

Config = Annotated[
    Path | None, typer.Option("--config", help="The configuration file; default: runwu.toml.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]


class Voice:
    """Progress goes to stderr, results to stdout; with --json only the object is printed."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self._progress = Console(stderr=True, highlight=False)
        self._result = Console(highlight=False)

    def progress(self, text: str) -> None:
        """Say what is being done."""
        self._progress.print(f"[dim]· {text}[/dim]")

    def line(self, text: str) -> None:
        """Print a line of the result, for people."""
        if not self._json:
            self._result.print(text, soft_wrap=True)

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """Print a table of the result, for people."""
        if self._json:
            return
        table = Table(title=title, title_justify="left")
        for place, column in enumerate(columns):
            table.add_column(column, justify="left" if place == 0 else "right")
        for row in rows:
            table.add_row(*row)
        self._result.print(table)

    def object(self, value: Mapping[str, Any]) -> None:
        """Print the result, for machines."""
        if self._json:
            print(json.dumps(value, ensure_ascii=False, default=str))  # noqa: T201


def config_path(given: Path | None) -> Path | None:
    """Return the configuration file in force; a name that leads nowhere is an error."""
    chosen = given or Environment().config
    if chosen is not None and not chosen.exists():
        raise ConfigurationError(f"{chosen} does not exist; check --config or RUNWU_CONFIG")
    local = Path("runwu.toml")
    return chosen or (local if local.exists() else None)


def parse_instant(text: str | None) -> datetime | None:
    """Return an aware instant. Raises ConfigurationError with the form that is wanted."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"--as-of {text} is no instant; write it like 2011-11-10T08:00+00:00"
        ) from error
    if at.tzinfo is None:
        raise ConfigurationError(
            f"--as-of {text} has no time zone; write it like 2011-11-10T08:00+00:00"
        )
    return at
