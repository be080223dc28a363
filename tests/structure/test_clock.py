"""One clock: it is read in schemas/clock.py; neither SQL nor a template has one of its own."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.structure.repository import ROOT, files, trees

_CLOCK = re.compile(
    r"""
    \b(?:now|timeofday|(?:clock|statement|transaction)_timestamp)\s*\(
    | \b(?:current_(?:date|time|timestamp)|localtime|localtimestamp|utcnow|sysdate)\b
    | '(?:now|today|tomorrow|yesterday)'
    | \b(?:date|timestamp|timestamptz)\s+'(?:now|today)
    | \bage\s*\([^,()]*\)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def clock_reads(text: str) -> list[str]:
    """Return what in a piece of SQL, Jinja or YAML would read a clock."""
    return [found.group() for found in _CLOCK.finditer(text)]


def _strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yield string constants, parts of f-strings included, but no docstrings."""
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node


def reads_in_python(name: str, tree: ast.Module) -> list[str]:
    """Return the clocks in string constants, and SQLAlchemy's `func.now` and its like."""
    found = [
        f"{name}:{node.lineno} {read}"
        for node in _strings(tree)
        for read in clock_reads(str(node.value))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "func":
            found += [f"{name}:{node.lineno} func.{read}" for read in clock_reads(f"{node.attr}(")]
    return found


def test_no_sql_template_or_yaml_file_reads_a_clock() -> None:
    found = {
        str(path.relative_to(ROOT)): reads
        for path in files(".sql", ".j2", ".yaml", ".yml", ".mako")
        if (reads := clock_reads(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_no_string_in_python_reads_a_clock() -> None:
    assert [read for name, tree in trees() for read in reads_in_python(name, tree)] == []


@pytest.mark.parametrize(
    "planted",
    [
        "SELECT * FROM message WHERE at > now()",
        "SELECT NOW ( )",
        "WHERE due_on <= CURRENT_DATE",
        "at < current_timestamp - interval '1 day'",
        "SELECT localtime",
        "SELECT clock_timestamp(), statement_timestamp(), transaction_timestamp()",
        "due_on = 'today'::date",
        "due_on = date 'today'",
        "SELECT age(joined_at)",
        "{{ now() }}",
    ],
)
def test_the_scanner_sees_a_planted_clock(planted: str) -> None:
    assert clock_reads(planted)


@pytest.mark.parametrize(
    "harmless",
    [
        "WHERE known_now",
        "o.ordered_at <= :today",
        "snow('x')",
        "age(:as_of, joined_at)",
        "今天 now",
    ],
)
def test_the_scanner_leaves_a_handed_in_time_alone(harmless: str) -> None:
    assert clock_reads(harmless) == []


@pytest.mark.parametrize(
    "source",
    [
        'QUERY = "SELECT now()"',
        'QUERY = f"SELECT * FROM {table} WHERE due_on < current_date"',
        "column = Column(server_default=func.now())",
    ],
)
def test_the_scanner_sees_a_clock_planted_in_python(source: str) -> None:
    assert len(reads_in_python("x.py", ast.parse(source))) == 1


def test_the_scanner_lets_docstrings_speak_of_clocks() -> None:
    assert reads_in_python("x.py", ast.parse('def f():\n    """Never now()."""')) == []


@pytest.mark.parametrize(
    ("imported", "read"),
    [
        ("from datetime import UTC, datetime", "datetime.now(UTC)"),
        ("from datetime import date", "date.today()"),
        ("import time", "time.time()"),
    ],
)
def test_the_linter_refuses_a_clock_in_python(imported: str, read: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--stdin-filename", "tasks/planted.py", "-"],
        input=f"{imported}\n\nAT = {read}\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (ran.returncode, "TID251" in ran.stdout) == (1, True)
