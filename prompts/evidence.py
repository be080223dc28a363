"""On what evidence somebody is in a segment, said to operators in their own language."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from prompts.catalogue import locale

_FILE = Path(__file__).parent / "evidence.yaml"


@cache
def words() -> dict[str, str]:
    """Return what each piece of evidence says, by its key."""
    texts: dict[str, str] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return texts


def told(evidence: Mapping[str, Any]) -> list[str]:
    """
    Return pieces of stored evidence in words, in the order of the words; what is unknown is not.

    What has no words yet, or does not fit them any more, is shown by its key and as it is.
    """
    return list(_told(evidence))


def _told(evidence: Mapping[str, Any]) -> Iterator[str]:
    others = sorted(evidence.keys() - words().keys())
    for key in (*words(), *others):
        value = evidence.get(key)
        if value is None:
            continue
        shown = _plain(value)
        try:
            yield words()[key].format(value=shown)
        except (KeyError, ValueError):
            yield f"{key}：{shown}"


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        signs = locale()["pages"]["segments"]["signs"]
        return "、".join(str(signs.get(one, one)) for one in value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
