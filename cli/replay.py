"""runwu replay: recorded days decided again by other rules, without side effects."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli.options import AsJson, Config, Voice, config_path
from cli.running import point_at_the_database
from schemas.environment import Environment
from schemas.errors import ConfigurationError
from schemas.settings import load

if TYPE_CHECKING:
    from tasks.replay_words import Page

_SINCE, _UNTIL, _POLICY = "--since", "--until", "--policy"


def replay(
    since: Annotated[str, typer.Option(_SINCE, help="The first business date, like 2026-03-02.")],
    policy: Annotated[
        Path, typer.Option(_POLICY, help="A TOML file with the other [policy], like runwu.toml.")
    ],
    until: Annotated[
        str | None, typer.Option(_UNTIL, help="The last business date; default: the newest.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", help="The SVG file to draw; default: replay.svg in .runwu."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Decide recorded days again by other rules: who is spared, who loses, what employees do."""
    first, last = _business_date(_SINCE, since), until and _business_date(_UNTIL, until)
    if last and last < first:
        raise ConfigurationError(f"{_UNTIL} {last} is before {_SINCE} {first}: swap them")
    if not policy.exists():
        raise ConfigurationError(f"{policy} does not exist; check {_POLICY}")
    other, current = load(policy), load(config_path(config))
    drawn_in = _drawable(picture or Environment().home / "replay.svg")
    point_at_the_database(config)
    from tasks import replay as replays
    from tasks.replay_picture import replay_picture
    from tasks.replay_words import page_of, saved_line

    voice = Voice(as_json=as_json)
    found = replays.replay(
        other.effective_policy,
        first,
        last or None,
        lambda day, candidates: voice.progress(f"{day}: {candidates:,} candidates decided again"),
    )
    _draw(drawn_in, replay_picture(found))
    page = page_of(found, other, current)
    _show(voice, page)
    voice.line(f"\n{escape(saved_line(drawn_in))}")
    voice.object({**page.told, "picture": str(drawn_in)})


def _business_date(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{option} {text} is no date; write it like 2026-03-02") from error


def _drawable(file: Path) -> Path:
    """Return a file that can be drawn in; what is wrong is said before anything takes long."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _undrawable(file, error.strerror) from error
    if file.is_dir():
        raise _undrawable(file, "it is a folder")
    return file


def _draw(file: Path, picture: str) -> None:
    try:
        file.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise _undrawable(file, error.strerror) from error


def _undrawable(file: Path, why: str | None) -> ConfigurationError:
    return ConfigurationError(f"no picture can be drawn in {file} ({why}); check --picture")


def _show(voice: Voice, page: "Page") -> None:
    voice.line(f"[bold]{escape(page.title)}[/bold]")
    for line in page.lines:
        voice.line(escape(line))
    for warning in page.warnings:
        voice.line(f"[yellow]·[/yellow] {escape(warning)}")
    for table in page.tables:
        voice.line("")
        voice.table(
            escape(table.title),
            table.columns,
            [[escape(cell) for cell in row] for row in table.rows],
        )
        if table.about:
            voice.line(escape(table.about))
    voice.line(f"\n[bold]{escape(page.assumptions_title)}[/bold]")
    for line in page.assumptions:
        voice.line(f"  {escape(line)}")
