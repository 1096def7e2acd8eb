"""The journal, the latest first, filtered by what one looks for."""

import json
from typing import Any

from sandbox.look.web import Asked
from sandbox.state.world import Entry, World

PAGE = 150
VENDORS = ("", "marketo", "salesforce", "slack", "openai", "pdl", "apollo", "hunter", "sandbox")
KINDS = ("", "request", "effect", "delivery", "fault")
LONGEST = 160
"""Characters of an entry's data that its line shows."""


def page(world: World, asked: Asked) -> dict[str, Any]:
    """The newest entries that fit, or those before a place."""
    before = asked.query.get("before", "")
    end = min(int(before), len(world.journal)) if before.isdecimal() else len(world.journal)
    found: list[dict[str, Any]] = []
    for place in range(end - 1, -1, -1):
        entry = world.journal[place]
        if _fits(entry, asked):
            found.append(_line(entry))
        if len(found) == PAGE:
            break
    older = asked.with_(before=str(found[-1]["seq"])) if len(found) == PAGE else ""
    return {
        "entries": found,
        "older": older,
        "is_newest": not before,
        "vendors": VENDORS,
        "kinds": KINDS,
        "total": len(world.journal),
    }


def _fits(entry: Entry, asked: Asked) -> bool:
    wanted = asked.query
    if wanted.get("vendor") not in (None, "", entry.vendor):
        return False
    if wanted.get("kind") not in (None, "", entry.kind):
        return False
    text = wanted.get("q", "").strip().lower()
    return not text or text in f"{entry.name} {json.dumps(entry.data)}".lower()


def _line(entry: Entry) -> dict[str, Any]:
    held = {name: value for name, value in entry.data.items() if value not in (None, "", [])}
    short = ", ".join(f"{name} {_short(value)}" for name, value in held.items())
    return {
        "seq": entry.seq,
        "at": entry.at[:19].replace("T", " "),
        "kind": entry.kind,
        "vendor": entry.vendor,
        "name": entry.name,
        "short": short if len(short) <= LONGEST else f"{short[:LONGEST]}...",
        "whole": json.dumps(entry.data, indent=2, ensure_ascii=False),
    }


def _short(value: Any) -> str:  # noqa: ANN401  (JSON)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
