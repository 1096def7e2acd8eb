"""How many leads would be touched in time, if everybody went on working as they did.

A person's habit is the Kaplan-Meier estimate of the time from an assignment to the first touch. It
is theirs when enough of their leads were seen, else everybody's together.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.metrics.lifecycle import Ending, Journey
from domain.metrics.measures import Stay, Stretch, through_by, timings
from domain.policy.model import Policy, Segment
from domain.rollout.simulation import Expected, Place

FEWEST = 5
"""So many leads of a person must have been seen to tell their habit from everybody's."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How long people took from the assignment to the touch, by clock."""

    wall: Mapping[str, Sequence[Stay]]
    """By email."""
    business: Mapping[str, Sequence[Stay]]

    def in_time(self, owner: str | None, segment: Segment) -> float | None:
        """The chance that somebody touches a lead within a segment's target; None if unknown."""
        by_person = self.business if segment.sla.clock == "business" else self.wall
        own = by_person.get(owner or "", ())
        seen = own if len(own) >= FEWEST else [one for stays in by_person.values() for one in stays]
        return through_by(seen, segment.sla.first_touch) if len(seen) >= FEWEST else None


def habits(journeys: Iterable[Journey], policy: Policy, now: datetime) -> Habits:
    """What assigned leads tell of those who had them; leads still waiting count as waiting."""
    given = [
        one
        for one in journeys
        if one.assigned_at is not None and one.ending is not Ending.SUPERSEDED
    ]
    times = timings(given, policy, now)
    wall: defaultdict[str, list[Stay]] = defaultdict(list)
    business: defaultdict[str, list[Stay]] = defaultdict(list)
    for one in given:
        found = times[one.cycle].get(Stretch.TO_TOUCH)
        if found is None or one.rep is None:
            continue
        wall[one.rep].append(found.wall)
        if found.business is not None:
            business[one.rep].append(found.business)
    return Habits(wall, business)


def expected(
    places: Sequence[Place], base: Policy, changed: Policy, known: Habits
) -> tuple[Expected, ...]:
    """Per segment, the share of its leads that would be touched in time under both policies."""
    found: list[Expected] = []
    for name in sorted({one.segment for one in places}):
        theirs = [one for one in places if one.segment == name]
        before, after = base.segment(name), changed.segment(name)
        was = [(one.owner, one.before) for one in theirs]
        becomes = [(one.owner, one.after) for one in theirs]
        found.append(
            Expected(
                segment=name,
                target_before=_target(before),
                target_after=_target(after),
                leads_before=sum(count for _, count in was),
                leads_after=sum(count for _, count in becomes),
                in_time_before=_share(
                    [(one.owner, one.before) for one in theirs], before, base, known
                ),
                in_time_after=_share(
                    [(one.owner, one.after) for one in theirs], after, changed, known
                ),
            )
        )
    return tuple(found)


def _target(segment: Segment | None) -> timedelta | None:
    return None if segment is None else segment.sla.first_touch


def _share(
    given: Sequence[tuple[str, int]], segment: Segment | None, policy: Policy, known: Habits
) -> float | None:
    leads = sum(count for _, count in given)
    if segment is None or not leads:
        return None
    total = 0.0
    for owner, count in given:
        queue = policy.queues.get(owner)
        chance = known.in_time(owner if queue is None else queue.owner, segment)
        if chance is None:
            return None
        total += count * chance
    return total / leads
