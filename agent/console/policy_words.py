"""The policy in words that somebody reads who has never seen its file."""

from collections.abc import Iterator

from domain.policy.conditions import Range, Test, When
from domain.policy.follow_through import Rung, format_mark
from domain.policy.model import Policy, Segment
from domain.policy.routing import (
    AccountOwnerRule,
    CurrentOwnerRule,
    OpportunityOwnerRule,
    RoutingRule,
    SalesforceRule,
    ToRule,
)
from domain.time.durations import format_duration

ANY = "any lead"


def conditions(when: When) -> str:
    """Facts that must hold, joined by `and`."""
    return " and ".join(f"{_fact(name)} {_test(test)}" for name, test in when.items()) or ANY


def _fact(name: str) -> str:
    return name.replace("_", " ")


def _test(test: Test) -> str:
    if isinstance(test, bool):
        return "is yes" if test else "is no"
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
    if test.present is not None:
        yield "is known" if test.present else "is not known"


def _either(values: tuple[str, ...]) -> str:
    told = [_fact(one) for one in values]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}"


def promise(segment: Segment) -> str:
    """When the first touch is due."""
    clock = "of working time" if segment.sla.clock == "business" else "by the clock"
    return f"{format_duration(segment.sla.first_touch)} {clock}"


def rung(one: Rung) -> str:
    """One step of a ladder."""
    return f"at {format_mark(one.at)}: {', '.join(one.do)}"


def receiver(target: str, policy: Policy) -> str:
    """`user:EMAIL`, `pool:NAME` or `queue:NAME`, as people call it."""
    kind, _, name = target.partition(":")
    if kind == "user" and name in policy.users:
        return policy.users[name].name
    return f"{kind} {_fact(name)}"


def rule(one: RoutingRule, policy: Policy) -> str:
    """What a routing rule does with a lead that fits."""
    match one:
        case CurrentOwnerRule():
            return "stays with the person of the roster who owns the record already"
        case OpportunityOwnerRule():
            return "goes to the owner of the account's open opportunity"
        case AccountOwnerRule():
            left = "to that owner's manager" if one.if_owner_left == "manager" else "on to the next"
            accounts = _either(one.accounts)
            return f"goes to the owner of a {accounts} account; if that owner left, {left}"
        case ToRule():
            return f"goes to {receiver(one.to, policy)}"
        case SalesforceRule():
            return "goes to whom Salesforce's active assignment rule says"
        case _:
            return "goes to the owner of the first row of the territories that fits"
