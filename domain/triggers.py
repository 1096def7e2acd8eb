"""Which activities bring a lead up."""

from collections.abc import Sequence

from domain.lead import Activity, Trigger
from domain.policy import TriggerRule


def triggered(activities: Sequence[Activity], rules: Sequence[TriggerRule]) -> list[Trigger]:
    """The triggers among activities; of several rules that fit one activity, the first."""
    found: list[Trigger] = []
    for activity in activities:
        rule = next((rule for rule in rules if _fits(activity, rule)), None)
        if rule is not None:
            found.append(
                Trigger(
                    kind=rule.kind,
                    lead=activity.lead,
                    at=activity.at,
                    activity_id=activity.id,
                    sentence=_sentence(activity, rule),
                )
            )
    return found


def _fits(activity: Activity, rule: TriggerRule) -> bool:
    if activity.type.casefold() != rule.activity.casefold():
        return False
    names = {name.casefold() for name in rule.names}
    if names and activity.name.casefold() not in names:
        return False
    return rule.at_least is None or _number(activity, rule) >= rule.at_least


def _number(activity: Activity, rule: TriggerRule) -> float:
    try:
        return float(activity.attributes.get(rule.attribute or "", "nan"))
    except ValueError:
        return float("nan")


def _sentence(activity: Activity, rule: TriggerRule) -> str:
    if rule.at_least is not None:
        value = activity.attributes[rule.attribute or ""]
        return f"{activity.name or activity.type} reached {value} ({rule.at_least:g} is enough)"
    name = f' "{activity.name}"' if activity.name else ""
    verb = {"Fill Out Form": "filled out the form", "Add to List": "was added to the list"}
    return f"{verb.get(activity.type, activity.type)}{name}"
