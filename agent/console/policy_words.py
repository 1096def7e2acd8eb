"""The policy in words that somebody reads who has never seen its file."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from agent.console.labels import MOVES, TRIGGERS
from agent.console.words import length, listed
from domain.language import names
from domain.policy.conditions import Range, Test, When, as_test, parts
from domain.policy.follow_through import Rung
from domain.policy.model import Policy, Segment
from domain.policy.routing import (
    AccountOwnerRule,
    CurrentOwnerRule,
    OpportunityOwnerRule,
    OwnerRule,
    RoutingRule,
    SalesforceRule,
    ToRule,
)

ANY = "all leads"


def conditions(when: When) -> str:
    """Facts that must hold, joined by `and`."""
    return " and ".join(_condition(name, test) for name, test in when.items()) or ANY


def _condition(name: str, test: Test | tuple[When, ...]) -> str:
    grouped = parts(name, test)
    if grouped is None:
        return f"{_fact(name)} {_test(as_test(test))}"
    each = [f"({conditions(one)})" if len(one) > 1 else conditions(one) for one in grouped]
    match name:
        case "all":
            return " and ".join(each)
        case "any":
            return each[0] if len(each) == 1 else f"({' or '.join(each)})"
        case _:
            return f"not ({' or '.join(each)})"


def _fact(name: str) -> str:
    known: Mapping[str, str] = {**TRIGGERS, "icp_tier": "ICP tier"}
    return known.get(name, name.replace("_", " "))


def _test(test: Test) -> str:
    if isinstance(test, bool):
        return "is true" if test else "is false"
    if isinstance(test, str):
        return f"is {_fact(test)}"
    if isinstance(test, tuple):
        return f"is {_either(test)}"
    return " and ".join(_range(test))


def _range(test: Range) -> Iterator[str]:
    if test.at_least is not None:
        yield f"is at least {test.at_least:,g}"
    if test.at_most is not None:
        yield f"is at most {test.at_most:,g}"
    if test.not_in:
        yield f"is not {_either(test.not_in)}"
    for verb, texts in (
        ("contains", test.contains),
        ("starts with", test.starts_with),
        ("ends with", test.ends_with),
    ):
        if texts:
            quoted = [f'"{one}"' for one in texts]
            yield f"{verb} {' or '.join(quoted)}"
    if test.present is not None:
        yield "is known" if test.present else "is not known"


def _either(values: tuple[str, ...]) -> str:
    told = [_fact(one) for one in values]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}"


def promise(segment: Segment) -> str:
    """When the first touch is due."""
    clock = "business hours" if segment.sla.clock == "business" else "around the clock"
    return f"{length(segment.sla.first_touch)}, {clock}"


def rung(one: Rung) -> str:
    """One step of the escalation."""
    mark = (
        f"After {length(one.at)}"
        if isinstance(one.at, timedelta)
        else f"At {100 * one.at:g}% of SLA"
    )
    return f"{mark}: {listed([MOVES[move] for move in one.do])}"


def receiver(target: str, policy: Policy) -> str:
    """`user:EMAIL`, `pool:NAME` or `queue:NAME`, as people call it."""
    kind, _, name = target.partition(":")
    if kind == "user" and name in policy.users:
        return policy.users[name].name
    match kind:
        case "pool":
            return f"the {names.pool(name)} round robin"
        case "queue":
            return f"the {names.queue(name)}"
        case _:
            return f"{kind} {name}"


def criteria(one: RoutingRule) -> str:
    """Which leads a routing rule is about, by its conditions and by its kind."""
    match one:
        case CurrentOwnerRule():
            own = "a rep owns the record"
        case OpportunityOwnerRule():
            own = "the account has an open opportunity"
        case AccountOwnerRule():
            kinds = f"the account is a {_either(one.accounts)} account"
            own = "the lead has an account" if "any" in one.accounts else kinds
        case _:
            return conditions(one.when)
    return f"{own} and {conditions(one.when)}" if one.when else own


def rule(one: RoutingRule, policy: Policy) -> str:
    """What a routing rule does with a lead that fits."""
    match one:
        case CurrentOwnerRule():
            return "stays with the rep who already owns the record"
        case OpportunityOwnerRule():
            return f"goes to the owner of the account's open opportunity{_unavailable(one)}"
        case AccountOwnerRule():
            left = _LEFT[one.if_owner_left]
            owned = f"goes to the owner of a {_either(one.accounts)} account"
            return f"{owned}; if that owner left, {left}{_unavailable(one)}"
        case ToRule():
            return f"goes to {receiver(one.to, policy)}{_NO_ONE[one.if_no_one_available]}"
        case SalesforceRule():
            return "goes to the owner that Salesforce's active assignment rule returns"
        case _:
            otherwise = _NO_ONE[one.if_no_one_available]
            return f"goes to the owner of the first matching territory{otherwise}"


_LEFT = {
    "manager": "to their manager",
    "next_rule": "to the next rule",
    "review": "to the fallback queue",
}
_AWAY = {
    "assign": "it is assigned to them all the same",
    "cover": "to the person who covers for them",
    "manager": "to their manager",
    "next_rule": "to the next rule",
}
_NO_ONE = {
    "fallback": "",
    "next_row": "; if no one is available, of the next one that matches",
    "next_rule": "; if no one is available, to the next rule",
}


def _unavailable(one: OwnerRule) -> str:
    """What happens while the owner is out of office or full."""
    caps = "; caps don't apply" if one.caps == "ignore" else ""
    state = "out of office" if one.caps == "ignore" else "out of office or at a cap"
    return f"; if they are {state}, {_AWAY[one.if_owner_unavailable]}{caps}"
