"""runwu explain: one person's story, why and why not."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli.options import AsJson, Config, Voice
from cli.persons import one_of
from cli.running import point_at_the_database
from schemas.clock import now
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from tasks.episodes import Episode, Sent
    from tasks.stories import Story

_SHOWN_DAYS = 10
_DATE = "--date"


def explain(
    person: Annotated[
        str,
        typer.Argument(help="A person id, member key, unionid or WeCom external_userid."),
    ],
    day: Annotated[
        str | None, typer.Option(_DATE, help="Only this business date, like 2026-03-02.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Tell a person's story: who they are, what budget is left, why they heard from us or not."""
    only = _business_date(day)
    point_at_the_database(config)
    from tasks.stories import find_person, story_of

    voice = Voice(as_json=as_json)
    story = story_of(one_of(person, find_person(person)), only, now())
    _show(voice, story)
    voice.object(asdict(story))


def _business_date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{_DATE} {text} is no date; write it like 2026-03-02") from error


def _show(voice: Voice, story: "Story") -> None:
    from tasks.stories import left_out

    voice.line(f"[bold]{escape(story.title)}[/bold]")
    for fact in story.facts:
        first, *others = fact.text.split("\n")
        voice.line(f"  {_padded(fact.label)}{escape(first)}")
        for line in others:
            voice.line(f"  {_padded('')}{escape(line)}")
    budget = story.budget
    voice.line(f"\n[bold]{escape(budget.title)}[/bold]")
    voice.table(
        "",
        budget.columns,
        [[escape(cap.label), str(cap.used), str(cap.max)] for cap in budget.caps],
    )
    for note in budget.notes:
        voice.line(f"  {escape(note)}")
    voice.line(f"\n[bold]{escape(story.heading)}[/bold]")
    if story.empty:
        voice.line(f"  {escape(story.empty)}")
    for lived in story.days[:_SHOWN_DAYS]:
        voice.line(f"\n[bold]{lived.date}[/bold]")
        for episode in lived.episodes:
            for line in _told(episode):
                voice.line(line)
    hidden = len(story.days) - _SHOWN_DAYS
    if hidden > 0:
        voice.line(f"\n{escape(left_out(hidden))}")


def _told(episode: "Episode") -> Iterator[str]:
    yield f"  [bold]{escape(episode.title)}[/bold]"
    if episode.shown_evidence:
        yield f"    {escape(episode.shown_evidence)}"
    yield f"    → {escape(episode.decision)}"
    for reason in episode.shown_reasons:
        yield f"      · {escape(reason)}"
    if episode.again:
        yield f"      · {escape(episode.again)}"
    if episode.message:
        yield from _sent(episode.message)


def _sent(message: "Sent") -> Iterator[str]:
    for event in message.events:
        yield f"      {escape(event.text)}"
    author = f"（{message.author}）" if message.author else ""
    yield f"      {escape(message.heading)}{escape(author)}"
    for line in (message.text or "").splitlines():
        yield f"        [dim]│[/dim] {escape(line)}"
    if message.text and message.card:
        yield f"        [dim]│[/dim] {escape(message.card)}"
    if message.delivery:
        yield f"      {escape(message.delivery)}"
    for order in message.orders:
        yield f"      {escape(order)}"


def _padded(label: str) -> str:
    """Return a label of Chinese characters, each two columns wide, as wide as the widest."""
    return escape(label) + " " * (10 - 2 * len(label))
