"""runwu policy: the rules in force in plain words, and what is odd in them. Needs no database."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from cli.options import AsJson, Config, Voice, config_path
from schemas.settings import load

if TYPE_CHECKING:
    from tasks.policy_words import Page


def policy(config: Config = None, as_json: AsJson = False) -> None:
    """Tell the rules in force in plain words, WeCom's quota beside ours, and what is odd."""
    from tasks.policy_words import page_of

    voice = Voice(as_json=as_json)
    page = page_of(load(config_path(config)))
    _show(voice, page)
    voice.object(_as_object(page))


def _show(voice: Voice, page: "Page") -> None:
    voice.line(f"[bold]{escape(page.version_line)}[/bold]\n")
    table = page.table
    voice.table(escape(table.title), table.columns, table.rows)
    voice.line(escape(table.about))
    for section in page.sections:
        voice.line(f"\n[bold]{escape(section.title)}[/bold]")
        for line in section.lines:
            voice.line(f"  {escape(line)}")
    voice.line(f"\n[bold]{escape(page.warnings_title)}[/bold]")
    for warning in page.warnings:
        voice.line(f"  [yellow]·[/yellow] {escape(warning.text)}")


def _as_object(page: "Page") -> dict[str, Any]:
    return {
        "version": page.version,
        "policy": page.policy,
        "quota": page.quota,
        "windows": [asdict(row) for row in page.windows],
        "warnings": [asdict(warning) for warning in page.warnings],
    }
