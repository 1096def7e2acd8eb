"""Changing something: proposed, shown whole, and done at a person's word, exactly as in Slack."""

from pydantic import ValidationError
from starlette.responses import Response

from agent.console import labels, words
from agent.console.pages.story import known
from agent.console.visit import NotAllowedError, NotThereError, Visit, name_of
from agent.conversation.changes import decisions, proposals
from agent.conversation.requests import REQUESTS
from agent.follow_through import rep_actions
from agent.follow_through.rep_actions import Press, Verb
from agent.ledger.stores.conversations import Asked
from domain.conversation.change_requests import WORKER, GiveTo, Pause, Proposal, Resume
from domain.conversation.permissions import CHANGES, Ability, may
from domain.errors import RoutereadyError
from domain.policy.model import Policy
from domain.values import CycleId, LeadKey, content_hash

_ANSWERS = (Ability.APPROVE, Ability.DENY)
_HEADLINES = {
    Ability.GIVE: "Reassign {}",
    Ability.HOLD: "Put {} on hold",
    Ability.RELEASE: "Release {}",
    Ability.SNOOZE: "Snooze reminders for {}",
    Ability.CORRECT: "Correct {}",
    Ability.GATE_AGAIN: "Run checks again for {}",
    Ability.TRY_AGAIN: "Retry failed update: {}",
    Ability.APPROVE: "Approve assignment of {}",
    Ability.DENY: "Deny assignment of {}",
}


def propose(visit: Visit) -> Response:
    """Ask for a change of one lead; the next page shows what it would be."""
    ability = _ability(visit)
    lead = LeadKey(visit.path("lead"))
    one = known(visit, lead, ability if ability in _ANSWERS else Ability.WHY)
    return _proposed(visit, ability, f"{ability}/{lead}", (one.cycle,), f"/leads/{lead}")


def stop_or_go(visit: Visit) -> Response:
    """Ask for a pause, or for its end."""
    ability = _ability(visit)
    if ability not in (Ability.PAUSE, Ability.RESUME):
        raise NotThereError("This action isn't available here.")
    return _proposed(visit, ability, f"{ability}/{visit.asked('scope')}", (), "/system")


def _ability(visit: Visit) -> Ability:
    asked = visit.asked("ability")
    if asked not in CHANGES:
        raise NotThereError("This action isn't available here.")
    return Ability(asked)


def _proposed(
    visit: Visit, ability: Ability, matter: str, about: tuple[CycleId, ...], back: str
) -> Response:
    form = REQUESTS[ability].form
    given = {name: visit.asked(name) for name in form.model_fields if visit.asked(name)}
    try:
        asked = form.model_validate(given)
    except ValidationError as error:
        names = [str(one["loc"][0]) for one in error.errors()]
        wrong = words.listed([labels.FORM_FIELDS.get(name, name) for name in names])
        raise RoutereadyError(f"Missing or too long: {wrong}. Go back and fill it in.") from None
    answer = proposals.propose(ability, asked, visit.talk(*about, matter=matter))
    if answer.proposal is None:
        return visit.go(back, said=" ".join((answer.title, *answer.lines)))
    return visit.go(f"/proposals/{answer.proposal}")


def show(visit: Visit) -> Response:
    """What a proposal would change, and the two buttons."""
    asked = _asked(visit)
    proposal = asked.proposal
    return visit.page(
        "proposal.html",
        asked=asked,
        proposal=proposal,
        headline=headline(proposal, visit.policy),
        back=_back(asked),
    )


def headline(proposal: Proposal, policy: Policy) -> str:
    """What would happen, such as `Reassign Dana Fox to Priya Raman`."""
    one, count = proposal.changes[0], len(proposal.changes)
    if isinstance(one, Pause | Resume):
        return f"{labels.ACTS[one.kind]} {'the worker' if one.scope == WORKER else one.scope}"
    about = words.parts_of_title(one.title)[0] if count == 1 else words.plural(count, "lead")
    told = _HEADLINES[one.kind].format(about)
    return f"{told} to {name_of(one.to, policy)}" if isinstance(one, GiveTo) else told


def word(visit: Visit) -> Response:
    """A yes or a no; who may give it is decided where Slack's buttons decide it."""
    asked = _asked(visit)
    context = visit.office.app.context()
    yes = visit.asked("word") == "yes"
    said = decisions.decide(asked.proposal.id, yes=yes, by=visit.who, context=context)
    visit.office.app.hurry()
    return visit.go(_back(asked), said=said)


def _asked(visit: Visit) -> Asked:
    visit.about = visit.path("proposal")
    asked = visit.ledger.conversations.proposal(visit.about)
    if asked is None or not may_see(visit, asked.proposal):
        raise NotThereError("No such request, or you don't have access to it.")
    return asked


def may_see(visit: Visit, proposal: Proposal) -> bool:
    """Who asked may see a proposal, and whoever could decide it."""
    if proposal.by == visit.who.email:
        return True
    return all(
        visit.circle(one.kind) is None
        if isinstance(one, Pause | Resume)
        else may(visit.who, one.kind, one.owner)
        for one in proposal.changes
    )


def _back(asked: Asked) -> str:
    first = asked.proposal.changes[0]
    return "/system" if isinstance(first, Pause | Resume) else f"/leads/{first.lead}"


def rule(visit: Visit) -> Response:
    """A word on a "not mine": the same press as the buttons of the message in Slack."""
    if visit.asked("verb") not in (Verb.GIVE_ON, Verb.KEEP):
        raise NotThereError("This action isn't available here.")
    verb = Verb(visit.asked("verb"))
    context = visit.office.app.context()
    dispute, visit.about = visit.path("dispute"), visit.path("dispute")
    rows = [one for one in visit.ledger.handoffs.disputes(state="open") if one.id == dispute]
    if not rows:
        return visit.go("/waiting", said="Someone else has already ruled on this dispute.")
    held = visit.ledger.handoffs.get(CycleId(rows[0].cycle_id))
    if held is None or not rep_actions.may_rule(visit.who.email, held.handoff, visit.policy):
        raise NotAllowedError(
            "Only the owner's manager or a RevOps admin can rule on this dispute."
        )
    pressed = Press(
        id="p" + content_hash(f"{visit.who.email} {verb} {dispute}"),
        user=visit.who.email,
        verb=verb,
        cycle=CycleId(rows[0].cycle_id),
        fields={"dispute": dispute},
    )
    said = rep_actions.keep(pressed, context) or rep_actions.carry_out(pressed, context)
    visit.office.app.hurry()
    return visit.go("/waiting", said=said)
