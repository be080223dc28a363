"""What a look finds, of real pieces: databases, stand-ins, files; and that it only looks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import InternalError

from schemas.environment import Environment
from schemas.errors import ConfigurationError
from schemas.findings import Finding, Level
from schemas.settings import Settings
from store import checks as queries
from tasks import checks
from tasks.wiring import Wiring
from tests.conftest import database_of, fresh_name
from tests.house import House, at

EARLY = at(2, 8)
NOWHERE = "http://127.0.0.1:9"
LINES = {
    "order_key": "order",
    "member_key": "member",
    "ordered_at": "time",
    "product_key": "product",
    "quantity": "pieces",
    "unit_price": "price",
}
Wire = Callable[..., Wiring]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Wire settings to the house of the test; upper-case names are environment variables."""
    made: list[Wiring] = []

    def wired(**given: Any) -> Wiring:
        for name in [name for name in given if name.isupper()]:
            monkeypatch.setenv(name, given.pop(name))
        made.append(Wiring(Settings.model_validate(given), Environment()))
        return made[-1]

    yield wired
    for one in made:
        if "_wecom" in vars(one):
            one._wecom.close()


def sources(wired: Wiring, *, sandbox_runs: bool = True) -> dict[str, Finding]:
    return {one.about: one for one in checks.of_sources(wired, EARLY, sandbox_runs=sandbox_runs)}


def till(folder: Path, header: str | None) -> dict[str, Any]:
    path = folder / "till.csv"
    if header is not None:
        path.write_text(f"{header}\n")
    return {"type": "file", "path": path, "timezone": "UTC", "currency": "GBP", "columns": LINES}


def test_secrets_are_told_by_name_only(wire: Wire) -> None:
    found = checks.configured(wire(RUNWU_HOLDOUT_SALT="s4lt-and-pepper"), None)
    (secrets,) = [one.text for one in found if one.about == "secrets"]
    assert secrets == "set: RUNWU_HOLDOUT_SALT"
    assert "s4lt" not in str(found)
    (holdout,) = [one.text for one in found if one.about == "holdout"]
    assert holdout.startswith("10.0% of persons")
    assert holdout.endswith("RUNWU_HOLDOUT_SALT")


@pytest.mark.parametrize(
    ("names", "salt", "level"),
    [
        (["app", "till"], {}, Level.WARNING),
        (["app", "till"], {"RUNWU_IDENTITY_SALT": "pepper"}, Level.OK),
        (["till"], {}, Level.OK),
    ],
    ids=["two shops without a salt", "two shops with a salt", "one shop"],
)
def test_shops_whose_phones_cannot_be_compared_are_warned_of(
    wire: Wire, tmp_path: Path, names: list[str], salt: dict[str, str], level: Level
) -> None:
    shops = {name: till(tmp_path, ",".join(LINES.values())) for name in names}
    found = checks.configured(wire(sources=shops, RUNWU_HOLDOUT_SALT="grain", **salt), None)
    (persons,) = [one for one in found if one.about == "persons"]
    assert persons.level is level
    assert ("RUNWU_IDENTITY_SALT is set" in persons.text) == (not salt)


@pytest.mark.parametrize(
    ("variable", "settings"),
    [
        ("RUNWU_SOURCES_SHOP_TOKEN", {"sources": {"shop": {"type": "shop", "base_url": NOWHERE}}}),
        ("RUNWU_WECOM_SECRET", {"channels": {"wecom": {"base_url": NOWHERE}}}),
        ("RUNWU_LLM_API_KEY", {"llm": {"base_url": NOWHERE, "model": "m"}}),
        ("RUNWU_HOLDOUT_SALT", {}),
    ],
)
def test_a_placeholder_is_no_secret(wire: Wire, variable: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        checks.configured(wire(**settings, **{variable: "changeme"}), None)


def test_an_embedded_database_that_does_not_run_is_not_started(tmp_path: Path) -> None:
    found, url = checks.of_database(tmp_path / "home", None)
    assert (found.level, url) == (Level.WARNING, None)
    assert "runwu up" in found.text
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_use_is_told_with_its_version(database_url: str, tmp_path: Path) -> None:
    found, url = checks.of_database(tmp_path, database_url)
    assert (found.level, url) == (Level.OK, database_url)
    assert str(make_url(database_url).database) in found.text
    assert "up to date" in found.text


def test_a_database_without_our_tables_is_left_as_it_is(server_url: str, tmp_path: Path) -> None:
    with database_of(server_url, fresh_name(), "template0") as empty:
        for _ in range(2):
            found, url = checks.of_database(tmp_path, empty)
            assert (found.level, url) == (Level.WARNING, None)
            assert "not yet there; `runwu up`" in found.text


def test_the_tables_of_a_newer_runwu_are_not_touched(house: House, tmp_path: Path) -> None:
    house.change("UPDATE alembic_version SET version_num = '9999'")
    found, url = checks.of_database(tmp_path, house.database_url)
    assert (found.level, url) == (Level.PROBLEM, None)
    assert "newer runwu" in found.text


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    found, url = checks.of_database(tmp_path, "postgresql://someone:s3cret@127.0.0.1:9/none")
    assert (found.level, url) == (Level.PROBLEM, None)
    assert "127.0.0.1/none" in found.text
    assert "s3cret" not in found.text


def test_a_look_may_not_write(house: House) -> None:
    with (
        queries.looking(house.database) as connection,
        pytest.raises(InternalError, match="read-only transaction"),
    ):
        connection.execute(text("INSERT INTO stale_person VALUES (1)"))


@pytest.mark.usefixtures("house")
def test_sources_that_answer_are_well(wire: Wire, tmp_path: Path) -> None:
    header = ",".join(LINES.values())
    wired = wire(sources={"shop": {"type": "shop"}, "till": till(tmp_path, header)})
    assert {one.level for one in sources(wired).values()} == {Level.OK}


@pytest.mark.parametrize(("runs", "level"), [(False, Level.WARNING), (True, Level.PROBLEM)])
def test_a_silent_sandbox_is_a_problem_only_where_it_should_run(
    wire: Wire, runs: bool, level: Level
) -> None:
    found = sources(wire(RUNWU_SANDBOX_URL=NOWHERE), sandbox_runs=runs)
    assert {one.level for one in found.values()} == {level}
    assert ("runwu up" in found["source shop"].text) is not runs


def test_a_wrong_token_is_a_problem(wire: Wire, house: House) -> None:
    shop = {"type": "shop", "base_url": f"{house.sandbox_url}/shop"}
    found = sources(wire(sources={"shop": shop}, RUNWU_SOURCES_SHOP_TOKEN="not-the-one"))[
        "source shop"
    ]
    assert found.level is Level.PROBLEM
    assert "RUNWU_SOURCES_SHOP_" in found.text
    assert "not-the-one" not in found.text


def test_a_wrong_wecom_secret_shuts_source_and_channel(wire: Wire, house: House) -> None:
    wecom = {"base_url": f"{house.sandbox_url}/wecom"}
    wired = wire(
        channels={"wecom": wecom}, RUNWU_WECOM_SECRET="not-the-one", RUNWU_HOLDOUT_SALT="grain"
    )
    contacts = sources(wired)["source wecom"]
    channel = checks.of_channel(wired, contacts)
    assert (contacts.level, channel.level) == (Level.PROBLEM, Level.PROBLEM)
    assert "RUNWU_WECOM_SECRET" in channel.text


@pytest.mark.parametrize(
    ("header", "told"),
    [(None, "there is no file"), ("order,member,time,product,pieces", "has no column 'price'")],
)
def test_a_file_that_cannot_be_read_is_a_problem(
    wire: Wire, tmp_path: Path, header: str | None, told: str
) -> None:
    found = sources(wire(sources={"till": till(tmp_path, header)}))["source till"]
    assert found.level is Level.PROBLEM
    assert told in found.text


@pytest.mark.usefixtures("house")
def test_a_dry_run_says_that_nothing_leaves_the_house(wire: Wire, tmp_path: Path) -> None:
    wired = wire(channels={"dry_run": True}, RUNWU_HOME=str(tmp_path))
    found = checks.of_channel(wired, sources(wired)["source wecom"])
    assert found.level is Level.OK
    assert f"{tmp_path}/dry_run.jsonl" in found.text


def test_a_real_channel_says_that_people_are_real(wire: Wire, house: House) -> None:
    wecom = {"base_url": f"{house.sandbox_url}/wecom"}
    wired = wire(
        channels={"wecom": wecom}, RUNWU_WECOM_SECRET="sandbox-secret", RUNWU_HOLDOUT_SALT="grain"
    )
    found = checks.of_channel(wired, sources(wired)["source wecom"])
    assert found.level is Level.OK
    assert "real people" in found.text


def test_without_a_model_templates_write_and_nothing_is_wrong(wire: Wire) -> None:
    found = checks.of_writer(wire(), sandbox_runs=True)
    assert found.level is Level.OK
    assert "[llm]" in found.text


@pytest.mark.usefixtures("house")
def test_a_model_that_answers_is_named(wire: Wire) -> None:
    wired = wire(llm={"base_url": "sandbox", "model": "stand-in"})
    found = checks.of_writer(wired, sandbox_runs=True)
    assert found == Finding(
        "writer", Level.OK, "stand-in at the sandbox answers, asked for json_schema"
    )


def test_a_model_that_cannot_be_reached_is_made_up_for_by_templates(wire: Wire) -> None:
    wired = wire(llm={"base_url": NOWHERE, "model": "m"}, RUNWU_LLM_API_KEY="k3y")
    found = checks.of_writer(wired, sandbox_runs=True)
    assert found.level is Level.WARNING
    assert "templates would write every text" in found.text
    assert "llm.base_url" in found.text


def test_a_table_out_of_reach_is_no_fault(house: House, wire: Wire) -> None:
    house.change("DROP TABLE rebuild")
    assert checks.look_ahead(wire(), EARLY) is None
