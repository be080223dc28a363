"""What a text must never contain, and what a reviewer should look at twice."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_RESIDUE = re.compile(
    r"\{\{|\}\}|\{%|%\}|\{#|\$\{|\b(?:None|nan|NaN|undefined|null|NULL)\b|<[^>]*>",
    re.ASCII,  # a Chinese character is a letter too: no word boundary stands beside it otherwise
)
_LONG = 0.25
_TITLE_BYTES = 128
_CARD_BYTES = 512
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Checked:
    """`violations` forbid a text; `warnings` are for the reviewer's eye."""

    violations: tuple[str, ...]
    warnings: tuple[str, ...]


def check_text(text: str, *, max_bytes: int, forbidden: Iterable[str], refusal: str) -> Checked:
    """
    Return what is wrong with a text.

    Rationale: limits are in bytes, of which a Chinese character takes three (wecom.md, section
    3); superlatives cost up to a million (Ad Law art. 9, 57); a way to refuse must be shown (Ad
    Law art. 43); leftovers of a template tell a member that nobody read the message.
    """
    size = len(text.encode())
    violations = _unfit(text, max_bytes, forbidden)
    if not refusal.strip() or refusal not in text:
        violations.append("no way to refuse")
    warnings = [f"long: {size} bytes"] if max_bytes * _LONG < size <= max_bytes else []
    return Checked(tuple(violations), tuple(warnings))


def check_card(title: str, description: str, forbidden: Iterable[str]) -> tuple[str, ...]:
    """
    Return what is wrong with a link card.

    Rationale: a member reads the card before the text; what must not be said there must not be
    said here either. Limits as in wecom.md, section 3.
    """
    words = tuple(forbidden)
    broken = [f"card title: {what}" for what in _unfit(title, _TITLE_BYTES, words)]
    broken += [f"card description: {what}" for what in _unfit(description, _CARD_BYTES, words)]
    return tuple(broken)


def _unfit(text: str, max_bytes: int, forbidden: Iterable[str]) -> list[str]:
    size = len(text.encode())
    broken = [] if text.strip() else ["empty"]
    if size > max_bytes:
        broken.append(f"length: {size} of {max_bytes} bytes")
    broken += [f"forbidden word: {word}" for word in forbidden if word in text]
    broken += [f"template residue: {match}" for match in _RESIDUE.findall(text)]
    if _CONTROL.search(text):
        broken.append("control characters")
    return broken
