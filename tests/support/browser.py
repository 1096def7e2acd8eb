"""A real browser for the pages that people look at: headless Chromium, driven by Playwright.

`tests/conftest.py` makes the fixtures `browser` and `page` known everywhere. Where no Chromium is
installed the tests that ask for them are skipped with the reason.
"""

import shutil
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Nothing but the page: no updates, no calls home; tests run as root in containers."""
DESK = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)
PATIENCE_MS = 5_000
"""How long Playwright looks for what must be there before a test fails."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A started Chromium. Per module: while it runs, its thread can start no other event loop."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip(f"no browser: install one of {', '.join(NAMES)}")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Generator[Page]:
    """An empty tab; whatever it complains of, content policy included, fails the test."""
    context = browser.new_context(viewport=DESK)
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert [] == complaints


def barriers(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """What keeps people from using the page, as axe-core finds it: rule and first element.

    `options` are axe-core's own, such as which rules are run.
    """
    axe: Any = Axe()  # its options are not typed
    found: list[dict[str, Any]] = axe.run(page, options=options).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


def is_too_wide(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
