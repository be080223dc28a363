"""Text that others wrote, on a page of ours."""

import string
import unicodedata

# An entity would do for the newer interface of Prefect; the older one shows it undecoded.
_MARKUP = {ord(mark): f"\\{mark}" for mark in string.punctuation}
# Left-to-right and right-to-left marks, embeddings, overrides and isolates: they would turn round
# whatever of ours follows them.
_TURNING = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_UNPRINTABLE = ("Cc", "Cs")
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


def as_text(value: object) -> str:
    """
    Return Markdown that shows a value as it is, wherever on a line it stands.

    Rationale: names come from shops and texts from models, and both interfaces of Prefect render
    raw HTML. Markdown takes any punctuation after a backslash for itself: no tag, no link, no
    table cell, no list. A line's end becomes the only tag there is.
    """
    return "<br>".join(_line(line) for line in str(value).splitlines())


def _line(line: str) -> str:
    # Four blanks at the beginning would make it code.
    return "".join(map(_shown, line.strip().replace("\t", " "))).translate(_MARKUP)


def _shown(character: str) -> str:
    unfit = ord(character) in _TURNING or unicodedata.category(character) in _UNPRINTABLE
    return _UNKNOWN if unfit else character
