"""Keys of a policy that were renamed, and reading a policy that was written before they were.

A stored policy is read for as long as the ledger holds it; a file is upgraded once, by
`routeready policy upgrade`.
"""

import json
from collections.abc import Iterator, Mapping

from domain.policy.model import Policy

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
Path = tuple[str | int, ...]

_ANY = "*"
_RENAMED: Mapping[Path, str] = {
    ("queues", _ANY, "answers"): "owner",
    ("follow_through", "ladder", _ANY, "may"): "model_options",
    ("segments", _ANY, "ladder", _ANY, "may"): "model_options",
    ("gate", "always"): "cool_down_exceptions",
    ("enrichment", "keep"): "cache_for",
    ("enrichment", "keep_not_found"): "cache_not_found_for",
    ("sync", "holding"): "unassigned_owners",
    ("touch", "attempts"): "unanswered_calls",
    ("touch", "who"): "made_by",
    ("touch", "before"): "before_assignment",
    ("conversation", "keep"): "remember_for",
    ("conversation", "record"): "retain_for",
    ("conversation", "turns"): "remembered_questions",
    ("conversation", "gifts_per_day"): "reassignments_per_day",
    ("publishing", "fewest"): "min_leads",
    ("publishing", "level"): "confidence",
    ("alerts", "missed"): "missed_leads",
}
"""Old keys by where they stood; `*` is any name or position."""


def new_name(path: Path) -> str | None:
    """What the key at the end of a path is called now; None for one that was not renamed."""
    return next((new for old, new in _RENAMED.items() if _fits(old, path)), None)


def _fits(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and all(
        wanted in (_ANY, part) for wanted, part in zip(pattern, path, strict=True)
    )


def new_path(path: Path) -> Path:
    """Where the part at a path stands once the old keys are renamed."""
    return tuple(new_name(path[: end + 1]) or part for end, part in enumerate(path))


def old_keys(document: Json) -> list[Path]:
    """The paths of all old keys in a policy, in its order."""
    return [path for path in _paths(document, ()) if new_name(path) is not None]


def _paths(node: Json, path: Path) -> Iterator[Path]:
    parts = node.items() if isinstance(node, dict) else ()
    parts = enumerate(node) if isinstance(node, list) else parts
    for key, part in parts:
        yield (*path, key)
        yield from _paths(part, (*path, key))


def upgraded(document: Json, path: Path = ()) -> Json:
    """A policy as plain values with its old keys renamed; all else, and the order, is kept.

    An old key stays where the new one is given too: which of them is meant is not ours to say.
    """
    if isinstance(document, list):
        return [upgraded(one, (*path, index)) for index, one in enumerate(document)]
    if not isinstance(document, dict):
        return document
    found: dict[str, Json] = {}
    for key, part in document.items():
        new = new_name((*path, key))
        name = key if new is None or new in document else new
        found[name] = upgraded(part, (*path, key))
    return found


def read_stored(version: str, body: str) -> Policy:
    """A policy as the ledger keeps it, under the version that it was given then."""
    return Policy.model_validate(upgraded(json.loads(body))).named(version)
