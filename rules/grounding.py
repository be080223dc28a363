"""Whether what a language model wrote is in its brief."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from rules.statements import Statement, stated, statements
from schemas.writing import Claim

_OPENING_OR_CLOSING = "「」『』《》“”"
_QUOTED = re.compile(f"[「『《“]([^{_OPENING_OR_CLOSING}]+)")
_SPACE_BESIDE_CHINESE = re.compile(r"(?<![0-9a-z])[^\S\n]+|[^\S\n]+(?![0-9a-z])")
_COMMA_IN_A_SENTENCE = re.compile(r"(?<=[0-9])，(?=[0-9])")
_AS_WRITTEN_HERE = str.maketrans("〇兩俩週點號個萬億鐘時", "零两两周点号个万亿钟时")


def ungrounded(
    text: str, claims: Iterable[Claim], brief: Mapping[str, str], offers: Iterable[str]
) -> tuple[str, ...]:
    """
    Return what a text says that its brief does not; nothing means that it may be reviewed.

    Every claim must point at evidence that speaks of the same. Every number, date, price, offer
    and quoted name must be in the brief, whether claimed or not; addresses must be, too.

    Rationale: what an advertisement cites must be true and have a source (Ad Law art. 11, 28;
    wecom.md, section 10: evidence id per claim), and a draft is checked before anybody reads it
    (architecture.md, draft). What is doubtful is refused: a second call, or the template instead,
    costs less than a lie to a member.
    """
    plain = _normal(text)
    known = {key: _normal(value) for key, value in brief.items()}
    return tuple(
        dict.fromkeys(
            [
                *_unproven(plain, claims, known),
                *(_said(one.written) for one in _foreign(plain, known.values())),
                *(_said(word) for word in _strange_words(plain, known.values(), offers)),
            ]
        )
    )


def _said(what: str) -> str:
    return f"not in the brief: {what}"


def _unproven(text: str, claims: Iterable[Claim], brief: Mapping[str, str]) -> Iterator[str]:
    """
    Yield what is wrong with the claims.

    A span may speak of more than its evidence, as a whole sentence does, if it also speaks of
    that: what else it says is looked for in the brief with the rest of the text.
    """
    for claim in claims:
        span = _normal(claim.span)
        value = brief.get(claim.evidence_key)
        if value is None:
            yield f"unknown evidence: {claim.evidence_key}"
        elif not span or span not in text:
            yield f"claimed but not said: {claim.span}"
        elif not (value and value in span):
            foreign = list(_foreign(span, [value]))
            if len(foreign) == sum(not one.article for one in statements(span)):
                for one in foreign:
                    yield f"wrong evidence: {claim.evidence_key} for {one.written}"


def _foreign(text: str, values: Iterable[str]) -> Iterator[Statement]:
    """
    Yield the statements that no value makes.

    One that stands within a value quoted word for word is the value's own, like the figures in a
    product's name. It must stand there whole: 两周 does not excuse 十两周.
    """
    quoted = [value for value in values if value]
    known = {key for value in quoted for key in stated(value)}
    places = [
        (found.start(), found.start() + len(value))
        for value in quoted
        for found in re.finditer(f"(?={re.escape(value)})", text)
    ]
    for one in statements(text):
        within = any(start <= one.start and one.end <= end for start, end in places)
        if not (one.article or one.key in known or within):
            yield one


def _strange_words(text: str, values: Iterable[str], offers: Iterable[str]) -> Iterator[str]:
    """Yield offers that nobody told of, and quoted names of nothing we know."""
    found = [word for word in map(_normal, offers) if word in text]
    # 8折 is a quantity like any other: a brief may well spell it 八折.
    words = [word for word in found if all(one.article for one in statements(word))]
    words = [*sorted(words, key=text.index), *_QUOTED.findall(text)]
    yield from (word for word in words if not any(word in value for value in values))


def _normal(text: str) -> str:
    """Return a text in one width, case and script, without the spaces that mean nothing."""
    one_width = unicodedata.normalize("NFKC", _COMMA_IN_A_SENTENCE.sub("、", text)).casefold()
    return _SPACE_BESIDE_CHINESE.sub("", one_width).translate(_AS_WRITTEN_HERE)
