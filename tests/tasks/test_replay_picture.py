"""The picture of a replay is drawn to scale, names its bars, and folds the many small rules."""

import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date

from rules.comparison import Comparison
from rules.replay import OUTCOMPETED, WRITTEN
from schemas.policy import Policy
from tasks.replay import Replayed
from tasks.replay_picture import SHOWN, replay_picture

_SPACE = "{http://www.w3.org/2000/svg}"
RULES = ("gap", "cap", "personal", "no_consent", "worth", "minor", "silence")


def drawn(flows: dict[tuple[str, str], int]) -> ET.Element:
    policy = Policy()
    found = Replayed(policy, Comparison(None, flows=Counter(flows)), days=[date(2026, 3, 2)])
    return ET.fromstring(replay_picture(found))  # noqa: S314 - of our own making


def labels(picture: ET.Element) -> list[str]:
    return ["".join(one.itertext()) for one in picture.iter(f"{_SPACE}text")]


def heights(picture: ET.Element) -> list[float]:
    _, *bars = picture.iter(f"{_SPACE}rect")
    return [float(bar.attrib["height"]) for bar in bars]


def test_every_bar_has_its_name_and_number_on_both_sides() -> None:
    told = labels(
        drawn({(WRITTEN, WRITTEN): 3_000, (WRITTEN, "gap"): 1_000, ("cap", WRITTEN): 500})
    )
    assert "同样的 4,500 个候选，换一套规则" in told
    assert "2026-03-02 至 2026-03-02，有记录的 1 天" in told
    assert f"换成 {Policy().version}" in told
    for one in ("写给客户 4,000", "次数已满 500", "写给客户 3,500", "间隔太短 1,000"):
        assert told.count(one) == 1


def test_bars_are_as_high_as_they_hold_candidates() -> None:
    left, lost, right = heights(drawn({(WRITTEN, WRITTEN): 3_000, (OUTCOMPETED, WRITTEN): 1_000}))
    assert round(left / lost, 2) == 3
    assert round(right / (left + lost), 2) == 1


def test_what_did_not_change_is_grey() -> None:
    picture = drawn({("gap", "gap"): 10, ("gap", WRITTEN): 10})
    still, moved = (one.attrib["fill"] for one in picture.iter(f"{_SPACE}path"))
    assert still == "#cbd5e1"
    assert moved != still


def test_the_rules_that_hold_back_fewest_share_a_bar() -> None:
    """Those that do not, keep the number they have between them."""
    picture = drawn({(rule, rule): 100 - place for place, rule in enumerate(RULES)})
    told = labels(picture)
    assert len(RULES) == SHOWN + 2
    assert told.count("其他规则 189") == 2
    assert told.count("间隔太短 100") == 2
    assert not [one for one in told if one.startswith(("未成年人", "连续没有回应"))]
