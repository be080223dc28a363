"""The one way to the database."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from psycopg.errors import UniqueViolation
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import ProgrammingError, StatementError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from schemas.errors import ConfigurationError
from schemas.tables import Watermark
from store.bulk import copy_rows
from store.database import engine, exclusively, psycopg_url, require_usable, transaction
from tests.builders import rows


@contextmanager
def _holder(url: str, kind: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.store.holder", url, kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def _free(database: Engine, kind: str) -> bool:
    with exclusively(database, kind) as mine:
        return mine


def _becomes_free(database: Engine, kind: str) -> bool:
    patient = Retrying(
        retry=retry_if_result(lambda free: not free),
        stop=stop_after_delay(10),
        wait=wait_fixed(0.02),
        retry_error_callback=lambda _: False,
    )
    return bool(patient(_free, database, kind))


def test_a_lock_is_free_for_one_at_a_time(database: Engine) -> None:
    with exclusively(database, "push") as first, exclusively(database, "push") as second:
        assert (first, second) == (True, False)
    assert _free(database, "push")


def test_locks_of_another_kind_or_number_do_not_concern_each_other(database: Engine) -> None:
    with (
        exclusively(database, "dispatch", 1) as first,
        exclusively(database, "dispatch", 2) as other_number,
        exclusively(database, "push", 1) as other_kind,
    ):
        assert (first, other_number, other_kind) == (True, True, True)


def test_a_lock_outlives_the_transactions_made_under_it(database: Engine) -> None:
    with exclusively(database, "push"):
        assert rows(database, "SELECT 1 AS one")[0].one == 1
        assert not _free(database, "push")


def test_a_lock_is_freed_when_its_work_fails(database: Engine) -> None:
    with pytest.raises(ZeroDivisionError), exclusively(database, "push"):
        raise ZeroDivisionError
    assert _free(database, "push")


def test_a_killed_process_loses_its_lock(database_url: str, database: Engine) -> None:
    with _holder(database_url, "push") as process:
        assert not _free(database, "push")
        process.kill()
        process.wait()
        assert _becomes_free(database, "push")


def test_a_transaction_that_fails_leaves_nothing(database: Engine) -> None:
    with pytest.raises(ProgrammingError), transaction(database) as connection:  # noqa: PT012
        connection.execute(text("INSERT INTO employee (id, active) VALUES ('yi', true)"))
        connection.execute(text("SELECT * FROM no_such_table"))
    assert rows(database, "SELECT id FROM employee") == []


def test_a_naive_time_never_reaches_the_database(database: Engine) -> None:
    naive = {"source": "shop", "entity": "member", "until": datetime(2026, 3, 2, 7)}  # noqa: DTZ001
    with (
        pytest.raises(StatementError, match=r"naive datetime 2026-03-02T07:00:00: give it a zone"),
        transaction(database) as connection,
    ):
        connection.execute(insert(Watermark), naive)
    assert rows(database, "SELECT * FROM watermark") == []


def test_sessions_speak_utc(database: Engine) -> None:
    assert rows(database, "SHOW timezone") == [("UTC",)]


def test_copied_rows_arrive_as_they_are(database: Engine) -> None:
    columns = ("flow", "business_date", "shard", "occasion", "as_of", "opened_at", "status")
    told = (
        "pull-data",
        "2026-03-02",
        0,
        "a\tb\\N\n润",
        "2026-03-02T07:30+08",
        "2026-03-02Z",
        "open",
    )
    with transaction(database) as connection:
        made = copy_rows(connection, "run", (*columns, "books"), [(*told, {"a": [1, None, "'"]})])
    found = rows(database, "SELECT occasion, as_of::text, books FROM run")
    assert made == 1
    assert found == [("a\tb\\N\n润", "2026-03-01 23:30:00+00", {"a": [1, None, "'"]})]


def test_copying_nothing_is_no_error(database: Engine) -> None:
    with transaction(database) as connection:
        assert copy_rows(connection, "employee", ("id", "active"), []) == 0


def test_copied_rows_are_part_of_their_transaction(database: Engine) -> None:
    with pytest.raises(UniqueViolation), transaction(database) as connection:  # noqa: PT012
        copy_rows(connection, "employee", ("id", "active"), [("yi", True), ("er", True)])
        copy_rows(connection, "employee", ("id", "active"), [("yi", True)])
    assert rows(database, "SELECT id FROM employee") == []


def test_a_usable_server_is_let_pass(database: Engine) -> None:
    require_usable(database)


def test_a_server_that_does_not_answer_is_told_in_one_sentence_without_secrets() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound, not listening: nobody answers there
        port = bound.getsockname()[1]
        with pytest.raises(ConfigurationError) as refused:
            require_usable(engine(f"postgresql://runwu:open-sesame@127.0.0.1:{port}/runwu"))
    sentence = str(refused.value)
    assert "check DATABASE_URL" in sentence
    assert "\n" not in sentence
    assert "open-sesame" not in sentence


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_the_url_means_psycopg(scheme: str) -> None:
    assert psycopg_url(f"{scheme}://u@h/d") == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize("url", ["mysql://u@h/d", "sqlite:///x", "postgresql+asyncpg://u@h/d", "x"])
def test_another_database_is_refused_by_name_of_the_variable(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL must start with postgresql://"):
        psycopg_url(url)
