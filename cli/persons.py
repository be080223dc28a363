"""Whom a command is about."""

from collections.abc import Mapping

from schemas.errors import RunwuError

_NAMES_SHOWN = 5


def one_of(wanted: str, found: Mapping[str, int]) -> int:
    """Return the one person an id means. Raises RunwuError saying what else it might be."""
    persons = set(found.values())
    if not persons:
        raise RunwuError(
            f"nobody is known as {wanted!r}: it is no person id, member key, unionid or WeCom "
            "external_userid; the page why-not in the Prefect UI names person ids, your shop "
            "knows member keys"
        )
    if len(persons) > 1:
        names = list(found)
        shown = ", ".join(names[:_NAMES_SHOWN]) + (", …" if len(names) > _NAMES_SHOWN else "")
        raise RunwuError(f"{wanted!r} may be any of {shown}; ask for one of these")
    return persons.pop()
