"""Which activities bring a lead up."""

from collections.abc import Sequence

from domain.lead.model import Activity, Did, Reached, Trigger, TriggerKind
from domain.policy.model import TriggerRule


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
                fact=_fact(activity, rule),
            )
    return list(found.values())


STRENGTH = (
    TriggerKind.HAND_RAISE,
    TriggerKind.PRODUCT_QUALIFIED,
    TriggerKind.TARGET_ACCOUNT,
    TriggerKind.MQL_THRESHOLD,
    TriggerKind.RECYCLED,
)
"""From what says most of a lead's interest to what says least: the lead's own word first."""


def is_stronger(one: TriggerKind, other: TriggerKind) -> bool:
    """Whether a trigger says more of a lead's interest than the one that opened its cycle."""
    return STRENGTH.index(one) < STRENGTH.index(other)


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


def _fact(activity: Activity, rule: TriggerRule) -> Reached | Did:
    if rule.at_least is None:
        return what_happened(activity)
    return Reached(what=activity.name, value=_number(activity, rule), enough=rule.at_least)


def what_happened(activity: Activity) -> Did:
    """What a person did, or what was done to them."""
    return Did(type=activity.type, name=activity.name)
