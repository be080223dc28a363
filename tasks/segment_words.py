"""Segments in operators' words: what they are called, and what became of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from prompts.catalogue import locale
from prompts.segment_texts import SegmentText, segment_text, segment_texts
from schemas.dimensions import Dimension
from store.segments import Flow


def texts() -> Mapping[str, Any]:
    """Return the words around segments, for whoever shows them."""
    found: Mapping[str, Any] = locale()["pages"]["segments"]
    return found


def ends(flow: Flow) -> tuple[str, str]:
    """Return what both ends of a flow are called."""
    known = flow.dimension == Dimension.LIFECYCLE  # everybody has a stage, not everybody a tier
    source, target = texts()["newcomers" if known else "none"], texts()["gone" if known else "none"]
    return (
        text_of(flow.dimension, flow.source).title if flow.source else source,
        text_of(flow.dimension, flow.target).title if flow.target else target,
    )


def dimension_title(dimension: str) -> str:
    """Return what a dimension is called."""
    return segment_texts().dimensions[Dimension(dimension)].title


def text_of(
    dimension: str, segment: str, names: Mapping[str, str] = MappingProxyType({})
) -> SegmentText:
    """
    Return the text of a segment; one that is defined no longer has its name only.

    `names` are what products are called that a segment knows by their keys.
    """
    try:
        return segment_text(dimension, names.get(segment, segment))
    except KeyError:
        return SegmentText(title=segment, why="", response="")
