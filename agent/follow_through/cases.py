"""One due lead with what was seen of it, what is to happen, and how the ledger keeps it."""

from dataclasses import dataclass

from agent.ledger.records import Decision, HeldOff
from agent.run.context import RunContext
from domain.decision.cases import FollowCase, ReassignCase
from domain.decision.said import LookedCloser, Said
from domain.follow_through.escalation import Climb, End, Pass, Rest, Seen
from domain.follow_through.handoff import Handoff
from domain.policy.follow_through import Move
from domain.ports import Chosen
from domain.values import Value, canonical_json

NextStep = Rest | End | Pass | Climb


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
        return certify(self.handoff, case, self.step, in_short(self.step), context)


def in_short(step: NextStep) -> Said:
    """What a step says of its lead."""
    match step:
        case End():
            return step
        case Rest() | Pass() | Climb():
            return step.why


def certify(
    handoff: Handoff,
    case: FollowCase | ReassignCase,
    outcome: Value,
    said: Said,
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
        said=said,
    )


def explained(one: Case, choice: Choice, context: RunContext) -> Decision:
    """A model's choice as the ledger keeps it: with its prompt, its evidence and its words."""
    said = choice.said
    closer = LookedCloser(
        model=said.model, prompt=said.prompt, move=choice.move, reason=said.reason
    )
    return Decision(
        cycle=one.handoff.cycle,
        lead=one.handoff.lead,
        kind="explained",
        at=context.now,
        policy_version=context.policy.version,
        inputs=canonical_json(FollowCase(handoff=one.handoff, seen=one.seen, at=context.now)),
        outcome=canonical_json(said),
        said=closer,
    )
