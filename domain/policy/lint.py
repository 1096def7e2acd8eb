"""What is wrong with a policy that is well formed: references, overlaps, gaps, impossible times.

Pure: a policy in, complaints out, each with the path of the part it is about.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.lead.model import FieldName, TriggerKind
from domain.policy.conditions import Range, When
from domain.policy.follow_through import RESERVED, Move, Rung
from domain.policy.model import Assignment, Policy, Segment
from domain.policy.routing import Territory, TerritoryRule, ToRule
from domain.time.business_hours import check_holidays
from domain.time.durations import format_duration

Path = tuple[str | int, ...]

FACTS = frozenset({*FieldName, "region", "segment", "trigger", "account"})
MARKETO_SYNC_PAUSE = timedelta(minutes=5)
"""Adobe: the native sync pauses five minutes between two cycles."""
ACTIVITY_TYPES_PER_CALL = 10
"""Adobe: Get Lead Activities takes at most ten activity types."""
LONGEST_SLA = timedelta(days=30)


@dataclass(frozen=True)
class Lint:
    """One complaint."""

    severity: Literal["error", "warning"]
    path: Path
    sentence: str
    suggestion: str


def lint(policy: Policy) -> list[Lint]:
    """Everything that is wrong, in the order of the file."""
    return [one for check in _CHECKS for one in check(policy)]


def _error(path: Path, sentence: str, suggestion: str) -> Lint:
    return Lint("error", path, sentence, suggestion)


def _warning(path: Path, sentence: str, suggestion: str) -> Lint:
    return Lint("warning", path, sentence, suggestion)


def _reference(path: Path, kind: str, name: str, known: Iterable[str]) -> Iterator[Lint]:
    """Complain when `name` is not among `known`."""
    names = sorted(known)
    if name in names:
        return
    close = difflib.get_close_matches(name, names, n=1)
    advice = f"Did you mean {close[0]!r}?" if close else f"Add it under {kind}s, or use another."
    yield _error(path, f"there is no {kind} {name!r}", advice)


def _regions(policy: Policy) -> Iterator[Lint]:
    owner: dict[str, str] = {}
    for region, countries in policy.regions.items():
        for index, country in enumerate(countries):
            path = ("regions", region, index)
            if not (len(country) == 2 and country.isalpha() and country.isupper()):  # noqa: PLR2004
                advice = "Use the two-letter ISO code in capitals, such as DE or US."
                yield _error(path, f"{country!r} is not a country code", advice)
            elif country in owner:
                advice = f"Remove it from {owner[country]} or from {region}."
                yield _error(path, f"{country} is already in {owner[country]}", advice)
            owner.setdefault(country, region)


def _calendars(policy: Policy) -> Iterator[Lint]:
    for name, calendar in policy.calendars.items():
        path = ("calendars", name)
        if not calendar.hours:
            yield _error(path, "has no working hours", "Add hours, or business clocks never run.")
        for index, hours in enumerate(calendar.hours):
            if not _is_before(hours.opens, hours.closes):
                said = f"closes at {hours.closes}, not after it opens at {hours.opens}"
                yield _error((*path, "hours", index), said, "Swap the times, or use 24:00.")
        if calendar.timezone is not None and not _is_zone(calendar.timezone):
            yield _zone_error((*path, "timezone"), calendar.timezone)
        if calendar.holidays is not None:
            try:
                check_holidays(calendar.holidays)
            except ValueError as error:
                advice = "Use a country such as US, or with its subdivision such as DE-BY."
                yield _error((*path, "holidays"), str(error), advice)


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
    return _error(path, f"{name!r} is not a time zone", advice)


def _users(policy: Policy) -> Iterator[Lint]:
    if not _is_zone(policy.timezone):
        yield _zone_error(("timezone",), policy.timezone)
    for email, user in policy.users.items():
        path = ("users", email)
        if email != email.lower() or "@" not in email:
            yield _error(path, f"{email!r} is not an e-mail address in small letters", "Mend it.")
        if not _is_zone(user.timezone):
            yield _zone_error((*path, "timezone"), user.timezone)
        yield from _reference((*path, "calendar"), "calendar", user.calendar, policy.calendars)
        if user.manager is not None:
            yield from _reference((*path, "manager"), "user", user.manager, policy.users)
            if _manages_self(email, policy):
                advice = "Break the circle: somebody at the top has no manager here."
                yield _error((*path, "manager"), "the chain of managers is a circle", advice)


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
        yield from _reference(("queues", name, "owner"), "user", queue.owner, policy.users)
    for name, pool in policy.pools.items():
        seen: set[str] = set()
        for index, member in enumerate(pool.members):
            path = ("pools", name, "members", index)
            yield from _reference(path, "user", member.user, policy.users)
            if member.user in seen:
                advice = "Name each once; use weight for a larger share."
                yield _error(path, f"{member.user} is in the pool twice", advice)
            seen.add(member.user)


def _triggers(policy: Policy) -> Iterator[Lint]:
    yield from _unique(("triggers",), [rule.name for rule in policy.triggers])
    types = {rule.activity for rule in policy.triggers}
    types |= {name.partition(":")[0] for name in policy.gate.intent_activities}
    if len(types) > ACTIVITY_TYPES_PER_CALL:
        said = f"uses {len(types)} activity types; Marketo gives at most 10 at once"
        yield _error(("triggers",), said, "Drop some triggers or intent activities.")
    for index, rule in enumerate(policy.triggers):
        if (rule.attribute is None) != (rule.at_least is None):
            advice = "Give both, such as attribute: New Value with at_least: 100, or neither."
            said = "attribute and at_least belong together"
            yield _error(("triggers", index), said, advice)


def _unique(path: Path, names: list[str]) -> Iterator[Lint]:
    for index, name in enumerate(names):
        if name in names[:index]:
            said = f"{name!r} stands here twice"
            yield _error((*path, index), said, "Give each its own name; reports go by it.")


def _segments(policy: Policy) -> Iterator[Lint]:
    yield from _unique(("segments",), [segment.name for segment in policy.segments])
    catch_all: str | None = None
    for index, segment in enumerate(policy.segments):
        path = ("segments", index)
        yield from _reference((*path, "fallback"), "queue", segment.fallback, policy.queues)
        yield from _conditions((*path, "when"), segment.when, policy, without={"segment"})
        if catch_all is not None:
            advice = f"Move {catch_all!r} to the end, or give it a when."
            said = f"no lead reaches it: {catch_all!r} above takes every lead"
            yield _error(path, said, advice)
        if not segment.when:
            catch_all = segment.name
        yield from _sla((*path, "sla"), segment.sla.first_touch, policy)
    if catch_all is None:
        advice = "Add a last segment without a when."
        said = "a lead that fits none of the segments would have no SLA and no fallback"
        yield _error(("segments",), said, advice)


def _sla(path: Path, target: timedelta, policy: Policy) -> Iterator[Lint]:
    at = (*path, "first_touch")
    if target < timedelta(minutes=1):
        said = f"a first touch within {format_duration(target)} is impossible"
        yield _error(at, said, "Give people at least some minutes, such as 15m.")
    elif target > LONGEST_SLA:
        said = f"{format_duration(target)} is longer than a month"
        yield _error(at, said, "Check the unit: m is minutes, h hours, d days, w weeks.")
    elif target < MARKETO_SYNC_PAUSE and not policy.sync.request:
        said = f"{format_duration(target)} is shorter than the pause of Marketo's own sync"
        yield _warning(at, said, "Allow more time, or turn on sync.request.")


def _conditions(
    path: Path, when: When, policy: Policy, without: Iterable[str] = ()
) -> Iterator[Lint]:
    facts = FACTS - set(without)
    for fact, test in when.items():
        yield from _reference((*path, fact), "fact", fact, facts)
        if isinstance(test, Range):
            values = test.not_in
            low, high = test.at_least, test.at_most
            if low is not None and high is not None and low > high:
                said = f"nothing is at least {low:g} and at most {high:g}"
                yield _error((*path, fact), said, "Swap the two.")
        else:
            values = test if isinstance(test, tuple) else (str(test),)
        known = _vocabulary(fact, policy)
        for value in values if known is not None else ():
            yield from _reference((*path, fact), fact, value, known or ())


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
        said = f"{format_duration(gate.wait_for_sync)} is no longer than the sync's own pause"
        advice = "Allow at least two cycles, such as 15m; 2h is usual."
        yield _error(("gate", "wait_for_sync"), said, advice)
    if gate.look_again < timedelta(minutes=1):
        said = f"looking again every {format_duration(gate.look_again)} would burn the quota"
        yield _error(("gate", "look_again"), said, "Use at least 1m; 5m is Marketo's own rhythm.")
    places = {*policy.regions, *(c for region in policy.regions.values() for c in region)}
    for index, place in enumerate(gate.consent_basis_required_in):
        path = ("gate", "consent_basis_required_in", index)
        yield from _reference(path, "region", place, places)
    for index, rule in enumerate(gate.qualified):
        path = ("gate", "qualified", index)
        yield from _conditions((*path, "when"), rule.when, policy)
        if rule.intent_activities and not gate.intent_activities:
            said = "asks for intent activities, but gate.intent_activities names none"
            yield _error(path, said, "Name the activities that show intent.")
    for index, tier in enumerate(policy.icp):
        yield from _conditions(("icp", index, "when"), tier.when, policy, without={"icp_tier"})


def _routing(policy: Policy) -> Iterator[Lint]:
    yield from _unique(("routing",), [rule.name for rule in policy.routing])
    final: str | None = None
    for index, rule in enumerate(policy.routing):
        path = ("routing", index)
        yield from _conditions((*path, "when"), rule.when, policy)
        if final is not None:
            said = f"no lead reaches it: {final!r} above takes every lead"
            yield _error(path, said, f"Move it above {final!r}, or give that rule a when.")
        if isinstance(rule, ToRule):
            yield from _target((*path, "to"), rule.to, policy)
        if rule.kind in ("to", "salesforce_rules") and not rule.when:
            final = rule.name
        if isinstance(rule, TerritoryRule) and not policy.territories:
            said = "asks for the territory, but there are no territories"
            yield _error(path, said, "Put territories.csv beside the policy file.")
        by_salesforce = [s for s in policy.segments if s.assignment is Assignment.SALESFORCE_RULES]
        if rule.kind == "salesforce_rules" and len(by_salesforce) == len(policy.segments):
            said = "every segment already leaves the choice to Salesforce"
            yield _warning(path, said, "Remove the rule.")


def _target(path: Path, target: str, policy: Policy) -> Iterator[Lint]:
    """Check `user:...`, `pool:...` or `queue:...`."""
    kind, colon, name = target.partition(":")
    known: Mapping[str, Iterable[str]] = {
        "user": policy.users,
        "pool": policy.pools,
        "queue": policy.queues,
    }
    if not colon or kind not in known:
        advice = "Write user:EMAIL, pool:NAME or queue:NAME."
        yield _error(path, f"{target!r} doesn't say who", advice)
    else:
        yield from _reference(path, kind, name, known[kind])


def _territories(policy: Policy) -> Iterator[Lint]:
    segments = {segment.name for segment in policy.segments}
    for index, row in enumerate(policy.territories):
        path = ("territories", index)
        yield from _target((*path, "owner"), row.owner, policy)
        if row.region is not None:
            yield from _reference((*path, "region"), "region", row.region, policy.regions)
        if row.segment is not None:
            yield from _reference((*path, "segment"), "segment", row.segment, segments)
        if row.country is not None and policy.region_of(row.country) is None:
            said = f"{row.country!r} belongs to no region"
            advice = "Use the two-letter code and put it under regions."
            yield _error((*path, "country"), said, advice)
        if row.state is not None and row.country is None:
            said = f"the state {row.state!r} is ambiguous without a country"
            yield _error((*path, "state"), said, "Fill the country's cell.")
        yield from _shadowed(index, row, policy)
    yield from _gaps(policy)


def _shadowed(index: int, row: Territory, policy: Policy) -> Iterator[Lint]:
    """A row that an earlier one hides whole, or shares leads with."""
    for earlier in policy.territories[:index]:
        if _covers(earlier, row, policy):
            said = f"no lead reaches it: line {earlier.line} ({earlier.territory}) takes them all"
            yield _error(("territories", index), said, "Move it up, or remove it.")
            return
    for earlier in policy.territories[:index]:
        if earlier.owner != row.owner and _is_accident(earlier, row, policy):
            said = f"shares leads with line {earlier.line} ({earlier.territory}), which wins"
            advice = "Fill another cell in one of the two, if that is not what you mean."
            yield _warning(("territories", index), said, advice)
            return


_CELLS: tuple[Literal["region", "country", "state", "segment", "industry"], ...] = (
    "region",
    "country",
    "state",
    "segment",
    "industry",
)


def _cells(row: Territory, policy: Policy) -> dict[str, str | None]:
    cells = {name: getattr(row, name) for name in _CELLS}
    if row.country is not None and row.region is None:
        cells["region"] = policy.region_of(row.country)
    return cells


def _sizes(row: Territory) -> tuple[float, float]:
    low = float("-inf") if row.employees_from is None else row.employees_from
    high = float("inf") if row.employees_to is None else row.employees_to
    return low, high


def _covers(earlier: Territory, row: Territory, policy: Policy) -> bool:
    """Whether every lead that fits `row` fits `earlier` too."""
    wide, narrow = _cells(earlier, policy), _cells(row, policy)
    wide_low, wide_high = _sizes(earlier)
    low, high = _sizes(row)
    bounded = earlier.employees_from is not None or earlier.employees_to is not None
    unbounded = row.employees_from is None and row.employees_to is None
    if bounded and unbounded:
        return False
    fits = all(wide[name] is None or wide[name] == narrow[name] for name in _CELLS)
    return fits and wide_low <= low and high <= wide_high


def _is_accident(earlier: Territory, row: Territory, policy: Policy) -> bool:
    """Whether two rows share leads though neither is the other's special case."""
    if _covers(row, earlier, policy):
        return False  # an exception above the general row is how tables are written
    one, other = _cells(earlier, policy), _cells(row, policy)
    meet = all(
        one[name] is None or other[name] is None or one[name] == other[name] for name in _CELLS
    )
    (low, high), (other_low, other_high) = _sizes(earlier), _sizes(row)
    by_segment = (earlier.segment is None) != (row.segment is None)
    return meet and not by_segment and max(low, other_low) <= min(high, other_high)


def _gaps(policy: Policy) -> Iterator[Lint]:
    """Countries in a region that no territory takes for every segment."""
    if not policy.territories or not any(r.kind == "territory" for r in policy.routing):
        return
    for segment in policy.segments:
        missing = [
            country
            for countries in policy.regions.values()
            for country in countries
            if not any(_takes(row, country, segment.name, policy) for row in policy.territories)
        ]
        if missing:
            said = f"no territory takes {segment.name!r} leads from {', '.join(missing)}"
            advice = "Add rows for them; until then they go to the rules below, or the fallback."
            yield _warning(("territories",), said, advice)


def _takes(row: Territory, country: str, segment: str, policy: Policy) -> bool:
    return (
        row.country in (None, country)
        and row.region in (None, policy.region_of(country))
        and row.segment in (None, segment)
    )


def _sync(policy: Policy) -> Iterator[Lint]:
    if policy.sync.request and not policy.sync.campaign:
        said = "asks for the sync campaign, but names none"
        advice = "Add campaign: the name of the trigger campaign that syncs to Salesforce."
        yield _error(("sync", "request"), said, advice)
    if not policy.sync.unassigned_owners:
        said = "names nobody who holds leads that nobody was given yet"
        advice = "Name the queue or user that new leads belong to in Salesforce at first."
        yield _warning(("sync",), said, advice)


def _follow_through(policy: Policy) -> Iterator[Lint]:
    rules = policy.follow_through
    yield from _ladder(("follow_through", "ladder"), rules.ladder, policy.segments)
    for index, segment in enumerate(policy.segments):
        if segment.ladder is not None:
            yield from _ladder(("segments", index, "ladder"), segment.ladder, (segment,))
    if rules.leakage_to is not None:
        path = ("follow_through", "leakage_to")
        yield from _reference(path, "user", rules.leakage_to, policy.users)
    for index, choice in enumerate(rules.snooze.choices):
        if choice > rules.snooze.longest:
            said = f"a snooze of {format_duration(choice)} is longer than is allowed"
            advice = f"Offer at most {format_duration(rules.snooze.longest)}, or raise `longest`."
            yield _error(("follow_through", "snooze", "choices", index), said, advice)
    yield from _unique(("follow_through", "disputes"), [one.name for one in rules.disputes])
    for email, user in policy.users.items():
        if user.cover is not None:
            yield from _reference(("users", email, "cover"), "user", user.cover, policy.users)


def _ladder(path: Path, rungs: Sequence[Rung], segments: Sequence[Segment]) -> Iterator[Lint]:
    yield from _unique(path, [rung.name for rung in rungs])
    for index in range(1, len(rungs)):
        lower, higher = rungs[index - 1], rungs[index]
        for segment in segments:
            target = segment.sla.first_touch
            if higher.after(target) <= lower.after(target):
                said = f"in segment {segment.name} this rung is not later than the one before it"
                yield _error((*path, index), said, "Let the rungs rise: each later than the last.")
                break
    for index, rung in enumerate(rungs):
        if rung.name in RESERVED:
            said = f"{rung.name!r} is a name that the worker uses itself"
            yield _error((*path, index, "name"), said, "Give the rung another name.")
    if rungs and Move.LIST not in rungs[-1].do:
        said = "the last rung doesn't put the lead on the leakage list"
        advice = "End the ladder with `do: [list]`, so that nothing is forgotten."
        yield _warning((*path, len(rungs) - 1), said, advice)


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
    _territories,
)
