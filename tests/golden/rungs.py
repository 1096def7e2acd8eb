"""Which intent each stored effect stands for, told by what is stored, as 0.1.0 worded it.

An effect's key is a hash of its cycle, its kind and a word for the intent, the rung. The words
here are what they were when the ledger was made: they are in every key of every installation.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

Row = Mapping[str, Any]
MOST_LOOKS, MOST_STAGES = 5, 9
DAY = timedelta(days=1)


def rungs(effect: Row, decision: Row | None) -> list[str]:
    """The words that an effect's key may have been made of; mostly there is one."""
    return list(_RUNGS[effect["kind"]](effect, decision))


def _set_owner(effect: Row, decision: Row | None) -> Iterable[str]:
    cited = effect["decision_id"]
    if decision is not None and decision["kind"] == "reassign":
        return [f"stage {_stage(decision) + 1}"]
    if decision is not None and decision["kind"] == "directed":
        return [f"stage {stage} by {cited}" for stage in range(1, MOST_STAGES)]
    return ["", *map(str, range(1, MOST_LOOKS))]


def _mirror_fields(effect: Row, _: Row | None) -> Iterable[str]:
    stamp, cited = effect["action"]["stamp"], effect["decision_id"]
    if stamp is None:
        return ["ended"]
    return [cited if stamp["status"] in ("assigned", "reassigned") else f"verdict {cited}"]


def _cited(effect: Row, _: Row | None) -> Iterable[str]:
    return [effect["decision_id"]]


def _tell_owner(effect: Row, decision: Row | None) -> Iterable[str]:
    if decision is None or effect["action"]["tone"] == "assigned":
        return [effect["decision_id"]]
    return [f"{_stage(decision)}/{json.loads(decision['outcome'])['rung']}"]


def _tell_manager(effect: Row, decision: Row | None) -> Iterable[str]:
    assert decision is not None
    return [f"{_stage(decision)}/{effect['action']['rung']}"]


def _set_task(effect: Row, decision: Row | None) -> Iterable[str]:
    assert decision is not None
    return ["ended" if effect["action"]["is_done"] else f"{_stage(decision)}"]


def _send_report(effect: Row, _: Row | None) -> Iterable[str]:
    to, cited = effect["action"]["to"], effect["decision_id"]
    subject = effect["action"]["title"].removeprefix("Worth a look: ")
    planned = datetime.fromisoformat(effect["planned_at"])
    for day in (planned - DAY, planned, planned + DAY):
        date = day.date().isoformat()
        yield from (f"digest {to} {date}", f"review {date}", f"leakage {date}")
        yield f"alert fallback {subject} {date} {to}"
    yield from (f"rollback p1 {to}", f"{cited} decided", f"{cited} {to}")


def _log_call(effect: Row, _: Row | None) -> Iterable[str]:
    return [effect["action"]["key"].removeprefix("call ")]


def _correct_field(effect: Row, _: Row | None) -> Iterable[str]:
    return [f"{effect['action']['field']} {effect['decision_id']}"]


def _stage(decision: Row) -> int:
    """The stage of the handoff that a decision was about."""
    inputs = json.loads(decision["inputs"])
    return int(inputs.get("handoff", inputs)["stage"])


_RUNGS: Mapping[str, Callable[[Row, Row | None], Iterable[str]]] = {
    "set_owner": _set_owner,
    "mirror_fields": _mirror_fields,
    "mirror_activity": _cited,
    "request_sync": lambda _, __: [""],
    "tell_owner": _tell_owner,
    "tell_manager": _tell_manager,
    "send_report": _send_report,
    "stamp_touch": lambda _, __: ["ended"],
    "set_task": _set_task,
    "log_call": _log_call,
    "correct_field": _correct_field,
}
