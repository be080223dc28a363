"""runwu segments: how large segments are, who moved since last week, why a member is in one."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from cli.options import AsJson, Config, Voice
from cli.persons import one_of
from cli.running import point_at_the_database
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from tasks.segments import Described, Membership, Overview, Row

_SHOWN = 15


def segments(
    segment: Annotated[
        str | None,
        typer.Argument(help="A segment, like premium or lifecycle:active; without one, all."),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option("--person", help="Why this member is where they are: any id of theirs."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show segments: sizes, who moved since last week, and why a member is in one."""
    if segment is not None and person is not None:
        raise ConfigurationError("ask for a segment or for --person, not for both")
    point_at_the_database(config)
    voice = Voice(as_json=as_json)
    if person is not None:
        _tell_person(voice, person)
    elif segment is not None:
        _tell_segment(voice, segment)
    else:
        _tell_all(voice)


def _tell_all(voice: Voice) -> None:
    from tasks.segment_words import dimension_title, texts
    from tasks.segments import as_of, flow_lines, overview

    found, said = overview(), texts()
    voice.line(escape(as_of(found)))
    for dimension, rows in found.rows.items():
        if not rows:
            continue
        columns = said["columns"] if found.since else said["columns"][:2]
        shown = [_cells(row) for row in rows[:_SHOWN]]
        voice.line("")
        voice.table(escape(dimension_title(dimension)), columns, shown)
        if len(rows) > _SHOWN:
            voice.line(escape(said["left_out"].format(count=len(rows) - _SHOWN)))
    voice.line(f"\n[bold]{escape(said['flows'])}[/bold]")
    for line in flow_lines(found):
        voice.line(f"  {escape(line)}")
    voice.object(_as_object(found))


def _cells(row: "Row") -> list[str]:
    counts = [str(count) for count in (row.size, row.joined, row.left) if count is not None]
    return [escape(row.title), *counts]


def _as_object(found: "Overview") -> dict[str, Any]:
    return {
        "day": found.day,
        "since": found.since,
        "segments": [asdict(row) for rows in found.rows.values() for row in rows],
        "flows": [asdict(flow) for flow in found.flows],
    }


def _tell_segment(voice: Voice, wanted: str) -> None:
    from tasks.segment_words import texts
    from tasks.segments import described, size_line

    found, said = described(wanted), texts()
    row = found.row
    voice.line(f"[bold]{escape(row.title)}[/bold]（{escape(found.dimension)}）")
    voice.line(f"  {escape(size_line(found))}")
    for label, text in ((said["why"], found.why), (said["response"], found.response)):
        if text:
            voice.line(f"  {escape(label)}：{escape(text)}")
    people = "、".join(map(str, found.persons)) or said["nobody"]
    voice.line(f"  {escape(said['examples'])}：{people}")
    voice.object(_described(found))


def _described(found: "Described") -> dict[str, Any]:
    return {
        "day": found.day,
        "since": found.since,
        **asdict(found.row),
        "why": found.why,
        "response": found.response,
        "persons": found.persons,
    }


def _tell_person(voice: Voice, wanted: str) -> None:
    from tasks.segment_words import texts
    from tasks.segments import memberships_of
    from tasks.stories import find_person

    found, said = memberships_of(one_of(wanted, find_person(wanted))), texts()
    voice.line(f"[bold]{escape(said['who'].format(person=found.person))}[/bold]")
    voice.line(f"[bold]{escape(said['current'])}[/bold]")
    if not found.current:
        voice.line(f"  {escape(said['in_no_segment'])}")
    _tell_memberships(voice, found.current)
    if found.ended:
        voice.line(f"[bold]{escape(said['ended'].format(days=found.days))}[/bold]")
        _tell_memberships(voice, found.ended)
    voice.object(asdict(found))


def _tell_memberships(voice: Voice, memberships: "list[Membership]") -> None:
    for one in memberships:
        voice.line(f"  {escape(one.line)}")
        if one.told:
            voice.line(f"    {escape('；'.join(one.told))}")
