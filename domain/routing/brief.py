"""What a rep should know before the first call: what the lead did, and how to begin."""

from datetime import datetime

from domain.gate.snapshot import Snapshot
from domain.intake.triggers import what_happened
from domain.lead.brief import Brief, Happening, Opener
from domain.lead.model import Activity, FieldName
from domain.values import canonical_json

MOST_HAPPENINGS = 3


def brief(snapshot: Snapshot) -> Brief:
    """The brief of a lead, from what was known when it was routed."""
    trigger = snapshot.cycle.trigger
    others = [one for one in snapshot.activities if one.id != trigger.activity_id]
    lately = sorted(others, key=lambda one: (one.at, one.id), reverse=True)
    did = [Happening(at=trigger.at, fact=trigger.fact), *map(_happening, lately)]
    distinct = {canonical_json(one.fact): one for one in reversed(did)}

    def newest_first(one: Happening) -> tuple[datetime, bool, str]:
        return one.at, one.fact == trigger.fact, canonical_json(one.fact)

    newest = sorted(distinct.values(), key=newest_first, reverse=True)
    by_phone = snapshot.lead.text(FieldName.PHONE) is not None
    opener = Opener(trigger=trigger.kind, by_phone=by_phone)
    return Brief(did=tuple(newest[:MOST_HAPPENINGS]), opener=opener)


def _happening(activity: Activity) -> Happening:
    return Happening(at=activity.at, fact=what_happened(activity))
