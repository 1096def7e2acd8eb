"""First touches in words: what each activity is worth, and why."""

from typing import assert_never

from domain.follow_through.first_touch import Code, Found, Judgment, Touched
from domain.grammar import counted
from domain.lead.crm_records import ActivityKind

_NAMES = {
    ActivityKind.CALL: "call",
    ActivityKind.EMAIL: "email",
    ActivityKind.LIST_EMAIL: "list email",
    ActivityKind.CADENCE: "cadence step",
    ActivityKind.LINKEDIN: "LinkedIn message",
    ActivityKind.MEETING: "meeting",
    ActivityKind.TASK: "task",
    ActivityKind.FIRST_CALL: "first call",
    ActivityKind.FIRST_EMAIL: "first email",
}
_VERBS = {
    ActivityKind.CALL: "called",
    ActivityKind.EMAIL: "sent an email",
    ActivityKind.CADENCE: "completed a cadence step",
    ActivityKind.LINKEDIN: "sent a LinkedIn message",
    ActivityKind.MEETING: "booked a meeting",
    ActivityKind.FIRST_CALL: "called (First Call in Salesforce)",
    ActivityKind.FIRST_EMAIL: "sent an email (First Email in Salesforce)",
}


def judgment(one: Judgment) -> str:
    """Whether a lead was touched, and by what."""
    if isinstance(one, Touched):
        return found(one.first)
    if not one.findings:
        return "No activity since the assignment."
    count, last = counted(len(one.findings), "activity"), found(one.findings[-1])
    return f"{count}, none counts as a first touch. Latest: {last}"


def found(one: Found) -> str:  # noqa: C901, PLR0911, PLR0912  (one case per code)
    """What one activity is worth, in a sentence."""
    name = "activity" if one.kind is None else _NAMES[one.kind]
    match one.code:
        case Code.COUNTS:
            if one.is_inbound:
                return f"{one.who} took the lead's call."
            verb = "worked on it" if one.kind is None else _VERBS.get(one.kind, "worked on it")
            return f"{one.who} {verb}."
        case Code.BEFORE_ASSIGNMENT:
            return f"This {name} was before the assignment."
        case Code.OTHER_RECORD:
            return f"This {name} is on another record."
        case Code.NOT_A_PERSON:
            return f"{one.who} is an integration user, not a person."
        case Code.MARKETING:
            return "Sent to many people at once: marketing, not a conversation."
        case Code.AUTO_REPLY:
            return "Automatic reply."
        case Code.BOUNCED:
            return "The email bounced."
        case Code.ONLY_PLANNED:
            return f"This {name} is planned, not done."
        case Code.INBOUND:
            return f"This {name} came from the lead; it is no touch by the owner."
        case Code.NO_ANSWER:
            return f'No one was reached: "{one.disposition}".'
        case Code.TOO_SHORT:
            return f"The call lasted only {one.seconds} s."
        case Code.KIND:
            return f"The policy doesn't count this {name} as a touch."
        case Code.INTERNAL:
            return "Internal, between colleagues."
        case Code.SOMEBODY_ELSE:
            return f"This {name} is by {one.who}, who doesn't own the lead."
        case Code.UNCLEAR:
            return f"It is unclear who started this {name}."
        case _:
            assert_never(one.code)
