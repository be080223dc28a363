"""The review form in either generation of the Prefect UI, handled as a person would."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Error, Locator, Page, expect
from tenacity import retry, retry_if_exception_type, stop_after_attempt

DIALOG = "[role=dialog]"


@dataclass(frozen=True)
class NewDesk:
    """The newer UI, to which operators are sent: Resume hides in a menu, lists open by mouse."""

    page: Page
    prefect: str
    generation = "v2"

    def open_list(self) -> None:
        """Open the list of runs that wait for somebody."""
        self.page.goto(f"{self.prefect}/v2/runs?state=Suspended")

    def open_form(self) -> None:
        """Open the form of the run that is shown."""
        self.page.get_by_role("button", name="Open menu").click()
        self.page.get_by_role("menuitem", name="Resume").click()
        self.page.locator(f"{DIALOG} textarea").first.wait_for()

    def decide(self, ordinal: int, decision: str) -> None:
        """Choose a decision for a wording."""
        select = self.page.get_by_role("button", name=f"Select {ordinal}. 决定")
        _choose(select, select.click, decision)

    def submit(self) -> None:
        """Send the form."""
        self.page.locator(DIALOG).get_by_role("button", name="Resume").click()

    def text(self, ordinal: int) -> Locator:
        """Return the editable text of a wording."""
        return _text(self.page, ordinal)

    def name(self, reviewer: str) -> None:
        """Fill in who decides."""
        _text(self.page, 0).fill(reviewer)


@dataclass(frozen=True)
class OldDesk:
    """The older UI: Resume is in sight; lists open by keyboard, the text field is one line high."""

    page: Page
    prefect: str
    generation = "v1"

    def open_list(self) -> None:
        """Open the list of runs that wait for somebody."""
        self.page.goto(f"{self.prefect}/runs?state=Suspended")

    def open_form(self) -> None:
        """Open the form of the run that is shown."""
        self.page.get_by_role("button", name="Resume").first.click()
        self.page.locator(f"{DIALOG} textarea").first.wait_for()

    def decide(self, ordinal: int, decision: str) -> None:
        """Choose a decision for a wording."""
        selects = self.page.locator(".schema-form-property-input .p-select-button__control")
        select = selects.nth(ordinal - 1)
        _choose(select, lambda: select.press("ArrowDown"), decision)

    def submit(self) -> None:
        """Send the form."""
        self.page.locator(DIALOG).get_by_role("button", name="Submit").click()

    def text(self, ordinal: int) -> Locator:
        """Return the editable text of a wording."""
        return _text(self.page, ordinal)

    def name(self, reviewer: str) -> None:
        """Fill in who decides."""
        _text(self.page, 0).fill(reviewer)


def _text(page: Page, place: int) -> Locator:
    """Return a text field by its place: the reviewer's name comes first, then the wordings."""
    return page.locator(f"{DIALOG} textarea").nth(place)


@retry(
    retry=retry_if_exception_type((Error, AssertionError)),
    stop=stop_after_attempt(5),
    reraise=True,
)
def _choose(select: Locator, open_list: Callable[[], None], decision: str) -> None:
    """Choose from a list; one that closes before the click, as lists sometimes do, again."""
    select.scroll_into_view_if_needed()
    option = select.page.get_by_role("option", name=decision)
    if not option.is_visible():
        open_list()
    option.click(timeout=5_000)
    expect(select).to_contain_text(decision, timeout=5_000)
