"""runwu run: the main job, once, as of any instant."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.options import AsJson, Config, Voice, parse_instant
from cli.stack import Stack
from cli.up import bring_up
from schemas.clock import is_rehearsal, now
from schemas.errors import ConfigurationError


def run(
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The instant to run for; default: now.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Pull, collect, find reasons, plan, draft, open the reviews, push what is approved and due."""
    at = _chosen(as_of)
    voice = Voice(as_json=as_json)
    stack, settings = bring_up(voice, config, at, schedules=not is_rehearsal(at, now()))
    if stack.sandbox_url:
        from sandbox.control import Control

        Control(stack.sandbox_url).set_clock(at)
    result = asyncio.run(main_job(at, voice))
    _report(voice, stack, result, settings.business.timezone)
    voice.object(result)


def _chosen(as_of: str | None) -> datetime:
    """Return the instant to run for; a day to come would bar every real run until then."""
    present = now()
    at = parse_instant(as_of) or present
    if at > present:
        raise ConfigurationError(f"--as-of {as_of} is still to come; choose a past instant")
    return at


async def main_job(at: datetime, voice: Voice) -> dict[str, Any]:
    """Run the flows of a day in their order as of one instant and return what they said."""
    from flows.collect_outcomes import collect_outcomes
    from flows.daily_growth import daily_growth
    from flows.pull_data import pull_data
    from flows.push_approved import push_approved
    from tasks.reports import run_report

    voice.progress("pulling members, orders and contacts")
    pulled = await pull_data(at)
    voice.progress("collecting results and answers")
    collected = await collect_outcomes(at)
    voice.progress("looking for reasons, planning, drafting")
    reviews = await daily_growth(at)
    voice.progress("pushing what is approved and due")
    pushed = await push_approved(at)
    return {
        "as_of": at.isoformat(),
        "pulled": pulled,
        "collected": collected,
        "reviews": reviews,
        "pushed": pushed,
        **run_report(at),
    }


def _report(voice: Voice, stack: Stack, result: dict[str, Any], zone: str) -> None:
    for name, books in result["pulled"].items():
        voice.line(f"{name}: {books}")
    if not result["pulled"]:
        voice.line("pulled: nothing; this instant was pulled before")
    for equation in result["books"]:
        voice.line(equation)
    voice.line(f"outbox: {result['pushed'] or 'nothing to call'}")
    for review in result["reviews"]:
        voice.line(f"to approve: {stack.page(review)}  (⋮ → Resume)")
    if result["reviews"] and result["releases_at"]:
        voice.line(
            f"What is approved goes out from {result['releases_at']} ({zone}) on the run's own"
            f" clock; to be there now: runwu run --as-of {result['releases_at']}"
        )
