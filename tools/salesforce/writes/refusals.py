"""What an error of one record means for the next step: by its code, and by the words inside it.

A trigger or flow of the org wraps the true error in its own (Salesforce: "first error: CODE,
words"), so the innermost code that is known decides. A new kind of error is one row here.
"""

import re
from collections.abc import Sequence

from domain.effects import Refusal
from tools.salesforce.records import fields

_CODES = {
    "CANNOT_UPDATE_CONVERTED_LEAD": Refusal.CONVERTED,
    "ENTITY_IS_DELETED": Refusal.GONE,
    "NOT_FOUND": Refusal.GONE,
    "INVALID_CROSS_REFERENCE_KEY": Refusal.GONE,
    "PRECONDITION_FAILED": Refusal.OWNER_CHANGED,
    "INACTIVE_OWNER_OR_USER": Refusal.OWNER_UNFIT,
    "OP_WITH_INVALID_USER_TYPE_EXCEPTION": Refusal.OWNER_UNFIT,
    "TRANSFER_REQUIRES_READ": Refusal.OWNER_UNFIT,
    "ENTITY_IS_LOCKED": Refusal.OTHER,
    **dict.fromkeys(
        (
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "PROCESSING_HALTED",
            "QUERY_TIMEOUT",
            "REQUEST_RUNNING_TOO_LONG",
            "SERVER_UNAVAILABLE",
            "UNABLE_TO_LOCK_ROW",
            "UNKNOWN_EXCEPTION",
        ),
        Refusal.LOCKED,
    ),
    **dict.fromkeys(
        (
            "DUPLICATES_DETECTED",
            "DUPLICATE_VALUE",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "FIELD_FILTER_VALIDATION_EXCEPTION",
            "FIELD_INTEGRITY_EXCEPTION",
            "INVALID_EMAIL_ADDRESS",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "REQUIRED_FIELD_MISSING",
            "STRING_TOO_LONG",
        ),
        Refusal.DATA,
    ),
    **dict.fromkeys(
        (
            "API_CURRENTLY_DISABLED",
            "API_DISABLED_FOR_ORG",
            "APEX_ERROR",
            "CANNOT_EXECUTE_FLOW_TRIGGER",
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "FUNCTIONALITY_NOT_ENABLED",
            "INSUFFICIENT_ACCESS",
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "INVALID_FIELD",
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "INVALID_TYPE",
            "LICENSE_LIMIT_EXCEEDED",
            "LIMIT_EXCEEDED",
            "STORAGE_LIMIT_EXCEEDED",
            "TXN_SECURITY_METERING_ERROR",
        ),
        Refusal.SETUP,
    ),
}
"""Every code that we know; any other is looked at again."""

_ABOUT_OWNER = frozenset(
    {"FIELD_INTEGRITY_EXCEPTION", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"}
)
_WRAPPERS = frozenset(
    {
        "APEX_ERROR",
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    }
)
"""Codes of the org's own triggers and flows: what happened is in their words."""
_INNER = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_PASSES = re.compile(
    r"unable to obtain exclusive access|record currently unavailable|currently being modified"
    r"|System\.LimitException|\bdeadlock|timed? ?out|Too many (?:SOQL|DML|queueable|query)"
    r"|CPU time limit|try again",
    re.IGNORECASE,
)
"""Words of what is over soon, whoever tells it: locks, and limits of one transaction."""
_THE_LEADS_OWN = frozenset({Refusal.LOCKED, Refusal.DATA, Refusal.CONVERTED})
"""What a wrapped code may mean. A trigger writes other records too, so whose deletion or owner it
tells of is not known; that is the trigger's fault, not the lead's."""


def refusal(code: str, words: str, named: Sequence[str]) -> Refusal:
    """What a record's error means for us; `named` are the fields that Salesforce blames."""
    if code in _WRAPPERS:
        return _wrapped(words)
    if code == "FIELD_CUSTOM_VALIDATION_EXCEPTION" and _is_guard(words):
        return Refusal.OWNER_CHANGED
    if code in _ABOUT_OWNER and ("OwnerId" in named or "owner" in words.lower()):
        return Refusal.OWNER_UNFIT
    return _CODES.get(code, Refusal.OTHER)


def _is_guard(words: str) -> bool:
    """Whether the rule that refused is our own package's."""
    return fields.GUARD_WORDS in words


def _wrapped(words: str) -> Refusal:
    """What the words of a trigger or a flow tell: the innermost error that we know."""
    if _is_guard(words):
        return Refusal.OWNER_CHANGED
    inner = [one for one in _INNER.findall(words) if one in _CODES and one not in _WRAPPERS]
    found = _CODES[inner[-1]] if inner else None
    if found is not None and found in _THE_LEADS_OWN:
        return found
    if _PASSES.search(words):
        return Refusal.LOCKED
    return Refusal.SETUP if found is None else _about_lead(found, words)


def _about_lead(found: Refusal, words: str) -> Refusal:
    """A wrapped owner's error counts as the lead's only where the words say so."""
    is_leads = found is Refusal.OWNER_UNFIT and "owner of lead" in words.lower()
    return found if is_leads else Refusal.SETUP
