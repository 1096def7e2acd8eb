"""From what was seen of handed-off leads to what the ledger records and what is planned outside.

Pure: nothing is sent and nothing is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.context import RunContext
from agent.decisions import plan
from agent.handing import tell_owner, watched
from agent.ledger.records import CycleFields, Decision, HandoffChange, HeldOff, Step
from agent.ledger.tables.states import CycleStatus
from domain.decision.cases import FollowCase, ReassignCase
from domain.effects import (
    Action,
    MirrorFields,
    SetOwner,
    SetTask,
    Stamp,
    StampTouch,
    TellManager,
    Tone,
)
from domain.follow_through.escalation import Climb, End, Pass, Rest, Seen
from domain.follow_through.first_touch import Touched
from domain.follow_through.handoff import (
    Closing,
    Handoff,
    is_queue,
    manager_of,
    next_stage,
    target_at,
)
from domain.follow_through.reassignment import Reassigned, reassign
from domain.lead.brief import Happening
from domain.lead.crm_records import Owner, OwnerKind, RecordSeen
from domain.policy.follow_through import Move
from domain.policy.model import Policy
from domain.ports import Chosen, Presence
from domain.routing.route import RouteInputs, Subject, ToUser
from domain.time.business_hours import next_open
from domain.values import DecisionId, Value, canonical_json

NextStep = Rest | End | Pass | Climb
_ENDED = {Closing.TOUCHED: CycleStatus.TOUCHED}


@dataclass(frozen=True)
class Choice:
    """A move that a model chose, checked."""

    move: Move
    said: Chosen


@dataclass(frozen=True)
class Case:
    """One due lead with what was seen of it and what is to happen."""

    held: HeldOff
    seen: Seen
    step: NextStep
    """The ladder's own answer: what a replay computes again."""
    chosen: "Choice | None" = None
    """What a closer look chose among the moves that the policy allows."""
    opening: str | None = None
    """What to say first, as a model worded it and code checked it."""
    escalation: str | None = None
    """What the manager reads first, worded likewise."""

    @property
    def handoff(self) -> Handoff:
        """The handoff as it was claimed."""
        return self.held.handoff

    def decision(self, context: RunContext) -> Decision:
        """The step as the ledger keeps it."""
        case = FollowCase(handoff=self.handoff, seen=self.seen, at=context.now)
        return certify(self.handoff, case, self.step, self.step.sentence, context)


def certify(
    handoff: Handoff,
    case: FollowCase | ReassignCase,
    outcome: Value,
    said: str,
    context: RunContext,
) -> Decision:
    """A decision about a handed-off lead, with all that it depends on."""
    return Decision(
        cycle=handoff.cycle,
        lead=handoff.lead,
        kind=case.kind,
        at=context.now,
        policy_version=context.policy.version,
        inputs=canonical_json(case),
        outcome=canonical_json(outcome),
        sentence=said,
    )


def explained(one: Case, choice: Choice, context: RunContext) -> Decision:
    """A model's choice as the ledger keeps it: with its prompt, its evidence and its words."""
    said = choice.said
    sentence = (
        f"A closer look ({said.model}, prompt {said.prompt}) chose to {choice.move} "
        f"instead of the ladder's default: {said.reason}"
    )
    return Decision(
        cycle=one.handoff.cycle,
        lead=one.handoff.lead,
        kind="explained",
        at=context.now,
        policy_version=context.policy.version,
        inputs=canonical_json(FollowCase(handoff=one.handoff, seen=one.seen, at=context.now)),
        outcome=canonical_json(said),
        sentence=sentence,
    )


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
        change = self._watched(one, one.handoff, rest.sentence, rest.until)
        step.handoffs[one.handoff.cycle] = change

    def _watched(
        self, one: Case, handoff: Handoff, sentence: str, due: datetime | None = None
    ) -> HandoffChange:
        return watched(
            handoff, sentence, one.held.version, self.context.policy, due, one.held.listed_at
        )

    def _end(self, step: Step, one: Case, end: End) -> None:
        decision, handoff = one.decision(self.context), one.handoff
        touched = one.seen.judgement if isinstance(one.seen.judgement, Touched) else None
        step.decisions.append(decision)
        step.handoffs[handoff.cycle] = HandoffChange(
            handoff=handoff,
            state=end.how,
            due_at=None,
            sentence=end.sentence,
            target_at=target_at(handoff, self.context.policy),
            version=one.held.version,
            touched_at=touched.at if touched else None,
            touch=touched.touch if touched else None,
            in_time=end.in_time,
            ended_at=end.at,
            listed_at=one.held.listed_at,
        )
        step.cycles[handoff.cycle] = CycleFields(
            status=_ENDED.get(end.how, CycleStatus.CLOSED), sentence=end.sentence
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
        handoff = next_stage(one.handoff, passed.owner, passed.at, policy, reason=passed.sentence)
        if one.seen.record is not None:
            handoff = handoff.model_copy(
                update={
                    "record_id": one.seen.record.record_id,
                    "record_kind": one.seen.record.kind,
                }
            )
        step.handoffs[handoff.cycle] = self._watched(one, handoff, passed.sentence)
        step.cycles[handoff.cycle] = CycleFields(
            owner=handoff.answers or passed.owner.name,
            owner_name=passed.owner.name,
            sentence=passed.sentence,
        )

    def _climb(self, step: Step, one: Case, climb: Climb) -> None:
        decision, now = one.decision(self.context), self.context.now
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
                    sentence = one.escalation or climb.sentence
                    self._escalate(step, one, climb, decision.id, sentence)
                case Move.REASSIGN:
                    handoff = self._reassign(step, one, climb, handoff)
                case Move.LIST:
                    listed_at = listed_at or now
        change = self._watched(one, handoff, climb.sentence)
        step.handoffs[handoff.cycle] = replace(change, listed_at=listed_at)
        for action in self._task(handoff, is_done=False):
            self._plan(step, handoff, action, decision.id, f"{handoff.stage}")

    def _tell(self, step: Step, one: Case, climb: Climb, decision: DecisionId, move: Move) -> None:
        handoff, policy = one.handoff, self.context.policy
        if climb.to is None or climb.to not in policy.users:
            return self._escalate(step, one, climb, decision, climb.sentence)
        covers = climb.to != handoff.answers
        tone = Tone.REMINDER if move is Move.REMIND else Tone.BREACH
        for_whom = handoff.owner.name if covers else None
        if one.opening is not None:
            brief = handoff.brief.model_copy(update={"opening": one.opening})
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
        self, step: Step, one: Case, climb: Climb, decision: DecisionId, sentence: str
    ) -> None:
        policy, handoff = self.context.policy, one.handoff
        manager = climb.manager
        if manager is None or manager not in policy.users:
            return
        action = manager_message(handoff, manager, climb.rung, sentence, self.context)
        self._plan(
            step,
            handoff,
            action,
            decision,
            self._rung(handoff, climb),
            writing_time(manager, self.context, self.presences),
        )

    def _reassign(self, step: Step, one: Case, climb: Climb, handoff: Handoff) -> Handoff:
        """Give it to the next of the pool, or tell the manager that there is none."""
        if self.inputs is None or one.seen.record is None:
            return handoff
        giving = Giving(one.handoff, one.seen, climb.sentence, credit=one.handoff.credit)
        given = give_on(step, giving, self.inputs, self.context)
        self.inputs = moved_on(self.inputs, given)
        if given.target is None:
            decision = step.decisions[-1].id
            self._escalate(step, one, climb, decision, given.reason)
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


@dataclass(frozen=True)
class Giving:
    """A lead that is to be given on, and why."""

    handoff: Handoff
    seen: Seen
    because: str
    credit: bool = False
    """Whether the pool owes the present owner another lead for it."""


def give_on(step: Step, giving: Giving, inputs: RouteInputs, context: RunContext) -> Reassigned:
    """Choose the next owner, record the choice, and plan the write that carries it out."""
    handoff, credit = giving.handoff, giving.credit
    case = ReassignCase(
        handoff=handoff,
        inputs=pool_inputs(handoff, inputs, context.policy),
        because=giving.because.rstrip("."),
        credit=credit,
    )
    given = reassign(handoff, case.inputs, context.policy, case.because, credit=credit)
    decision = certify(handoff, case, given, given.reason, context)
    step.decisions.append(decision)
    if given.draw is not None:
        step.pools[given.draw.pool] = given.draw.after
    if given.target is not None:
        write = hand_over(
            handoff, giving.seen.record, given.target, given.reason, decision.id, context
        )
        rung = f"stage {handoff.stage + 1}"
        step.effects.append(plan(handoff.cycle, write, decision.id, context.now, rung))
    return given


def hand_over(
    handoff: Handoff,
    record: RecordSeen | None,
    target: ToUser,
    reason: str,
    decision: DecisionId,
    context: RunContext,
) -> SetOwner:
    """The write that gives a lead to its next owner, only if the present one still has it."""
    policy = context.policy
    new = Owner(id=target.user_id, kind=OwnerKind.USER, name=target.name, email=target.email)
    after = next_stage(handoff, new, context.now, policy, reason=reason, pool=handoff.pool)
    return SetOwner(
        lead=handoff.lead,
        subject=Subject(
            record_id=handoff.record_id if record is None else record.record_id,
            kind=handoff.record_kind if record is None else record.kind,
            expected_owner=handoff.owner.id if record is None else record.owner.id,
        ),
        owner=target.user_id,
        owner_name=target.name,
        owner_email=target.email,
        title=handoff.title,
        stamp=Stamp(
            decision_id=decision,
            status="reassigned",
            reason=reason,
            rule="follow-through",
            territory=None,
            policy_version=policy.version,
            routed_at=context.now,
            sla_due=target_at(after, policy),
        ),
        segment=handoff.segment,
        pool=handoff.pool,
        brief=handoff.brief,
    )


def pool_inputs(handoff: Handoff, inputs: RouteInputs, policy: Policy) -> RouteInputs:
    """Only what a reassignment looks at: its pool, and that pool's members."""
    if handoff.pool is None or handoff.pool not in policy.pools:
        roster = inputs.roster.model_copy(update={"members": {}, "queues": {}})
        return RouteInputs(roster=roster, pools={})
    users = [one.user for one in policy.pools[handoff.pool].members]
    known = inputs.roster.members
    members = {user: known[user] for user in users if user in known}
    roster = inputs.roster.model_copy(update={"members": members, "queues": {}})
    pools = {name: state for name, state in inputs.pools.items() if name == handoff.pool}
    return RouteInputs(roster=roster, pools=pools)


def moved_on(inputs: RouteInputs, given: Reassigned) -> RouteInputs:
    """The same moment after a lead was given on: its pool and the new owner's load moved."""
    pools = dict(inputs.pools)
    if given.draw is not None:
        pools[given.draw.pool] = given.draw.after
    members = dict(inputs.roster.members)
    if given.target is not None and given.target.email in members:
        member = members[given.target.email]
        members[given.target.email] = member.model_copy(
            update={
                "open_leads": member.open_leads + 1,
                "assigned_today": member.assigned_today + 1,
            }
        )
    return RouteInputs(roster=inputs.roster.model_copy(update={"members": members}), pools=pools)


def writing_time(email: str, context: RunContext, presences: Mapping[str, Presence]) -> datetime:
    """When a person may be written to: in their working hours, and not while undisturbed."""
    user, now = context.policy.users[email], context.now
    presence = presences.get(email)
    quiet = presence.do_not_disturb_until if presence is not None else None
    start = max(now, quiet) if quiet is not None else now
    return next_open(context.policy.calendars[user.calendar], user.timezone, start)


def manager_message(
    handoff: Handoff, manager: str, rung: str, sentence: str, context: RunContext
) -> TellManager:
    """What a manager reads of a lead, with what happened so far."""
    due = target_at(handoff, context.policy)
    return TellManager(
        lead=handoff.lead,
        cycle=handoff.cycle,
        manager=manager,
        title=handoff.title,
        record_id=handoff.record_id,
        record_kind=handoff.record_kind,
        owner_name=handoff.owner.name,
        rung=rung,
        sentence=sentence,
        timeline=happened(handoff, context),
        sla_due=due,
    )


def happened(handoff: Handoff, context: RunContext) -> tuple[Happening, ...]:
    """What happened of a lead so far, oldest first."""
    due = target_at(handoff, context.policy)
    is_late = due <= context.now
    timeline = [
        *reversed(handoff.brief.did),
        Happening(at=handoff.started_at, what=f"assigned to {handoff.owner.name}"),
        Happening(at=due, what="first touch was due" if is_late else "first touch is due"),
    ]
    if handoff.accepted_at is not None:
        said = f"{handoff.owner.name} said: I'm on it"
        timeline.append(Happening(at=handoff.accepted_at, what=said))
    return tuple(sorted(timeline, key=lambda one: one.at))


def task_of(handoff: Handoff, policy: Policy, *, is_done: bool) -> SetTask:
    """The Salesforce Task that keeps the first touch in sight."""
    due = target_at(handoff, policy)
    return SetTask(
        lead=handoff.lead,
        cycle=handoff.cycle,
        record_id=handoff.record_id,
        owner=handoff.owner.id,
        subject=f"First touch due: {handoff.title}",
        due=due,
        is_done=is_done,
    )


def answering(handoff: Handoff, policy: Policy) -> str:
    """The name of the person who answers for a lead: never nobody."""
    email = handoff.answers or manager_of(handoff, policy)
    if email is None:
        return handoff.owner.name
    user = policy.users.get(email)
    return email if user is None else user.name


def local(instant: datetime, email: str, policy: Policy) -> datetime:
    """An instant on the wall clock of a person; the business's for somebody unknown."""
    user = policy.users.get(email)
    return instant.astimezone(ZoneInfo(policy.timezone if user is None else user.timezone))
