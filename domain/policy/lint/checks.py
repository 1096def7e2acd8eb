"""What is wrong with a policy that is well formed: references, overlaps, gaps, impossible times.

Pure: a policy in, complaints out, each with the path of the part it is about.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.lead.model import FieldName, TriggerKind
from domain.policy.conditions import GROUPS, Range, When, as_test, parts
from domain.policy.facts import OF_ACCOUNT, TYPED
from domain.policy.follow_through import RESERVED, Move, Rung
from domain.policy.lint.complaints import Lint, Path, error, reference, target, warning
from domain.policy.lint.territories import territories
from domain.policy.model import Assignment, Policy, Segment
from domain.policy.routing import TerritoryRule, ToRule
from domain.time.business_hours import check_holidays
from domain.time.durations import format_duration

FACTS = frozenset(
    {*FieldName, *TYPED.values(), *OF_ACCOUNT, "region", "segment", "trigger", "account"}
)
MARKETO_SYNC_PAUSE = timedelta(minutes=5)
"""Adobe: the native sync pauses five minutes between two cycles."""
ACTIVITY_TYPES_PER_CALL = 10
"""Adobe: Get Lead Activities takes at most ten activity types."""
LONGEST_SLA = timedelta(days=30)


def lint(policy: Policy) -> list[Lint]:
    """Everything that is wrong, in the order of the file."""
    return [one for check in _CHECKS for one in check(policy)]


def _regions(policy: Policy) -> Iterator[Lint]:
    owner: dict[str, str] = {}
    for region, countries in policy.regions.items():
        for index, country in enumerate(countries):
            path = ("regions", region, index)
            if not (len(country) == 2 and country.isalpha() and country.isupper()):  # noqa: PLR2004
                advice = "Use the two-letter ISO code in capitals, such as DE or US."
                yield error(path, f'"{country}" is not a country code', advice)
            elif country in owner:
                advice = f"Remove it from {owner[country]} or from {region}."
                said = f"Country {country} is already in region {owner[country]}"
                yield error(path, said, advice)
            owner.setdefault(country, region)


def _calendars(policy: Policy) -> Iterator[Lint]:
    for name, calendar in policy.calendars.items():
        path = ("calendars", name)
        if not calendar.hours:
            advice = "Add hours; without them no SLA of this calendar ever comes due."
            yield error(path, f"Calendar {name} has no working hours", advice)
        for index, hours in enumerate(calendar.hours):
            if not _is_before(hours.opens, hours.closes):
                said = (
                    f"Calendar {name} closes at {hours.closes}, which is not after it opens at "
                    f"{hours.opens}"
                )
                advice = "Write times as 09:00, the opening time first; 24:00 is midnight."
                yield error((*path, "hours", index), said, advice)
        if calendar.timezone is not None and not _is_zone(calendar.timezone):
            yield _zone_error((*path, "timezone"), calendar.timezone)
        if calendar.holidays is not None:
            try:
                check_holidays(calendar.holidays)
            except ValueError:
                said = f'No holidays are known for "{calendar.holidays}"'
                advice = "Use a country such as US, or a country and state such as DE-BY."
                yield error((*path, "holidays"), said, advice)


def _is_before(opens: str, closes: str) -> bool:
    try:
        start = time.fromisoformat(opens)
        return closes == "24:00" or start < time.fromisoformat(closes)
    except ValueError:
        return False


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _zone_error(path: Path, name: str) -> Lint:
    advice = "Use a name such as Europe/Berlin or America/New_York."
    return error(path, f'Unknown time zone "{name}"', advice)


def _users(policy: Policy) -> Iterator[Lint]:
    if not _is_zone(policy.timezone):
        yield _zone_error(("timezone",), policy.timezone)
    for email, user in policy.users.items():
        path = ("users", email)
        if email != email.lower() or "@" not in email:
            said = f'"{email}" is not an email address in lowercase'
            yield error(path, said, "Write the address in lowercase, such as ana@acme.example.")
        if not _is_zone(user.timezone):
            yield _zone_error((*path, "timezone"), user.timezone)
        yield from reference((*path, "calendar"), "calendar", user.calendar, policy.calendars)
        if user.manager is not None:
            yield from reference((*path, "manager"), "user", user.manager, policy.users)
            if _manages_self(email, policy):
                said = f"{user.name} is their own manager, directly or through others"
                advice = "Leave out manager for the person at the top."
                yield error((*path, "manager"), said, advice)
        for index, when in enumerate(user.never):
            yield from _conditions((*path, "never", index), when, policy)
            if not when:
                advice = "Add a condition, or take the person out of the pools."
                said = f"{user.name} never gets any lead: this exclusion matches all leads"
                yield error((*path, "never", index), said, advice)


def _manages_self(email: str, policy: Policy) -> bool:
    seen: set[str] = set()
    above = policy.users[email].manager
    while above is not None and above in policy.users and above not in seen:
        if above == email:
            return True
        seen.add(above)
        above = policy.users[above].manager
    return False


def _queues_and_pools(policy: Policy) -> Iterator[Lint]:
    for name, queue in policy.queues.items():
        yield from reference(("queues", name, "owner"), "user", queue.owner, policy.users)
    for name, pool in policy.pools.items():
        seen: set[str] = set()
        for index, member in enumerate(pool.members):
            path = ("pools", name, "members", index)
            yield from reference(path, "user", member.user, policy.users)
            if member.user in seen:
                advice = "List each member once; use weight for a larger share."
                yield error(path, f"{member.user} is in pool {name} twice", advice)
            seen.add(member.user)
            yield from _conditions((*path, "when"), member.when, policy)
        yield from _overflow(name, policy)


def _overflow(name: str, policy: Policy) -> Iterator[Lint]:
    """A pool overflows into another that exists, and never back into itself."""
    further, path = policy.pools[name].overflow, ("pools", name, "overflow")
    if further is None:
        return
    yield from reference(path, "pool", further, policy.pools)
    seen = {name}
    while further is not None and further in policy.pools:
        if further in seen:
            said = f"Pool {name} overflows into itself, directly or through others"
            yield error(path, said, "Leave out overflow for the last pool.")
            return
        seen.add(further)
        further = policy.pools[further].overflow


def _triggers(policy: Policy) -> Iterator[Lint]:
    yield from _unique(("triggers",), [rule.name for rule in policy.triggers])
    types = {rule.activity for rule in policy.triggers}
    types |= {name.partition(":")[0] for name in policy.gate.intent_activities}
    if len(types) > ACTIVITY_TYPES_PER_CALL:
        said = f"Triggers and intent activities use {len(types)} activity types; Marketo allows 10"
        yield error(("triggers",), said, "Remove some triggers or intent activities.")
    for index, rule in enumerate(policy.triggers):
        if (rule.attribute is None) != (rule.at_least is None):
            advice = "Set both, such as attribute: New Value and at_least: 100, or neither."
            said = f'Trigger "{rule.name}" sets only one of attribute and at_least'
            yield error(("triggers", index), said, advice)


def _unique(path: Path, names: list[str]) -> Iterator[Lint]:
    for index, name in enumerate(names):
        if name in names[:index]:
            said = f'The name "{name}" is used twice'
            yield error((*path, index), said, "Use each name once; reports are by name.")


def _segments(policy: Policy) -> Iterator[Lint]:
    yield from _unique(("segments",), [segment.name for segment in policy.segments])
    catch_all: str | None = None
    for index, segment in enumerate(policy.segments):
        path = ("segments", index)
        yield from reference((*path, "fallback"), "queue", segment.fallback, policy.queues)
        yield from _conditions((*path, "when"), segment.when, policy, without={"segment"})
        if catch_all is not None:
            advice = f'Move "{catch_all}" to the end, or add a when to it.'
            said = (
                f'No lead reaches segment "{segment.name}": "{catch_all}" above matches all leads'
            )
            yield error(path, said, advice)
        if not segment.when:
            catch_all = segment.name
        yield from _sla((*path, "sla"), segment.sla.first_touch, policy)
    if catch_all is None:
        advice = "Add a last segment without a when, to match all other leads."
        said = "Leads that match no segment would have no SLA and no fallback queue"
        yield error(("segments",), said, advice)


def _sla(path: Path, target: timedelta, policy: Policy) -> Iterator[Lint]:
    at = (*path, "first_touch")
    if target < timedelta(minutes=1):
        said = f"A first-touch SLA of {format_duration(target)} is too short"
        yield error(at, said, "Use at least 1m; 15m is common.")
    elif target > LONGEST_SLA:
        said = f"A first-touch SLA of {format_duration(target)} is longer than 30 days"
        yield error(at, said, "Check the unit: m is minutes, h hours, d days, w weeks.")
    elif target < MARKETO_SYNC_PAUSE and not policy.sync.request:
        said = (
            f"A first-touch SLA of {format_duration(target)} is shorter than Marketo's sync "
            "interval of 5m"
        )
        yield warning(at, said, "Use a longer SLA, or turn on sync.request.")


def _conditions(
    path: Path, when: When, policy: Policy, without: Iterable[str] = ()
) -> Iterator[Lint]:
    facts = FACTS - set(without)
    for fact, asked in when.items():
        grouped = parts(fact, asked)
        if fact in GROUPS:
            if not grouped:
                said = f'"{fact}" needs a list of conditions'
                advice = f"Write {fact}: [{{country: DE}}, {{industry: software}}]."
                yield error((*path, fact), said, advice)
            for index, one in enumerate(grouped or ()):
                yield from _conditions((*path, fact, index), one, policy, without)
            continue
        test = as_test(asked)
        yield from reference((*path, fact), "fact", fact, facts)
        if (
            isinstance(asked, tuple)
            and not isinstance(test, Range | bool | str)
            and len(asked) != len(test)
        ):
            said = f'"{fact}" takes values, and only any, all and not take lists of conditions'
            yield error((*path, fact), said, "Put the conditions under any, all or not.")
        if isinstance(test, Range):
            values = test.not_in
            low, high = test.at_least, test.at_most
            if low is not None and high is not None and low > high:
                said = f'"{fact}" can\'t be at least {low:g} and at most {high:g}'
                yield error((*path, fact), said, "Swap the two numbers.")
        else:
            values = test if isinstance(test, tuple) else (str(test),)
        known = _vocabulary(fact, policy)
        for value in values if known is not None else ():
            yield from reference((*path, fact), fact, value, known or ())


def _vocabulary(fact: str, policy: Policy) -> Iterable[str] | None:
    """The closed list of a fact's values; None where anything goes."""
    lists: Mapping[str, Iterable[str]] = {
        "region": policy.regions,
        "segment": [segment.name for segment in policy.segments],
        "trigger": list(TriggerKind),
        "account": ["customer", "named", "prospect", "none"],
        "icp_tier": ["A", "B", "C", "D"],
        "email_kind": ["business", "free", "disposable", "role", "invalid"],
    }
    return lists.get(fact)


def _gate(policy: Policy) -> Iterator[Lint]:
    gate = policy.gate
    if gate.wait_for_sync <= MARKETO_SYNC_PAUSE:
        said = (
            f"Waiting {format_duration(gate.wait_for_sync)} for the sync is too short: Marketo "
            "syncs every 5m"
        )
        advice = "Allow at least two syncs, such as 15m; 2h is common."
        yield error(("gate", "wait_for_sync"), said, advice)
    if gate.look_again < timedelta(minutes=1):
        said = f"Checking again every {format_duration(gate.look_again)} would use up the API quota"
        advice = "Use at least 1m; Marketo syncs every 5m."
        yield error(("gate", "look_again"), said, advice)
    places = {*policy.regions, *(c for region in policy.regions.values() for c in region)}
    for index, place in enumerate(gate.consent_basis_required_in):
        path = ("gate", "consent_basis_required_in", index)
        yield from reference(path, "region", place, places)
    for index, rule in enumerate(gate.qualified):
        path = ("gate", "qualified", index)
        yield from _conditions((*path, "when"), rule.when, policy)
        if rule.intent_activities and not gate.intent_activities:
            said = (
                f'Rule "{rule.name}" needs intent activities, but gate.intent_activities is empty'
            )
            yield error(path, said, "List the activities that show intent.")
    for index, tier in enumerate(policy.icp):
        yield from _conditions(("icp", index, "when"), tier.when, policy, without={"icp_tier"})


def _routing(policy: Policy) -> Iterator[Lint]:
    yield from _unique(("routing",), [rule.name for rule in policy.routing])
    final: str | None = None
    for index, rule in enumerate(policy.routing):
        path = ("routing", index)
        yield from _conditions((*path, "when"), rule.when, policy)
        if final is not None:
            said = f'No lead reaches rule "{rule.name}": "{final}" above matches all leads'
            yield error(path, said, f'Move it above "{final}", or add a when to that rule.')
        if isinstance(rule, ToRule):
            yield from target((*path, "to"), rule.to, policy)
            if rule.if_no_one_available == "next_rule" and index == len(policy.routing) - 1:
                said = f'No rule comes after "{rule.name}"'
                advice = "Leave out if_no_one_available, or add a rule below."
                yield error((*path, "if_no_one_available"), said, advice)
        if rule.kind in ("to", "salesforce_rules") and not rule.when:
            final = rule.name
        if isinstance(rule, TerritoryRule) and not policy.territories:
            said = f'Rule "{rule.name}" routes by territory, but there are no territories'
            yield error(path, said, "Put territories.csv in the policy file's folder.")
        by_salesforce = [s for s in policy.segments if s.assignment is Assignment.SALESFORCE_RULES]
        if rule.kind == "salesforce_rules" and len(by_salesforce) == len(policy.segments):
            said = (
                f'Rule "{rule.name}" has no effect: all segments are assigned by Salesforce '
                "assignment rules"
            )
            yield warning(path, said, "Remove the rule.")


def _sync(policy: Policy) -> Iterator[Lint]:
    if policy.sync.request and not policy.sync.campaign:
        said = "sync.request is on, but sync.campaign is missing"
        advice = "Set campaign to the trigger campaign that syncs leads to Salesforce."
        yield error(("sync", "request"), said, advice)
    if not policy.sync.unassigned_owners:
        said = (
            "sync.unassigned_owners is empty: new leads can't be told from leads that someone owns"
        )
        advice = "List the queues or users that own new leads in Salesforce before assignment."
        yield warning(("sync",), said, advice)


def _follow_through(policy: Policy) -> Iterator[Lint]:
    rules = policy.follow_through
    yield from _ladder(("follow_through", "ladder"), rules.ladder, policy.segments)
    for index, segment in enumerate(policy.segments):
        if segment.ladder is not None:
            yield from _ladder(("segments", index, "ladder"), segment.ladder, (segment,))
    if rules.leakage_to is not None:
        path = ("follow_through", "leakage_to")
        yield from reference(path, "user", rules.leakage_to, policy.users)
    for index, choice in enumerate(rules.snooze.choices):
        if choice > rules.snooze.longest:
            longest = format_duration(rules.snooze.longest)
            said = f"A snooze of {format_duration(choice)} is longer than the limit of {longest}"
            advice = f"Use at most {longest}, or raise longest."
            yield error(("follow_through", "snooze", "choices", index), said, advice)
    yield from _unique(("follow_through", "disputes"), [one.name for one in rules.disputes])
    for email, user in policy.users.items():
        if user.cover is not None:
            yield from reference(("users", email, "cover"), "user", user.cover, policy.users)


def _timed(step: Rung, target: timedelta) -> str:
    return f"{step.name}, after {format_duration(step.after(target))}"


def _ladder(path: Path, rungs: Sequence[Rung], segments: Sequence[Segment]) -> Iterator[Lint]:
    yield from _unique(path, [rung.name for rung in rungs])
    for index in range(1, len(rungs)):
        lower, higher = rungs[index - 1], rungs[index]
        for segment in segments:
            target = segment.sla.first_touch
            if higher.after(target) <= lower.after(target):
                order = "before" if higher.after(target) < lower.after(target) else "together with"
                said = (
                    f"Step {index + 1} ({_timed(higher, target)}) fires {order} step {index} "
                    f"({_timed(lower, target)}) in segment {segment.name}"
                )
                yield error((*path, index), said, "Set each step later than the one before it.")
                break
    for index, rung in enumerate(rungs):
        if rung.name in RESERVED:
            said = f'The step name "{rung.name}" is reserved'
            yield error((*path, index, "name"), said, "Use another name.")
    if rungs and Move.LIST not in rungs[-1].do:
        said = "The last escalation step does not put the lead on the leakage list"
        advice = "End with a step that has do: [list], so that no lead is forgotten."
        yield warning((*path, len(rungs) - 1), said, advice)


_CHECKS: tuple[Callable[[Policy], Iterator[Lint]], ...] = (
    _regions,
    _calendars,
    _users,
    _queues_and_pools,
    _triggers,
    _segments,
    _gate,
    _routing,
    _sync,
    _follow_through,
    territories,
)
