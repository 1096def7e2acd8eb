"""What can be looked up: each answer is made by code from records, within what one may see."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agent import observing
from agent.conversation import requests
from agent.conversation.talk import (
    MOST_SHOWN,
    Talk,
    card,
    cards,
    counted,
    failure,
    find,
    find_one,
    find_person,
    standing,
)
from agent.ledger.tables import CycleStatus, DecisionRow
from agent.ledger.talks import Known, Load, Part
from agent.simulating import try_policy
from domain.answers import Answer
from domain.authority import Ability, circle, may
from domain.certificate import Outcome
from domain.durations import format_duration
from domain.follow_rules import format_mark
from domain.journeys import Ending, answering
from domain.measures import Share, Stretch, coverage, wall_time
from domain.moments import past
from domain.policy import Policy
from domain.values import CycleId, LeadKey

HISTORY = timedelta(days=30)
"""How far back a what-if looks."""
MOST_LINES = 12

Lookup = Callable[[Any, Talk], Answer]


def why(asked: requests.OneLead, talk: Talk) -> Answer:
    """Why a lead went where it went, from its decisions."""
    found = find_one(asked.lead, Ability.WHY, talk)
    if isinstance(found, Answer):
        return found
    decisions = talk.run.ledger.history.decisions(found.cycle)
    routed = [one for one in decisions if one.kind == "route"]
    lines = list(_reasons(routed[-1])) if routed else [f"Not routed: {found.sentence}"]
    later = [one for one in decisions if one.kind not in ("gate", "route")]
    lines += [f"{talk.at(one.at)}: {one.sentence}" for one in later[-5:]]
    source = talk.as_of()
    if routed:
        source = f"Decision {routed[-1].id} under policy {routed[-1].policy_version}. {source}"
    whose = f"is with {found.owner_name}" if found.owner_name else "is in nobody's hands"
    return Answer(
        title=f"{found.title} {whose}.",
        lines=tuple(lines),
        cards=(card(found, talk),),
        source=source,
    )


def _reasons(row: DecisionRow) -> Iterator[str]:
    """What a routing decision rests on, in its own words."""
    outcome = Outcome.model_validate_json(row.outcome)
    yield row.sentence
    yield outcome.verdict.sentence
    if outcome.routed is not None:
        skipped = outcome.routed.decision.skipped[:4]
        if any(one.why not in row.sentence for one in skipped):
            told = "; ".join(f"{one.who}: {one.why}" for one in skipped)
            yield f"Not chosen: {told}"


def search(asked: requests.Words, talk: Talk) -> Answer:
    """Leads by name or company."""
    found = find(asked.words, Ability.FIND, talk)
    if not found:
        return failure(f'I know no lead "{asked.words}" that you may see.')
    return Answer(
        title=f'{counted(len(found), "lead")} for "{asked.words}".',
        cards=cards(found, talk),
        source=talk.as_of(),
    )


def unworked(asked: requests.Where, talk: Talk) -> Answer:
    """Open leads that nobody has touched, the latest first."""
    owners, talks = circle(talk.who, Ability.UNWORKED), talk.run.ledger.talks
    place = _place(asked.where, owners, talk)
    if isinstance(place, Answer):
        return place
    loads = talks.loads(place.part, talk.now).values()
    late, open_ones = sum(one.late for one in loads), sum(one.open for one in loads)
    lines = [f"{open_ones - late} more are open and in time."]
    if owners is None:
        waiting = talks.waiting(place.part)
        told = ", ".join(f"{count} {status}" for status, count in sorted(waiting.items()))
        count = sum(waiting.values())
        lines.append(f"{count} wait before the assignment{f': {told}' if told else ''}.")
    else:
        lines.append("Leads of other teams are not shown to you.")
    found = talks.in_hands(place.part, late_at=talk.now if late else None, limit=MOST_SHOWN)
    return Answer(
        title=f"{counted(late, 'lead')}{place.words} late and untouched.",
        lines=tuple(lines),
        cards=cards(found, talk),
        source=talk.as_of(),
    )


@dataclass(frozen=True)
class _Place:
    """A part of the business, and how a title says it."""

    part: Part
    words: str


def _place(where: str, owners: frozenset[str] | None, talk: Talk) -> _Place | Answer:
    """What a person means by a place, by the policy's own names, within what they may see."""
    wanted, policy = where.strip(), talk.policy
    if not wanted:
        return _Place(Part(owners), "")
    for segment in policy.segments:
        if segment.name.lower() == wanted.lower():
            return _Place(Part(owners, segment=segment.name), f" in {segment.name}")
    names = territories(wanted, policy)
    if names:
        return _Place(Part(owners, territories=names), f" in {wanted}")
    person = find_person(where, policy)
    if isinstance(person, str):
        theirs = {person} if owners is None else owners & {person}
        return _Place(Part(theirs), f" with {policy.users[person].name}")
    known = sorted({*policy.regions, *(one.name for one in policy.segments)})
    return failure(f'The policy has no "{where}".', f"It has: {', '.join(known)}.")


def territories(wanted: str, policy: Policy) -> frozenset[str]:
    """Names of the territories that a word means: their own name, a region, or a country."""
    text = wanted.lower()
    found: set[str] = set()
    for row in policy.territories:
        region = row.region or policy.region_of(row.country) or ""
        if text in (row.territory.lower(), region.lower(), (row.country or "").lower()):
            found.add(row.territory)
    return frozenset(found)


def workload(asked: requests.Whose, talk: Talk) -> Answer:
    """Who has how much, and who is away."""
    owners = circle(talk.who, Ability.WORKLOAD)
    policy = talk.policy
    people = sorted(policy.users) if owners is None else sorted(owners & policy.users.keys())
    if asked.who.strip():
        person = find_person(asked.who, policy)
        if isinstance(person, Answer):
            return person
        people = [one for one in people if one == person]
        if not people:
            return failure(f"You may not see the leads of {policy.users[person].name}.")
    loads = talk.run.ledger.talks.loads(Part(people), talk.now)
    presences = _presences(people, talk)
    idle = Load(0, 0, 0)
    told = sorted(
        ((loads.get(one, idle), one) for one in people),
        key=lambda pair: (-pair[0].late, -pair[0].open, pair[1]),
    )
    busy = [(load, one) for load, one in told if load.open or one in presences]
    over = [one for load, one in busy if load.late or _is_full(one, load, policy)]
    lines = [
        f"{policy.users[one].name}: {load.open} open, {load.late} late{_cap(one, policy)}"
        f"{presences.get(one, '')}"
        for load, one in busy[:MOST_LINES]
    ]
    names = ", ".join(policy.users[one].name for one in over[:MOST_SHOWN])
    return Answer(
        title=f"Overloaded: {names}." if over else "Nobody is overloaded.",
        lines=tuple(lines) or ("Nobody has an open lead.",),
        source=f"Overloaded means: a late lead, or as many as the cap. {talk.as_of()}",
    )


def _is_full(email: str, load: Load, policy: Policy) -> bool:
    cap = policy.users[email].cap_open
    return cap is not None and load.open >= cap


def _cap(email: str, policy: Policy) -> str:
    cap = policy.users[email].cap_open
    return "" if cap is None else f", cap {cap}"


def _presences(people: Collection[str], talk: Talk) -> Mapping[str, str]:
    if talk.run.messenger is None or not people:
        return {}
    found = talk.run.messenger.presences(sorted(people))
    return {email: f", {one.away}" for email, one in found.items() if one.away}


def numbers(asked: requests.Period, talk: Talk) -> Answer:
    """Speed, coverage and leakage of the leads that came up in a period, as reports define them."""
    owners, wanted = circle(talk.who, Ability.NUMBERS), asked.segment.strip().lower()
    policy, since = talk.policy, talk.now - timedelta(days=asked.days)
    journeys = [
        one
        for one in talk.run.ledger.measuring.journeys(since)
        if (owners is None or answering(one, policy) in owners)
        and (not wanted or (one.segment or "").lower() == wanted)
    ]
    counted_ones = [one for one in journeys if one.ending is not Ending.SUPERSEDED]
    covered = coverage(counted_ones, talk.now)
    lines = [
        f"Assigned: {_told(covered.assigned)} that were route-ready.",
        f"Touched: {_told(covered.touched)} that were assigned.",
        f"In time: {_told(covered.in_time)} whose time is over or was kept.",
    ]
    half, most, _ = wall_time(counted_ones, Stretch.WHOLE, talk.now).within
    if half is not None:
        lines.append(f"From trigger to first touch: half within {format_duration(_minutes(half))}.")
    if most is not None:
        lines.append(f"Nine of ten within {format_duration(_minutes(most))}.")
    loads = talk.run.ledger.talks.loads(Part(owners), talk.now).values()
    listed = sum(one.listed for one in loads)
    lines.append(f"Past every step and still untouched: {counted(listed, 'lead')}.")
    of = f" of {asked.segment.strip()}" if wanted else ""
    return Answer(
        title=f"{counted(len(counted_ones), 'lead')}{of} came up in the last {asked.days} days.",
        lines=tuple(lines),
        source=f"Wall time; each measure is defined in docs/measures.md. {talk.as_of()}",
    )


def _told(share: Share) -> str:
    percent = "" if share.value is None else f" ({round(100 * share.value)}%)"
    return f"{share.part} of {share.whole}{percent}"


def _minutes(length: timedelta) -> timedelta:
    return timedelta(minutes=round(length / timedelta(minutes=1)))


_KINDS = {
    "reassign": "given on by the ladder",
    "observed": "changed by hand in Salesforce",
    "said": "said by people in Slack",
    "directed": "changed by conversation",
    "explained": "looked at closer by a model",
}


def changes(asked: requests.Since, talk: Talk) -> Answer:
    """What was changed since a moment, by people and by the worker."""
    since = past(asked.since, talk.now, talk.who.timezone)
    if since is None:
        return failure(
            f'I can\'t read "{asked.since}" as a moment.', "Say Monday, 4h or 2026-11-30."
        )
    ledger = talk.run.ledger
    rows = ledger.history.decided_since(since, tuple(_KINDS))
    known = {one.lead: one for one in ledger.talks.of_leads([LeadKey(row.lead) for row in rows])}
    seen = [
        (row, known[LeadKey(row.lead)])
        for row in rows
        if LeadKey(row.lead) in known
        and may(talk.who, Ability.CHANGES, known[LeadKey(row.lead)].owner)
    ]
    counts = Counter(row.kind for row, _ in seen)
    lines = [f"{count} {_KINDS[kind]}" for kind, count in counts.most_common()]
    if circle(talk.who, Ability.CHANGES) is None:
        versions = ledger.history.policies_since(since)
        lines += [f"Policy {one} in force since {talk.at(at)}" for one, at in versions]
    lines += [
        f"Paused: {one.scope}, since {talk.at(one.at)}, by {one.by}: {one.reason}"
        for one in ledger.talks.stops().values()
    ]
    shown = tuple(
        card(lead, talk, f"{talk.at(row.at)}: {row.sentence}") for row, lead in seen[:MOST_SHOWN]
    )
    return Answer(
        title=f"{counted(len(seen), 'change')} since {talk.at(since)}.",
        lines=tuple(lines),
        cards=shown,
        source=talk.as_of(),
    )


def rules(asked: requests.Topic, talk: Talk) -> Answer:
    """What the policy says, as everybody may know."""
    policy, topic = talk.policy, asked.topic.strip().lower()
    named = [one for one in policy.segments if topic and one.name.lower() in topic]
    if not named and topic:
        named = [one for one in policy.segments if topic in one.name.lower()]
    names = territories(topic, policy) if topic else frozenset[str]()
    lines: list[str] = []
    for segment in named or (() if names else policy.segments):
        clock = "working hours" if segment.sla.clock == "business" else "wall time"
        touch = format_duration(segment.sla.first_touch)
        lines.append(
            f"{segment.name}: first touch within {touch} of {clock}; mode {segment.mode}; "
            f"nobody available: queue {segment.fallback}"
        )
    if len(named) == 1:
        lines += [
            f"At {format_mark(rung.at)}: {', '.join(rung.do)}"
            for rung in policy.ladder(named[0].name)
        ]
    for row in policy.territories:
        if row.territory in names and len(lines) < MOST_LINES:
            places = ", ".join(part for part in (row.region, row.country, row.state) if part)
            lines.append(f"Territory {row.territory} ({places}): {row.owner}")
    snooze = policy.follow_through.snooze
    if not topic or "snooze" in topic:
        longest = format_duration(snooze.longest)
        lines.append(f"Snooze: at most {snooze.at_most} times, {longest} at the longest")
    title = f'What policy "{policy.name}" says'
    return Answer(
        title=f"{title} of {asked.topic.strip()}." if topic else f"{title}.",
        lines=tuple(lines[:MOST_LINES]),
        source=f"Policy {policy.version}",
    )


def what_if(asked: requests.Supposing, talk: Talk) -> Answer:
    """Decide the last 30 days again with another owner of a territory; nothing is changed."""
    policy = talk.policy
    names = territories(asked.territory, policy)
    if not names:
        known = sorted({one.territory for one in policy.territories})
        return failure(
            f'The policy has no territory "{asked.territory}".', f"It has: {', '.join(known[:20])}."
        )
    person = find_person(asked.to, policy)
    if isinstance(person, Answer):
        return person
    supposed = policy.model_copy(
        update={
            "territories": tuple(
                row.model_copy(update={"owner": f"user:{person}"})
                if row.territory in names
                else row
                for row in policy.territories
            )
        }
    )
    tried = try_policy(talk.run.ledger, talk.now - HISTORY, policy, supposed)
    moved = Counter(
        (_name(one.before.owner, policy), _name(one.after.owner, policy))
        for one in tried.changes
        if one.before.owner != one.after.owner
    )
    name = policy.users[person].name
    gained = next((one.after - one.before for one in tried.loads if one.owner == person), 0)
    lines = [
        f"{number} from {before} to {after}"
        for (before, after), number in moved.most_common(MOST_LINES)
    ]
    if tried.assumed:
        told = ", ".join(_name(one, policy) for one in tried.assumed[:MOST_SHOWN])
        lines.append(f"Taken as available, for nothing else is recorded: {told}")
    return Answer(
        title=(
            f"{sum(moved.values())} of {counted(tried.leads, 'lead')} would have gone elsewhere; "
            f"{name} would have had {gained} more."
        ),
        lines=tuple(lines),
        source=(
            f"Territories {', '.join(sorted(names))}; the decisions of the last {HISTORY.days} "
            f"days made again; nothing was changed. {talk.as_of()}"
        ),
    )


def _name(owner: str | None, policy: Policy) -> str:
    """A person's name, or a queue's; nobody for a lead that isn't ready."""
    if owner is None:
        return "nobody"
    user = policy.users.get(owner)
    return owner if user is None else user.name


def waiting(_: requests.Nothing, talk: Talk) -> Answer:
    """Assignments that wait for a word."""
    rows = talk.run.ledger.approvals.pending()
    known = {
        one.cycle: one
        for one in talk.run.ledger.talks.of_cycles([CycleId(row.cycle_id) for row in rows])
        if one.status is CycleStatus.APPROVAL
    }
    seen = [
        (row, known[CycleId(row.cycle_id)])
        for row in rows
        if CycleId(row.cycle_id) in known
        and may(talk.who, Ability.WAITING, proposed_owner(known[CycleId(row.cycle_id)], talk))
    ]
    return Answer(
        title=f"{counted(len(seen), 'assignment')} waiting for a word.",
        cards=tuple(card(one, talk, row.sentence) for row, one in seen[:MOST_SHOWN]),
        source=talk.as_of(),
    )


def proposed_owner(one: Known, talk: Talk) -> str | None:
    """Who would answer for a lead that waits for a word: decides whose manager may give it."""
    row = talk.run.ledger.history.cycles(one.lead)[-1]
    return row.owner if row.owner in talk.policy.users else None


def marketo(asked: requests.OneLead, talk: Talk) -> Answer:
    """What a lead did lately, as Marketo logged it."""
    found = find_one(asked.lead, Ability.MARKETO, talk)
    if isinstance(found, Answer):
        return found
    since = talk.now - HISTORY
    done = talk.run.ledger.cycles.activities([found.lead], since).get(found.lead, ())
    lines = [f"{talk.at(one.at)}: {one.type}: {one.name}" for one in done[-MOST_LINES:]]
    return Answer(
        title=f"{found.title}: {counted(len(done), 'activity')} in {HISTORY.days} days.",
        lines=tuple(lines),
        cards=(card(found, talk),),
        source=talk.as_of("Marketo's activity log"),
    )


def salesforce(asked: requests.OneLead, talk: Talk) -> Answer:
    """What sales did about a lead, read from Salesforce now and judged."""
    found = find_one(asked.lead, Ability.SALESFORCE, talk)
    if isinstance(found, Answer):
        return found
    held = talk.run.ledger.handoffs.get(found.cycle)
    if held is None:
        return failure(f"{found.title} is in nobody's hands yet.", standing(found, talk))
    handoffs = [held.handoff]
    seen = observing.seen(handoffs, observing.observe(handoffs, talk.run), {}, talk.run)
    judgement = seen[found.cycle].judgement
    lines = [judgement.sentence]
    lines += [one.sentence for one in judgement.findings[:MOST_LINES]]
    return Answer(
        title=f"{found.title}, as Salesforce has it.",
        lines=tuple(lines),
        cards=(card(found, talk),),
        source=talk.as_of("Salesforce"),
    )


LOOKUPS: Mapping[Ability, Lookup] = {
    Ability.WHY: why,
    Ability.FIND: search,
    Ability.UNWORKED: unworked,
    Ability.WORKLOAD: workload,
    Ability.NUMBERS: numbers,
    Ability.CHANGES: changes,
    Ability.RULES: rules,
    Ability.WHAT_IF: what_if,
    Ability.WAITING: waiting,
    Ability.MARKETO: marketo,
    Ability.SALESFORCE: salesforce,
}
"""Every ability that only looks."""
