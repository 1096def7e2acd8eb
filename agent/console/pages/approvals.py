"""Approvals and exceptions: everything pending a person's decision, with the buttons for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from agent.console import labels, words
from agent.console.pages import proposal
from agent.console.visit import Visit, name_of
from agent.follow_through import rep_actions
from agent.ledger.stores.conversations import Known
from agent.ledger.stores.intake import UNREAD_KEPT
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.states import CycleStatus
from agent.ledger.views.workings import Aside
from domain.conversation.permissions import Ability, may
from domain.language import names, operations
from domain.lead.model import OnHold
from domain.values import CycleId, LeadKey

MOST = 200
"""Rows of one list; more is told as a number."""


@dataclass(frozen=True)
class Waiting:
    """An assignment that is pending approval."""

    lead: Known
    sentence: str
    since: datetime
    may_decide: bool


@dataclass(frozen=True)
class Dispute:
    """A "not mine" that nobody has ruled."""

    id: str
    lead: LeadKey
    title: str
    by: str
    reason: str
    note: str
    evidence: tuple[str, ...]
    since: datetime
    may_rule: bool


@dataclass(frozen=True)
class Dead:
    """An update that failed for good."""

    lead: LeadKey
    title: str
    what: str
    words: str
    attempts: int
    at: datetime | None
    may_retry: bool


@dataclass(frozen=True)
class Odd:
    """A record of a feed that can't be read; what it holds is not shown."""

    lead: LeadKey | None
    """None when that is what can't be read."""
    title: str
    feed: str
    why: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Held:
    """A lead on hold."""

    lead: Known
    why: OnHold
    may_release: bool


def show(visit: Visit) -> Response:
    """All that the person may see of it."""
    proposals = [
        one for one in visit.ledger.workings.proposals(visit.now) if proposal.may_see(visit, one)
    ]
    dead, more = _dead(visit)
    return visit.page(
        "waiting.html",
        waiting=_waiting(visit),
        proposals=proposals,
        disputes=_disputes(visit),
        held=_held(visit),
        dead=dead,
        more=more,
        aside=_aside(visit),
        unread=_unread(visit),
        unread_days=UNREAD_KEPT.days,
    )


def _waiting(visit: Visit) -> list[Waiting]:
    rows = visit.ledger.approvals.pending()[:MOST]
    known = _known(visit, [row.cycle_id for row in rows])
    owners = visit.ledger.lists.planned_owners([row.cycle_id for row in rows])
    found: list[Waiting] = []
    for row in rows:
        one = known.get(row.cycle_id)
        owner = owners.get(CycleId(row.cycle_id))
        owner = owner if owner in visit.policy.users else None
        if one is None or one.status is not CycleStatus.APPROVAL:
            continue
        if visit.may(Ability.WAITING, owner):
            decides = visit.may(Ability.APPROVE, owner)
            found.append(
                Waiting(one, operations.said(row.said, visit.zone), row.requested_at, decides)
            )
    return found


def _known(visit: Visit, cycles: list[str]) -> Mapping[str, Known]:
    return {one.cycle: one for one in visit.ledger.conversations.of_cycles([*map(CycleId, cycles)])}


def _disputes(visit: Visit) -> list[Dispute]:
    rows = visit.ledger.handoffs.disputes(state="open")[:MOST]
    held = visit.ledger.handoffs.several([CycleId(row.cycle_id) for row in rows])
    reasons = {one.name: one.label for one in visit.policy.follow_through.disputes}
    found: list[Dispute] = []
    for row in rows:
        theirs = held.get(CycleId(row.cycle_id))
        if theirs is None or not visit.may(Ability.WAITING, theirs.handoff.answers):
            continue
        found.append(
            Dispute(
                id=row.id,
                lead=LeadKey(row.lead),
                title=theirs.handoff.title,
                by=name_of(row.by, visit.policy),
                reason=reasons.get(row.reason, words.spoken(row.reason)),
                note=row.note,
                evidence=tuple(row.evidence),
                since=row.opened_at,
                may_rule=rep_actions.may_rule(visit.who.email, theirs.handoff, visit.policy),
            )
        )
    return found


def _held(visit: Visit) -> list[Held]:
    why = visit.ledger.lists.holds(MOST)
    leads = visit.ledger.lists.of_leads(list(why))
    return [
        Held(one, why[one.lead], visit.may(Ability.RELEASE, one.owner))
        for one in leads
        if visit.may(Ability.FIND, one.owner)
    ]


def _dead(visit: Visit) -> tuple[list[Dead], int]:
    """Failed updates, and how many are not shown for want of room."""
    rows = visit.ledger.workings.dead_letters(MOST + 1)
    known = _leads(visit, [LeadKey(row.lead) for row in rows])
    found = [
        _letter(visit, row, known.get(LeadKey(row.lead)))
        for row in rows[:MOST]
        if _is_theirs(visit, known.get(LeadKey(row.lead)))
    ]
    return found, len(rows) - MOST


def _is_theirs(visit: Visit, one: Known | None) -> bool:
    return may(visit.who, Ability.FIND, None if one is None else one.owner)


def _letter(visit: Visit, row: EffectRow, one: Known | None) -> Dead:
    return Dead(
        lead=LeadKey(row.lead),
        title="No lead" if one is None else one.title,
        what=names.UPDATES[row.kind],
        words=str((row.receipt or {}).get("words") or "no response"),
        attempts=row.attempts,
        at=row.settled_at,
        may_retry=one is not None and visit.may(Ability.TRY_AGAIN, one.owner),
    )


def _aside(visit: Visit) -> list[Aside]:
    """What is retried by itself after an unforeseen error."""
    found = visit.ledger.workings.set_aside()[:MOST]
    known = _leads(visit, [one.lead for one in found])
    return [one for one in found if _is_theirs(visit, known.get(one.lead))]


def _unread(visit: Visit) -> list[Odd]:
    """Records that can't be read; those of nobody known are for who sees every lead."""
    rows = visit.ledger.workings.unread()[:MOST]
    known = _leads(visit, [LeadKey(row.lead) for row in rows if row.lead])
    found: list[Odd] = []
    for row in rows:
        one = known.get(LeadKey(row.lead)) if row.lead else None
        if _is_theirs(visit, one):
            found.append(
                Odd(
                    lead=None if one is None else one.lead,
                    title=one.title if one is not None else row.lead or "",
                    feed=labels.FEEDS.get(row.feed, words.spoken(row.feed)),
                    why=row.why,
                    first_at=row.first_at,
                    last_at=row.last_at,
                )
            )
    return found


def _leads(visit: Visit, keys: Sequence[LeadKey]) -> Mapping[LeadKey, Known]:
    return {one.lead: one for one in visit.ledger.conversations.of_leads(keys)}
