"""Whom the policy would have chosen beside whom people or Salesforce's rules chose."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from domain.lead.crm_records import Owner
from domain.metrics.measures import Share
from domain.policy.model import Assignment, Policy
from domain.policy.routing import SalesforceRule
from domain.values import CycleId, Instant, LeadKey, RecordId, Value


class Match(StrEnum):
    """How a choice compares with the prediction."""

    SAME = "same"
    """The very same person or queue."""
    TEAM = "team"
    """Another member of the pool whose turn it was: the turn is a matter of order."""
    OTHER = "other"
    NOBODY = "nobody"
    """Nobody chose so far: it lies where it lay."""


class Predicted(Value):
    """Whom the policy chose for a lead that it was not allowed to give away."""

    cycle: CycleId
    lead: LeadKey
    at: Instant
    segment: str
    rule: str
    owner: str
    """Email of the person, or the policy's name of the queue."""
    owner_id: RecordId | None = None
    """The same as Salesforce's id, where it was written down."""
    lay_with: RecordId | None = None
    """Who had the record when it was decided."""
    pool: str | None = None
    """The pool whose turn it was."""


class Agreement(Value):
    """A prediction beside what really became of the lead."""

    cycle: CycleId
    lead: LeadKey
    at: Instant
    segment: str
    rule: str
    predicted: str
    actual: str
    """Email or name of the owner it has."""
    match: Match


class Agreed(Value):
    """The agreements of one group."""

    by: str
    """`all`, `segment` or `rule`."""
    group: str
    same: int
    team: int
    other: int
    nobody: int
    """Not counted in the shares: nobody chose yet."""

    @property
    def share(self) -> Share:
        """How many of the choices the policy would have made likewise, the order of turns aside."""
        return Share(self.same + self.team, self.same + self.team + self.other)


def compare(predicted: Predicted, actual: Owner | None, policy: Policy) -> Agreement:
    """One lead's prediction beside its owner; None is a record that is no longer there."""
    return Agreement(
        cycle=predicted.cycle,
        lead=predicted.lead,
        at=predicted.at,
        segment=predicted.segment,
        rule=predicted.rule,
        predicted=predicted.owner,
        actual="" if actual is None else (actual.email or "").lower() or actual.name,
        match=_match(predicted, actual, policy),
    )


def _match(predicted: Predicted, actual: Owner | None, policy: Policy) -> Match:
    if actual is None:
        return Match.NOBODY
    email = (actual.email or "").lower()
    queue = policy.queues.get(predicted.owner)
    by_name = email == predicted.owner if queue is None else actual.is_queue(queue.salesforce)
    if actual.id == predicted.owner_id or by_name:
        return Match.SAME
    if actual.id == predicted.lay_with or _holds_back(actual, policy):
        return Match.NOBODY
    pool = policy.pools.get(predicted.pool or "")
    members = set[str]() if pool is None else {one.user for one in pool.members}
    return Match.TEAM if email in members else Match.OTHER


def _holds_back(actual: Owner, policy: Policy) -> bool:
    """Whether a record lies where leads wait that nobody was given yet."""
    return any(one == actual.email or actual.is_queue(one) for one in policy.sync.unassigned_owners)


_CUTS: tuple[tuple[str, Callable[[Agreement], str]], ...] = (
    ("all", lambda _: "all"),
    ("segment", lambda one: one.segment),
    ("rule", lambda one: one.rule),
)


def agreed(agreements: Iterable[Agreement]) -> tuple[Agreed, ...]:
    """The agreements counted, together and by segment and rule."""
    groups: defaultdict[tuple[str, str], list[Match]] = defaultdict(list)
    for one in agreements:
        for by, value in _CUTS:
            groups[by, value(one)].append(one.match)
    order = [by for by, _ in _CUTS]
    found = [_count(by, group, matches) for (by, group), matches in groups.items()]
    return tuple(sorted(found, key=lambda one: (order.index(one.by), one.group)))


def _count(by: str, group: str, matches: Sequence[Match]) -> Agreed:
    return Agreed(
        by=by,
        group=group,
        same=matches.count(Match.SAME),
        team=matches.count(Match.TEAM),
        other=matches.count(Match.OTHER),
        nobody=matches.count(Match.NOBODY),
    )


def own_rules(policy: Policy) -> Policy:
    """The policy as it would choose if it left nothing to Salesforce's rules."""
    segments = [one.model_copy(update={"assignment": Assignment.WORKER}) for one in policy.segments]
    routing = [one for one in policy.routing if not isinstance(one, SalesforceRule)]
    return Policy.model_validate(
        {**policy.model_dump(), "segments": segments, "routing": routing or policy.routing}
    )


def leaves_choices(policy: Policy) -> bool:
    """Whether Salesforce's rules choose the owner of any lead."""
    return any(one.assignment is Assignment.SALESFORCE_RULES for one in policy.segments) or any(
        isinstance(one, SalesforceRule) for one in policy.routing
    )
