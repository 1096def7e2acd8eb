"""Every page and every act of the console, with what it takes: what is not here does not exist."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from agent.console.pages import (
    approvals,
    cohorts,
    funnel,
    leads,
    model,
    now,
    people,
    policy,
    proposal,
    story,
    system,
    tried_leads,
)
from agent.console.visit import Place, Visit
from domain.conversation.permissions import Ability, Reach


@dataclass(frozen=True)
class Page:
    """One address, and who may use it."""

    path: str
    show: Callable[[Visit], Response]
    ability: Ability
    """What it takes, as in conversations."""
    least: Reach = Reach.OWN
    """How far the ability must go at the least; the page itself shows no more than it covers."""
    method: str = "GET"
    does: str = "looked"
    """What the record says of it."""


PAGES = (
    Page("/", now.show, Ability.UNWORKED),
    Page("/funnel", funnel.show, Ability.NUMBERS),
    Page("/funnel.csv", funnel.export, Ability.NUMBERS, does="exported"),
    Page("/cohorts", cohorts.show, Ability.NUMBERS),
    Page("/people", people.show, Ability.WORKLOAD),
    Page("/leads", leads.show, Ability.FIND),
    Page("/leads.csv", leads.export, Ability.FIND, does="exported"),
    Page("/leads/search", leads.search, Ability.FIND, method="POST", does="searched"),
    Page("/leads/{lead}", story.show, Ability.WHY),
    Page("/leads/{lead}/propose", proposal.propose, Ability.WHY, method="POST", does="proposed"),
    Page("/proposals/{proposal}", proposal.show, Ability.WHY),
    Page("/proposals/{proposal}", proposal.word, Ability.WHY, method="POST", does="decided"),
    Page("/waiting", approvals.show, Ability.WAITING, Reach.TEAM),
    Page("/disputes/{dispute}", proposal.rule, Ability.WAITING, Reach.TEAM, "POST", "ruled"),
    Page("/policy", policy.show, Ability.RULES),
    Page("/policy/versions/{version}", policy.compare, Ability.RULES),
    Page("/policy/leads", tried_leads.show, Ability.WHAT_IF, Reach.ALL, "POST", "tried leads"),
    Page("/policy/tries", policy.attempt, Ability.WHAT_IF, Reach.ALL, "POST", "tried"),
    Page("/policy/tries/{attempt}", policy.tried, Ability.WHAT_IF, Reach.ALL),
    Page(
        "/policy/tries/{attempt}/publish",
        policy.publish,
        Ability.WHAT_IF,
        Reach.ALL,
        "POST",
        "published",
    ),
    Page("/policy/agree", policy.agree, Ability.WHAT_IF, Reach.ALL, "POST", "agreed"),
    Page("/policy/rollback", policy.roll_back, Ability.WHAT_IF, Reach.ALL, "POST", "rolled back"),
    Page("/model", model.show, Ability.WORKLOAD, Reach.ALL),
    Page("/system", system.show, Ability.WORKLOAD, Reach.ALL),
    Page("/system/propose", proposal.stop_or_go, Ability.PAUSE, Reach.ALL, "POST", "proposed"),
)

MENU = (
    Place("/", "Overview", Ability.UNWORKED),
    Place("/funnel", "Funnel", Ability.NUMBERS),
    Place("/cohorts", "Cohorts", Ability.NUMBERS),
    Place("/leads", "Leads", Ability.FIND),
    Place("/people", "Reps and pools", Ability.WORKLOAD),
    Place("/waiting", "Approvals", Ability.WAITING, Reach.TEAM),
    Place("/policy", "Policy", Ability.RULES),
    Place("/model", "Agent", Ability.WORKLOAD, Reach.ALL),
    Place("/system", "System", Ability.WORKLOAD, Reach.ALL),
)
"""The pages that the menu leads to, in its order."""
