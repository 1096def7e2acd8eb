"""Policies as releases before the renamed keys wrote them: files, and rows of the ledger."""

import json

from domain.policy.model import Policy
from domain.policy.upgrade import Json
from domain.values import canonical_json, content_hash

RENAMED = {
    ("queues", "owner"): "answers",
    ("ladder", "model_options"): "may",
    ("gate", "cool_down_exceptions"): "always",
    ("enrichment", "cache_for"): "keep",
    ("enrichment", "cache_not_found_for"): "keep_not_found",
    ("sync", "unassigned_owners"): "holding",
    ("touch", "unanswered_calls"): "attempts",
    ("touch", "made_by"): "who",
    ("touch", "before_assignment"): "before",
    ("conversation", "remember_for"): "keep",
    ("conversation", "retain_for"): "record",
    ("conversation", "remembered_questions"): "turns",
    ("conversation", "reassignments_per_day"): "gifts_per_day",
    ("publishing", "min_leads"): "fewest",
    ("publishing", "confidence"): "level",
    ("alerts", "missed_leads"): "missed",
}
"""Old keys by today's, and the part of the policy that they are in."""


def with_old_keys(document: Json, part: str = "") -> Json:
    """A policy as plain values with the keys that it had before."""
    if isinstance(document, list):
        return [with_old_keys(one, part) for one in document]
    if not isinstance(document, dict):
        return document
    parts = ("queues", "ladder", "gate", "enrichment", "sync", "touch")
    named = (*parts, "conversation", "publishing", "alerts")
    return {
        RENAMED.get((part, key), key): with_old_keys(one, key if key in named else part)
        for key, one in document.items()
    }


def as_stored_before(policy: Policy) -> str:
    """The body that an earlier release kept of a policy: everything, defaults too."""
    old = with_old_keys(json.loads(canonical_json(policy)))
    return json.dumps(old, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def version_before(policy: Policy) -> str:
    """The version that an earlier release gave a policy: the hash of all of it."""
    return content_hash(as_stored_before(policy))


def file_before(text: str) -> str:
    """The text of the example policy file with the keys that it had before."""
    for new, old in (
        (", owner: ", ", answers: "),
        ("model_options: ", "may: "),
        ("cool_down_exceptions: ", "always: "),
        ("cache_for: ", "keep: "),
        ("cache_not_found_for: ", "keep_not_found: "),
        ("unassigned_owners: ", "holding: "),
        ("unanswered_calls: ", "attempts: "),
        ("made_by: ", "who: "),
    ):
        assert new in text
        text = text.replace(new, old)
    return text
