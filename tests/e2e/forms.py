"""The review form in either generation of the Prefect UI, handled as a person would."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page

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
        self.page.get_by_role("button", name=f"Select {ordinal}. 决定").click()
        self.page.get_by_role("option", name=decision).click()

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
        select = self.page.locator(".schema-form-property-input .p-select-button__control")
        select.nth(ordinal - 1).press("ArrowDown")
        self.page.get_by_role("option", name=decision).click()

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
