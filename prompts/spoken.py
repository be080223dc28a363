"""What the rules say in English, said to operators in their own language."""

from prompts.catalogue import locale


def spoken(objection: str) -> str:
    """
    Return a rule's objection ("what: detail") as operators read it.

    Objections are stored and logged in English, like everything a machine may look for; one that
    has no translation is shown as it is.
    """
    what, _, detail = objection.partition(": ")
    template: str | None = locale()["objections"].get(what)
    if template is None:
        return objection
    return template.format(detail=spoken(detail) if detail else "")
