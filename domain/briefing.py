"""What a rep should know before the first call: what the lead did, and how to begin."""

from domain.lead import Activity, FieldName, Trigger, TriggerKind
from domain.snapshot import Snapshot
from domain.triggers import what_happened
from domain.values import Instant, Value

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


class Happening(Value):
    """Something that happened, and when; shown in the reader's own time zone."""

    at: Instant
    what: str


class Brief(Value):
    """What a message tells of a lead besides whose it is."""

    did: tuple[Happening, ...] = ()
    """What the lead did lately, newest first."""
    opening: str | None = None
    """What to say first."""


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
