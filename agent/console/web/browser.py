"""Opening the link in the browser of who started the console, and showing it to nobody else.

The arguments of a process can be read by every user of the machine, so the browser is given a file
that only this user can read, and that leads to the link.
"""

import html
import os
import sys
import tempfile
import webbrowser
from pathlib import Path

_FORWARD = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={link}">
<title>routeready</title>
<a href="{link}">Open the console</a>
"""


def show(link: str) -> Path | None:
    """Open a link; the file that leads there, or None where there is no browser to open."""
    if not has_screen():
        return None
    handle, name = tempfile.mkstemp(prefix="routeready-", suffix=".html")  # for this user alone
    path = Path(name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_FORWARD.format(link=html.escape(link)))
    try:
        webbrowser.open(path.as_uri())
    except (OSError, webbrowser.Error):
        path.unlink(missing_ok=True)
        return None
    return path


def has_screen() -> bool:
    """Whether who started this sits at this machine: a terminal here, and a display."""
    if not sys.stdout.isatty() or "SSH_CONNECTION" in os.environ:
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
