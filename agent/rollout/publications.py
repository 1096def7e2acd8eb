"""Publishing a policy beside the policy file, watching it, and taking it back.

The file is the base; docs/decisions/0031 says why. Who may publish is the base policy's to say.
"""

from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from agent.ledger import Ledger
from agent.ledger.records import PlannedEffect, Step, effect_key
from agent.logs import alert, log
from agent.policy.file import all_lint
from agent.run.context import RunContext
from domain.conversation.permissions import PUBLISHERS
from domain.decision.cases import Case
from domain.decision.replay import decide
from domain.effects import Planned, SendReport
from domain.errors import PublishingError
from domain.language import names
from domain.policy.model import Policy, next_at_work
from domain.rollout.canary import Canary, Publication, Scope, State, Trial, trial, untriable
from domain.values import CycleId, DecisionId, canonical_json, content_hash

WORKER = "worker"
"""Who ends a publication when no person does."""
RECOMPUTED = 200
"""So many of a trial's newest decisions are computed again at each look."""
FAILURES = (ArithmeticError, LookupError, ValueError)
"""What a policy that makes no sense for some lead may raise."""
NOBODY = CycleId("")
"""A message about a policy belongs to no cycle."""

_CASES: TypeAdapter[Case] = TypeAdapter(Case)


@dataclass(frozen=True)
class Request:
    """A policy that somebody wants to decide a part of the leads."""

    policy: Policy
    scope: Scope
    by: str
    """The person's email address, as the policy file has it."""
    because: str
    asserted_by: str | None = None
    """The user of the machine who says that they are this person; None for who signed in."""


def canary(ledger: Ledger, base: Policy) -> Canary | None:
    """The published policy that decides now; None when the policy file is alone.

    One that was published against another file decides nothing any more: the next tick ends it.
    """
    current = ledger.publications.current()
    if current is None or current.state is not State.LIVE or current.base != base.version:
        return None
    policy = ledger.publications.policy(current.version)
    return None if policy is None else Canary(publication=current, policy=policy)


def publish(wanted: Request, context: RunContext) -> Publication:
    """Let a policy decide a part of the leads, or ask for a second word where the file wants one.

    Raises PublishingError with what to do.
    """
    publications, now = context.ledger.publications, context.now
    wanted = replace(wanted, policy=publications.named(wanted.policy))
    base, policy, scope = context.policy, wanted.policy, wanted.scope
    _check_person(wanted.by, base)
    _check_policy(wanted, base)
    current = publications.current()
    if current is not None:
        _make_room(current, wanted, context)
    waits = base.publishing.two_person
    identity = f"{policy.version}\n{scope}\n{now.isoformat()}"
    made = Publication(
        id=f"p{content_hash(identity)}",
        version=policy.version,
        base=base.version,
        scope=scope,
        by=wanted.by,
        asserted_by=wanted.asserted_by,
        because=wanted.because,
        state=State.PROPOSED if waits else State.LIVE,
        asked_at=now,
        live_at=None if waits else now,
    )
    if not publications.open(made, policy):
        raise PublishingError(
            "Someone else just published a policy. See: routeready policy history"
        )
    log("policy_published", names.publication(made), publication=made.id, by=made.by)
    return made


def _check_person(email: str, base: Policy) -> None:
    user = base.users.get(email)
    if user is None:
        raise PublishingError(
            f"The policy has no user {email}. Use an email address listed under users."
        )
    if user.role not in PUBLISHERS:
        allowed = " or ".join(sorted(PUBLISHERS))
        raise PublishingError(
            f"{user.name} has the role {user.role}; this needs the role {allowed}."
        )


def _check_policy(wanted: Request, base: Policy) -> None:
    policy, segment = wanted.policy, wanted.scope.segment
    if not wanted.because.strip():
        raise PublishingError("Give a reason, for the audit log.")
    if policy.version == base.version:
        raise PublishingError(
            "This is already the policy file in force; there is nothing to publish."
        )
    errors = [one for one in all_lint(policy) if one.severity == "error"]
    if errors:
        raise PublishingError(f"The policy has errors: {errors[0].sentence}.")
    if segment is not None and base.segment(segment) is None:
        known = ", ".join(one.name for one in base.segments)
        raise PublishingError(f'Unknown segment "{segment}". Use one of: {known}.')
    whole = untriable(base, policy)
    if whole:
        raise PublishingError(
            f"These parts apply to all leads and can't be published to some: {', '.join(whole)}. "
            "Change them in the policy file first."
        )


def _make_room(current: Publication, wanted: Request, context: RunContext) -> None:
    """The same policy may go to other leads; another one must wait until this one ended."""
    if current.version != wanted.policy.version or current.base != context.policy.version:
        raise PublishingError(
            f"{current.id} is {current.state} ({current.scope}). "
            "Roll it back first: routeready policy rollback"
        )
    because = f"Published again to {wanted.scope}."
    step = Step(at=context.now)
    context.ledger.publications.end(current.id, State.REPLACED, wanted.by, because, step)


def agree(
    publication: str, by: str, context: RunContext, *, asserted_by: str | None = None
) -> Publication:
    """The second person's word: from now on the policy decides.

    Whom nobody signed in as (`asserted_by`) can't agree to what was published in the same way.

    Raises PublishingError with what to do.
    """
    _check_person(by, context.policy)
    current = context.ledger.publications.current()
    if current is None or current.id != publication or current.state is not State.PROPOSED:
        raise PublishingError(
            f"{publication} is not pending approval. See: routeready policy history"
        )
    if current.by == by:
        raise PublishingError("Someone other than the publisher must approve it.")
    if current.asserted_by and asserted_by:
        raise PublishingError(
            "Someone else must approve it, signed in to the console. It was published on a machine "
            "where nobody signs in, and can't be approved on one."
        )
    if current.base != context.policy.version:
        raise PublishingError("The policy file has changed since. Publish the policy again.")
    if not context.ledger.publications.begin(publication, by, context.now):
        raise PublishingError(
            f"{publication} is not pending approval. See: routeready policy history"
        )
    log("policy_published", names.publication(current), publication=current.id, by=by)
    return _now(publication, context)


def roll_back(by: str, because: str, context: RunContext) -> Publication:
    """Take the published policy back: from the next tick on the policy file decides alone.

    Leads that it gave away keep their owners. Raises PublishingError with what to do.
    """
    _check_person(by, context.policy)
    current = context.ledger.publications.current()
    if current is None:
        raise PublishingError("No policy is published; the policy file applies to all leads.")
    if not because.strip():
        raise PublishingError("Give a reason, for the audit log.")
    how = State.WITHDRAWN if current.state is State.PROPOSED else State.ROLLED_BACK
    if not context.ledger.publications.end(current.id, how, by, because, Step(at=context.now)):
        raise PublishingError(f"{current.id} has just ended. See: routeready policy history")
    log("policy_rolled_back", because, publication=current.id, by=by)
    return _now(current.id, context)


def _now(publication: str, context: RunContext) -> Publication:
    return next(one for one in context.ledger.publications.all() if one.id == publication)


def trial_of(publication: Publication, context: RunContext) -> Trial:
    """How a published policy does beside the policy file."""
    rules = context.policy.publishing
    since = (publication.live_at or publication.asked_at) - rules.look_back
    return trial(publication, context.ledger.journeys.journeys(since), context.policy)


def watch(context: RunContext) -> RunContext | None:
    """Judge the trial, and end it when it must go.

    Returns the context without the canary once it ended, None when all stays as it is.
    """
    current = context.ledger.publications.current()
    if current is None:
        return None
    if current.base != context.policy.version:
        return _outlived(current, context)
    rules = context.policy.publishing
    if context.canary is None or not rules.watch:
        return None
    last = context.now - rules.look_every
    if not context.ledger.publications.watch(current.id, context.now, last):
        return None
    try:
        reason = _unstable(current, context) or trial_of(current, context).reason
    except FAILURES as error:
        reason = f"It can't be judged: {error!r}."
    return None if reason is None else end_trial(reason, context)


def end_trial(reason: str, context: RunContext) -> RunContext:
    """Roll the published policy back by itself, and tell operations once."""
    if context.canary is None:
        return context
    publication = context.canary.publication
    step = Step(at=context.now)
    for to in _operations(context.policy):
        report = SendReport(
            to=to,
            title="A policy was rolled back",
            intro=f"Policy {publication.version}, published to {publication.scope} by "
            f"{publication.by}, was rolled back by itself. {reason}",
            sections=(
                (
                    "What to do",
                    (
                        "The policy file decides all leads again. What was given away stays.",
                        f"See: routeready policy diff {publication.base} {publication.version}",
                    ),
                ),
            ),
        )
        key = effect_key(NOBODY, "send_report", f"rollback {publication.id} {to}")
        planned = Planned(key=key, action=report)
        due_at = next_at_work(context.policy, to, context.now)
        step.effects.append(PlannedEffect(NOBODY, planned, DecisionId(""), due_at))
    ended = context.ledger.publications.end(publication.id, State.ROLLED_BACK, WORKER, reason, step)
    if ended:
        alert("policy_rolled_back", reason, publication=publication.id, by=WORKER)
    return replace(context, canary=None)


def _operations(policy: Policy) -> list[str]:
    return sorted(email for email, user in policy.users.items() if user.role in PUBLISHERS)


def _outlived(current: Publication, context: RunContext) -> RunContext | None:
    """The file changed: it became what was published, or the trial is about nothing any more."""
    adopted = current.version == context.policy.version
    how = State.ADOPTED if adopted else State.OVERTAKEN
    because = (
        "The policy file became this policy." if adopted else "The policy file changed meanwhile."
    )
    if current.state is State.PROPOSED and not adopted:
        how = State.WITHDRAWN
    context.ledger.publications.end(current.id, how, WORKER, because, Step(at=context.now))
    log("policy_trial_over", because, publication=current.id, policy=context.policy.version)
    return None


def _unstable(current: Publication, context: RunContext) -> str | None:
    """Whether one of its newest decisions doesn't come out the same again; errors count as such."""
    policy = None if context.canary is None else context.canary.policy
    if policy is None:
        return None
    since = current.live_at or current.asked_at
    for row in context.ledger.history.decided_under(current.version, since, RECOMPUTED):
        try:
            again = canonical_json(decide(_CASES.validate_json(row.inputs), policy))
        except FAILURES as error:
            return f"Decision {row.id} can't be computed again: {error!r}."
        if again != row.outcome:
            return f"Decision {row.id} of lead {row.lead} comes out otherwise when computed again."
    return None
