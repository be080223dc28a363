"""Where everything random comes from: the seed and stable names, never the order of calls."""

import hashlib
from random import Random


def chance(seed: int, *names: object) -> Random:
    """Return dice that fall the same way whenever the same seed and names ask for them."""
    return Random(":".join(str(part) for part in (seed, *names)))  # noqa: S311  a simulation


def digest(*names: object) -> str:
    """Return 64 hexadecimal digits that stand for these names."""
    return hashlib.sha256(":".join(str(part) for part in names).encode()).hexdigest()
