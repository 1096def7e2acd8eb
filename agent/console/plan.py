"""Every page and every act of the console, with what it takes: what is not here does not exist."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from agent.console.office import Place, Visit
from agent.console.pages import leads, now, proposing, story
from domain.authority import Ability, Reach


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
    Page("/leads", leads.show, Ability.FIND),
    Page("/leads.csv", leads.export, Ability.FIND, does="exported"),
    Page("/leads/search", leads.search, Ability.FIND, method="POST", does="searched"),
    Page("/leads/{lead}", story.show, Ability.WHY),
    Page("/leads/{lead}/propose", proposing.propose, Ability.WHY, method="POST", does="proposed"),
    Page("/proposals/{proposal}", proposing.show, Ability.WHY),
    Page("/proposals/{proposal}", proposing.word, Ability.WHY, method="POST", does="decided"),
)

MENU = (
    Place("/", "Now", Ability.UNWORKED),
    Place("/leads", "Leads", Ability.FIND),
)
"""The pages that the menu leads to, in its order."""
