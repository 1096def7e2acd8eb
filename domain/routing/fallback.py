"""Where a lead goes when nobody whom a rule wants can have it."""

from domain.lead.crm_records import OwnerKind
from domain.routing.basis import (
    Ending,
    FellBack,
    Unmet,
)
from domain.routing.question import Choice, Question
from domain.routing.route import (
    Target,
    ToUser,
)


def fall_back(origin: Unmet | None, question: Question, wanted_queue: str | None = None) -> Choice:
    """The segment's queue; for a contact somebody who can own it. Never a dead end."""
    name = question.segment.fallback

    def ends(target: Target, ending: Ending, owner: str | None = None) -> Choice:
        basis = FellBack(
            origin=origin, wanted_queue=wanted_queue, ending=ending, queue=name, owner=owner
        )
        return Choice(target, basis)

    queue = question.queue(name)
    if queue is not None:
        return ends(queue, Ending.IN_QUEUE)
    near = _near_contact(question) if question.is_contact else None
    if near is not None:
        target, ending = near
        return ends(target, ending, target.name)
    answers = question.policy.queues[name].owner
    member = question.member(answers)
    user = question.policy.users[answers]
    if member is not None and member.user_id is not None and member.is_active:
        target = ToUser(email=answers, name=user.name, user_id=member.user_id)
        return ends(target, Ending.QUEUE_OWNER, user.name)
    return ends(question.present_owner, Ending.AS_IT_IS)


def _near_contact(question: Question) -> tuple[ToUser, Ending] | None:
    """Who is nearest to a contact, and in what way: its own owner, else its account's."""
    owner, account = question.owner, question.account
    is_person = owner.kind is OwnerKind.USER and owner.is_active
    if is_person and not question.holds_back(owner.email or ""):
        return question.present_owner, Ending.KEPT_BY_OWNER
    target = None if account is None else question.owner_of(account.owner)
    return None if target is None else (target, Ending.ACCOUNT_OWNER)
