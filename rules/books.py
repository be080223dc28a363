"""The equations that must hold for every run."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Equation:
    """A whole and the parts that must add up to it."""

    name: str
    whole: int
    parts: Mapping[str, int]

    @property
    def balances(self) -> bool:
        """Tell whether the parts make the whole."""
        return self.whole == sum(self.parts.values())

    def __str__(self) -> str:
        """Return the equation as an operator reads it."""
        sign = "=" if self.balances else "≠"
        parts = " + ".join(f"{count} {name}" for name, count in self.parts.items())
        return f"{self.whole} {self.name} {sign} {parts or 0}"
