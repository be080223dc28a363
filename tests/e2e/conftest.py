"""A browser as operators have it, and a runwu of their own for them to work with."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.flows.conftest import Installation, installed

# A browser that calls home meets a closed network in CI, and waits for it.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MORNING = "2026-03-02T07:30+08:00"
CONFIG = """
[llm]
base_url = "sandbox"
model = "stand-in"

[review]
batch_size = 4
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The chromium that `make e2e` installs."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no chromium is installed; `make e2e` installs it"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page: no cookies, no choice of interface remembered."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 1000}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Everything `runwu up` starts, its database included, with four wordings to a form."""
    home = tmp_path_factory.mktemp("runwu")
    config = home / "runwu.toml"
    config.write_text(CONFIG)
    with installed(home / "home", {"RUNWU_CONFIG": str(config)}) as made:
        yield made


def shot(page: Page, name: str) -> None:
    """Keep a picture of a page where RUNWU_SHOTS says, for the README."""
    folder = os.environ.get("RUNWU_SHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")
