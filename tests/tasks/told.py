"""Reading stories in tests."""

from datetime import date
from typing import Any

from schemas.clock import now
from tasks.episodes import Episode, Sent
from tasks.stories import Story, story_of


def story(person: int, day: int | None = None) -> Story:
    """Return a story as it is told now, of all days or of one of March."""
    return story_of(person, None if day is None else date(2026, 3, day), now())


def won(story: Story) -> tuple[Episode, Sent]:
    """Return the episode of a story that came to a message, and the message."""
    (found,) = [
        (one, one.message) for day in story.days for one in day.episodes if one.message is not None
    ]
    return found


def fact(story: Story, key: str) -> Any:
    """Return one of the things known of a person."""
    (found,) = [one for one in story.facts if one.key == key]
    return found
