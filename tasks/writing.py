"""Who words a message: the language model where there is one, else the scene's own template."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.llm import LlmSession
from prompts.briefs import ask, ask_again, brief_of
from prompts.catalogue import Scene, forbidden_words, offer_words, scenes
from prompts.render import Unrenderable, render
from rules.grounding import ungrounded
from rules.wording_checks import Checked, check_card, check_text
from schemas.channel import Link
from schemas.enums import Author
from schemas.errors import BadAnswer, NoAnswer
from schemas.writing import Claim, Usage, Written
from tasks.wiring import Wiring

_log = logging.getLogger("runwu.writing")


@dataclass(frozen=True)
class Text:
    """
    A text for a wording, who wrote it, and what it cost.

    `violations` keep it from being drafted. `note` says why the template wrote although a model
    was asked.
    """

    text: str
    link: Link
    violations: tuple[str, ...]
    warnings: tuple[str, ...]
    author: Author
    model: str | None = None
    note: str = ""
    claims: tuple[Claim, ...] = ()
    usage: Usage = field(default_factory=Usage)


async def write(wired: Wiring, wordings: Sequence[Any]) -> list[Text]:
    """Return a text for each wording (anything with `scene` and `slots`), in their order."""
    if wired.llm is None:
        return [by_template(wired, scenes()[one.scene], one.slots) for one in wordings]
    async with wired.llm.open() as session:
        tries = [_by_model(wired, session, scenes()[one.scene], one.slots) for one in wordings]
        texts = await asyncio.gather(*tries)
    spent = sum((one.usage for one in texts), Usage())
    _log.info(
        "texts_written model=%d template=%d calls=%d prompt_tokens=%d completion_tokens=%d",
        sum(1 for one in texts if one.author is Author.MODEL),
        sum(1 for one in texts if one.author is Author.TEMPLATE),
        spent.calls,
        spent.prompt_tokens,
        spent.completion_tokens,
    )
    return texts


def by_template(wired: Wiring, scene: Scene, slots: Mapping[str, Any]) -> Text:
    """Return the text of a scene's vetted template."""
    try:
        link = card(wired, scene, slots)
        text = render(scene.template, {**slots, **_names(wired)})
    except Unrenderable as error:
        nowhere = Link("", "", wired.settings.channels.wecom.link_url)
        return Text("", nowhere, (f"template: {error}",), (), Author.TEMPLATE)
    checked = check(wired, scene, text)
    violations = (*checked.violations, *check_card(link.title, link.description, _banned(scene)))
    return Text(text, link, violations, checked.warnings, Author.TEMPLATE)


def check(wired: Wiring, scene: Scene, text: str) -> Checked:
    """Return what is wrong with a text, whoever wrote it."""
    return check_text(
        text,
        max_bytes=wired.settings.channels.wecom.text_bytes,
        forbidden=_banned(scene),
        refusal=wired.settings.business.contact,
    )


def card(wired: Wiring, scene: Scene, slots: Mapping[str, Any]) -> Link:
    """Return the link card of a scene. Raises Unrenderable."""
    values = {**slots, **_names(wired)}
    return Link(
        title=render(scene.rules.link.title, values),
        description=render(scene.rules.link.description, values),
        url=wired.settings.channels.wecom.link_url,
    )


async def _by_model(
    wired: Wiring, session: LlmSession, scene: Scene, slots: Mapping[str, Any]
) -> Text:
    """
    Ask the model, once more with what was wrong if need be, else take the template's text.

    Its card is the template's own: a member reads it first, and nobody checks it claim by claim.
    """
    plain = by_template(wired, scene, slots)
    if plain.violations:
        return plain  # what cannot be said soundly by the template is not worth asking about
    brief = brief_of(scene, slots, **_names(wired))
    try:
        turns = ask(scene, brief)
    except Unrenderable as error:
        return replace(plain, note=f"prompt: {error}")
    usage = Usage()
    wrong: tuple[str, ...] = ()
    for again in (False, True):
        try:
            reply = await session.write(turns, again=again)
        except NoAnswer as error:
            usage += error.usage
            wrong = (str(error),)
            break
        except BadAnswer as error:
            usage += error.usage
            raw, wrong = error.raw, (str(error),)
        else:
            usage += reply.usage
            written = reply.written
            checked = check(wired, scene, written.text)
            wrong = (*checked.violations, *_unfounded(written, brief))
            if not wrong:
                return replace(
                    plain,
                    text=written.text.strip(),
                    warnings=checked.warnings,
                    author=Author.MODEL,
                    model=reply.model,
                    claims=written.claims,
                    usage=usage,
                )
            raw = reply.raw
        turns = ask_again(turns, raw, wrong)
    return replace(plain, note="; ".join(wrong), usage=usage)


def _unfounded(written: Written, brief: Mapping[str, str]) -> tuple[str, ...]:
    return ungrounded(written.text, written.claims, brief, offer_words())


def _banned(scene: Scene) -> tuple[str, ...]:
    return forbidden_words(scene.rules.category)


def _names(wired: Wiring) -> dict[str, str]:
    business = wired.settings.business
    return {"business": business.name, "contact": business.contact}
