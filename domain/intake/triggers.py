"""Which activities bring a lead up."""

from collections.abc import Sequence

from domain.lead.model import Activity, Trigger
from domain.policy.model import TriggerRule

_VERBS = {
    "fill out form": "filled out the form",
    "add to list": "was added to the list",
    "visit webpage": "visited the page",
    "click email": "clicked in the e-mail",
    "click link": "clicked the link",
}
"""What a person did, by Marketo's name of the activity type."""


def triggered(activities: Sequence[Activity], rules: Sequence[TriggerRule]) -> list[Trigger]:
    """The triggers among activities: one per activity at most, by the first rule that fits.

    An activity that is there twice, as overlapping reads bring it, triggers once.
    """
    found: dict[str, Trigger] = {}
    for activity in activities:
        rule = next((rule for rule in rules if _fits(activity, rule)), None)
        if rule is not None and activity.id not in found:
            found[activity.id] = Trigger(
                kind=rule.kind,
                lead=activity.lead,
                at=activity.at,
                activity_id=activity.id,
                sentence=_sentence(activity, rule),
            )
    return list(found.values())


def _fits(activity: Activity, rule: TriggerRule) -> bool:
    if activity.type.casefold() != rule.activity.casefold():
        return False
    names = {name.casefold() for name in rule.names}
    if names and activity.name.casefold() not in names:
        return False
    return rule.at_least is None or _number(activity, rule) >= rule.at_least


def _number(activity: Activity, rule: TriggerRule) -> float:
    """The attribute as a number; one that isn't there, or is no number, reaches nothing."""
    try:
        return float(activity.attributes.get(rule.attribute or "", "nan"))
    except ValueError:
        return float("nan")


def _sentence(activity: Activity, rule: TriggerRule) -> str:
    if rule.at_least is not None:
        what = f" of {activity.name}" if activity.name else ""
        value = f"{_number(activity, rule):g}"
        return f"reached {value}{what} ({rule.at_least:g} is enough)"
    return what_happened(activity)


def what_happened(activity: Activity) -> str:
    """What a person did, in words: `filled out the form "Demo Request"`."""
    name = f' "{activity.name}"' if activity.name else ""
    verb = _VERBS.get(activity.type.casefold(), f"did {activity.type}")
    return f"{verb}{name}"
