"""A policy on trial: which leads it decides, how it does, and when it must go.

The policy file is the base. At most one other policy is published beside it, to a segment, to a
share of the leads, or to a share of a segment. Pure: the same lead and publication give the same
answer on any machine, and nothing here knows the time.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.errors import PublishingError
from domain.metrics.confidence_intervals import newcombe
from domain.metrics.lifecycle import Ending, Journey
from domain.metrics.measures import Share
from domain.policy.model import Policy
from domain.policy.rollout import Publishing
from domain.values import Instant, LeadKey, Value

WHOLE = (
    "timezone",
    "calendars",
    "users",
    "queues",
    "triggers",
    "hygiene",
    "enrichment",
    "matching",
    "sync",
    "conversation",
    "publishing",
    "alerts",
    "outcomes",
)
"""Parts that the worker reads before it is known which policy a lead has: they can't be tried."""
_WHOLE_OF = {
    "gate": ("cool_down", "cool_down_exceptions", "intent_window", "intent_activities"),
    "follow_through": ("quiet", "leakage_to", "digest_hour", "closed_statuses"),
}
_BUCKETS = 100


class State(StrEnum):
    """Where a publication stands."""

    PROPOSED = "proposed"
    """Waits for a second person's word; it decides nothing yet."""
    LIVE = "live"
    WITHDRAWN = "withdrawn"
    """Refused or taken back before it decided anything."""
    ROLLED_BACK = "rolled_back"
    ADOPTED = "adopted"
    """The policy file became what was published: it now decides for all."""
    OVERTAKEN = "overtaken"
    """The policy file changed to something else: the trial was about what is no longer there."""
    REPLACED = "replaced"
    """The same policy was published again, to other leads."""


OPEN = (State.PROPOSED, State.LIVE)


class Scope(Value):
    """The leads that a published policy decides; both parts must hold."""

    segment: str | None = None
    """Only leads of this segment, as the base policy tells segments apart; None for any."""
    share: int = Field(default=100, ge=1, le=100)
    """So many of a hundred leads, chosen by a hash of the lead."""

    def takes(self, version: str, lead: LeadKey, segment: str) -> bool:
        """Whether the published policy decides a lead; `segment` is the base policy's.

        The hash also takes the published version in: every trial has other leads, and the same
        policy, published to more, keeps those that it had.
        """
        if self.segment is not None and segment != self.segment:
            return False
        return _bucket(version, lead) < self.share

    def __str__(self) -> str:
        """The scope in words."""
        share = f"{self.share}% of the leads" if self.share < _BUCKETS else "all leads"
        return share if self.segment is None else f"{share} of segment {self.segment}"


def _bucket(version: str, lead: LeadKey) -> int:
    digest = hashlib.sha256(f"{version}\n{lead}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _BUCKETS


def read_scope(words: Sequence[str]) -> Scope:
    """A scope as a person writes it: `segment=Enterprise`, `share=10%`, or both; none is all.

    Raises PublishingError for anything else.
    """
    found: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in ("segment", "share") or not value or name in found:
            raise PublishingError(f'"{word}" is not a scope. Use segment=NAME, share=10%, or both.')
        found[name] = value
    share = found.get("share", "100%").removesuffix("%").strip()
    if not share.isdecimal() or not 1 <= int(share) <= _BUCKETS:
        raise PublishingError(f'"{found["share"]}" is not a share. Use share=1% to share=100%.')
    return Scope(segment=found.get("segment"), share=int(share))


class Publication(Value):
    """A policy that was published, and what became of it."""

    id: str
    version: str
    """Of the published policy."""
    base: str
    """Version of the policy file when it was published."""
    scope: Scope
    by: str
    """Email of who published it."""
    asserted_by: str | None = None
    """The user of the machine who said that they were this person; None for who signed in."""
    because: str
    state: State
    asked_at: Instant
    live_at: Instant | None = None
    agreed_by: str | None = None
    """Email of the second person, where the policy asks for one."""
    ended_at: Instant | None = None
    ended_by: str | None = None
    """Email of who ended it, or `worker`."""
    ended_because: str = ""


class Canary(Value):
    """A publication that decides now, with its policy."""

    publication: Publication
    policy: Policy

    def takes(self, lead: LeadKey, segment: str) -> bool:
        """Whether it decides a lead of a segment of the base policy."""
        return self.publication.scope.takes(self.publication.version, lead, segment)


def untriable(base: Policy, changed: Policy) -> tuple[str, ...]:
    """Parts in which a policy differs from the base that can't be tried on a part of the leads."""
    found = [name for name in WHOLE if getattr(base, name) != getattr(changed, name)]
    for part, names in _WHOLE_OF.items():
        one, other = getattr(base, part), getattr(changed, part)
        found += [f"{part}.{name}" for name in names if getattr(one, name) != getattr(other, name)]
    return tuple(found)


class Compared(Value):
    """One share of the leads on trial beside that of the base policy's leads."""

    name: str
    part: int
    whole: int
    base_part: int
    base_whole: int
    at_most: float
    """So much more may be worse, from 0 to 1."""
    surely: float | None
    """The trial is worse by at least so much, at the policy's level; None when not told."""

    @property
    def is_spike(self) -> bool:
        """Whether it is surely worse by more than allowed."""
        return self.surely is not None and self.surely > self.at_most

    @property
    def sentence(self) -> str:
        """Both shares in words."""
        said = (
            f"{self.name}: {self.part} of {self.whole} beside {self.base_part} of "
            f"{self.base_whole} under the policy file"
        )
        return f"{said}; too few to compare" if self.surely is None else said


class Trial(Value):
    """How a published policy does so far."""

    leads: int
    """Leads that it decided."""
    compared: tuple[Compared, ...]
    breaches: tuple[str, ...]
    """What must never happen, and did."""

    @property
    def reason(self) -> str | None:
        """Why it must go; None when it may stay."""
        if self.breaches:
            return self.breaches[0]
        spikes = [one for one in self.compared if one.is_spike]
        return f"Too many {spikes[0].sentence}." if spikes else None


_BADNESS: tuple[tuple[str, str, Callable[[Journey], bool]], ...] = (
    ("fallbacks", "leads for whom nobody was available", lambda one: one.is_fallback),
    ("disputes", 'leads called "not mine"', lambda one: bool(one.disputes)),
    ("errors", "leads with a write that was given up", lambda one: bool(one.dead_letters)),
)


def trial(publication: Publication, journeys: Iterable[Journey], base: Policy) -> Trial:
    """Judge a published policy by what became of its leads and of the base policy's.

    `journeys` reach back to `look_back` before it went live. A spike is a share whose difference
    to the base policy's is, by the lower end of Newcombe's interval, above what is allowed: few
    leads have wide intervals, so they end nothing.
    """
    rules, start = base.publishing, publication.live_at or publication.asked_at
    counted = [one for one in journeys if one.ending is not Ending.SUPERSEDED]
    ours = [one for one in counted if _is_tried(one, publication, start)]
    theirs = [one for one in counted if _is_beside(one, publication, start, rules)]
    given, beside = _given(ours), _given(theirs)
    compared = tuple(
        _compare(name, getattr(rules, rule), (given, beside), bad, rules)
        for rule, name, bad in _BADNESS
    )
    return Trial(leads=len(ours), compared=compared, breaches=_breaches(given, base))


def _is_tried(one: Journey, publication: Publication, start: datetime) -> bool:
    return one.policy == publication.version and (one.ready_at or one.triggered_at) >= start


def _is_beside(one: Journey, publication: Publication, start: datetime, rules: Publishing) -> bool:
    segment = publication.scope.segment
    return (
        one.policy != publication.version
        and (segment is None or one.segment == segment)
        and one.triggered_at >= start - rules.look_back
    )


def _given(journeys: Sequence[Journey]) -> list[Journey]:
    """Those that were routed, whether or not the write succeeded."""
    return [one for one in journeys if one.ready_at is not None]


def _compare(
    name: str,
    at_most: float,
    groups: tuple[Sequence[Journey], Sequence[Journey]],
    is_bad: Callable[[Journey], bool],
    rules: Publishing,
) -> Compared:
    ours, theirs = (Share(sum(map(is_bad, group)), len(group)) for group in groups)
    enough = min(ours.whole, theirs.whole) >= rules.min_leads
    return Compared(
        name=name,
        part=ours.part,
        whole=ours.whole,
        base_part=theirs.part,
        base_whole=theirs.whole,
        at_most=at_most,
        surely=newcombe(theirs, ours, rules.confidence).low if enough else None,
    )


def _breaches(given: Sequence[Journey], base: Policy) -> tuple[str, ...]:
    """A lead that the worker itself gave to somebody whom the policy file doesn't know."""
    known = base.users.keys() | base.queues.keys()
    by_rule = [one for one in given if one.rule is not None and not one.moved_by_hand]
    strange = [one for one in by_rule if "@" in (one.rep or "") and one.rep not in known]
    return tuple(
        f"Lead {one.lead} went to {one.rep}, whom the policy file doesn't know." for one in strange
    )
