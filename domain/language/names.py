"""What checks, verdicts, statuses, updates, triggers, leaks and publications are called."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, assert_never, get_args

from domain.gate.verdict import CheckCode, VerdictKind
from domain.grammar import short_day
from domain.lead.model import TriggerKind
from domain.metrics.leakage import Leak, LeakKind, obstacle
from domain.metrics.measures import Dimension
from domain.rollout.canary import Publication, State


def check(code: CheckCode) -> str:  # noqa: C901, PLR0911  (one case per check)
    """What a check looks at."""
    match code:
        case CheckCode.TRIGGER:
            return "Trigger"
        case CheckCode.IDENTITY:
            return "Identity"
        case CheckCode.REQUIRED_FIELDS:
            return "Required fields"
        case CheckCode.CONSENT:
            return "Consent"
        case CheckCode.NOT_EXCLUDED:
            return "Exclusions"
        case CheckCode.QUALIFIED:
            return "Qualification"
        case CheckCode.DEDUPED:
            return "Duplicates"
        case CheckCode.MATCH_RESOLVED:
            return "Account match"
        case CheckCode.CRM_PRESENT:
            return "Salesforce record"
        case CheckCode.FRESH:
            return "Data freshness"
        case CheckCode.NOT_HELD:
            return "Holds"
        case _:
            assert_never(code)


def verdict(kind: VerdictKind) -> str:
    """What a verdict is called."""
    match kind:
        case "READY":
            return "Ready to route"
        case "WAIT":
            return "Pending"
        case "PARK":
            return "Needs review"
        case "REJECT":
            return "Disqualified"
        case _:
            assert_never(kind)


UPDATES: Mapping[str, str] = {
    "set_owner": "Salesforce owner update",
    "mirror_fields": "Marketo field update",
    "mirror_activity": "Marketo activity",
    "request_sync": "Marketo sync request",
    "tell_owner": "Slack DM to the owner",
    "tell_manager": "Slack DM to the manager",
    "refresh_message": "Slack message update",
    "send_report": "Slack report",
    "stamp_touch": "First-touch stamp in Salesforce",
    "set_task": "Salesforce task update",
    "log_call": "Salesforce call log",
    "correct_field": "Marketo field correction",
}
"""Each kind of effect before it is done."""
UPDATED: Mapping[str, str] = {
    "set_owner": "Salesforce owner updated",
    "mirror_fields": "Marketo fields updated",
    "mirror_activity": "Marketo activity logged",
    "request_sync": "Marketo sync to Salesforce requested",
    "tell_owner": "Slack DM sent to the owner",
    "tell_manager": "Slack DM sent to the manager",
    "refresh_message": "Slack message updated",
    "send_report": "Slack report sent",
    "stamp_touch": "First touch stamped in Salesforce",
    "set_task": "Salesforce task updated",
    "log_call": "Call logged in Salesforce",
    "correct_field": "Field corrected in Marketo",
}
"""Each kind of effect once it is done."""
UPDATE_STATES: Mapping[str, str] = {
    "planned": "scheduled",
    "attempted": "in progress",
    "unknown": "unconfirmed, checking with the vendor",
    "refused": "refused",
    "dead": "failed",
}
"""How an effect stands that isn't done."""
STATUSES: Mapping[str, str] = {
    "open": "new",
    "waiting": "pending",
    "parked": "needs review",
    "rejected": "disqualified",
    "approval": "pending approval",
    "assigning": "assigning",
    "assigned": "assigned",
    "touched": "touched",
    "closed": "closed",
    "shadowed": "shadow mode",
    "denied": "assignment denied",
    "gone": "deleted in Marketo",
}
"""Where a lead stands."""


def system(kind: str) -> str:
    """Where an effect of this kind goes."""
    match kind:
        case "set_owner" | "stamp_touch" | "set_task" | "log_call":
            return "Salesforce update"
        case "mirror_fields" | "mirror_activity" | "request_sync" | "correct_field":
            return "Marketo update"
        case "tell_owner" | "tell_manager" | "refresh_message" | "send_report":
            return "Slack message"
        case _:
            return "update"


def trigger(kind: TriggerKind) -> str:
    """What a kind of trigger is called."""
    match kind:
        case TriggerKind.HAND_RAISE:
            return "hand raise"
        case TriggerKind.MQL_THRESHOLD:
            return "MQL score"
        case TriggerKind.TARGET_ACCOUNT:
            return "target account"
        case TriggerKind.PRODUCT_QUALIFIED:
            return "product-qualified"
        case TriggerKind.RECYCLED:
            return "recycled"
        case _:
            assert_never(kind)


_REGIONS = frozenset({"amer", "anz", "apac", "dach", "emea", "eu", "latam", "na", "uk", "us"})
"""Abbreviations of regions, which people write in capitals."""


def pool(name: str) -> str:
    """A pool as people write its name: `us_west` is `US West`, `My pool` stays as it is."""
    if not name.islower() or " " in name:
        return name
    parts = name.replace("-", "_").split("_")
    return " ".join(one.upper() if one in _REGIONS else one.capitalize() for one in parts)


def queue(name: str) -> str:
    """A queue by its name in the policy: `review` is `review queue`."""
    told = name.replace("_", " ")
    return told if told.casefold().endswith("queue") else f"{told} queue"


_Step = Literal["rest", "climb", "pass", "end"]


def _tally(kind: VerdictKind | _Step) -> str:
    match kind:
        case "READY":
            return "routed"
        case "WAIT":
            return "pending"
        case "PARK":
            return "needs review"
        case "REJECT":
            return "disqualified"
        case "rest":
            return "on track"
        case "climb":
            return "escalated"
        case "pass":
            return "reassigned manually"
        case "end":
            return "closed"
        case _:
            assert_never(kind)


TALLIES = {kind: _tally(kind) for kind in (*get_args(VerdictKind), *get_args(_Step))}
"""What became of leads in one run of the worker, by verdict and by step."""


def ruling(state: str) -> str:
    """How a dispute stands, by its state in the ledger."""
    return _RULINGS.get(state, state)


_RULINGS = {
    "open": "pending",
    "accepted": "accepted, lead reassigned",
    "refused": "denied, owner kept",
}


def group(dimension: Dimension, value: str) -> str:
    """What a group of leads is called within its dimension."""
    if dimension is Dimension.TRIGGER and value in set(TriggerKind):
        return trigger(TriggerKind(value))
    if dimension is Dimension.WEEK:
        return f"week of {short_day(date.fromisoformat(value))}"
    return value


def blocked(blocked_by: str) -> str:
    """What keeps a lead from being routed: `IDENTITY (company)` is `company missing`."""
    what = obstacle(blocked_by)
    if what in set(CheckCode):
        return _blocking(CheckCode(what))
    told = what.replace("_", " ")
    return _OBSTACLES.get(what, told.lower() if what.isupper() else f"{told} missing")


_OBSTACLES = {
    "APPROVAL": "pending approval",
    "SALESFORCE": "update refused by Salesforce",
    "DEFECT": "internal error",
    "other": "other reason",
}
"""What holds a lead back beside the checks."""


def _blocking(code: CheckCode) -> str:  # noqa: C901, PLR0911  (one case per check)
    match code:
        case CheckCode.TRIGGER:
            return "no valid trigger"
        case CheckCode.IDENTITY:
            return "no usable email address or company"
        case CheckCode.REQUIRED_FIELDS:
            return "required fields missing"
        case CheckCode.CONSENT:
            return "no consent"
        case CheckCode.NOT_EXCLUDED:
            return "excluded"
        case CheckCode.QUALIFIED:
            return "does not meet the qualification criteria"
        case CheckCode.DEDUPED:
            return "possible duplicate"
        case CheckCode.MATCH_RESOLVED:
            return "account match unclear"
        case CheckCode.CRM_PRESENT:
            return "not in Salesforce yet"
        case CheckCode.FRESH:
            return "data out of date"
        case CheckCode.NOT_HELD:
            return "on hold"
        case _:
            assert_never(code)


def leak(one: Leak) -> str:
    """How demand is lost."""
    match one.kind:
        case LeakKind.NOT_ASSIGNED:
            return "route-ready, not assigned"
        case LeakKind.SLA_BREACH:
            return "SLA breach, no first touch"
        case LeakKind.NOT_NOTIFIED:
            return "assigned, owner not notified"
        case LeakKind.UNKNOWN_OWNER:
            return "assigned to an owner who is not in the policy"
        case LeakKind.SYNC_OVERDUE:
            return "sync to Salesforce overdue"
        case LeakKind.FAILED_UPDATES:
            return "failed updates"
        case LeakKind.NOT_ROUTABLE:
            return f"not routable: {blocked(one.obstacle)}"
        case _:
            assert_never(one.kind)


def publication(one: Publication) -> str:
    """A published policy and where it stands, in one line."""
    said = f"policy {one.version} to {one.scope}, {publication_state(one.state)}"
    return f"{said}: {one.ended_because}" if one.ended_because else said


def publication_state(state: State) -> str:
    """Where a published policy stands."""
    match state:
        case State.PROPOSED:
            return "pending second approval"
        case State.LIVE:
            return "live trial"
        case State.WITHDRAWN:
            return "withdrawn"
        case State.ROLLED_BACK:
            return "rolled back"
        case State.ADOPTED:
            return "adopted"
        case State.OVERTAKEN:
            return "superseded by a file change"
        case State.REPLACED:
            return "replaced"
        case _:
            assert_never(state)
