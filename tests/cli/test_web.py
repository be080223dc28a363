"""The door is open only where somebody may come in."""

from pathlib import Path

from tests.cli.command import runwu


def test_without_a_webhook_source_it_is_told_how_to_declare_one(tmp_path: Path) -> None:
    done = runwu("web", cwd=tmp_path)
    assert done.returncode == 2
    assert '[sources.NAME] with type = "webhook"' in done.stderr
