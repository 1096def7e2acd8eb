"""Patterns that make figures look better than the work was: a report, never an accusation.

Each pattern has counts, evidence and a sentence that says what was seen, not why.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from domain.values import Instant, Value

AT_ONCE = timedelta(minutes=1)
BULK = 5
"""So many tasks completed within a minute by one person are told."""
SPIKE = 3
"""So many refusals by one person within a day are told."""
LAST_MINUTES = 0.9
"""A change of status after this share of the target, with no touch, is told."""


class Sign(StrEnum):
    """What kind of pattern it is."""

    BULK_CLOSED = "bulk_closed"
    STATUS_ONLY = "status_only"
    REFUSALS = "refusals"


class Deed(Value):
    """One thing that a person did, as far as patterns are concerned."""

    who: str
    sign: Sign
    at: Instant
    evidence: str
    """The id of the task, record or dispute that shows it."""
    share: float | None = None
    """For a change of status: how much of the target had passed."""


class Pattern(Value):
    """Something worth a look."""

    sign: Sign
    who: str
    count: int
    evidence: tuple[str, ...]
    sentence: str


def patterns(deeds: Sequence[Deed]) -> tuple[Pattern, ...]:
    """What stands out, by person; the order of the deeds doesn't matter."""
    by_person: dict[tuple[str, Sign], list[Deed]] = defaultdict(list)
    for deed in sorted(deeds, key=lambda one: (one.at, one.evidence)):
        by_person[deed.who, deed.sign].append(deed)
    found: list[Pattern] = []
    for (who, sign), done in sorted(by_person.items()):
        match sign:
            case Sign.BULK_CLOSED:
                found += _within(who, sign, done, AT_ONCE, BULK, "tasks completed within 1 min")
            case Sign.REFUSALS:
                day = timedelta(days=1)
                found += _within(who, sign, done, day, SPIKE, "leads disputed within 1 day")
            case Sign.STATUS_ONLY:
                late = [one for one in done if (one.share or 0) >= LAST_MINUTES]
                if late:
                    words = "status changes just before the SLA, without a touch"
                    found.append(_pattern(who, sign, late, words))
    return tuple(found)


def _within(
    who: str, sign: Sign, done: Sequence[Deed], span: timedelta, least: int, words: str
) -> list[Pattern]:
    """The largest group of deeds that lie within a span, if it is large enough."""
    groups = [[one for one in done if timedelta() <= one.at - first.at <= span] for first in done]
    largest = max(groups, key=len)
    return [_pattern(who, sign, largest, words)] if len(largest) >= least else []


def _pattern(who: str, sign: Sign, done: Sequence[Deed], words: str) -> Pattern:
    return Pattern(
        sign=sign,
        who=who,
        count=len(done),
        evidence=tuple(one.evidence for one in done),
        sentence=f"{who}: {len(done)} {words}.",
    )
