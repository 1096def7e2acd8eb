"""Planning once more from stored decisions, each at its time and under its policy."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from pydantic import TypeAdapter

from agent.follow_through.cases import Case, Choice
from agent.follow_through.decisions import Follower
from agent.ledger import Ledger
from agent.ledger.records import Claimed, Decision, HeldOff, Step, effect_key
from agent.ledger.tables.states import CycleStatus
from agent.routing.decisions import assigned, parked, rejected, waiting
from agent.run.context import RunContext
from domain.decision.cases import AnyCase, FollowCase, GateCase, ReassignCase, RouteCase
from domain.decision.replay import decide
from domain.follow_through.escalation import next_step
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import Park, Ready, Reject, Wait
from domain.policy.follow_through import Move
from domain.ports import Chosen
from domain.routing.route import RouteInputs
from domain.values import CycleId, LeadKey

Row = Mapping[str, Any]
Effects = dict[str, tuple[str, str]]
"""By key: the decision that is cited, and the action as JSON."""

FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "gate": ("mirror_fields", "request_sync"),
    "route": ("set_owner",),
    "reassign": ("set_owner", "tell_manager"),
    "follow": ("tell_owner", "tell_manager", "mirror_fields", "stamp_touch", "set_task"),
}
"""What a decision itself plans; the rest follows from what a vendor answered."""
MOST_LOOKS = 5

_CASES: TypeAdapter[AnyCase] = TypeAdapter(AnyCase)


def decision_of(row: Row) -> Decision:
    """A stored decision as it was before it was stored."""
    return Decision(
        cycle=CycleId(row["cycle_id"]),
        lead=LeadKey(row["lead"]),
        kind=row["kind"],
        at=row["at"],
        policy_version=row["policy_version"],
        inputs=row["inputs"],
        outcome=row["outcome"],
        sentence=row["sentence"],
    )


class Again:
    """What stored decisions planned, and what today's code plans from the same cases."""

    def __init__(
        self, ledger: Ledger, decisions: Iterable[Row], effects: Iterable[Row], calls: Iterable[Row]
    ) -> None:
        self._ledger, self._policies = ledger, ledger.history.policies()
        self._effects = {row["key"]: row for row in effects}
        self._cited: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self._effects.values():
            self._cited[row["decision_id"]].append(row)
        self._beside: defaultdict[tuple[str, datetime], list[Decision]] = defaultdict(list)
        self.decisions: list[Decision] = []
        """Those that begin something: a reassignment is a part of its step."""
        for one in map(decision_of, decisions):
            self._beside[one.cycle, one.at].append(one)
            if one.kind in ("gate", "route", "follow"):
                self.decisions.append(one)
        self._worded = {row["turn"] for row in calls}

    def stored(self, one: Decision) -> Effects:
        """What the ledger holds of what a decision planned, reassignments of its step included."""
        theirs = [one, *self._of_step(one, "reassign")]
        return {
            row["key"]: (each.id, _json(row["action"]))
            for each in theirs
            for row in self._cited[each.id]
            if row["kind"] in FOLLOWS[each.kind] and row["planned_at"] == each.at
        }

    def planned(self, one: Decision) -> Effects:
        """What today's code plans; what another decision had planned before stays as it was."""
        return {
            effect.planned.key: (
                effect.decision,
                _json(effect.planned.action.model_dump(mode="json")),
            )
            for effect in self._step(one).effects
            if self._is_new(effect.planned.key, effect.decision)
        }

    def _is_new(self, key: str, decision: str) -> bool:
        known = self._effects.get(key)
        return known is None or known["decision_id"] == decision

    def _of_step(self, one: Decision, kind: str) -> list[Decision]:
        """Decisions of one kind that were made in the same step of a follow-through."""
        if one.kind != "follow":
            return []
        return [each for each in self._beside[one.cycle, one.at] if each.kind == kind]

    def _step(self, one: Decision) -> Step:
        case = _CASES.validate_json(one.inputs)
        context = self._context(one)
        if isinstance(case, FollowCase):
            return self._followed(one, case, context)
        assert isinstance(case, GateCase | RouteCase)
        return self._judged(one, case, context)

    def _followed(self, one: Decision, case: FollowCase, context: RunContext) -> Step:
        held = HeldOff(case.handoff, "open", 0, "", None)
        step = next_step(case.handoff, case.seen, context.policy, case.at)
        opening, escalation = self._words(one)
        known = Case(held, case.seen, step, self._choice(one), opening, escalation)
        return Follower(context, self._inputs(one), {}).follow([known])

    def _inputs(self, one: Decision) -> RouteInputs | None:
        """Who was available, where a lead was given on."""
        for each in self._of_step(one, "reassign"):
            case = _CASES.validate_json(each.inputs)
            assert isinstance(case, ReassignCase)
            return case.inputs
        return None

    def _choice(self, one: Decision) -> Choice | None:
        """What a model chose in the same step."""
        for each in self._of_step(one, "explained"):
            said = Chosen.model_validate_json(each.outcome)
            return Choice(Move(said.move), said)
        return None

    def _words(self, one: Decision) -> tuple[str | None, str | None]:
        """A model's words for owner and manager: they are in nothing but the messages."""
        if one.cycle not in self._worded:
            return None, None
        told = {row["kind"]: row["action"] for row in self._cited[one.id]}
        owner, manager = told.get("tell_owner"), told.get("tell_manager")
        return owner and owner["brief"]["opening"], manager and manager["sentence"]

    def _judged(self, one: Decision, case: GateCase | RouteCase, context: RunContext) -> Step:
        verdict, snapshot = decide(case, context.policy).verdict, case.snapshot
        claimed = self._claimed(one, snapshot)
        match verdict:
            case Ready():
                assert isinstance(case, RouteCase)
                return assigned([(claimed, snapshot, verdict)], case.inputs, context)
            case Wait():
                return waiting([(claimed, snapshot, verdict)], context)
            case Park():
                return parked([(claimed, snapshot, verdict)], context)
            case Reject():
                return rejected([(claimed, snapshot, verdict)], [], context)

    def _claimed(self, one: Decision, snapshot: Snapshot) -> Claimed:
        return Claimed(
            cycle=snapshot.cycle,
            status=CycleStatus.OPEN,
            looks=self._looks(one),
            deadline=None,
            verdict_hash=None,
            ready_at=None,
            sync_requested_at=None,
            previous_trigger_at=None,
            held_by=None,
        )

    def _looks(self, one: Decision) -> int:
        """How often the lead had been decided again: it is in nothing but the write's key."""
        keys = {row["key"] for row in self._cited[one.id]}
        tries = range(1, MOST_LOOKS)
        found = [n for n in tries if effect_key(one.cycle, "set_owner", str(n)) in keys]
        return found[0] if found else 0

    def _context(self, one: Decision) -> RunContext:
        nobody = cast("Any", None)
        return RunContext(
            run="golden",
            now=one.at,
            policy=self._policies[one.policy_version],
            ledger=self._ledger,
            marketing=nobody,
            crm=nobody,
            enrichment=None,
            messenger=None,
        )


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
