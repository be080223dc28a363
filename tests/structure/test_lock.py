"""requirements.lock pins all of it by content, wherever it is downloaded from."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.structure.repository import ROOT

_LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
_PINS = [
    block for block in re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", _LOCK)) if block.strip()
]


def _direct() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for group in project["optional-dependencies"].values() for one in group]
    return [Requirement(one) for one in project["dependencies"] + extras]


def test_every_pin_has_a_version_and_a_hash() -> None:
    pin = re.compile(
        r"[\w.-]+==\S+( ; [^\\\n]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\\n|\n?$))+"
    )
    assert [block.splitlines()[0] for block in _PINS if not pin.fullmatch(block)] == []


def test_no_download_address_is_written_down() -> None:
    assert (
        re.findall(r"(?m)^.*(?:https?://|file://|git\+| @ |-index-url|--find-links).*$", _LOCK)
        == []
    )


def test_every_direct_dependency_is_pinned_within_its_bounds() -> None:
    pinned: dict[str, list[str]] = {}
    for block in _PINS:
        name, version = block.split()[0].split("==")
        pinned.setdefault(canonicalize_name(name), []).append(version)
    loose = [
        str(one)
        for one in _direct()
        if not any(map(one.specifier.contains, pinned.get(canonicalize_name(one.name), ())))
    ]
    assert loose == []
