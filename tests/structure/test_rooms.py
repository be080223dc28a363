"""What a room may hold, where import contracts and the linter cannot tell."""

import ast

from tests.structure.repository import ROOT, files, trees

MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 50
_GENERATED = "store/migrations/versions/"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _decorated(name: str) -> set[str]:
    """Return the rooms in which a function bears the decorator `name`, bare or called."""
    return {
        path.split("/")[0]
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, _Function)
        for decorator in node.decorator_list
        if name in ast.unparse(decorator).split("(")[0].split(".")
    }


def _callers(*methods: str) -> set[str]:
    return {
        path
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in methods
    }


def test_tasks_are_declared_in_tasks_only() -> None:
    assert _decorated("task") == {"tasks"}


def test_flows_are_declared_in_flows_only() -> None:
    assert _decorated("flow") == {"flows"}


def test_one_module_begins_and_ends_transactions() -> None:
    callers = _callers("begin", "begin_nested", "commit", "rollback")
    # What begins in the sandbox are days: it has no database, an import contract sees to that.
    assert {path for path in callers if not path.startswith("sandbox/")} == {"store/database.py"}


def test_no_file_is_called_by_what_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
    assert [str(path) for path in files(".py") if path.stem in vague] == []


def test_files_are_short_enough_to_read() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files(".py", ".sql", ".j2")
    }
    too_long = {
        path: lines
        for path, lines in lengths.items()
        if lines > MOST_LINES and not path.startswith(_GENERATED)
    }
    assert too_long == {}


def test_functions_are_short_enough_to_read() -> None:
    too_long = {
        f"{path}:{node.lineno} {node.name}": lines
        for path, tree in trees()
        if not path.startswith(_GENERATED)
        for node in ast.walk(tree)
        if isinstance(node, _Function)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    }
    assert too_long == {}
