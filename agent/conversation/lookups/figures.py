"""Figures over a period, and what was changed in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from agent.conversation import requests
from agent.conversation.turn import MOST_SHOWN, Talk, card, failure
from agent.ledger.stores.conversations import Part
from agent.run.pauses import stops
from domain.conversation.answers import Answer
from domain.conversation.permissions import Ability, circle, may
from domain.decision.said import Said
from domain.follow_through.reasons import Rotated
from domain.grammar import counted, lasting
from domain.metrics.lifecycle import Ending, Journey, answering
from domain.metrics.measures import Share, Stretch, coverage, wall_time
from domain.time.moments import past
from domain.values import LeadKey


def numbers(asked: requests.Period, talk: Talk) -> Answer:
    """Speed, coverage and leakage of the leads of a period, as reports define them."""
    owners, wanted = circle(talk.who, Ability.NUMBERS), asked.segment.strip().lower()
    policy, since = talk.policy, talk.now - timedelta(days=asked.days)
    names = {one.name.lower(): one.name for one in policy.segments}
    if wanted and wanted not in names:
        known = ", ".join(names.values())
        return failure(f'There is no segment "{asked.segment}".', f"Segments: {known}.")
    journeys = [
        one
        for one in talk.run.ledger.journeys.outlines(since)
        if (owners is None or answering(one, policy) in owners)
        and (not wanted or (one.segment or "").lower() == wanted)
    ]
    counted_ones = [one for one in journeys if one.ending is not Ending.SUPERSEDED]
    covered = coverage(counted_ones, talk.now)
    lines = [
        f"Assignment rate: {_told(covered.assigned)} of route-ready leads.",
        f"First touch: {_told(covered.touched)} of assigned leads.",
        f"SLA attainment: {_told(covered.in_time)} of leads due.",
    ]
    half, most, _ = wall_time(counted_ones, Stretch.WHOLE, talk.now).within
    if half is not None:
        tail = "" if most is None else f", 90% within {lasting(most)}"
        lines.append(f"Speed to lead: half of leads within {lasting(half)}{tail}.")
    loads = talk.run.ledger.conversations.loads(Part(owners), talk.now).values()
    listed = sum(one.listed for one in loads)
    lines.append(f"Unworked after final escalation: {counted(listed, 'lead')}.")
    if not wanted:
        lines += _by_segment(counted_ones, talk)
    came = counted(len(counted_ones), "new lead")
    came += f" in segment {names[wanted]}" if wanted else ""
    came += f" in the last {counted(asked.days, 'day')}"
    return Answer(
        title=f"{came}, since {talk.at(since)}.",
        lines=tuple(lines),
        source=f"Elapsed time, not business hours. {talk.as_of()}",
    )


def _by_segment(journeys: Sequence[Journey], talk: Talk) -> Iterator[str]:
    """The same for each segment that had a lead."""
    for segment in talk.policy.segments:
        own = [one for one in journeys if one.segment == segment.name]
        if own:
            covered = coverage(own, talk.now)
            yield (
                f"{segment.name}: {counted(len(own), 'lead')}, "
                f"first touch {_told(covered.touched)}, SLA attainment {_told(covered.in_time)}"
            )


def _told(share: Share) -> str:
    """A share with its numbers: `67% (2 of 3)`."""
    part = f"{share.part} of {share.whole}"
    return part if share.value is None else f"{round(100 * share.value)}% ({part})"


_KINDS = {
    "reassign": "reassigned automatically",
    "not_reassigned": "due for reassignment, but nobody was available",
    "observed": "changed in Salesforce",
    "said": "from Slack buttons",
    "directed": "made by request",
    "explained": "reviewed by a language model",
}


def counted_as(kind: str, said: Said | None) -> str:
    """What a decision counts as; a next owner looked for and not found is no reassignment."""
    if kind == "reassign" and isinstance(said, Rotated) and said.to is None:
        return "not_reassigned"
    return kind


def changes(asked: requests.Since, talk: Talk) -> Answer:
    """What was changed since a moment, by people and by the worker."""
    since = past(asked.since, talk.now, talk.who.timezone)
    if since is None:
        return failure(
            f'I don\'t understand "{asked.since}" as a time.', "Try Monday, 4h or 2026-11-30."
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
    counts = Counter(counted_as(row.kind, row.said) for row, _ in seen)
    lines = [f"{count} {_KINDS[kind]}" for kind, count in counts.most_common()]
    versions = ledger.history.policies_since(since)
    lines += [f"Policy {one} active since {talk.at(at)}" for one, at in versions]
    lines += [
        f"Paused: {one.scope}, since {talk.at(one.at)}, by {talk.name_of(one.by)}: {one.reason}"
        for one in stops(talk.run).values()
    ]
    shown = tuple(
        card(lead, talk, f"{talk.at(row.at)}: {talk.said(row.said)}")
        for row, lead in seen[:MOST_SHOWN]
    )
    return Answer(
        title=f"{counted(len(seen), 'change')} since {talk.at(since)}.",
        lines=tuple(lines),
        cards=shown,
        source=talk.as_of(),
    )
