"""What codes are called on a page: one term for one thing, and the same one everywhere.

Codes are stored, counted and compared; nothing here is. A code that a page shows must be in one of
these tables.
"""

from collections.abc import Mapping

from agent.ledger.tables.states import EffectState
from agent.ledger.views.lead_lists import Order, Standing
from domain.conversation.permissions import Ability
from domain.gate.verdict import Outcome as CheckOutcome
from domain.language import names
from domain.lead.model import TriggerKind
from domain.metrics.measures import Dimension
from domain.policy.follow_through import Move
from domain.rollout.canary import State
from domain.values import Source

STATUSES = names.STATUSES
"""Where a lead stands."""
LISTS: Mapping[Standing, str] = {
    Standing.LATE: "SLA breaches",
    Standing.SOON: "At risk",
    Standing.UNTOUCHED: "Unworked",
    Standing.LISTED: "Unworked after final escalation",
    Standing.NOBODYS: "Not yet assigned",
    Standing.APPROVAL: "Pending approval",
    Standing.WAITING: "Pending",
    Standing.PARKED: "Needs review",
    Standing.REJECTED: "Disqualified",
    Standing.TOUCHED: "Touched",
    Standing.CLOSED: "Closed without a touch",
}
"""Lists of leads."""
ORDERS: Mapping[Order, str] = {
    Order.NEWEST: "Newest first",
    Order.OLDEST: "Oldest first",
    Order.DUE: "Due first",
}
ROLES: Mapping[str, str] = {
    "rep": "Rep",
    "manager": "Manager",
    "ops": "RevOps admin",
    "viewer": "Viewer",
}
OUTCOMES: Mapping[CheckOutcome, str] = {
    CheckOutcome.PASS: "passed",
    CheckOutcome.FAIL: "failed",
    CheckOutcome.WAIT: "pending",
    CheckOutcome.NOT_APPLICABLE: "not applicable",
}
UPDATES = names.UPDATES
TRIGGERS: Mapping[TriggerKind, str] = {kind: names.trigger(kind) for kind in TriggerKind}
DECISIONS: Mapping[str, str] = {
    "follow": "Follow-up",
    "reassign": "Reassigned",
    "observed": "Seen in Salesforce",
    "said": "Rep's answer in Slack",
    "directed": "Change by a person",
    "explained": "Investigated by the model",
}
"""What is decided beside checks and routing."""
DIMENSIONS: Mapping[Dimension, str] = {
    Dimension.SEGMENT: "segment",
    Dimension.TERRITORY: "territory",
    Dimension.SOURCE: "lead source",
    Dimension.TIER: "ICP tier",
    Dimension.REP: "rep",
    Dimension.RULE: "routing rule",
    Dimension.TRIGGER: "trigger",
    Dimension.PRODUCT: "product",
    Dimension.COUNTRY: "country",
    Dimension.POLICY: "policy version",
    Dimension.WEEK: "week",
}
UPDATE_STATES: Mapping[EffectState, str] = {
    EffectState.PLANNED: "scheduled",
    EffectState.ATTEMPTED: "in progress",
    EffectState.UNKNOWN: "unconfirmed",
    EffectState.DEAD: "failed",
}
"""Of an update that is not done."""
MOVES: Mapping[Move, str] = {
    Move.REMIND: "remind the owner",
    Move.NUDGE: "notify the owner",
    Move.ESCALATE: "notify the manager",
    Move.REASSIGN: "reassign",
    Move.LIST: "list as unworked",
}
ACTS: Mapping[str, str] = {
    Ability.GIVE: "Reassign",
    Ability.HOLD: "Put on hold",
    Ability.RELEASE: "Release",
    Ability.SNOOZE: "Snooze reminders",
    Ability.CORRECT: "Correct field",
    Ability.GATE_AGAIN: "Run checks again",
    Ability.TRY_AGAIN: "Retry failed update",
    Ability.APPROVE: "Approve assignment",
    Ability.DENY: "Deny assignment",
    Ability.PAUSE: "Pause",
    Ability.RESUME: "Resume",
}
"""The buttons: what a person can do."""
FORM_FIELDS: Mapping[str, str] = {
    "to": "the new owner",
    "until": "the date or length of the hold",
    "lasting": "how long to snooze",
    "reason": "the reason",
    "field": "the field",
    "value": "the new value",
    "scope": "what to pause",
    "lead": "the lead",
}
"""What a form asks for, as an error names it."""
PUBLICATIONS: Mapping[State, str] = {state: names.publication_state(state) for state in State}
RUNS: Mapping[str, str] = {"routing": "Routing", "following": "Follow-up"}
FEEDS: Mapping[str, str] = {
    "activities": "Marketo activities",
    "changes": "Marketo field changes",
    "salesforce stirred": "Salesforce changes",
}
DATABASES: Mapping[str, str] = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
PROVIDERS: Mapping[str, str] = {"pdl": "People Data Labs", "apollo": "Apollo", "hunter": "Hunter"}
LOOKS: Mapping[str, str] = {
    "looked": "viewed",
    "proposed": "requested a change",
    "decided": "decided a request",
    "ruled": "ruled on a dispute",
    "tried": "tested a policy",
    "tried leads": "tried leads",
    "published": "published a policy",
    "agreed": "approved a policy",
    "rolled back": "rolled back a policy",
    "approved": "approved an assignment",
    "denied": "denied an assignment",
    "made a link": "created a console link",
    "made a token": "created a sign-in token",
    "expelled": "ended a user's sessions",
}
"""What somebody did, in the audit log."""
SOURCES: Mapping[Source, str] = {
    Source.PERSON: "Colleague",
    Source.FORM: "Form",
    Source.MARKETO: "Marketo",
    Source.SALESFORCE: "Salesforce",
    Source.ACCOUNT: "Salesforce account",
    Source.PDL: "People Data Labs",
    Source.APOLLO: "Apollo",
    Source.HUNTER: "Hunter",
    Source.PHONE: "Phone number",
    Source.DOMAIN: "Email or web domain",
    Source.DERIVED: "Calculated",
    Source.MODEL: "Model",
}
"""Where a field's value came from."""
