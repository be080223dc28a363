"""What the stand-in writes: a good text from the brief, or one with a known fault."""

import json
from collections.abc import Iterator, Mapping, Sequence
from string import Formatter
from typing import Any, Final

from sandbox.chance import digest
from sandbox.records import ChatTurn, Mode

Brief = Mapping[str, str]

_MARK: Final = "BRIEF:"
_ALWAYS: Final = ("business", "contact")
_OPENINGS: Final = (
    "您好，我是{business}的顾问。",
    "您好，这里是{business}，我是您的顾问。",
    "您好呀，我是{business}的会员顾问。",
)
_BODIES: Final = (
    "您平时大约{rhythm}买一次「{product}」，这几天该用完了。需要的话点下面的卡片，还有存货就不用理会。",
    "您平时大约{rhythm}来一次，算来又快到日子了。需要的话点下面的卡片，还有存货就不用理会。",
    "您常买的「{product}」，这几天该用完了。需要的话点下面的卡片，还有存货就不用理会。",
    "谢谢您{visit}光顾。东西怎么用、怎么存，拿不准就问我，没有问题就不用回复。",
    "差不多{away}没见您了，愿您都好。要是上次有哪里不周到，请您告诉我，不用特意回复。",
    "只是问声好，没有别的事，不用回复。",
)
"""The first whose names are all in the brief is said."""

_ENDING: Final = "不想再收到这类消息，{contact}说一声就停。"
_INVENTED: Final = "这是您第18次光临，给您8折。"
_NO_SUCH_KEY: Final = "no_such_key"


def brief_of(turns: Sequence[ChatTurn]) -> Brief | None:
    """Return the brief in the last turn of a user that holds one."""
    for turn in reversed(turns):
        found = list(_briefs(turn.content)) if turn.role == "user" else []
        if found:
            return found[-1]
    return None


def _briefs(content: str) -> Iterator[Brief]:
    for line in content.split("\n"):
        if not line.startswith(_MARK):
            continue
        try:
            given = json.loads(line.removeprefix(_MARK))
        except ValueError:
            continue
        if isinstance(given, dict) and all(isinstance(given.get(key), str) for key in _ALWAYS):
            yield {key: value for key, value in given.items() if isinstance(value, str) and value}


def written(brief: Brief, mode: Mode) -> dict[str, Any]:
    """
    Return a text and its claims: one for each value it speaks of, spanning just that value.

    Rationale: nothing but the brief and these sentences goes in, so a good text claims no number,
    date, price or offer that the brief does not.
    """
    stable = int(digest(json.dumps(brief, sort_keys=True))[:8], 16)
    body = next(one for one in _BODIES if _names(one) <= brief.keys())
    sentences = [_OPENINGS[stable % len(_OPENINGS)], body]
    if mode != "no_refusal":
        sentences.append(_ENDING)
    used = sorted(set().union(*map(_names, sentences)))
    claims = [{"span": brief[key], "evidence_key": key} for key in used]
    said = [sentence.format_map(brief) for sentence in sentences]
    if mode == "invented_number":
        said.insert(1, _INVENTED)
        claims.append({"span": "第18次光临", "evidence_key": "business"})
    if mode == "wrong_evidence":
        claims.append({"span": brief["business"], "evidence_key": _NO_SUCH_KEY})
    return {"text": "\n".join(said), "claims": claims}


def _names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}
