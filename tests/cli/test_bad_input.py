"""Whatever a user gets wrong, one sentence says what, where and how to mend it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import runwu


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--as-of", "yesterday"], "2011-11-10T08:00+00:00"),
        (["run", "--as-of", "2011-11-10T08:00"], "no time zone"),
        (["run", "--as-of", "2999-01-01T08:00+00:00"], "still to come"),
        (["run", "--config", "nowhere.toml"], "nowhere.toml does not exist"),
        (["up", "--config", "broken.toml"], "broken.toml is not valid TOML"),
        (["up", "--config", "unknown.toml"], "policy.capz"),
        (["up", "--config", "real.toml"], "RUNWU_WECOM_SECRET"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    arguments: list[str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "broken.toml").write_text("[policy")
    (tmp_path / "unknown.toml").write_text("[policy]\ncapz = 1\n")
    (tmp_path / "real.toml").write_text('[channels.wecom]\nbase_url = "https://example.com"\n')
    done = runwu(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("runwu: ")]
    assert told in line
    assert "Traceback" not in done.stderr


def test_a_day_gone_by_is_not_run_against_a_real_channel(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text('[channels.wecom]\nbase_url = "https://example.com"\n')
    as_of = ("--as-of", "2011-11-10T08:00+00:00")
    done = runwu(
        "run", "--config", "real.toml", *as_of, cwd=tmp_path, RUNWU_WECOM_SECRET="of-a-real-corp"
    )
    assert done.returncode == 1
    assert "sandbox only" in done.stderr
    assert "of-a-real-corp" not in done.stderr + done.stdout


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://someone:s3cret@127.0.0.1:9/none"
    done = runwu("up", cwd=tmp_path, DATABASE_URL=url)
    assert done.returncode == 2
    assert "DATABASE_URL" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "arguments", [["demo", "--days", "0"], ["fly"], ["demo", "--approve", "x"]]
)
def test_bad_usage_is_exit_code_2(arguments: list[str], tmp_path: Path) -> None:
    assert runwu(*arguments, cwd=tmp_path).returncode == 2


def test_the_command_is_there_once_runwu_is_installed() -> None:
    """All other tests start it another way, which is quicker."""
    command = Path(sys.executable).with_name("runwu")
    done = subprocess.run([command, "fly"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "No such command 'fly'" in done.stderr
