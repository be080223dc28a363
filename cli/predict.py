"""runwu predict: who orders next, from any order log; needs no database and starts nothing."""

import os
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.markup import escape

from cli.options import AsJson, Voice
from schemas.errors import ConfigurationError


def predict(
    orders: Annotated[Path, typer.Option("--orders", help="A CSV or Parquet file of orders.")],
    as_of: Annotated[
        str, typer.Option("--as-of", help="The first day to predict, like 2011-11-10.")
    ],
    days: Annotated[int, typer.Option("--days", help="How many days to predict.")],
    out: Annotated[Path, typer.Option("--out", help="The CSV file to write.")],
    columns: Annotated[
        str | None,
        typer.Option("--columns", help="member_id=…,ordered_at=…,amount=…; default: usual names."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say of each member of an order log how likely they are to order in the days to come."""
    started = perf_counter()
    first = _day(as_of)
    # Its threads spend longer waiting for each other than they save on matrices as slim as these.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from tasks.predict import predict as written

    done = written(orders, first, days, columns, out)
    voice = Voice(as_json=as_json)
    told = done.told()
    for rule, rows in told["dropped"].items():
        if rows:
            voice.progress(f"{rows:,} rows left out: {rule}")
    if done.fallback is not None:
        voice.progress(escape(done.fallback))
    seconds = perf_counter() - started
    voice.line(
        f"{told['members']:,} members are in {escape(str(out))}; {told['expected_rate']:.1%} of "
        f"them are expected to order within {days} days of {first}"
    )
    voice.object({**told, "file": str(out), "seconds": round(seconds, 3)})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"--as-of {text} is no date; write it like 2011-11-10") from None
