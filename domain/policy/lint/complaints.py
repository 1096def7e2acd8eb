"""What the check of a policy says of one mistake, and of a name that nothing has."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from domain.policy.model import Policy

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Lint:
    """One complaint."""

    severity: Literal["error", "warning"]
    path: Path
    sentence: str
    suggestion: str


def error(path: Path, sentence: str, suggestion: str) -> Lint:
    """What must be fixed before the policy is used."""
    return Lint("error", path, sentence, suggestion)


def warning(path: Path, sentence: str, suggestion: str) -> Lint:
    """What is probably not intended."""
    return Lint("warning", path, sentence, suggestion)


def reference(path: Path, kind: str, name: str, known: Iterable[str]) -> Iterator[Lint]:
    """Complain when `name` is not among `known`."""
    names = sorted(known)
    if name in names:
        return
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        advice = f'Did you mean "{close[0]}"?'
    elif kind in _ADDED:
        advice = f"Add it under {kind}s, or use another {kind}."
    else:
        advice = f"Use one of: {', '.join(names)}."
    yield error(path, f'Unknown {_NAMES.get(kind, kind)} "{name}"', advice)


_ADDED = frozenset({"calendar", "user", "queue", "pool", "region", "segment"})
"""Kinds of names that the policy itself makes."""
_NAMES = {"fact": "field", "email_kind": "kind of email address", "icp_tier": "ICP tier"}
"""What people call a kind of name, where it is not the policy's own key."""


def target(path: Path, target: str, policy: Policy) -> Iterator[Lint]:
    """Check `user:...`, `pool:...` or `queue:...`."""
    kind, colon, name = target.partition(":")
    known: Mapping[str, Iterable[str]] = {
        "user": policy.users,
        "pool": policy.pools,
        "queue": policy.queues,
    }
    if not colon or kind not in known:
        advice = "Write user:EMAIL, pool:NAME or queue:NAME."
        yield error(path, f'"{target}" is not an owner', advice)
    else:
        yield from reference(path, kind, name, known[kind])
