"""Every complaint about caps, priorities, zones and windows has a test that names it."""

import ast

import pytest

from tests.structure.repository import ROOT

# Section 3 of peers.md, its rows about caps, priorities, zones, windows and starvation.
LESSONS = (
    "mautic#6729",
    "mautic PR#4761",
    "mautic#7724",
    "mautic#10416",
    "mautic PR#3560",
    "mautic#1784",
    "braze-docs#75",
    "PostHog PR#55433",
    "parcelvoy/platform#610",
    "mautic#7665",
    "listmonk#1801",
    "QyChat#12",
    "Klaviyo",
)


def _told() -> list[str]:
    """Return what the tests that go the whole way, on the real database, say they are about."""
    return [
        ast.get_docstring(node) or ""
        for path in sorted((ROOT / "tests" / "tasks").glob("test_*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_a_test_on_the_real_database(lesson: str) -> None:
    assert any(lesson in told for told in _told())
