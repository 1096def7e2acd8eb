"""What the golden ledger must hold at least one of, by the headings of `coverage`."""

from collections.abc import Mapping, Sequence

_KINDS = (
    "set_owner mirror_fields mirror_activity request_sync tell_owner tell_manager send_report "
    "refresh_message stamp_touch set_task log_call correct_field"
)
_CHANGES = "give hold release snooze correct gate_again try_again approve deny pause resume"

WANTED: Mapping[str, Sequence[str]] = {
    "decisions": "gate route follow reassign explained said directed observed".split(),
    "verdicts": ("READY", "WAIT", "PARK", "REJECT"),
    "checks that failed or wait": (
        "IDENTITY REQUIRED_FIELDS NOT_EXCLUDED DEDUPED CRM_PRESENT FRESH NOT_HELD"
    ).split(),
    "routed to": ("user", "queue", "salesforce_rules", "keep"),
    "steps of follow-through": ("climb", "end", "pass"),
    "rungs": ("reminder", "breach", "reassignment", "leakage", "owner left", "refused"),
    "reassignments": ("given", "nobody"),
    "effects": [
        *(f"{kind} applied" for kind in _KINDS.split()),
        *("set_owner unknown", "set_owner refused", "set_owner dead", "set_owner planned"),
        *("tell_owner attempted", "tell_owner planned", "tell_owner refused", "mirror_fields dead"),
    ],
    "receipts": [
        *("applied", "unknown", "untried"),
        *(
            f"refused {why}"
            for why in "owner_changed converted gone owner_unfit needless data other".split()
        ),
    ],
    "tones": ("assigned", "reminder", "breach", "cover"),
    "reports": (
        "Your team's leads",
        "Leads that nobody worked",
        "Worth a look",
        "A policy was rolled back",
        "Marta Silva asks for your word",
        "Your proposal was decided",
    ),
    "cycles": (
        "open waiting parked rejected approval assigning assigned touched closed shadowed denied "
        "gone"
    ).split(),
    "handoffs": "open touched disqualified recycled converted superseded gone".split(),
    "touches": ("call", "email"),
    "presses": "on_it log_call snooze not_mine give_on keep".split(),
    "disputes": ("accepted", "refused"),
    "approvals": ("pending", "approved", "denied"),
    "proposals": "pending approved refused expired overtaken".split(),
    "changes proposed": _CHANGES.split(),
    "publications": "withdrawn rolled_back adopted overtaken replaced".split(),
    "triggers": "hand_raise mql_threshold target_account product_qualified recycled".split(),
    "what triggers led to": (
        "opened a cycle",
        "joined the open cycle",
        "inside the cool-down un",
    ),
    "heard": ("direct", "command", "mention"),
    "models asked for": ("investigate", "nudge", "escalate", "converse"),
}
