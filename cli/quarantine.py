"""runwu quarantine: the rows that were put aside, and the way back for those that were mended."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli.options import AsJson, Config, Voice
from cli.running import point_at_the_database
from schemas.enums import Entity

if TYPE_CHECKING:
    from tasks.quarantined import Waiting

quarantine = typer.Typer(
    name="quarantine",
    help="See the rows that broke the data contract; write them out, and take them back mended.",
    no_args_is_help=True,
)

Source = Annotated[str, typer.Option("--source", help="The source, as runwu.toml names it.")]
Of = Annotated[Entity, typer.Option("--entity", help="What the rows are.")]
Rule = Annotated[str | None, typer.Option("--rule", help="Only rows that broke this rule.")]
File = Annotated[Path, typer.Argument(help="A CSV file.")]


@quarantine.command("list")
def list_rows(
    source: Annotated[str | None, typer.Option("--source", help="Only of this source.")] = None,
    entity: Annotated[Entity | None, typer.Option("--entity", help="Only these.")] = None,
    rule: Rule = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = 20,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show how many rows wait by rule, and the oldest of them with what they broke."""
    point_at_the_database(config)
    from tasks.quarantined import counted, waiting

    voice = Voice(as_json=as_json)
    counts = counted()
    rows = waiting(source, entity, rule, limit)
    voice.object({"counts": list(map(asdict, counts)), "rows": list(map(asdict, rows))})
    if not counts:
        voice.line("Nothing waits in quarantine.")
        return
    table = [
        [one.source, one.entity, one.rule, str(one.rows), f"{one.since:%Y-%m-%d %H:%M}Z"]
        for one in counts
    ]
    voice.table("Waiting in quarantine", ["source", "entity", "rule", "rows", "since"], table)
    for row in rows:
        voice.line(escape(_told(row)))
    if rows:
        voice.line("Mend them with `runwu quarantine export`, then `runwu quarantine resubmit`.")


@quarantine.command("export")
def export_rows(
    file: File,
    source: Source,
    entity: Of,
    rule: Rule = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write the waiting rows of one entity as CSV, to be mended in a spreadsheet."""
    point_at_the_database(config)
    from tasks.quarantined import export

    voice = Voice(as_json=as_json)
    rows = export(file, source, entity, rule)
    voice.line(
        f"{rows} rows are in {escape(str(file))}; mend them, delete the lines you can't mend"
    )
    voice.object({"rows": rows, "file": str(file)})


@quarantine.command("resubmit")
def resubmit_rows(
    file: File, source: Source, entity: Of, config: Config = None, as_json: AsJson = False
) -> None:
    """Take mended rows back: the next pull offers them to the contract like any other."""
    point_at_the_database(config)
    from tasks.quarantined import resubmit

    voice = Voice(as_json=as_json)
    rows = resubmit(file, source, entity)
    voice.line(f"{rows} rows will come in with the next pull, if they keep the contract now")
    voice.object({"rows": rows})


def _told(row: "Waiting") -> str:
    broken = "; ".join(f"{one.rule} ({one.column} = {one.value!r})" for one in row.broken)
    return f"  {row.id}  {row.source} {row.entity}: {broken}"
