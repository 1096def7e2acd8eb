"""What has gone quiet or drifts: found in the ledger's journeys, each with what to do about it.

Pure. What is usual is learned from the group's own past; too little past tells nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import log
from zoneinfo import ZoneInfo

from domain.grammar import counted, lasting, moment
from domain.metrics.agreement import Agreement, Match
from domain.metrics.confidence_intervals import wilson
from domain.metrics.lifecycle import Ending, Journey, working_time
from domain.metrics.measures import Share
from domain.policy.model import Policy
from domain.values import Instant, LeadKey, Value

WEEK = timedelta(weeks=1)
WEEKS = 4
REFUSED = "SALESFORCE"
"""What blocks a lead whose owner Salesforce refused."""
FEWEST = 10
"""With fewer leads in the past nothing is usual."""


class Kind(StrEnum):
    """What an alert is about."""

    SILENCE = "silence"
    RULE = "rule"
    FALLBACK = "fallback"
    DRIFT = "drift"
    REFUSED = "refused"


class Alert(Value):
    """Something that operations should look at."""

    kind: Kind
    subject: str
    """The source, rule, queue or segment."""
    since: Instant
    """When it began."""
    episode: str
    """Tells one alert about a subject from the next: a new episode is told again."""
    sentence: str
    todo: str
    """What to do, in one sentence."""
    leads: tuple[LeadKey, ...] = ()

    @property
    def key(self) -> str:
        """The same matter has the same key, however often it is looked at."""
        subject = "" if self.kind is Kind.REFUSED else self.subject
        return f"{self.kind} {subject} {self.episode}"


def alerts(
    journeys: Iterable[Journey],
    agreements: Iterable[Agreement],
    policy: Policy,
    now: datetime,
) -> tuple[Alert, ...]:
    """Everything that is wrong now; `agreements` are those of Salesforce's rules."""
    counted = [one for one in journeys if one.ending is not Ending.SUPERSEDED]
    return (
        *_silences(counted, policy, now),
        *_unmatched(counted, policy),
        *_dwelling(counted, policy, now),
        *_drifts(agreements, policy, now),
        *_refused(counted, policy, now),
    )


def _silences(journeys: Sequence[Journey], policy: Policy, now: datetime) -> list[Alert]:
    """Sources from which leads stay away that came in the same hours of the weeks before."""
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for one in journeys:
        times["all sources"].append(one.triggered_at)
        times[f"trigger {one.trigger}"].append(one.triggered_at)
        if one.source is not None:
            times[f"source {one.source}"].append(one.triggered_at)
    found = [_silence(name, sorted(came), policy, now) for name, came in sorted(times.items())]
    return [one for one in found if one is not None]


def _silence(name: str, came: Sequence[datetime], policy: Policy, now: datetime) -> Alert | None:
    last = came[-1]
    weeks = [number for number in range(1, WEEKS + 1) if came[0] <= last - number * WEEK]
    if not weeks or len(came) < FEWEST:
        return None
    usual = [
        sum(last - number * WEEK < at <= now - number * WEEK for at in came) for number in weeks
    ]
    missed = sum(usual) / len(usual)
    if missed < policy.alerts.missed_leads:
        return None
    return Alert(
        kind=Kind.SILENCE,
        subject=name,
        since=last,
        episode=last.isoformat(),
        sentence=(
            f"No leads from {name} since {_at(last, policy)}. The same hours of the previous "
            f"{_weeks(len(weeks))} brought {missed:.0f}{' on average' if len(weeks) > 1 else ''}."
        ),
        todo="Check that the form, campaign or feed in Marketo still works.",
    )


def _weeks(count: int) -> str:
    return "week" if count == 1 else f"{count} weeks"


def _unmatched(journeys: Sequence[Journey], policy: Policy) -> list[Alert]:
    """Rules of which the policy still speaks and that no longer fit any lead.

    With a share p of all routed leads before, that k leads in a row are others' has the chance
    (1 - p)^k.
    """
    routed = sorted(
        (one for one in journeys if one.ready_at is not None and one.rule is not None),
        key=lambda one: one.triggered_at,
    )
    found: list[Alert] = []
    for rule in policy.routing:
        places = [place for place, one in enumerate(routed) if one.rule == rule.name]
        if len(places) < FEWEST:
            continue
        before, after = places[-1] + 1, len(routed) - places[-1] - 1
        share = len(places) / before
        if share >= 1 or after * log(1 - share) > log(policy.alerts.unmatched):
            continue
        last = routed[places[-1]].triggered_at
        found.append(
            Alert(
                kind=Kind.RULE,
                subject=rule.name,
                since=last,
                episode=last.isoformat(),
                sentence=(
                    f'The routing rule "{rule.name}" matched {len(places)} of '
                    f"{counted(before, 'lead')} until {_at(last, policy)}, and none of the "
                    f"{counted(after, 'lead')} since."
                ),
                todo=(
                    "Check whether a field it uses was renamed or cleared, or whether a rule "
                    "above it now takes its leads. Policy changes: `routeready policy history`."
                ),
            )
        )
    return found


def _dwelling(journeys: Sequence[Journey], policy: Policy, now: datetime) -> list[Alert]:
    """Leads that are in a fallback queue longer than allowed."""
    lying: defaultdict[str, list[Journey]] = defaultdict(list)
    for one in journeys:
        if one.is_fallback and one.ending is None and one.touched_at is None:
            start = one.assigned_at
            worked = None if start is None else working_time(one, start, now, policy)
            if worked is not None and worked > policy.alerts.fallback_dwell:
                lying[one.rep or ""].append(one)
    found: list[Alert] = []
    for who, theirs in sorted(lying.items()):
        oldest = min(one.assigned_at for one in theirs if one.assigned_at is not None)
        user = policy.users.get(who)
        name = who if user is None else user.name
        found.append(
            Alert(
                kind=Kind.FALLBACK,
                subject=who,
                since=oldest,
                episode=f"{now.astimezone(ZoneInfo(policy.timezone)):%Y-%m-%d}",
                sentence=(
                    f"{counted(len(theirs), 'lead')} in a fallback queue for more than "
                    f"{lasting(policy.alerts.fallback_dwell)} of business hours, the oldest since "
                    f"{_at(oldest, policy)}. Queue owner: {name}."
                ),
                todo="Reassign these leads, and check the rules for why no rep was available.",
                leads=tuple(one.lead for one in theirs),
            )
        )
    return found


def _drifts(agreements: Iterable[Agreement], policy: Policy, now: datetime) -> list[Alert]:
    """Segments in which Salesforce's rules surely choose others than the policy would."""
    recent = [one for one in agreements if one.at > now - WEEK and one.match is not Match.NOBODY]
    by_segment: Mapping[str, list[Agreement]] = _by_segment(recent)
    found: list[Alert] = []
    for segment, theirs in sorted(by_segment.items()):
        other = [one for one in theirs if one.match is Match.OTHER]
        share = Share(len(other), len(theirs))
        if len(theirs) < FEWEST or wilson(share).low <= policy.alerts.drift:
            continue
        first = min(one.at for one in other)
        found.append(
            Alert(
                kind=Kind.DRIFT,
                subject=segment,
                since=first,
                episode=f"{now.astimezone(ZoneInfo(policy.timezone)):%G week %V}",
                sentence=(
                    f"In {segment}, Salesforce assignment rules and the policy chose different "
                    f"owners for {len(other)} of {len(theirs)} leads in the last 7 days."
                ),
                todo=(
                    "Compare the active assignment rule with territories.csv. "
                    "`routeready shadow` lists the leads."
                ),
                leads=tuple(one.lead for one in other),
            )
        )
    return found


def _refused(journeys: Sequence[Journey], policy: Policy, now: datetime) -> list[Alert]:
    """Leads without an owner because Salesforce refused it; told once a day while there are any."""
    stopped = [
        one
        for one in journeys
        if one.blocked_by == REFUSED and one.ending is None and one.assigned_at is None
    ]
    if not stopped:
        return []
    since = min(one.ready_at or one.triggered_at for one in stopped)
    return [
        Alert(
            kind=Kind.REFUSED,
            subject=counted(len(stopped), "lead"),
            since=since,
            episode=f"{now.astimezone(ZoneInfo(policy.timezone)):%Y-%m-%d}",
            sentence=(
                f"Salesforce rejected the owner of {counted(len(stopped), 'lead')}, the first "
                f"since {_at(since, policy)}. The updates are sent again automatically."
            ),
            todo=(
                "Look up each lead for Salesforce's own words (`routeready why`), then fix the "
                "record, the permission or the automation that rejects it."
            ),
            leads=tuple(one.lead for one in stopped),
        )
    ]


def _by_segment(agreements: Iterable[Agreement]) -> dict[str, list[Agreement]]:
    found: defaultdict[str, list[Agreement]] = defaultdict(list)
    for one in agreements:
        found[one.segment].append(one)
    return dict(found)


def _at(instant: datetime, policy: Policy) -> str:
    return moment(instant, ZoneInfo(policy.timezone))
