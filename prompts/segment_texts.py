"""What operators read of a segment: its name, why somebody is in it, and how to respond."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from schemas.dimensions import Dimension

_FILE = Path(__file__).parent / "segments.yaml"


class _Texts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DimensionText(_Texts):
    """What a dimension asks of a person."""

    title: str
    why: str


class SegmentText(_Texts):
    """One plain sentence each, beside the name."""

    title: str
    why: str
    response: str

    def about(self, name: str, value: str) -> "SegmentText":
        """Return the text with what it is about in its places."""
        filled = {
            key: text.format(name=name, value=value) for key, text in self.model_dump().items()
        }
        return SegmentText(**filled)


class TraitText(_Texts):
    """An inferred trait and its values."""

    title: str
    values: dict[str, str]


class SegmentTexts(_Texts):
    """The content of segments.yaml; `named` are dimensions whose segments are open."""

    dimensions: dict[Dimension, DimensionText]
    segments: dict[Dimension, dict[str, SegmentText]]
    named: dict[Dimension, SegmentText]
    traits: dict[str, TraitText]


@cache
def segment_texts() -> SegmentTexts:
    """Return every text. Raises pydantic's ValidationError if the file lacks one."""
    return SegmentTexts.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def segment_text(dimension: str, segment: str) -> SegmentText:
    """
    Return the text of a stored segment, e.g. of shopper/premium, taste/latte or trait/child:yes.

    Raises KeyError for a segment that no dimension has.
    """
    texts = segment_texts()
    of = Dimension(dimension)
    if of not in texts.named:
        return texts.segments[of][segment]
    name, _, value = segment.partition(":") if of is Dimension.TRAIT else ("", "", segment)
    inferred = texts.traits.get(name)
    if inferred is not None:
        name, value = inferred.title, inferred.values[value]
    return texts.named[of].about(name, value)
