"""What checks, verdicts and triggers are called."""

from typing import assert_never

from domain.gate.verdict import CheckCode, VerdictKind
from domain.lead.model import TriggerKind


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
