"""The sources a business may configure, told apart by `type`."""

from typing import Annotated

from pydantic import Field

from schemas.sources.base import SourceSection
from schemas.sources.file import DropRule, FileSource, Rehearsal
from schemas.sources.shop import ShopSource

SourceSettings = Annotated[ShopSource | FileSource, Field(discriminator="type")]

__all__ = ["DropRule", "FileSource", "Rehearsal", "ShopSource", "SourceSection", "SourceSettings"]
