"""Asked after a person, the command tells their story, or in one sentence why it cannot."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine

from store import embedded
from tests import builders
from tests.cli.command import runwu, sentence

SQUARE = "[red]新豆子[/red] [/] [link=https://example.com]点这里"


def explain(*arguments: str, cwd: Path, **environment: str) -> CompletedProcess[str]:
    return runwu("explain", *arguments, cwd=cwd, **environment)


@pytest.fixture
def person(database: Engine) -> int:
    """Somebody who got a message with brackets in it, and was refused another."""
    (found,) = builders.persons(database, 1)
    (message,) = builders.messages(database, [found])
    builders.change(
        database,
        "INSERT INTO decision (candidate_id, verdict, arm, reasons, inputs, policy_version)"
        " VALUES (:id, 'won', 'treated', '[]', '{}', 'v1')",
        id=message,
    )
    (run,) = builders.rows(database, "SELECT run_id FROM message WHERE id = :id", id=message)
    builders.change(
        database,
        "INSERT INTO wording (run_id, key, scene, channel, voice, category, segment, slots)"
        " VALUES (:run, 'k', 'replenish', 'wecom', 'peer', 'marketing', 'due', '{}')",
        run=run.run_id,
    )
    builders.change(database, "UPDATE message SET wording_id = (SELECT id FROM wording)")
    builders.change(
        database,
        "INSERT INTO draft (wording_id, revision, text, link, violations, warnings, author, note,"
        " claims, calls, prompt_tokens, completion_tokens, policy_version, expires_at,"
        " content_hash) SELECT id, 1, :text, jsonb_build_object('title', '卡', 'description',"
        " '片', 'url', ''), '[]', '[]', 'template', '', '[]', 0, 0, 0, 'v1', '2026-03-05Z', 'h'"
        " FROM wording",
        text=SQUARE,
    )
    return found


def test_the_story_is_told_for_people(person: int, database_url: str, tmp_path: Path) -> None:
    done = explain(str(person), cwd=tmp_path, DATABASE_URL=database_url)
    assert (done.returncode, done.stderr) == (0, "")
    for told in (
        f"客户 {person}",
        "shop:m1",
        "营销授权",
        "同一天",
        "经过",
        "2026-03-02",
        "复购提醒",
    ):
        assert told in done.stdout
    assert SQUARE in done.stdout


def test_the_same_is_one_object_for_machines(
    person: int, database_url: str, tmp_path: Path
) -> None:
    done = explain("shop:m1", "--json", cwd=tmp_path, DATABASE_URL=database_url)
    told = json.loads(done.stdout)
    assert told["person"] == person
    assert {fact["key"] for fact in told["facts"]} >= {"members", "contacts", "consent", "arm"}
    assert {cap["window"] for cap in told["budget"]["caps"]} >= {"calendar_day", "rolling_24h"}
    ((day,), (episode,)) = told["days"], told["days"][0]["episodes"]
    assert (day["date"], episode["verdict"]) == ("2026-03-02", "won")
    assert episode["message"]["text"] == SQUARE


def test_a_date_narrows_the_story(person: int, database_url: str, tmp_path: Path) -> None:
    done = explain(str(person), "--date", "2026-03-09", cwd=tmp_path, DATABASE_URL=database_url)
    assert done.returncode == 0
    assert "这一天没有运行每日任务。" in done.stdout
    assert "复购提醒" not in done.stdout


def test_nobody_by_that_name_is_one_sentence(
    person: int, database_url: str, tmp_path: Path
) -> None:
    del person
    done = explain("nobody", cwd=tmp_path, DATABASE_URL=database_url)
    assert done.returncode == 1
    for told in ("'nobody'", "person id", "member key", "unionid", "external_userid", "why-not"):
        assert told in sentence(done)


def test_a_name_of_two_is_one_sentence_with_names_that_work(
    database: Engine, database_url: str, tmp_path: Path
) -> None:
    one, other = builders.persons(database, 2)
    builders.change(
        database,
        "UPDATE member SET key = :key WHERE person_id = :person",
        key=str(one),
        person=other,
    )
    done = explain(str(one), cwd=tmp_path, DATABASE_URL=database_url)
    assert done.returncode == 1
    assert f"person:{one}, shop:{one}" in sentence(done)
    again = explain(f"shop:{one}", cwd=tmp_path, DATABASE_URL=database_url)
    assert f"客户 {other}" in again.stdout


def test_no_database_is_one_sentence_and_none_is_started(tmp_path: Path) -> None:
    done = explain("1", cwd=tmp_path)
    assert done.returncode == 2
    assert "runwu up" in sentence(done)
    assert "DATABASE_URL" in sentence(done)
    assert list(tmp_path.iterdir()) == []


def test_a_database_left_behind_by_a_crash_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "pg"
    folder.mkdir(parents=True)
    pid = 2**22 + 1  # more than the kernel gives out
    left = [str(pid), str(folder), "1772400000", "5432", str(folder), "", "1 2", "ready"]
    (folder / "postmaster.pid").write_text("\n".join(left) + "\n")
    done = explain("1", cwd=tmp_path)
    assert done.returncode == 2
    assert "runwu up" in sentence(done)


def test_the_embedded_database_is_found_where_it_runs(tmp_path: Path) -> None:
    # Not below pytest's own folder, which other users may not enter: as root it runs as another.
    with TemporaryDirectory(prefix="runwu-home-") as home:
        embedded.start(Path(home) / "pg")
        done = explain("1", cwd=tmp_path, RUNWU_HOME=home)
        embedded.stop(Path(home) / "pg")
    assert done.returncode == 2
    assert "not been prepared" in sentence(done)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["1", "--date", "2026-02-30"], "2026-03-02"),
        (["1", "--date", "today"], "2026-03-02"),
        (["1", "--config", "nowhere.toml"], "nowhere.toml does not exist"),
    ],
)
def test_what_is_mistyped_is_one_sentence(arguments: list[str], told: str, tmp_path: Path) -> None:
    done = explain(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert told in sentence(done)


def test_without_a_person_it_is_bad_usage(tmp_path: Path) -> None:
    assert explain(cwd=tmp_path).returncode == 2


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://someone:s3cret@127.0.0.1:9/none"
    done = explain("1", cwd=tmp_path, DATABASE_URL=url)
    assert done.returncode == 2
    assert "DATABASE_URL" in sentence(done)
    assert "s3cret" not in done.stderr + done.stdout
