"""Take the README's pictures anew, from the demo company: `python docs/pictures.py`, or `make pictures`."""

import io
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
DAYS, PORT = 2, 8759
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ["--headless", "--no-sandbox", "--disable-gpu"]
COLORS = 64
"""Enough for flat pages, and a third of the bytes."""
SHARP = 1.5
"""Pixels of a picture for one of the page: readable on a dense screen."""


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """The demo company, running; the link to its console, and the address of its Slack."""
    command = [sys.executable, "-m", "agent.cli", "demo", "--serve"]
    command += ["--days", str(DAYS), "--port", str(PORT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            look = ""
            for line in process.stdout or ():
                found = re.search(r"http://\S+", line)
                look = found[0] if found and found[0].endswith("/look") else look
                if found and f":{PORT}" in found[0]:
                    yield found[0], look
                    return
            raise SystemExit("the demo ended before it served its console")
        finally:
            process.terminate()


def keep(shot: bytes, name: str) -> None:
    """Write a picture with few colors, so that the repository stays small."""
    path = PICTURES / name
    path.parent.mkdir(exist_ok=True)
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLORS).save(path, optimize=True)
    sys.stdout.write(f"{path}: {path.stat().st_size // 1024} kB\n")


def settled(page: Page, address: str, patience: float = 90) -> None:
    """Open a page, and again until nothing on it is still being computed."""
    end = time.monotonic() + patience
    page.goto(address)
    while page.get_by_text(re.compile(r"^(…|\.\.\.)$")).count() and time.monotonic() < end:
        page.wait_for_timeout(3_000)
        page.goto(address)


def opened(page: Page, address: str, wanted: Locator, patience: float = 180) -> None:
    """Open a page, and again until what is wanted is on it: leads come in as time passes."""
    end = time.monotonic() + patience
    page.goto(address)
    page.wait_for_timeout(3_000)
    while not wanted.count() and time.monotonic() < end:
        page.goto(address)
        page.wait_for_timeout(5_000)


def main() -> None:
    """Both pictures."""
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        raise SystemExit(f"no browser: install one of {', '.join(BROWSERS)}")
    with demo() as (link, look), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        desk = browser.new_context(
            viewport={"width": 1080, "height": 640}, device_scale_factor=SHARP
        )
        page = desk.new_page()
        page.goto(link)  # it works once, and leads to the first page
        settled(page, page.url)
        keep(page.screenshot(), "console.png")
        asks = page.locator("article.message").filter(has=page.get_by_role("button"))
        opened(page, look, asks)
        new = asks.filter(has_text=re.compile("new lead", re.IGNORECASE))
        shown = new.last if new.count() else asks.last
        shown.scroll_into_view_if_needed()
        keep(shown.screenshot(), "slack.png")
        browser.close()


if __name__ == "__main__":
    main()
