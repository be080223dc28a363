"""What a text must never contain, and what a reviewer should look at twice."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_RESIDUE = re.compile(
    r"\{\{|\}\}|\{%|%\}|\{#|\$\{|\b(?:None|nan|NaN|undefined|null|NULL)\b|<[^>]*>"
)
_LONG = 0.25
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


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
    violations = []
    if not text.strip():
        violations.append("empty")
    if size > max_bytes:
        violations.append(f"length: {size} of {max_bytes} bytes")
    violations += [f"forbidden word: {word}" for word in forbidden if word in text]
    violations += [f"template residue: {match}" for match in _RESIDUE.findall(text)]
    if _CONTROL.search(text):
        violations.append("control characters")
    if refusal not in text:
        violations.append("no way to refuse")
    warnings = [f"long: {size} bytes"] if max_bytes * _LONG < size <= max_bytes else []
    return Checked(tuple(violations), tuple(warnings))
