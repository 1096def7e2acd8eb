"""What the policy says, and what would have happened under another one."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from agent.conversation import requests
from agent.conversation.turn import MOST_SHOWN, Talk, failure, find_person
from agent.rollout.simulation import try_policy
from domain.conversation.answers import Answer
from domain.grammar import counted, lasting, listed
from domain.language.names import pool as pool_name
from domain.language.names import queue as queue_name
from domain.policy.conditions import as_test
from domain.policy.follow_through import Mark, Move
from domain.policy.model import Policy, Pool, Segment

HISTORY = timedelta(days=30)
"""How far back a what-if looks."""
MOST_LINES = 12


def territories(wanted: str, policy: Policy) -> frozenset[str]:
    """Names of the territories that a word means: their own name, a region, or a country."""
    text = wanted.lower()
    found: set[str] = set()
    for row in policy.territories:
        region = row.region or policy.region_of(row.country) or ""
        if text in (row.territory.lower(), region.lower(), (row.country or "").lower()):
            found.add(row.territory)
    return frozenset(found)


def rules(asked: requests.Topic, talk: Talk) -> Answer:
    """What the policy says, as everybody may know."""
    policy, topic = talk.policy, asked.topic.strip().lower()
    named = _segments(topic, policy)
    names = territories(topic, policy) if topic else frozenset[str]()
    is_snooze = "snooze" in topic
    if topic and not (named or names or is_snooze):
        known = ", ".join(one.name for one in policy.segments)
        return failure(
            f'I don\'t know "{asked.topic.strip()}".',
            f"Try a segment ({known}), a form, a region, a territory, or snooze.",
        )
    lines = [_of_segment(one) for one in (policy.segments if not topic else named)]
    if len(named) == 1:
        lines += [
            f"At {_mark(rung.at)}: {listed([MOVES[move] for move in rung.do])}"
            for rung in policy.ladder(named[0].name)
        ]
    for row in policy.territories:
        if row.territory in names:
            places = ", ".join(part for part in (row.region, row.country, row.state) if part)
            lines.append(f"Territory {row.territory} ({places}): {_owner(row.owner, policy)}")
    if not topic or is_snooze:
        snooze = policy.follow_through.snooze
        times, longest = counted(snooze.at_most, "time"), lasting(snooze.longest)
        lines.append(f"Snooze: at most {times} per lead, up to {longest} each")
    more = len(lines) - MOST_LINES
    shown = lines[:MOST_LINES] + ([f"and {counted(more, 'line')} more"] if more > 0 else [])
    about = f" for {asked.topic.strip()}" if topic else ""
    return Answer(
        title=f'Rules{about} in policy "{policy.name}".',
        lines=tuple(shown),
        source=f"Policy {policy.version}",
    )


def _segments(topic: str, policy: Policy) -> list[Segment]:
    """The segments that a topic means: by name, or by the form or list that leads to them."""
    if not topic:
        return []
    named = [one for one in policy.segments if one.name.lower() in topic]
    named = named or [one for one in policy.segments if topic in one.name.lower()]
    if named:
        return named
    stem = topic.removesuffix("s")
    kinds = {
        rule.kind
        for rule in policy.triggers
        if any(stem in name.lower() for name in (rule.name, *rule.names))
    }
    return [one for one in policy.segments if kinds & _triggers(one)]


def _triggers(segment: Segment) -> set[str]:
    wanted = as_test(segment.when.get("trigger", ()))
    return (
        {wanted} if isinstance(wanted, str) else set(wanted) if isinstance(wanted, tuple) else set()
    )


def _of_segment(segment: Segment) -> str:
    clock = "business hours" if segment.sla.clock == "business" else "around the clock"
    touch = lasting(segment.sla.first_touch)
    return (
        f"{segment.name}: first touch within {touch} ({clock}); {segment.mode} mode; "
        f"if no rep is available: {queue_name(segment.fallback)}"
    )


MOVES: Mapping[Move, str] = {
    Move.REMIND: "remind the owner",
    Move.NUDGE: "notify the owner",
    Move.ESCALATE: "notify the manager",
    Move.REASSIGN: "reassign to the next rep in the round robin",
    Move.LIST: "list as unworked",
}
"""What an escalation step does."""


def _mark(mark: Mark) -> str:
    """When an escalation step is due."""
    return lasting(mark) if isinstance(mark, timedelta) else f"{mark * 100:g}% of SLA"


def _owner(named: str, policy: Policy) -> str:
    """Who gets the leads of a territory: a person, a pool or a queue by name."""
    kind, _, name = named.partition(":")
    match kind:
        case "user":
            return _name(name, policy)
        case "pool":
            return f"{pool_name(name)} round robin"
        case _:
            return queue_name(name) if name else named


def what_if(asked: requests.Supposing, talk: Talk) -> Answer:
    """Decide the last 30 days again under another policy; nothing is changed."""
    supposed = _without(asked.without, talk) if asked.without.strip() else _moved(asked, talk)
    if isinstance(supposed, Answer):
        return supposed
    other, person, words = supposed
    policy = talk.policy
    tried = try_policy(talk.run.ledger, talk.now - HISTORY, policy, other)
    moved = Counter(
        (_name(one.before.owner, policy), _name(one.after.owner, policy))
        for one in tried.changes
        if one.before.owner != one.after.owner
    )
    load = next((one for one in tried.loads if one.owner == person), None)
    gained = 0 if load is None else load.after - load.before
    lines = [
        f"{number} from {before} to {after}"
        for (before, after), number in moved.most_common(MOST_LINES)
    ]
    if tried.assumed:
        told = ", ".join(_name(one, policy) for one in tried.assumed[:MOST_SHOWN])
        lines.append(f"Assumed available, with no record of it: {told}")
    return Answer(
        title=(
            f"{sum(moved.values())} of {counted(tried.leads, 'lead')} would have had another "
            f"owner; "
            f"{_name(person, policy)} would have had {abs(gained)} "
            f"{'more' if gained >= 0 else 'fewer'}."
        ),
        lines=tuple(lines),
        source=(
            f"{words}. Simulated on the last {HISTORY.days} days; nothing was changed. "
            f"{talk.as_of()}"
        ),
    )


_Supposed = tuple[Policy, str, str]
"""Another policy, whom it is about, and how it differs, in words."""


def _moved(asked: requests.Supposing, talk: Talk) -> _Supposed | Answer:
    """The policy with another owner of a territory."""
    policy = talk.policy
    names = territories(asked.territory.strip(), policy)
    if not names:
        known = sorted({one.territory for one in policy.territories})
        return failure(
            f'There is no territory "{asked.territory}".', f"Territories: {', '.join(known[:20])}."
        )
    person = find_person(asked.to, policy)
    if isinstance(person, Answer):
        return person
    rows = tuple(
        row.model_copy(update={"owner": f"user:{person}"}) if row.territory in names else row
        for row in policy.territories
    )
    words = f"Territory {', '.join(sorted(names))} owned by {policy.users[person].name}"
    return policy.model_copy(update={"territories": rows}), person, words


def _without(wanted: str, talk: Talk) -> _Supposed | Answer:
    """The policy with a colleague in no pool."""
    policy = talk.policy
    person = find_person(wanted, policy)
    if isinstance(person, Answer):
        return person
    theirs = [
        name
        for name, pool in policy.pools.items()
        if any(member.user == person for member in pool.members)
    ]
    pools = _pools_without(person, policy.pools)
    if not theirs or pools is None:
        name = policy.users[person].name
        return failure(
            f"{name} shares no pool with anyone.", "Ask: what if TERRITORY went to COLLEAGUE."
        )
    shared = listed([pool_name(one) for one in theirs])
    words = f"{shared} round robin without {policy.users[person].name}"
    return policy.model_copy(update={"pools": pools}), person, words


def _pools_without(person: str, pools: Mapping[str, Pool]) -> dict[str, Pool] | None:
    """The pools without somebody; None when one of them would be empty."""
    found: dict[str, Pool] = {}
    for name, pool in pools.items():
        members = tuple(one for one in pool.members if one.user != person)
        if not members:
            return None
        found[name] = pool.model_copy(update={"members": members})
    return found


def _name(owner: str | None, policy: Policy) -> str:
    """A person's name, or a queue's; no owner for a lead that isn't ready."""
    if owner is None:
        return "no owner"
    user = policy.users.get(owner)
    return user.name if user is not None else queue_name(owner) if owner in policy.queues else owner
