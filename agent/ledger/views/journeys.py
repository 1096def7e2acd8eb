"""What the measures read: every cycle since a moment with all that befell it, in five queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Engine,
    RowMapping,
    Select,
    Subquery,
    and_,
    case,
    func,
    null,
    select,
    type_coerce,
)

from agent.ledger.engine import reading
from agent.ledger.rows import as_json, table
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import DisputeRow, HandoffRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import CycleStatus, EffectState
from agent.logs import alert, defect
from domain.effects import Tone
from domain.gate.verdict import CheckCode, Outcome
from domain.lead.model import FieldName, Trigger, TriggerKind
from domain.metrics.lifecycle import Ending, Journey
from domain.values import CycleId, LeadKey

_CYCLE = table(CycleRow)
_DECISION = table(DecisionRow)
_HANDOFF = table(HandoffRow)
_EFFECT = table(EffectRow)
_DISPUTE = table(DisputeRow)

_ENDINGS = {
    CycleStatus.REJECTED: Ending.REJECTED,
    CycleStatus.GONE: Ending.GONE,
    CycleStatus.DENIED: Ending.DENIED,
    CycleStatus.SHADOWED: Ending.SHADOWED,
}
_CLOSINGS = frozenset(Ending)
_KINDS = {kind.value: kind for kind in TriggerKind}
_OPEN = frozenset({Outcome.FAIL, Outcome.WAIT})
_NUDGES = frozenset({Tone.REMINDER, Tone.BREACH})


@dataclass
class _Told:
    """What was told and given up about one cycle."""

    told_at: datetime | None = None
    reminded_at: list[datetime] = field(default_factory=list[datetime])
    dead: list[str] = field(default_factory=list[str])


class Journeys:
    """What the measures ask of the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def journeys(self, since: datetime) -> list[Journey]:
        """Every cycle whose trigger came since then, oldest first.

        One that can't be read is reported and left out: the others are not to end with it.
        """
        # A cycle is opened after its trigger, so none is missed.
        cycles = select(_CYCLE).where(_CYCLE.c.opened_at >= since)
        wanted = cycles.with_only_columns(_CYCLE.c.id, _CYCLE.c.ready_at).subquery()
        with reading(self._engine) as connection:
            rows = connection.execute(cycles).mappings().all()
            verdicts = _by_cycle(connection, _verdicts(connection, wanted))
            handoffs = _by_cycle(connection, _handoffs(wanted))
            told = _told(connection, wanted)
            disputes = _disputes(connection, wanted)
        found: list[Journey] = []
        for row in rows:
            of = row["id"]
            try:
                one = _journey(row, verdicts.get(of), handoffs.get(of), told, disputes)
            except (ValueError, LookupError, TypeError) as error:
                said = f"A lead's history can't be read: {defect(error)}"
                alert("journey_unreadable", said, cycle=of)
            else:
                found.append(one)
        recent = [one for one in found if one.triggered_at >= since]
        return sorted(recent, key=lambda one: (one.triggered_at, one.cycle))

    def outlines(self, since: datetime) -> list[Journey]:
        """The same journeys as far as coverage and the time to the first touch go, in one query.

        Without verdicts, messages and disputes; a tenth of the time, for answers in a conversation.
        """
        with reading(self._engine) as connection:
            rows = connection.execute(_outlines(since)).all()
        return [one for one in map(_outline, rows) if one.triggered_at >= since]


def _outlines(since: datetime) -> Select[*tuple[Any, ...]]:
    """Plain instants are read without the ledger's own type, which costs more than the query."""
    whole, plain = _HANDOFF.c.handoff, DateTime(timezone=True)
    judged = and_(_DECISION.c.cycle_id == _CYCLE.c.id, _DECISION.c.kind.in_(("gate", "route")))
    decided = select(func.max(_DECISION.c.at)).where(judged).scalar_subquery()
    is_over = _CYCLE.c.status.in_(list(_ENDINGS))
    return (
        select(
            _CYCLE.c.id,
            _CYCLE.c.lead,
            _CYCLE.c.segment,
            _CYCLE.c.status,
            func.coalesce(_HANDOFF.c.owner, _CYCLE.c.owner).label("rep"),
            _CYCLE.c.trigger["at"].as_string().label("triggered"),
            _CYCLE.c.trigger["kind"].as_string().label("kind"),
            type_coerce(_CYCLE.c.ready_at, plain).label("ready"),
            type_coerce(_CYCLE.c.assigned_at, plain).label("assigned"),
            _HANDOFF.c.state,
            type_coerce(_HANDOFF.c.target_at, plain).label("target"),
            type_coerce(_HANDOFF.c.touched_at, plain).label("touched"),
            type_coerce(_HANDOFF.c.ended_at, plain).label("ended"),
            whole["first_assigned_at"].as_string().label("first_assigned_at"),
            whole["promised_at"].as_string().label("promised_at"),
            type_coerce(case((is_over, decided), else_=null()), plain).label("decided"),
        )
        .join(_HANDOFF, _HANDOFF.c.cycle_id == _CYCLE.c.id, isouter=True)
        .where(_CYCLE.c.opened_at >= since)
        .order_by(_CYCLE.c.opened_at, _CYCLE.c.id)
    )


def _outline(row: Sequence[Any]) -> Journey:
    cycle, lead, segment, status, rep, triggered, kind, ready, assigned, *handed, decided = row
    state, target, touched, ended, first_assigned_at, promised_at = handed
    ending, ended_at = _ENDINGS.get(status), decided
    if state in _CLOSINGS:
        ending, ended_at = Ending(state), ended
    return Journey(
        cycle=cycle,
        lead=lead,
        trigger=_KINDS[kind],
        triggered_at=datetime.fromisoformat(triggered),
        segment=segment,
        rep=rep,
        ready_at=_aware(ready),
        assigned_at=_at(first_assigned_at) or _aware(assigned),
        promised_at=_at(promised_at) or _aware(target),
        touched_at=_aware(touched),
        ending=ending,
        ended_at=_aware(ended_at),
    )


def _aware(at: datetime | None) -> datetime | None:
    """SQLite tells no zone; what the ledger keeps is UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _by_cycle(connection: Connection, query: Select[*tuple[Any, ...]]) -> dict[str, RowMapping]:
    return {row["cycle_id"]: row for row in connection.execute(query).mappings()}


def _verdicts(connection: Connection, wanted: Subquery) -> Select[*tuple[Any, ...]]:
    """The latest verdict of each cycle, of its JSON only what is measured."""
    turn = func.row_number().over(
        partition_by=_DECISION.c.cycle_id,
        order_by=(_DECISION.c.at.desc(), _DECISION.c.id.desc()),
    )
    latest = (
        select(_DECISION.c.id, turn.label("turn"))
        .join(wanted, wanted.c.id == _DECISION.c.cycle_id)
        .where(_DECISION.c.kind.in_(("gate", "route")))
        .subquery()
    )
    inputs = as_json(connection, _DECISION.c.inputs)
    outcome = as_json(connection, _DECISION.c.outcome)
    fields = ("snapshot", "lead", "fields")
    checks = case((wanted.c.ready_at.is_(None), outcome["verdict", "checks"]), else_=null())
    return (
        select(
            _DECISION.c.cycle_id,
            _DECISION.c.at,
            _DECISION.c.policy_version,
            inputs[*fields, FieldName.LEAD_SOURCE.value, "value"].as_string().label("source"),
            inputs[*fields, FieldName.ICP_TIER.value, "value"].as_string().label("tier"),
            inputs[*fields, FieldName.PRODUCT_INTEREST.value, "value"].as_string().label("product"),
            inputs[*fields, FieldName.COUNTRY.value, "value"].as_string().label("country"),
            type_coerce(checks, JSON).label("checks"),
        )
        .join(latest, and_(latest.c.id == _DECISION.c.id, latest.c.turn == 1))
        .join(wanted, wanted.c.id == _DECISION.c.cycle_id)
    )


def _handoffs(wanted: Subquery) -> Select[*tuple[Any, ...]]:
    whole = _HANDOFF.c.handoff
    return select(
        _HANDOFF.c.cycle_id,
        _HANDOFF.c.owner,
        _HANDOFF.c.state,
        _HANDOFF.c.target_at,
        _HANDOFF.c.touched_at,
        _HANDOFF.c.ended_at,
        whole["stage"].as_integer().label("stage"),
        whole["reassigned"].as_integer().label("reassigned"),
        whole["first_assigned_at"].as_string().label("first_assigned_at"),
        whole["promised_at"].as_string().label("promised_at"),
        whole["accepted_at"].as_string().label("accepted_at"),
    ).join(wanted, wanted.c.id == _HANDOFF.c.cycle_id)


def _told(connection: Connection, wanted: Subquery) -> dict[str, _Told]:
    effects = (
        select(
            _EFFECT.c.cycle_id,
            _EFFECT.c.kind,
            _EFFECT.c.state,
            _EFFECT.c.settled_at,
            _EFFECT.c.action["tone"].as_string().label("tone"),
        )
        .join(wanted, wanted.c.id == _EFFECT.c.cycle_id)
        .where(
            (_EFFECT.c.state == EffectState.DEAD)
            | and_(_EFFECT.c.kind == "tell_owner", _EFFECT.c.state == EffectState.APPLIED)
        )
        .order_by(_EFFECT.c.settled_at, _EFFECT.c.key)
    )
    found: defaultdict[str, _Told] = defaultdict(_Told)
    for row in connection.execute(effects):
        one = found[row.cycle_id]
        if row.state == EffectState.DEAD:
            one.dead.append(row.kind)
            continue
        one.told_at = one.told_at or row.settled_at
        if row.tone in _NUDGES:
            one.reminded_at.append(row.settled_at)
    return dict(found)


def _disputes(connection: Connection, wanted: Subquery) -> dict[str, list[str]]:
    query = (
        select(_DISPUTE.c.cycle_id, _DISPUTE.c.state)
        .join(wanted, wanted.c.id == _DISPUTE.c.cycle_id)
        .order_by(_DISPUTE.c.opened_at, _DISPUTE.c.id)
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.cycle_id].append(row.state)
    return dict(found)


def _journey(
    cycle: RowMapping,
    verdict: RowMapping | None,
    handoff: RowMapping | None,
    told: Mapping[str, _Told],
    disputes: Mapping[str, Sequence[str]],
) -> Journey:
    trigger = Trigger.model_validate(cycle["trigger"])
    said = told.get(cycle["id"], _Told())
    ending, ended_at = _ending(cycle, verdict, handoff)
    return Journey(
        cycle=CycleId(cycle["id"]),
        lead=LeadKey(cycle["lead"]),
        trigger=trigger.kind,
        triggered_at=trigger.at,
        source=None if verdict is None else verdict["source"],
        tier=None if verdict is None else verdict["tier"],
        product=None if verdict is None else verdict["product"],
        country=None if verdict is None else verdict["country"],
        segment=cycle["segment"],
        territory=cycle["territory"],
        rule=cycle["rule"],
        rep=cycle["owner"] if handoff is None else handoff["owner"],
        is_fallback=bool(cycle["is_fallback"]),
        policy=None if verdict is None else verdict["policy_version"],
        is_judged=verdict is not None,
        open_checks=_open_checks(verdict),
        blocked_by=cycle["blocked_by"],
        deadline=cycle["deadline"],
        ready_at=cycle["ready_at"],
        assigned_at=cycle["assigned_at"] if handoff is None else _at(handoff["first_assigned_at"]),
        told_at=said.told_at,
        promised_at=_promised_at(handoff),
        accepted_at=None if handoff is None else _at(handoff["accepted_at"]),
        touched_at=None if handoff is None else handoff["touched_at"],
        ending=ending,
        ended_at=ended_at,
        reminded_at=tuple(said.reminded_at),
        reassigned=0 if handoff is None else handoff["reassigned"],
        moved_by_hand=0 if handoff is None else max(0, handoff["stage"] - handoff["reassigned"]),
        disputes=tuple(disputes.get(cycle["id"], ())),
        dead_letters=tuple(said.dead),
    )


def _at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _promised_at(handoff: RowMapping | None) -> datetime | None:
    """The first owner's target, as `domain.follow_through.handoff.promised_at` tells it."""
    if handoff is None:
        return None
    later = _at(handoff["promised_at"]) if handoff["stage"] else None
    return later or handoff["target_at"]


def _open_checks(verdict: RowMapping | None) -> frozenset[CheckCode]:
    checks = (verdict["checks"] if verdict is not None else None) or ()
    return frozenset(CheckCode(one["code"]) for one in checks if one["outcome"] in _OPEN)


def _ending(
    cycle: RowMapping, verdict: RowMapping | None, handoff: RowMapping | None
) -> tuple[Ending | None, datetime | None]:
    """Why and when a journey ended without a touch; what was touched goes on to its outcome."""
    if handoff is not None and handoff["state"] in set(Ending):
        return Ending(handoff["state"]), handoff["ended_at"]
    ending = _ENDINGS.get(cycle["status"])
    if ending is None:
        return None, None
    return ending, cycle["opened_at"] if verdict is None else verdict["at"]
