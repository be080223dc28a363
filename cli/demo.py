"""runwu demo: days of the whole job against the sandbox, without keys, network or questions."""

import asyncio
import os
import shutil
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli.approver import approve_all, wait_until_decided
from cli.options import AsJson, Voice
from cli.stack import Stack, logs_delivered, lower_stack, raise_stack
from cli.tally import duplicates, over_cap
from schemas.environment import Environment
from schemas.errors import RunwuError
from schemas.settings import Settings, load

_FIRST_DAY = date(2026, 3, 2)
_DATABASE = "runwu_demo"
_SHOWN_DAYS = 5
_MODEL = """
[llm]
base_url = "sandbox"
model = "stand-in"
"""


class Approve(StrEnum):
    """Who decides on the reviews."""

    ALL = "all"
    NONE = "none"
    ASK = "ask"


class Writer(StrEnum):
    """Who words the messages."""

    MODEL = "model"
    TEMPLATE = "template"


@dataclass(frozen=True)
class Day:
    """One simulated day: its date and the ids of the reviews it opened."""

    date: date
    reviews: list[str]


def demo(
    members: Annotated[int, typer.Option(min=1, help="How many members to simulate.")] = 300,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days to live through.")] = 3,
    approve: Annotated[
        Approve, typer.Option(help="Approve every wording, none, or wait for you in the UI.")
    ] = Approve.ALL,
    writer: Annotated[
        Writer, typer.Option(help="Let the stand-in for a language model write, or templates.")
    ] = Writer.MODEL,
    seed: Annotated[int, typer.Option(help="The same seed gives the same members.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Live through simulated days: orders, reasons, review, WeCom, answers; balance the books."""
    from tasks.database import (
        embedded_is_running,
        fresh_sibling,
        start_database,
        stop_database,
    )

    voice = Voice(as_json=as_json)
    environment = Environment()
    home = environment.home / "demo"
    lower_stack(home)
    shutil.rmtree(home, ignore_errors=True)
    os.environ.pop("RUNWU_CONFIG", None)
    voice.progress("preparing a database of its own")
    was_running = embedded_is_running(environment.home)
    url = fresh_sibling(start_database(environment.home, environment.database_url), _DATABASE)
    options = ("--members", str(members), "--seed", str(seed))
    try:
        stack = _stack(home, url, voice, options, writer)
        with logs_delivered():
            lived = asyncio.run(_live(stack, days, approve, voice))
        totals = _count(stack, lived)
    finally:
        lower_stack(home)
        if not was_running:
            stop_database(environment.home)
    _show(voice, totals)
    voice.object(totals)
    if totals["unbalanced"] or totals["total"]["duplicates"] or totals["total"]["over_cap"]:
        raise RunwuError("the books do not balance; see above")


def _stack(home: Path, url: str, voice: Voice, options: tuple[str, ...], writer: Writer) -> Stack:
    # The demo never reads the user's runwu.toml: a file of its own adds the model to the defaults.
    home.mkdir(parents=True)
    config = home / "runwu.toml"
    config.write_text(_MODEL if writer is Writer.MODEL else "")
    return raise_stack(home, url, load(config), config, voice.progress, options, schedules=False)


async def _live(stack: Stack, days: int, approve: Approve, voice: Voice) -> list[Day]:
    lived = []
    for number in range(days):
        today = _FIRST_DAY + timedelta(days=number)
        started = time.monotonic()
        reviews = await _morning(stack, today)
        if approve is Approve.ALL and reviews:
            await approve_all(reviews, "demo")
        elif approve is Approve.ASK and reviews:
            for review in reviews:
                voice.progress(f"please decide: {stack.page(review)}  (⋮ → Resume)")
            await wait_until_decided(reviews)
        await _rest_of_day(stack, today)
        voice.progress(
            f"{today} lived through: {len(reviews)} reviews, {time.monotonic() - started:.0f} s"
        )
        lived.append(Day(today, reviews))
    return lived


async def _morning(stack: Stack, today: date) -> list[str]:
    from flows.collect_outcomes import collect_outcomes
    from flows.daily_growth import daily_growth
    from flows.pull_data import pull_data

    at = _turn(stack, today, 7, 30)
    await pull_data(at)
    await collect_outcomes(at)
    return await daily_growth(at)


async def _rest_of_day(stack: Stack, today: date) -> None:
    from flows.collect_outcomes import collect_outcomes
    from flows.push_approved import push_approved

    await push_approved(_turn(stack, today, 9, 5))
    for hour, minute in ((12, 0), (16, 0), (20, 31)):
        await collect_outcomes(_turn(stack, today, hour, minute))


def _turn(stack: Stack, day: date, hour: int, minute: int) -> datetime:
    """Turn the world's clock and return the instant."""
    from sandbox.control import Control

    zone = ZoneInfo(Settings().business.timezone)
    at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    Control(stack.sandbox_url or "").set_clock(at)
    return at


def _count(stack: Stack, lived: list[Day]) -> dict[str, Any]:
    from sandbox.control import Control
    from tasks.reports import demo_counts, text_counts

    control = Control(stack.sandbox_url or "")
    settings = Settings()
    zone = ZoneInfo(settings.business.timezone)
    received, deleted = control.received(), control.deleted()
    rows = []
    unbalanced: list[str] = []
    for day in lived:
        counts, wrong = demo_counts(day.date)
        unbalanced += wrong
        gone = [one for one in deleted if one.at.astimezone(zone).date() == day.date]
        rows.append({"date": day.date, **counts, "deleted_by_customer": len(gone)})
    total, wrong = demo_counts(None)
    return {
        "days": rows,
        "total": {
            **total,
            "deleted_by_customer": len(deleted),
            "duplicates": duplicates(received),
            "over_cap": over_cap(received, settings.effective_policy, zone),
        },
        "received": len(received),
        "texts": text_counts(),
        "unbalanced": unbalanced + wrong,
    }


def _show(voice: Voice, totals: dict[str, Any]) -> None:
    total = totals["total"]
    steps = [name for name, count in total.items() if count or name in ("duplicates", "over_cap")]
    shown = totals["days"][-_SHOWN_DAYS:]
    left_out = len(totals["days"]) - len(shown)
    voice.table(
        f"The funnel (the last {_SHOWN_DAYS} days; all with --json)" if left_out else "The funnel",
        ["", *(f"{row['date']:%m-%d}" for row in shown), "total"],
        [[name, *(str(row.get(name, "")) for row in shown), str(total[name])] for name in steps],
    )
    books = totals["unbalanced"]
    voice.line("The books do not balance: " + "; ".join(books) if books else "The books balance.")
    texts = totals["texts"]
    authors = ", ".join(f"{count} by {author}" for author, count in texts["authors"].items())
    voice.line(
        f"Texts: {authors or 'none'}; {texts['calls']} calls to the model,"
        f" {texts['prompt_tokens']} + {texts['completion_tokens']} tokens."
    )
    voice.line(f"Members received {totals['received']} messages, counted at the stand-in.")
