"""Planning once more from stored decisions, each at its time and under its policy.

A decision's id hashes what it was made of, in the form of its day: after a migration today's code
would give another. So what is planned is compared under the stored id, and without the words that
today's catalogs choose.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from pydantic import TypeAdapter

from agent.follow_through.cases import Case, Choice
from agent.follow_through.decisions import Follower
from agent.follow_through.message_updates import plan_news
from agent.ledger import Ledger
from agent.ledger.records import Claimed, Decision, HeldOff, Step, effect_key
from agent.ledger.tables.states import CycleStatus
from agent.routing.decisions import assigned, parked, rejected, waiting
from agent.run.context import RunContext
from domain.decision.cases import AnyCase, FollowCase, GateCase, ReassignCase, RouteCase
from domain.decision.replay import decide
from domain.effects import RefreshMessage
from domain.follow_through.escalation import next_step
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import Park, Ready, Reject, Wait
from domain.policy.follow_through import Move
from domain.ports import Chosen
from domain.routing.route import RouteInputs
from domain.values import CycleId, DecisionId, LeadKey

Row = Mapping[str, Any]
Effects = list[tuple[str, str]]
"""Each by the decision that is cited, and the action as JSON."""
WORDS = ("reason", "sentence", "brief", "timeline")
"""What of an action is told in words."""

FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "gate": ("mirror_fields", "request_sync"),
    "route": ("set_owner",),
    "reassign": ("set_owner", "tell_manager"),
    "follow": ("tell_owner", "tell_manager", "mirror_fields", "stamp_touch", "set_task"),
}
"""What a decision itself plans; the rest follows from what a vendor answered."""
MOST_LOOKS = 5
THIS, GIVEN = "this decision", "the reassignment"
"""How a cited decision is called, whatever its id."""

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
        said=row["said"],
        recorded=DecisionId(row["id"]),
    )


def message_of(action: object) -> tuple[str, str]:
    """The message that an update is of: its channel and time."""
    read = RefreshMessage.model_validate(action, from_attributes=True)
    return read.channel, read.ts


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
        theirs = [(one, THIS), *((each, GIVEN) for each in self._of_step(one, "reassign"))]
        return sorted(
            (name, _json(row["action"], each.id, name))
            for each, name in theirs
            for row in self._cited[each.id]
            if row["kind"] in FOLLOWS[each.kind] and row["planned_at"] == each.at
        )

    def planned(self, one: Decision) -> Effects:
        """What today's code plans; what another decision had planned before stays as it was."""
        step = self._step(one)
        names = {each.id: GIVEN if each.kind == "reassign" else THIS for each in step.decisions}
        return sorted(
            (
                names[effect.decision],
                _json(
                    effect.planned.action.model_dump(mode="json"),
                    effect.decision,
                    names[effect.decision],
                ),
            )
            for effect in step.effects
            if self._is_new(effect.planned.key, one)
        )

    def _is_new(self, key: str, one: Decision) -> bool:
        """Whether no other decision had planned the same before."""
        known = self._effects.get(key)
        theirs = [one, *self._of_step(one, "reassign")]
        return known is None or known["decision_id"] in [each.id for each in theirs]

    def updates(self, one: Decision) -> list[tuple[str, str]]:
        """The Slack messages that today's code would update anew, as of a decision."""
        context = replace(self._context(one), messenger=cast("Any", self))
        cycles = sorted({each.cycle for each in self.decisions})
        found = [each.planned for each in plan_news(cycles, context).effects]
        return [message_of(each.action) for each in found if each.key not in self._effects]

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
        held = HeldOff(case.handoff, "open", 0, None, None)
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
            held=None,
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


def _json(action: Mapping[str, Any], decision: str, name: str) -> str:
    """An action without words and with the cited decision's name for its id."""
    plain = {key: value for key, value in action.items() if key not in WORDS or key == "brief"}
    if action["kind"] == "tell_owner":
        plain.pop("brief")
    stamp = action.get("stamp")
    if stamp is not None:
        plain["stamp"] = {key: value for key, value in stamp.items() if key not in WORDS}
    told = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return told.replace(decision, name)
