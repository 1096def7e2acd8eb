"""What a rep should know before the first call: what the lead did, and how to begin."""

from domain.gate.snapshot import Snapshot
from domain.intake.triggers import what_happened
from domain.lead.brief import Brief, Happening
from domain.lead.model import Activity, FieldName, Trigger, TriggerKind

MOST_HAPPENINGS = 3

_OPENINGS = {
    TriggerKind.HAND_RAISE: "They asked to talk to us: call, and ask what made them look now.",
    TriggerKind.MQL_THRESHOLD: (
        "They have been reading up: begin with what they looked at, and ask what they compare."
    ),
    TriggerKind.TARGET_ACCOUNT: (
        "Several people of the account are active: ask who else is looking, and why now."
    ),
    TriggerKind.PRODUCT_QUALIFIED: "They use the product: ask what they tried to get done with it.",
    TriggerKind.RECYCLED: "They came back: ask what has changed since the last conversation.",
}
"""How to begin, by why the lead came up."""


def brief(snapshot: Snapshot) -> Brief:
    """The brief of a lead, from what was known when it was routed."""
    trigger = snapshot.cycle.trigger
    others = [one for one in snapshot.activities if one.id != trigger.activity_id]
    lately = sorted(others, key=lambda one: (one.at, one.id), reverse=True)
    did = [Happening(at=trigger.at, what=trigger.sentence), *map(_happening, lately)]
    distinct = {one.what: one for one in reversed(did)}
    newest = sorted(distinct.values(), key=lambda one: (one.at, one.what), reverse=True)
    return Brief(did=tuple(newest[:MOST_HAPPENINGS]), opening=_opening(trigger, snapshot))


def _happening(activity: Activity) -> Happening:
    return Happening(at=activity.at, what=what_happened(activity))


def _opening(trigger: Trigger, snapshot: Snapshot) -> str:
    words = _OPENINGS[trigger.kind]
    if snapshot.lead.text(FieldName.PHONE) is None:
        return words.replace("call, and ask", "write, and ask")
    return words
