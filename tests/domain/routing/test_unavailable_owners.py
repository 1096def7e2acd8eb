"""A customer's lead while its account's owner is away, full, excluded, or has left."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.language import routes
from domain.lead.absences import OutOfOffice
from domain.lead.crm_records import Account, RecordKind
from domain.policy.model import Policy
from domain.routing.route import Route, ToUser, why
from domain.routing.rules import route
from tests.support import builders as make

ANA, BEN = "ana@meridian.example", "ben@meridian.example"
AWAY = {"out_of_office": OutOfOffice(source="Slack", until=make.NOW + timedelta(days=3))}
FULL = {"open_leads": 60}
LEFT = {"is_active": False}
NEW_YORK = ZoneInfo("America/New_York")


def policy(rule: dict[str, Any], kind: str = "account_owner", **ana: Any) -> Policy:  # noqa: ANN401
    """The small policy with one owner's rule above the territories, and a cap for Ana."""
    plain = make.policy()
    users = {email: one.model_dump(exclude_unset=True) for email, one in plain.users.items()}
    users[ANA] |= {"cap_open": 60, **ana}
    routing = (
        {"name": "Owner", "kind": kind, **rule},
        {"name": "Territory", "kind": "territory"},
    )
    return make.policy(users=users, routing=routing)


def customer(**more: Any) -> Account:  # noqa: ANN401
    """Ana's customer Acme."""
    return make.account(make.user_owner(ANA), type="Customer", **more)


def given(rules: Policy, account: Account | None = None, **people: Any) -> tuple[str, str]:  # noqa: ANN401
    """Who gets a Californian lead of the account, and why, in words."""
    company = make.one_account(account or customer())
    chosen = route(make.snapshot(company=company), make.inputs(**people), rules).decision
    assert isinstance(chosen, Route)
    name = chosen.target.name if isinstance(chosen.target, ToUser) else str(chosen.target.kind)
    return name, routes.routed(why(chosen), NEW_YORK)


@pytest.mark.parametrize(
    ("rule", "state", "owner", "said"),
    [
        ({}, {}, "Ana", "Ana owns Acme, a customer."),
        ({"if_owner_unavailable": "assign"}, AWAY, "Ana", "although they are out of office."),
        ({"if_owner_unavailable": "assign"}, FULL, "Ana", "although they are at their lead cap."),
        ({"if_owner_unavailable": "cover"}, AWAY, "Ben", "is out of office; Ben covers for them."),
        ({"if_owner_unavailable": "cover"}, FULL, "Ben", "is at their lead cap; Ben covers for"),
        (
            {"if_owner_unavailable": "manager"},
            AWAY,
            "Marta",
            "is out of office; Marta is their manager.",
        ),
        ({"caps": "ignore"}, FULL, "Ana", "although they are at their lead cap."),
        (
            {"caps": "ignore", "if_owner_unavailable": "cover"},
            {**AWAY, **FULL},
            "Ben",
            "Ben covers for them.",
        ),
        ({"if_owner_left": "manager"}, LEFT, "Marta", "who left; Marta is their manager."),
        (
            {"if_owner_left": "review", "if_owner_unavailable": "assign"},
            LEFT,
            "queue",
            "Acme is a customer of Ana, who left, and needs a new owner; fallback to the review",
        ),
    ],
)
def test_a_customers_lead_goes_where_the_rule_says(
    rule: dict[str, Any], state: dict[str, Any], owner: str, said: str
) -> None:
    """Each answer of the policy, with the sentence that anyone can defend."""
    found, told = given(policy(rule, cover=BEN), ana=state)
    assert (owner, True) == (found, said in told), told


@pytest.mark.parametrize("state", [AWAY, FULL, LEFT])
def test_a_rule_that_says_nothing_goes_on_to_the_next(state: dict[str, Any]) -> None:
    """What older policies meant: another rep of the territory, unless the owner left."""
    expected = "Marta" if state is LEFT else "Ben"
    assert expected == given(policy({}), ana=state)[0]


def test_the_manager_stands_in_where_the_cover_is_away_too() -> None:
    """Nobody waits for two people on vacation."""
    rules = policy({"if_owner_unavailable": "cover"}, cover=BEN)
    found, told = given(rules, ana=AWAY, ben=AWAY)
    assert ("Marta", True) == (found, "Ben (out of office" in told), told


def test_an_owner_who_is_excluded_is_not_let_through() -> None:
    """`never` holds everywhere: neither caps nor absence speak for it."""
    rules = policy({"if_owner_unavailable": "assign"}, never=({"country": "US"},))
    found, told = given(rules)
    assert ("Ben", True) == (found, "Ana (excluded from leads like this)" in told), told


def test_an_opportunity_owner_is_covered_alike() -> None:
    """The same words for the owner of an open opportunity."""
    deal = customer(opportunities=(make.opportunity(make.user_owner(ANA)),))
    rules = policy({"if_owner_unavailable": "cover"}, kind="opportunity_owner", cover=BEN)
    found, told = given(rules, deal, ana=AWAY)
    said = (
        'Ana owns the open opportunity "Renewal" (Proposal) at Acme, and is out of office; '
        "Ben covers for them"
    )
    assert ("Ben", True) == (found, said in told), told


def test_a_contact_whose_accounts_owner_left_gets_no_queue() -> None:
    """Queues can't own contacts: who is responsible for the queue gets it for review."""
    contact = make.one_record(make.record(RecordKind.CONTACT))
    snapshot = make.snapshot(person=contact, company=make.one_account(customer()))
    chosen = route(snapshot, make.inputs(ana=LEFT), policy({"if_owner_left": "review"})).decision
    assert isinstance(chosen, Route)
    assert ("Quinn", True) == (getattr(chosen.target, "name", ""), chosen.is_fallback)
