"""Where the rooms are, and their Python files as syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("adapters", "cli", "flows", "prompts", "rules", "sandbox", "schemas", "store", "tasks"),
    "web",
)


def files(*suffixes: str) -> Iterator[Path]:
    """Yield the rooms' files with one of these suffixes."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in suffixes:
                yield path


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Yield every Python file of the rooms, by its path from the root."""
    for path in files(".py"):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))
