"""What a ledger holds, counted by kind, so that nobody believes that it holds more."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]


def covered(tables: Rows) -> dict[str, Counter[str]]:
    """Everything that is counted, by heading."""
    counts = {heading: Counter(_names(tables)) for heading, _names in _COUNTS.items()}
    return {"rows": Counter({name: len(rows) for name, rows in tables.items()}), **counts}


def _column(table: str, column: str) -> Callable[[Rows], Iterable[str]]:
    return lambda tables: [str(row[column]) for row in tables[table]]


def _outcomes(*kinds: str) -> Callable[[Rows], Iterable[dict[str, Any]]]:
    return lambda tables: [
        json.loads(row["outcome"]) for row in tables["decision"] if row["kind"] in kinds
    ]


def _verdicts(tables: Rows) -> Iterable[str]:
    return [one["verdict"]["kind"] for one in _outcomes("gate", "route")(tables)]


def _targets(tables: Rows) -> Iterable[str]:
    routed = [one["routed"]["decision"] for one in _outcomes("route")(tables) if one["routed"]]
    return [one["target"]["kind"] if one["kind"] == "route" else one["kind"] for one in routed]


def _rules(tables: Rows) -> Iterable[str]:
    return [
        one["routed"]["decision"]["rule"] for one in _outcomes("route")(tables) if one["routed"]
    ]


def _failed(tables: Rows) -> Iterable[str]:
    checks = [check for one in _outcomes("gate")(tables) for check in one["verdict"]["checks"]]
    return [check["code"] for check in checks if check["outcome"] in ("fail", "wait")]


def _steps(tables: Rows) -> Iterable[str]:
    return [one["kind"] for one in _outcomes("follow")(tables)]


def _rungs(tables: Rows) -> Iterable[str]:
    return [one["rung"] for one in _outcomes("follow")(tables) if one["kind"] == "climb"]


def _reassigned(tables: Rows) -> Iterable[str]:
    given = _outcomes("reassign")(tables)
    return ["nobody" if one["target"] is None else "given" for one in given]


def _changes(tables: Rows) -> Iterable[str]:
    return [one["kind"] for row in tables["proposal"] for one in row["body"]["changes"]]


def _effects(tables: Rows) -> Iterable[str]:
    return [f"{row['kind']} {row['state']}" for row in tables["effect"]]


def _receipts(tables: Rows) -> Iterable[str]:
    told = [row["receipt"] for row in tables["effect"] if row["receipt"] is not None]
    return [
        f"{one['kind']} {one['refusal']}" if one["kind"] == "refused" else one["kind"]
        for one in told
    ]


def _tones(tables: Rows) -> Iterable[str]:
    return [row["action"]["tone"] for row in tables["effect"] if row["kind"] == "tell_owner"]


def _reports(tables: Rows) -> Iterable[str]:
    sent = [row["action"] for row in tables["effect"] if row["kind"] == "send_report"]
    return [one["title"].partition(":")[0] for one in sent]


_COUNTS: Mapping[str, Callable[[Rows], Iterable[str]]] = {
    "decisions": _column("decision", "kind"),
    "policy versions that decided": _column("decision", "policy_version"),
    "verdicts": _verdicts,
    "checks that failed or wait": _failed,
    "routed to": _targets,
    "routing rules": _rules,
    "steps of follow-through": _steps,
    "rungs": _rungs,
    "reassignments": _reassigned,
    "effects": _effects,
    "receipts": _receipts,
    "tones": _tones,
    "reports": _reports,
    "cycles": _column("cycle", "status"),
    "handoffs": _column("handoff", "state"),
    "touches": _column("handoff", "touch"),
    "presses": _column("click", "verb"),
    "disputes": _column("dispute", "state"),
    "approvals": _column("approval", "state"),
    "proposals": _column("proposal", "state"),
    "changes proposed": _changes,
    "publications": _column("publication", "state"),
    "triggers": _column("trigger", "kind"),
    "what triggers led to": lambda tables: [row["outcome"][:23] for row in tables["trigger"]],
    "heard": _column("inbox", "kind"),
    "models asked for": _column("model_call", "purpose"),
}
