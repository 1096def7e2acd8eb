"""Figures over a period, and what was changed in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from agent.conversation import requests
from agent.conversation.turn import MOST_SHOWN, Talk, card, counted, failure
from agent.ledger.stores.conversations import Part
from agent.run.pauses import stops
from domain.conversation.answers import Answer
from domain.conversation.permissions import Ability, circle, may
from domain.metrics.lifecycle import Ending, Journey, answering
from domain.metrics.measures import Share, Stretch, coverage, wall_time
from domain.time.durations import format_duration
from domain.time.moments import past
from domain.values import LeadKey


def numbers(asked: requests.Period, talk: Talk) -> Answer:
    """Speed, coverage and leakage of the leads that came up in a period, as reports define them."""
    owners, wanted = circle(talk.who, Ability.NUMBERS), asked.segment.strip().lower()
    policy, since = talk.policy, talk.now - timedelta(days=asked.days)
    names = {one.name.lower(): one.name for one in policy.segments}
    if wanted and wanted not in names:
        known = ", ".join(names.values())
        return failure(f'The policy has no segment "{asked.segment}".', f"It has: {known}.")
    journeys = [
        one
        for one in talk.run.ledger.journeys.outlines(since)
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
    loads = talk.run.ledger.conversations.loads(Part(owners), talk.now).values()
    listed = sum(one.listed for one in loads)
    lines.append(f"Past every step and still untouched: {counted(listed, 'lead')}.")
    if not wanted:
        lines += _by_segment(counted_ones, talk)
    of = f" of {names[wanted]}" if wanted else ""
    came = f"{counted(len(counted_ones), 'lead')}{of} came up in the last {asked.days} days"
    return Answer(
        title=f"{came}, since {talk.at(since)}.",
        lines=tuple(lines),
        source=f"Wall time; each measure is defined in docs/reference/measures.md. {talk.as_of()}",
    )


def _by_segment(journeys: Sequence[Journey], talk: Talk) -> Iterator[str]:
    """The same for each segment that had a lead."""
    for segment in talk.policy.segments:
        own = [one for one in journeys if one.segment == segment.name]
        if own:
            covered = coverage(own, talk.now)
            yield (
                f"{segment.name}: {counted(len(own), 'lead')}, touched {_told(covered.touched)}, "
                f"in time {_told(covered.in_time)}"
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
    known = {
        one.lead: one for one in ledger.conversations.of_leads([LeadKey(row.lead) for row in rows])
    }
    seen = [
        (row, known[LeadKey(row.lead)])
        for row in rows
        if LeadKey(row.lead) in known
        and may(talk.who, Ability.CHANGES, known[LeadKey(row.lead)].owner)
    ]
    counts = Counter(row.kind for row, _ in seen)
    lines = [f"{count} {_KINDS[kind]}" for kind, count in counts.most_common()]
    versions = ledger.history.policies_since(since)
    lines += [f"Policy {one} in force since {talk.at(at)}" for one, at in versions]
    lines += [
        f"Paused: {one.scope}, since {talk.at(one.at)}, by {one.by}: {one.reason}"
        for one in stops(talk.run).values()
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
