"""One file, every value checked, every mistake named, no secret shown."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from schemas.enums import Entity
from schemas.environment import PLACEHOLDERS, Environment, base_url, secret
from schemas.errors import ConfigurationError
from schemas.governing import Cap, QuietHours
from schemas.policy import Policy
from schemas.settings import Business, Settings, load
from schemas.sources import FileSource, ShopSource

LOG = """
[sources.log]
type = "file"
path = "data/orders.csv"
timezone = "Asia/Shanghai"
currency = "CNY"
columns = {order_key = "order"}
"""


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration but what a test writes."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "HOME", "SANDBOX_URL", "WECOM_SECRET", "IDENTITY_SALT"):
        monkeypatch.delenv(f"RUNWU_{name}", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)


def _written(content: str, path: Path = Path("chosen.toml")) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def _named(name: str) -> str:
    return f'[business]\nname = "{name}"\n'


def test_without_a_file_everything_points_to_the_sandbox() -> None:
    settings = load()
    assert settings == Settings()
    assert settings.channels.wecom.base_url == "sandbox"
    assert settings.sources == {"shop": ShopSource(type="shop", base_url="sandbox", lag_seconds=0)}


def test_the_file_at_hand_is_read() -> None:
    _written(_named("here"), Path("runwu.toml"))
    assert load().business.name == "here"


def test_the_environments_choice_goes_before_the_file_at_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _written(_named("here"), Path("runwu.toml"))
    monkeypatch.setenv("RUNWU_CONFIG", str(_written(_named("there"))))
    assert load().business.name == "there"


def test_the_named_file_goes_before_all(monkeypatch: pytest.MonkeyPatch) -> None:
    _written(_named("here"), Path("runwu.toml"))
    monkeypatch.setenv("RUNWU_CONFIG", "nowhere.toml")
    assert load(_written(_named("named"))).business.name == "named"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[policy]\ngap = 48", "policy.gap: Extra inputs are not permitted"),
        ("[polcy]", "polcy: Extra inputs are not permitted"),
        ('[llm]\nkey = "x"', "llm.base_url: Field required"),
        (
            '[llm]\nbase_url = "sandbox"\nmodel = "m"\nkey = "x"',
            "llm.key: Extra inputs are not permitted",
        ),
        ("[policy.holdout]\nshare = 0.6", "policy.holdout.share: .*less than or equal to 0.5"),
        (
            '[channels.wecom]\nbase_url = "https://x.cn"\n[llm]\nbase_url = "sandbox"\nmodel = "m"',
            "the file: .*llm.base_url is the stand-in",
        ),
        ('[business]\ntimezone = "Mars/Base"', "business.timezone: .*no time zone is called"),
        ("[policy]\ncaps = [{window = 'day', max = -1}]", "policy.caps.0.max: .*equal to 0"),
        ("[policy]\ncaps = [{max = 1}]", "policy.caps.0: .*exactly one of window"),
        ("[policy]\ncaps = [{window = 'year', max = 1}]", "policy.caps.0.window: "),
        ("[policy]\nsilence_limit = 0", "policy.silence_limit: "),
        ("[policy.quiet_hours]\nstart = '25:00'", "policy.quiet_hours.start: "),
        ("[review]\nbatch_size = 26", "review.batch_size: "),
        ("[channels.wecom]\nmax_recipients = 10001", "channels.wecom.max_recipients: "),
        ("[channels.wecom]\ntext_bytes = 4001", "channels.wecom.text_bytes: "),
        ("[sources.shop]\ntype = 'fax'", "sources.shop: "),
        ("[sources.shop]\ntype = 'shop'\npage_size = 0", r"sources.shop.shop.page_size: "),
    ],
)
def test_a_wrong_value_is_named_with_file_and_key(content: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^chosen\.toml: {told}"):
        load(_written(content))


def test_broken_toml_is_named_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match=r"^chosen\.toml is not valid TOML: .*line 2"):
        load(_written("[policy]\ncaps = ]"))


def test_a_file_in_another_encoding_is_named() -> None:
    Path("chosen.toml").write_bytes('[business]\nname = "润物"'.encode("gb18030"))
    with pytest.raises(ConfigurationError, match=r"^chosen\.toml is not valid TOML"):
        load(Path("chosen.toml"))


@pytest.mark.parametrize("path", ["nowhere.toml", "."])
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(path: str) -> None:
    with pytest.raises(ConfigurationError, match=r"can't be read \(.+\); check --config"):
        load(Path(path))


@pytest.mark.parametrize(
    "values",
    [
        {"window": "day", "max": -1},
        {"max": 1},
        {"window": "day", "rolling_hours": 24, "max": 1},
        {"rolling_hours": 0, "max": 1},
        {"window": "day"},
    ],
)
def test_a_cap_counts_one_kind_of_window(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Cap(**values)


@pytest.mark.parametrize("name", ["", " ", "Mars/Base", "../etc/passwd", "/etc/localtime", "UTC+8"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    """A few bad zones left hundreds of thousands pending (parcelvoy#610)."""
    with pytest.raises(ValidationError):
        Business(timezone=name)


@pytest.mark.parametrize("text", ["20:30Z", "20:30+08:00"])
def test_quiet_hours_are_local_and_bear_no_offset(text: str) -> None:
    with pytest.raises(ValidationError):
        QuietHours.model_validate({"start": text})


@pytest.mark.parametrize("number", [21, 20.5, 2030])
def test_a_bare_number_is_no_time_of_day(number: float) -> None:
    """Whoever writes 21 means nine in the evening, not 21 seconds past midnight."""
    with pytest.raises(ValidationError):
        QuietHours.model_validate({"start": number})


@pytest.mark.parametrize("contact", ["", "  "])
def test_a_member_can_always_reach_us(contact: str) -> None:
    """The texts tell how to refuse (Ad Law art. 43); a blank tells nothing."""
    with pytest.raises(ValidationError):
        Business(contact=contact)


@pytest.mark.parametrize("made_up", ["consent = true", "contacts = true"])
def test_made_up_consent_never_meets_a_real_channel(made_up: str) -> None:
    content = f"{LOG}[sources.log.rehearsal]\n{made_up}\n"
    assert load(_written(content)).channels.wecom.base_url == "sandbox"
    real = f'{content}[channels.wecom]\nbase_url = "https://qyapi.weixin.qq.com"\n'
    with pytest.raises(ConfigurationError, match=r"sources\.log\.rehearsal .*remove the rehearsal"):
        load(_written(real))


def test_a_public_log_without_anything_made_up_may_go_live() -> None:
    real = f'{LOG}[channels.wecom]\nbase_url = "https://qyapi.weixin.qq.com"\n'
    assert load(_written(real)).channels.wecom.base_url != "sandbox"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("data/orders.csv", "site/data/orders.csv"),
        ("../orders.csv", "orders.csv"),
        ("/srv/orders.csv", "/srv/orders.csv"),
    ],
)
def test_a_path_is_read_from_the_files_own_folder(written: str, expected: str) -> None:
    source = load(_written(LOG.replace("data/orders.csv", written), Path("site/chosen.toml")))
    log = source.sources["log"]
    assert isinstance(log, FileSource)
    assert log.path == Path(expected)


def test_a_source_that_is_no_table_is_named() -> None:
    with pytest.raises(ConfigurationError, match="sources"):
        load(_written("sources = 3"))
    with pytest.raises(ConfigurationError, match=r"sources\.log"):
        load(_written("[sources]\nlog = 3"))


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ("sandbox", "http://127.0.0.1:9/wecom"),
        ("https://example.com/", "https://example.com"),
    ],
)
def test_the_sandbox_lives_where_the_environment_says(configured: str, expected: str) -> None:
    environment = Environment(sandbox_url="http://127.0.0.1:9/")
    assert base_url(configured, "wecom", environment) == expected


@pytest.mark.parametrize("value", [None, *sorted(PLACEHOLDERS), " Changeme "])
def test_a_placeholder_is_no_secret(value: str | None) -> None:
    wrapped = None if value is None else SecretStr(value)
    with pytest.raises(ConfigurationError, match="set RUNWU_WECOM_SECRET in the environment"):
        secret(wrapped, "RUNWU_WECOM_SECRET", "https://qyapi.weixin.qq.com")


def test_a_real_secret_is_handed_on() -> None:
    assert secret(SecretStr(" s3cr3t\n"), "X", "https://example.com") == "s3cr3t"


def test_the_sandbox_never_sees_a_real_secret() -> None:
    assert secret(SecretStr("s3cr3t"), "X", "sandbox") == secret(None, "X", "sandbox")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RUNWU_WECOM_SECRET", "hunter2"),
        ("RUNWU_IDENTITY_SALT", "hunter2"),
        ("DATABASE_URL", "postgresql://runwu:hunter2@db.example/runwu"),
    ],
)
def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    environment = Environment()
    assert "hunter2" not in repr(environment)
    assert "hunter2" not in str(environment)


def test_secrets_have_no_place_in_the_file() -> None:
    for content in ('[channels.wecom]\nsecret = "hunter2"', 'wecom_secret = "hunter2"'):
        with pytest.raises(ConfigurationError) as refused:
            load(_written(content))
        assert "hunter2" not in str(refused.value)


CHANGES: dict[str, Any] = {
    "caps": [{"window": "day", "max": 2}],
    "gap_hours": 47,
    "quiet_hours": {"start": "20:30", "end": "09:01"},
    "silence_limit": 4,
    "hold_hours": 47,
    "holdout": {"share": 0.11},
    "backoff": 2,
    "personal": {"days": 31},
    "shared": {"texts_per_sender": 21},
    "open_hours": [{"start": "10:00", "end": "18:00"}],
    "holidays": [{"why": "春节", "first": "2027-02-06", "last": "2027-02-12"}],
    "blackouts": [{"why": "台风", "first": "2026-08-01", "last": "2026-08-02"}],
    "categories": {"service": {"capped": False}},
    "after_order_hours": 47,
    "arbitration": {"annoyance": 0.06},
    "new_days": 31,
    "at_risk_days": 91,
    "lapsed_days": 181,
    "returned_days": 31,
    "outlook_days": 91,
    "at_risk_share": 0.51,
    "lapsed_share": 0.34,
    "lapsed_cycles": 3.5,
    "regular_gaps": 4,
    "regular_spread": 0.36,
    "staple_share": 0.51,
    "due_lead_days": 3,
    "due_overrun": 1.31,
    "segments": {"half_life_days": 181},
    "population": {"repeat_buyers": 201},
}


@pytest.mark.parametrize("name", Policy.model_fields)
def test_any_change_of_the_policy_is_a_new_version(name: str) -> None:
    changed = Policy.model_validate({name: CHANGES[name]})
    assert changed.version != Policy().version


def test_the_same_policy_has_the_same_version_however_it_is_written() -> None:
    """The wheel is rebuilt and approvals are void on a new version, so it must not drift."""
    spelled = '[policy]\ngap_hours = 48\nquiet_hours = {end = "09:00", start = 20:30:00}\n'
    assert load(_written(spelled)).policy.version == Policy().version
    assert load(_written(_named("another name"))).policy.version == Policy().version


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ('[sources.wecom]\ntype = "shop"\n', "give this source another name"),
        ('[sources.desk]\ntype = "webhook"\nmembers_of = "shpo"\n', "which is no source"),
        ('[sources."my shop"]\ntype = "shop"\n', "sources.my shop"),
    ],
)
def test_a_source_that_cannot_be_told_apart_or_found_is_refused(
    tmp_path: Path, sources: str, told: str
) -> None:
    file = tmp_path / "runwu.toml"
    file.write_text(sources)
    with pytest.raises(ConfigurationError, match=told):
        load(file)


def test_the_files_of_every_entity_are_found_from_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "runwu.toml"
    file.write_text(
        '[sources.till]\ntype = "file"\ntimezone = "UTC"\ncurrency = "CNY"\n'
        '[sources.till.entities.member]\npath = "members.csv"\n'
    )
    till = load(file).sources["till"]
    assert isinstance(till, FileSource)
    assert till.entities[Entity.MEMBER].path == tmp_path / "members.csv"
