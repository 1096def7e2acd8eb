"""Rules that follow an owner: of the record, of an open opportunity, of the account."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from domain.lead.absences import AtCap, OutOfOffice
from domain.lead.crm_records import Owner, OwnerKind
from domain.policy.model import User
from domain.policy.routing import AccountOwnerRule, OpportunityOwnerRule, OwnerRule
from domain.routing.basis import (
    AccountOwned,
    AlreadyOwns,
    Although,
    FromAccount,
    OpportunityOwned,
    PassedOver,
    StandIn,
    WhyNot,
)
from domain.routing.fallback import fall_back
from domain.routing.question import Choice, Question
from domain.routing.route import (
    ToQueue,
    ToUser,
)
from domain.values import Quoted


def current_owner(question: Question) -> Choice | None:
    """A rep who has the record already keeps it, and so does an owner whom a person chose."""
    owner = question.owner
    email = (owner.email or "").lower()
    if owner.kind is not OwnerKind.USER or email not in question.policy.users:
        return _chosen_by_hand(question)
    if question.holds_back(email):
        return None
    member = question.member(email)
    if member is None or not member.is_active or member.user_id is None:
        question.skip_person(owner.name, PassedOver.OWNER_INACTIVE)
        return None
    target = ToUser(email=email, name=owner.name, user_id=member.user_id)
    return Choice(target, AlreadyOwns(owner=owner.name))


def _chosen_by_hand(question: Question) -> Choice | None:
    """An owner whom the policy doesn't name, or a queue: a person's choice, and it stays.

    Nobody's choice are the owners of leads that are not assigned yet, and the worker's own.
    """
    owner, given = question.owner, question.snapshot.conditions.given
    holding = question.policy.sync.unassigned_owners
    if given is None or given.owner == owner.id or not holding or question.is_holding(owner):
        return None
    if not owner.is_active:
        question.skip_person(owner.name, PassedOver.OWNER_INACTIVE)
        return None
    target = question.present_owner if owner.kind is OwnerKind.USER else _same_queue(question)
    return Choice(target, AlreadyOwns(owner=owner.name))


def _same_queue(question: Question) -> ToQueue:
    """The queue that a record is in; by its label where the policy has no name for it."""
    owner, queues = question.owner, question.inputs.roster.queues
    for name, queue in question.policy.queues.items():
        if queues.get(queue.salesforce) == owner.id:
            return ToQueue(queue=name, developer_name=queue.salesforce, queue_id=owner.id)
    return ToQueue(queue=owner.name, developer_name=owner.name, queue_id=owner.id)


def opportunity_owner(rule: OpportunityOwnerRule, question: Question) -> Choice | None:
    """The owner of the account's oldest open opportunity whose owner can have the lead."""
    account = question.account
    if account is None:
        return None
    for one in sorted(account.opportunities, key=lambda each: (each.created_at, each.id)):
        found = _found(one.owner, rule, question)
        if found is not None:
            basis = OpportunityOwned(
                account=account.name,
                opportunity=one.name,
                stage=one.stage,
                owner=found.owner,
                although=found.although,
                stand_in=found.stand_in,
            )
            return Choice(found.target, basis)
    return None


def account_owner(rule: AccountOwnerRule, question: Question) -> Choice | None:
    """The account's owner, or who gets its leads while that owner is away, or after they left."""
    account = question.account
    kind = str(question.facts.get("account", "none"))
    if account is None or not ({kind, "any"} & set(rule.accounts)):
        return None
    found = _found(account.owner, rule, question)
    if found is not None:
        basis = AccountOwned(
            account=account.name,
            standing=kind,
            owner=found.owner,
            although=found.although,
            stand_in=found.stand_in,
        )
        return Choice(found.target, basis)
    if not _has_left(account.owner, question):
        return None
    name = account.owner.name
    if rule.if_owner_left == "review":
        return fall_back(FromAccount(account=account.name, standing=kind, owner=name), question)
    manager = _manager(account.owner, question) if rule.if_owner_left == "manager" else None
    if manager is None:
        return None
    basis = AccountOwned(account=account.name, standing=kind, owner=name, manager=manager.name)
    return Choice(manager, basis)


@dataclass(frozen=True)
class _Found:
    """Who gets what an owner's rule gives: the owner, or who stands in."""

    owner: str
    target: ToUser
    although: Although | None = None
    stand_in: StandIn | None = None


def _found(owner: Owner, rule: OwnerRule, question: Question) -> _Found | None:
    """The owner, or whom the rule names instead; None, and noted, when neither can have it."""
    email = (owner.email or "").lower()
    user = question.policy.users.get(email)
    if user is None:
        question.skip_person(owner.name, PassedOver.NOT_IN_POLICY)
        return None
    why = question.obstacle(email, user)
    although = None if why is None else _although(why)
    is_let_through = although is not None and (
        rule.if_owner_unavailable == "assign"
        or (although is Although.AT_CAP and rule.caps == "ignore")
    )
    if why is None or is_let_through:
        target = question.target(email, user)
        return None if target is None else _Found(user.name, target, although)
    question.skip_person(user.name, why)
    for stand_in, role in _stand_ins(user, rule) if although is not None else ():
        target = question.person(stand_in)
        if target is not None:
            named = StandIn(name=target.name, role=role)
            return _Found(user.name, target, although, named)
    return None


def _although(why: WhyNot) -> Although | None:
    """Whether somebody is only away or full, and comes back to it."""
    match why:
        case AtCap():
            return Although.AT_CAP
        case OutOfOffice() | Quoted():
            return Although.AWAY
        case _:
            return None


def _stand_ins(user: User, rule: OwnerRule) -> Iterator[tuple[str, Literal["cover", "manager"]]]:
    """Who gets the lead instead, in order; the manager where nobody covers."""
    if rule.if_owner_unavailable == "cover" and user.cover is not None:
        yield user.cover, "cover"
    if rule.if_owner_unavailable in ("cover", "manager") and user.manager is not None:
        yield user.manager, "manager"


def _has_left(owner: Owner, question: Question) -> bool:
    """Whether a user of the policy is no longer an active user of Salesforce."""
    email = (owner.email or "").lower()
    return email in question.policy.users and question.has_left(email)


def _manager(owner: Owner, question: Question) -> ToUser | None:
    manager = question.policy.users[(owner.email or "").lower()].manager
    return None if manager is None else question.person(manager)
