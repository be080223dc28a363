"""A scene is a folder; one that is wrong names itself before anything runs."""

import shutil
import string
from pathlib import Path

import pytest

from prompts import catalogue
from prompts.catalogue import _scene, forbidden_words, locale, offer_words, scenes, voice
from schemas.enums import Category, Voice
from schemas.errors import ConfigurationError

every_category = pytest.mark.parametrize("category", Category)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound scene to break."""
    sound = Path(catalogue.__file__).parent / "scenes" / "replenish"
    return Path(shutil.copytree(sound, tmp_path / "broken"))


def _change(folder: Path, old: str, new: str) -> None:
    path = folder / "scene.yaml"
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")


def test_a_scene_is_read_from_its_folder(folder: Path) -> None:
    scene = _scene(folder)
    assert scene.name == "broken"
    assert scene.rules == scenes()["replenish"].rules
    assert scene.rules.voice is Voice.PEER


@pytest.mark.parametrize("name", ["scene.yaml", "candidates.sql", "fallback.md.j2", "prompt.md.j2"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ConfigurationError, match=rf"scene broken: .*{name} is missing"):
        _scene(folder)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("hours: 48", "hours: 0", "hours: .*greater than or equal to 1"),
        ("hours: 48", "hours: soon", "hours: .*valid integer"),
        ("hours: 48\n", "", "hours: Field required"),
        ("voice: peer", "voice: boss", "voice: .*'peer', 'junior' or 'elder'"),
        ("channel: wecom", "channel: wecom\nurgent: true", "urgent: Extra inputs"),
        ("  title:", "  headline:", "link.title: Field required"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(folder: Path, old: str, new: str, told: str) -> None:
    _change(folder, old, new)
    with pytest.raises(ConfigurationError, match=rf"scene broken: scene.yaml: {told}"):
        _scene(folder)


@pytest.mark.parametrize("content", [b"title: [", b"a: b: c", b"\xff\xfe\x00", b"", b"- one\n"])
def test_a_file_that_is_no_scene_is_named(folder: Path, content: bytes) -> None:
    (folder / "scene.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"scene broken: scene\.yaml"):
        _scene(folder)


def test_a_missing_template_of_the_voice_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"^voice: .*whisper\.md\.j2 is missing$"):
        voice("whisper.md.j2")


@every_category
def test_every_forbidden_word_is_a_word(category: Category) -> None:
    words = forbidden_words(category)
    assert words
    assert all(isinstance(word, str) and word.strip() == word != "" for word in words)


def test_no_forbidden_word_says_again_what_another_one_says() -> None:
    words = forbidden_words(Category.CARE)
    assert [(a, b) for a in words for b in words if a is not b and a in b] == []


@every_category
def test_only_benefits_and_marketing_may_offer_anything(category: Category) -> None:
    silent = category not in {Category.BENEFIT, Category.MARKETING}
    assert {"优惠", "免费", "8折"} <= set(offer_words())
    assert set(forbidden_words(category)) >= {"最好", "集赞", "秒杀", "出大事"}
    assert set(forbidden_words(category)) & set(offer_words()) == (
        set(offer_words()) if silent else set()
    )


@pytest.mark.parametrize(
    "harmless",
    [
        "谢谢您来，豆子今天寄送到店。",
        "这款三折伞放在门口，随时可取。",
        "给您留了一份说明，照着冲就好。",
        "要是哪里不周到，实惠的话也请直说。",
        "多少钱都写在单子上了。",
    ],
)
def test_harmless_words_are_no_offers(harmless: str) -> None:
    assert [word for word in offer_words() if word in harmless] == []


def test_every_text_of_the_form_can_be_filled_in() -> None:
    for text in locale()["form"].values():
        fields = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
        assert all(field.isidentifier() for field in fields)
