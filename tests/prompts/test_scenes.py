"""Every scene: what it says in every case, and that its query tells what it promises."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from prompts import catalogue
from prompts.briefs import ask, brief_of
from prompts.catalogue import Scene, forbidden_words, scenes
from prompts.render import render
from rules.wording_checks import check_card, check_text
from schemas.settings import Settings

SETTINGS = Settings()
FOLDER = Path(catalogue.__file__).parent / "scenes"
OWN_NAMES = {"business": SETTINGS.business.name, "contact": SETTINGS.business.contact}


@dataclass(frozen=True)
class Told:
    """One case of a scene, and the text it renders to."""

    scene: Scene
    case: dict[str, Any]

    @property
    def text(self) -> str:
        return render(self.scene.template, {**self.case["slots"], **OWN_NAMES})


def _cases(scene: Scene) -> list[dict[str, Any]]:
    content = (FOLDER / scene.name / "cases.yaml").read_text(encoding="utf-8")
    cases: list[dict[str, Any]] = yaml.safe_load(content)
    return cases


def _violations(scene: Scene, text: str) -> list[str]:
    checked = check_text(
        text,
        max_bytes=SETTINGS.channels.wecom.text_bytes,
        forbidden=forbidden_words(scene.rules.category),
        refusal=SETTINGS.business.contact,
    )
    return list(checked.violations)


TOLD = [
    pytest.param(Told(scene, case), id=f"{scene.name}: {case['name']}")
    for scene in scenes().values()
    for case in _cases(scene)
]
every_case = pytest.mark.parametrize("told", TOLD)
every_scene = pytest.mark.parametrize("scene", [pytest.param(s, id=n) for n, s in scenes().items()])


def test_no_folder_is_overlooked() -> None:
    assert {folder.name for folder in FOLDER.iterdir() if folder.is_dir()} == set(scenes())


@every_scene
def test_every_scene_has_cases(scene: Scene) -> None:
    assert _cases(scene)


@every_case
def test_a_case_fills_exactly_the_scenes_slots(told: Told) -> None:
    assert set(told.case["slots"]) == set(told.scene.rules.slots)


@every_case
def test_a_case_says_what_it_must_and_nothing_it_must_not(told: Told) -> None:
    assert [words for words in told.case["contains"] if words not in told.text] == []
    assert [words for words in told.case["lacks"] if words in told.text] == []


@every_case
def test_a_text_breaks_no_rule_but_by_what_the_shop_called_its_product(told: Told) -> None:
    """A product name that looks like a template is printed as it is, and stops the wording."""
    names = " ".join(str(value) for value in told.case["slots"].values() if value is not None)
    brought = {one for one in _violations(told.scene, names) if one.startswith("template residue")}
    assert set(_violations(told.scene, told.text)) == brought


@every_case
def test_a_card_breaks_no_rule(told: Told) -> None:
    link, values = told.scene.rules.link, {**told.case["slots"], **OWN_NAMES}
    title, description = render(link.title, values), render(link.description, values)
    assert check_card(title, description, forbidden_words(told.scene.rules.category)) == ()


@every_case
def test_a_text_is_short(told: Told) -> None:
    """Nobody reads a letter in a chat: what a model must keep to binds the template, too."""
    brought = sum(len(str(value)) for value in told.case["slots"].values())
    assert len(told.text) <= 120 + brought


@every_case
def test_a_prompt_can_be_asked(told: Told) -> None:
    brief = brief_of(told.scene, told.case["slots"], **OWN_NAMES)
    system, user = ask(told.scene, brief)
    assert "{{" not in system.content + user.content.partition("BRIEF:")[0]
    assert len(user.content.splitlines()) > 1


@every_scene
def test_a_prompt_names_every_slot_to_the_model(scene: Scene) -> None:
    brief = brief_of(scene, dict.fromkeys(scene.rules.slots, "x"), **OWN_NAMES)
    task = ask(scene, brief)[1].content.partition("BRIEF:")[0]
    assert [name for name in scene.rules.slots if name not in task] == []


def _sql(scene: Scene) -> str:
    return re.sub(r"--.*", "", scene.candidates_sql)


def _keys(scene: Scene, column: str) -> set[str]:
    """Return the keys of the object that a query builds as a column; values have no quotes."""
    built = re.search(
        rf"jsonb_build_object\(((?:(?!jsonb_build_object).)*?)\)\s+AS\s+{column}\b",
        _sql(scene),
        re.DOTALL,
    )
    assert built, f"{scene.name} builds no {column}"
    return set(re.findall(r"(?:^|,)\s*'(\w+)'\s*,", built[1]))


@every_scene
@pytest.mark.parametrize("column", ["slots", "evidence"])
def test_a_query_builds_what_its_scene_declares(scene: Scene, column: str) -> None:
    assert _keys(scene, column) == set(getattr(scene.rules, column))


@every_scene
def test_a_query_yields_every_column_of_a_candidate(scene: Scene) -> None:
    for column in ("person_id", "need", "window_until", "slots", "evidence"):
        assert re.search(rf"(?:\bAS\s+|\.){column}\b", _sql(scene))


@every_scene
def test_a_query_is_told_the_time(scene: Scene) -> None:
    """One clock: any past day can be rehearsed."""
    clocks = r"\b(now\s*\(|\w*_timestamp\s*\(|timeofday|current_\w+|localtime\w*|'(now|today)')"
    assert re.findall(clocks, _sql(scene), re.IGNORECASE) == []


@every_scene
def test_a_query_asks_for_nothing_but_the_day_and_the_zone(scene: Scene) -> None:
    """Thresholds live in the policy only, so they arrive as facts, never as parameters."""
    assert set(re.findall(r"(?<!:):([a-z_]+)", _sql(scene))) <= {"as_of", "today", "zone"}


@every_scene
def test_no_template_uses_a_name_that_nobody_gives(scene: Scene) -> None:
    known = set(scene.rules.slots) | set(OWN_NAMES)
    parts = (scene.template, scene.rules.link.title, scene.rules.link.description)
    used = {name for part in parts for name in re.findall(r"\{\{\s*(\w+)", part)}
    assert used <= known
