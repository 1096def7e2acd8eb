"""The facts about a lead that a policy's conditions speak of, and whether the conditions hold."""

from collections.abc import Callable, Mapping, Sequence

from domain.lead.match import Match, OneAccount
from domain.lead.model import FieldName, Lead, Trigger
from domain.policy.conditions import Range, Test, When, as_test, parts, tests
from domain.policy.model import Policy, Segment
from domain.values import Scalar, Source, Sourced, Value

Facts = Mapping[str, Scalar]
_FIELDS = frozenset(FieldName)
TYPED = {
    name: f"{name.value}_typed"
    for name in (
        FieldName.COMPANY,
        FieldName.COUNTRY,
        FieldName.STATE,
        FieldName.TITLE,
        FieldName.INDUSTRY,
        FieldName.EMPLOYEES,
        FieldName.LEAD_SOURCE,
    )
}
"""Facts that are a field as it was typed, such as `industry_typed`."""
OF_ACCOUNT = frozenset(
    {
        "account_name",
        "account_type",
        "account_industry",
        "account_country",
        "account_state",
        "account_employees",
        "account_owner",
        "open_opportunities",
    }
)
"""Facts about the matched account, as Salesforce has them."""
_TOLD_BY = {
    "region": "country",
    "employee_band": "employees",
    **{typed: name.value for name, typed in TYPED.items()},
}
"""Facts that follow from a field."""


def facts(lead: Lead, trigger: Trigger | None, policy: Policy, match: Match | None) -> Facts:
    """All facts known of a lead but its segment, which follows from them; an unknown is absent."""
    known: dict[str, Scalar] = {name.value: one.value for name, one in lead.fields.items()}
    for name, typed in TYPED.items():
        one = lead.fields.get(name)
        if one is not None:
            known[typed] = str(one.value) if one.typed is None else one.typed
    region = policy.region_of(lead.text(FieldName.COUNTRY))
    if region is not None:
        known["region"] = region
    if trigger is not None:
        known["trigger"] = trigger.kind.value
    if match is not None:
        known["account"] = account_kind(match, policy)
        known.update(_of_account(match))
    return known


def _of_account(match: Match) -> Facts:
    """What is known of the matched account; nothing without one."""
    if not isinstance(match.account, OneAccount):
        return {}
    account = match.account.account
    told: Mapping[str, Scalar | None] = {
        "account_name": account.name,
        "account_type": account.type,
        "account_industry": account.industry,
        "account_country": account.country,
        "account_state": account.state,
        "account_employees": account.employees,
        "account_owner": account.owner.email,
        "open_opportunities": len(account.opportunities),
    }
    return {name: value for name, value in told.items() if value is not None}


def account_kind(match: Match, policy: Policy) -> str:
    """`customer`, `named`, `prospect`, or `none` without a matched account."""
    if not isinstance(match.account, OneAccount):
        return "none"
    account = match.account.account
    if account.type in policy.matching.customer_types:
        return "customer"
    return "named" if account.is_named else "prospect"


def with_segment(known: Facts, segment: Segment) -> Facts:
    """The facts with the segment that follows from them."""
    return {**known, "segment": segment.name}


def holds(when: When, known: Facts) -> bool:
    """Whether all conditions hold; one about an unknown fact doesn't, unless it asks for that."""
    return all(_met(name, test, known) for name, test in when.items())


def _met(name: str, test: Test | tuple[When, ...], known: Facts) -> bool:
    """Whether one condition holds, or a group of them."""
    grouped = parts(name, test)
    if grouped is None:
        return _passes(as_test(test), known.get(name))
    if name == "all":
        return all(holds(one, known) for one in grouped)
    return any(holds(one, known) for one in grouped) is (name == "any")


def would_need(when: When, known: Facts, policy: Policy) -> tuple[str, ...]:
    """The unknown fields that, once known, might make conditions hold that don't yet.

    Empty when they hold already, and when a known fact speaks against them. An ICP tier is
    looked through: it might be another one if the fields of its own conditions were known.
    """

    def needed(fact: str, test: Test) -> tuple[str, ...]:
        if fact == FieldName.ICP_TIER and policy.icp:
            return _needed_for_tier(test, known, policy)
        return _needed_for(fact, test, known)

    return _all_needed(when, known, needed)


def _all_needed(
    when: When, known: Facts, needed: Callable[[str, Test], tuple[str, ...]]
) -> tuple[str, ...]:
    """What all unmet conditions need; empty as soon as one of them can't be helped."""
    fields: dict[str, None] = {}
    for name, test in when.items():
        if not _met(name, test, known):
            grouped = parts(name, test)
            if grouped is None:
                more = needed(name, as_test(test))
            else:
                more = _needed_in(name, grouped, known, needed)
            if not more:
                return ()
            fields.update(dict.fromkeys(more))
    return tuple(fields)


def _needed_in(
    name: str,
    grouped: Sequence[When],
    known: Facts,
    needed: Callable[[str, Test], tuple[str, ...]],
) -> tuple[str, ...]:
    """What a group that doesn't hold needs: each of its parts, or any one that can be helped.

    What speaks against `not` is known already, and no further field takes it back.
    """
    if name == "not":
        return ()
    missing = [_all_needed(one, known, needed) for one in grouped if not holds(one, known)]
    if name == "all" and not all(missing):
        return ()
    return tuple(dict.fromkeys(field for some in missing for field in some))


def _needed_for(fact: str, test: Test, known: Facts) -> tuple[str, ...]:
    """The field that an unmet condition needs to be known; empty when that would not help."""
    field = _TOLD_BY.get(fact, fact)
    asks_for_unknown = isinstance(test, Range) and test.present is False
    if fact in known or field in known or asks_for_unknown or field not in _FIELDS:
        return ()
    return (field,)


def _needed_for_tier(test: Test, known: Facts, policy: Policy) -> tuple[str, ...]:
    """What would have to be known for a tier that passes, above the one that holds now."""
    for rule in policy.icp:
        if holds(rule.when, known):
            return ()
        if _passes(test, rule.tier):
            fields = _all_needed(rule.when, known, lambda fact, one: _needed_for(fact, one, known))
            if fields:
                return fields
    return ()


def _passes(test: Test, value: Scalar | None) -> bool:
    if isinstance(test, Range):
        return _in_range(test, value)
    if value is None:
        return False
    if isinstance(test, bool):
        return value is test
    wanted = test if isinstance(test, tuple) else (test,)
    return _among(value, wanted)


def _among(value: Scalar, texts: tuple[str, ...]) -> bool:
    """Whether a value is one of some texts, whatever the case; 250.0 is written 250."""
    said = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return said.casefold() in {one.casefold() for one in texts}


def _in_range(test: Range, value: Scalar | None) -> bool:
    if value is None:
        return test.present is False
    if test.present is False or _among(value, test.not_in) or not _reads(test, value):
        return False
    if test.at_least is None and test.at_most is None:
        return True
    if isinstance(value, str | bool):
        return False
    low = float("-inf") if test.at_least is None else test.at_least
    high = float("inf") if test.at_most is None else test.at_most
    return low <= value <= high


def _reads(test: Range, value: Scalar) -> bool:
    """Whether a text has what is asked of its parts, whatever the case."""
    said = str(value).casefold()
    asked = (
        (test.contains, said.__contains__),
        (test.starts_with, said.startswith),
        (test.ends_with, said.endswith),
    )
    return all(not texts or any(has(one.casefold()) for one in texts) for texts, has in asked)


class Known(Value):
    """A fact that a condition looked at, with its value; None where nobody knows it."""

    fact: str
    value: Scalar | None


def looked_at(when: When, known: Facts) -> tuple[Known, ...]:
    """The values that made conditions hold, by the facts' names: the same at any replay."""
    names = sorted({name for name, _ in tests(when)})
    return tuple(Known(fact=fact, value=known.get(fact)) for fact in names)


def segment_of(known: Facts, policy: Policy) -> Segment:
    """The first segment whose conditions hold; the last one when none does."""
    return next((one for one in policy.segments if holds(one.when, known)), policy.segments[-1])


def with_icp_tier(lead: Lead, policy: Policy) -> Lead:
    """The lead with its ICP tier worked out; unchanged when no tier fits."""
    known = facts(lead, None, policy, None)
    tier = next((rule.tier for rule in policy.icp if holds(rule.when, known)), None)
    if tier is None:
        return lead
    sourced = Sourced(value=tier, source=Source.DERIVED, at=lead.updated_at)
    return lead.model_copy(update={"fields": {**lead.fields, FieldName.ICP_TIER: sourced}})


def without_tier(lead: Lead) -> Lead:
    """The lead as it was before its ICP tier was worked out."""
    tier = lead.fields.get(FieldName.ICP_TIER)
    if tier is None or tier.source is not Source.DERIVED:
        return lead
    left = {name: one for name, one in lead.fields.items() if name is not FieldName.ICP_TIER}
    return lead.model_copy(update={"fields": left})
