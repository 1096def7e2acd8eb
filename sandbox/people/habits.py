"""Habits of reps: how soon they touch a lead, how they log it, what they make of Slack."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habit:
    """Chances of one rep, each per round of half an hour unless it says otherwise."""

    says: str
    touches: float = 0.3
    """That a lead which nobody has touched is called or mailed."""
    reminded: float = 0.75
    """The same for a lead of which Slack reminded them lately, if that is more."""
    mails: float = 0.25
    """Share of touches that are mails; the others are calls."""
    logs_late: float = 0.1
    """Share of touches that get into Salesforce only in the evening."""
    picks: bool = False
    """Whether leads with a high title are touched first, and the others wait for that."""
    gives: float = 0.0
    """That an untouched lead is given to a colleague instead."""
    presses: float = 0.25
    """Per message of the app with buttons: that the first one is pressed."""
    answers: float = 0.05
    """Per message of the app: that something is answered in its thread."""
    leaves: float = 0.02
    """Per working week: that some days off begin."""
    capacity: int = 6
    """Touches that fit into a round."""


HABITS: Mapping[str, Habit] = {
    "steady": Habit("calls in the order in which leads came"),
    "fast": Habit("calls nearly everything within the hour", touches=0.9),
    "slow": Habit("lets leads lie for a day", touches=0.12, answers=0.02),
    "idle": Habit("does nothing unless reminded", touches=0.0, presses=0.0),
    "cherry-picking": Habit("calls directors, lets the others wait", touches=0.7, picks=True),
    "late logging": Habit("calls soon and logs in the evening", touches=0.6, logs_late=0.8),
    "giving": Habit("passes leads on to colleagues", touches=0.2, gives=0.15),
    "clicking": Habit("presses every button, calls rarely", touches=0.1, presses=0.9),
    "talking": Habit("answers in threads", touches=0.4, answers=0.6),
}
BY_NAME: Mapping[str, str] = {
    "dan.whitfield": "fast",
    "kenji.sato": "fast",
    "max.brandt": "slow",
    "hugo.martins": "slow",
    "farid.haddad": "idle",
    "nadia.laurent": "cherry-picking",
    "oscar.reyes": "late logging",
    "ella.novak": "giving",
    "priya.raman": "clicking",
    "ben.okafor": "talking",
}
"""Whose habit it is, by what is before the @; all others are steady."""


def habit_of(address: str) -> Habit:
    """The habit of the colleague with this address."""
    return HABITS[BY_NAME.get(address.split("@", maxsplit=1)[0], "steady")]
