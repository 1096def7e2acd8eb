"""From what was seen of handed-off leads to what the ledger records and what is planned outside.

Pure: nothing is sent and nothing is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.effects.plan import plan
from agent.follow_through.cases import Case, explained, in_short
from agent.follow_through.reassignment import Giving, give_on, moved_on
from agent.follow_through.task import task_of
from agent.handoff.changes import watched
from agent.ledger.records import CycleFields, HandoffChange, Step
from agent.ledger.tables.states import CycleStatus
from agent.notifications.manager import manager_message, writing_time
from agent.notifications.owner import tell_owner
from agent.run.context import RunContext
from domain.decision.said import Said
from domain.effects import (
    Action,
    MirrorFields,
    StampTouch,
    Tone,
)
from domain.follow_through.escalation import Climb, End, Pass, Rest
from domain.follow_through.first_touch import Touched
from domain.follow_through.handoff import (
    Closing,
    Handoff,
    is_queue,
    next_stage,
    target_at,
)
from domain.follow_through.reasons import Escalated, Rotated
from domain.language.manager import breach
from domain.policy.follow_through import Move
from domain.policy.model import zone_of
from domain.ports import Presence
from domain.routing.route import RouteInputs
from domain.values import DecisionId, Quoted

_ENDED = {Closing.TOUCHED: CycleStatus.TOUCHED}


def reassigns(cases: Sequence[Case]) -> bool:
    """Whether any case needs to know who is available."""
    climbs = [one.step for one in cases if isinstance(one.step, Climb)]
    return any(Move.REASSIGN in (*climb.moves, *climb.may) for climb in climbs)


@dataclass
class Follower:
    """Turns cases into one step for the ledger; pools move on between reassignments."""

    context: RunContext
    inputs: RouteInputs | None
    """Who is available; None when no case asks for it."""
    presences: Mapping[str, Presence]

    def follow(self, cases: Sequence[Case]) -> Step:
        """Everything that follows from these cases."""
        step = Step(at=self.context.now)
        for one in cases:
            match one.step:
                case Rest():
                    self._rest(step, one, one.step)
                case End():
                    self._end(step, one, one.step)
                case Pass():
                    self._pass(step, one, one.step)
                case Climb():
                    self._climb(step, one, one.step)
        return step

    def _rest(self, step: Step, one: Case, rest: Rest) -> None:
        change = self._watched(one, one.handoff, in_short(rest), rest.until)
        step.handoffs[one.handoff.cycle] = change

    def _watched(
        self, one: Case, handoff: Handoff, said: Said, due: datetime | None = None
    ) -> HandoffChange:
        return watched(
            handoff, said, one.held.version, self.context.policy, due, one.held.listed_at
        )

    def _end(self, step: Step, one: Case, end: End) -> None:
        decision, handoff = one.decision(self.context), one.handoff
        touched = one.seen.judgment if isinstance(one.seen.judgment, Touched) else None
        step.decisions.append(decision)
        step.handoffs[handoff.cycle] = HandoffChange(
            handoff=handoff,
            state=end.how,
            due_at=None,
            said=end,
            target_at=target_at(handoff, self.context.policy),
            version=one.held.version,
            touched_at=touched.at if touched else None,
            touch=touched.touch if touched else None,
            in_time=end.in_time,
            ended_at=end.at,
            listed_at=one.held.listed_at,
        )
        step.cycles[handoff.cycle] = CycleFields(
            status=_ENDED.get(end.how, CycleStatus.CLOSED), said=end
        )
        mirror = MirrorFields(
            lead=handoff.lead, status=end.how, owner_name=handoff.owner.name, stamp=None
        )
        actions: list[Action] = [mirror]
        if one.seen.record is not None:
            actions.append(
                StampTouch(
                    lead=handoff.lead,
                    record_id=one.seen.record.record_id,
                    record_kind=one.seen.record.kind,
                    status=end.how,
                    touched_at=touched.at if touched else None,
                    touch=touched.touch if touched else None,
                    in_time=end.in_time,
                )
            )
            actions += self._task(one.handoff, is_done=True)
        for action in actions:
            self._plan(step, handoff, action, decision.id, "ended")

    def _pass(self, step: Step, one: Case, passed: Pass) -> None:
        """A person's own change: it is followed, never undone."""
        decision, policy = one.decision(self.context), self.context.policy
        step.decisions.append(decision)
        handoff = next_stage(one.handoff, passed.owner, passed.at, policy, why=passed.why)
        if one.seen.record is not None:
            handoff = handoff.model_copy(
                update={
                    "record_id": one.seen.record.record_id,
                    "record_kind": one.seen.record.kind,
                }
            )
        step.handoffs[handoff.cycle] = self._watched(one, handoff, passed.why)
        step.cycles[handoff.cycle] = CycleFields(
            owner=handoff.answers or passed.owner.name,
            owner_name=passed.owner.name,
            said=passed.why,
        )

    def _climb(self, step: Step, one: Case, climb: Climb) -> None:
        decision, now, why = one.decision(self.context), self.context.now, climb.why
        step.decisions.append(decision)
        if one.chosen is not None:
            step.decisions.append(explained(one, one.chosen, self.context))
            climb = climb.model_copy(update={"moves": (one.chosen.move,)})
        climbed = (*one.handoff.climbed, *climb.passed, climb.rung)
        handoff = one.handoff.model_copy(update={"climbed": climbed})
        listed_at = one.held.listed_at
        for move in climb.moves:
            match move:
                case Move.REMIND | Move.NUDGE:
                    self._tell(step, one, climb, decision.id, move)
                case Move.ESCALATE:
                    self._escalate(step, one, climb, decision.id, why, one.escalation)
                case Move.REASSIGN:
                    handoff = self._reassign(step, one, climb, why, handoff)
                case Move.LIST:
                    listed_at = listed_at or now
        change = self._watched(one, handoff, why)
        step.handoffs[handoff.cycle] = replace(change, listed_at=listed_at)
        for action in self._task(handoff, is_done=False):
            self._plan(step, handoff, action, decision.id, f"{handoff.stage}")

    def _tell(self, step: Step, one: Case, climb: Climb, decision: DecisionId, move: Move) -> None:
        handoff, policy = one.handoff, self.context.policy
        if climb.to is None or climb.to not in policy.users:
            return self._escalate(step, one, climb, decision, climb.why)
        covers = climb.to != handoff.answers
        tone = Tone.REMINDER if move is Move.REMIND else Tone.BREACH
        for_whom = handoff.owner.name if covers else None
        if one.opening is not None:
            brief = handoff.brief.model_copy(update={"opener": Quoted(text=one.opening)})
            handoff = handoff.model_copy(update={"brief": brief})
        action = tell_owner(handoff, climb.to, Tone.COVER if covers else tone, policy, for_whom)
        return self._plan(
            step,
            handoff,
            action,
            decision,
            self._rung(handoff, climb),
            writing_time(climb.to, self.context, self.presences),
        )

    def _escalate(
        self,
        step: Step,
        one: Case,
        climb: Climb,
        decision: DecisionId,
        why: Escalated | Rotated,
        worded: str | None = None,
    ) -> None:
        policy, handoff = self.context.policy, one.handoff
        manager = climb.manager
        if manager is None or manager not in policy.users:
            return
        sentence = worded or breach(why, zone_of(manager, policy))
        action = manager_message(handoff, manager, climb.rung, sentence, self.context)
        self._plan(
            step,
            handoff,
            action,
            decision,
            self._rung(handoff, climb),
            writing_time(manager, self.context, self.presences),
        )

    def _reassign(
        self, step: Step, one: Case, climb: Climb, why: Escalated, handoff: Handoff
    ) -> Handoff:
        """Give it to the next of the pool, or tell the manager that there is none."""
        if self.inputs is None or one.seen.record is None:
            return handoff
        giving = Giving(one.handoff, one.seen, why, credit=one.handoff.credit)
        given = give_on(step, giving, self.inputs, self.context)
        self.inputs = moved_on(self.inputs, given)
        if given.target is None:
            decision = step.decisions[-1].id
            self._escalate(step, one, climb, decision, given.why(why))
            return handoff
        return handoff.model_copy(update={"reassigned": handoff.reassigned + 1})

    def _task(self, handoff: Handoff, *, is_done: bool) -> list[Action]:
        if not self.context.policy.follow_through.tasks or is_queue(handoff):
            return []
        return [task_of(handoff, self.context.policy, is_done=is_done)]

    def _rung(self, handoff: Handoff, climb: Climb) -> str:
        return f"{handoff.stage}/{climb.rung}"

    def _plan(
        self,
        step: Step,
        handoff: Handoff,
        action: Action,
        decision: DecisionId,
        rung: str,
        due_at: datetime | None = None,
    ) -> None:
        due = due_at or self.context.now
        step.effects.append(plan(handoff.cycle, action, decision, due, rung))
