"""What people type, read without a model."""

from typing import Any

import pytest

from agent.conversation.commands import manual, read
from agent.conversation.requests import REQUESTS
from domain.conversation.permissions import Ability, Principal

ANA = Principal(email="ana@x.example", name="Ana Torres", role="rep", timezone="UTC")


@pytest.mark.parametrize(
    ("text", "ability", "asked"),
    [
        ("why did Dana Fox go to Priya?", Ability.WHY, {"lead": "Dana Fox"}),
        ("why Dana Fox", Ability.WHY, {"lead": "Dana Fox"}),
        ("why?", Ability.WHY, {"lead": ""}),
        ("what's unworked in EMEA right now?", Ability.UNWORKED, {"where": "EMEA"}),
        ("unworked", Ability.UNWORKED, {"where": ""}),
        ("unworked right now", Ability.UNWORKED, {"where": ""}),
        ("mine", Ability.UNWORKED, {"where": "Ana Torres"}),
        ("what are my open leads?", Ability.UNWORKED, {"where": "Ana Torres"}),
        ("who is overloaded this week?", Ability.WORKLOAD, {"who": ""}),
        ("workload of Priya", Ability.WORKLOAD, {"who": "Priya"}),
        (
            "hold Acme until Thursday",
            Ability.HOLD,
            {"lead": "Acme", "until": "Thursday", "reason": ""},
        ),
        (
            "give this to Kenji, Priya is out",
            Ability.GIVE,
            {"lead": "this", "to": "Kenji", "reason": "Priya is out"},
        ),
        (
            "give Dana Fox to Kenji Ito because he knows her",
            Ability.GIVE,
            {"lead": "Dana Fox", "to": "Kenji Ito", "reason": "he knows her"},
        ),
        ("what changed since Monday?", Ability.CHANGES, {"since": "Monday"}),
        ("changes", Ability.CHANGES, {"since": "monday"}),
        (
            "what would happen if DACH went to Lena?",
            Ability.WHAT_IF,
            {"territory": "DACH", "to": "Lena", "without": ""},
        ),
        ("what is our SLA for hand-raisers?", Ability.RULES, {"topic": "hand-raisers"}),
        ("numbers 30 days Enterprise", Ability.NUMBERS, {"days": 30, "segment": "Enterprise"}),
        ("numbers", Ability.NUMBERS, {"days": 7, "segment": ""}),
        ("What is our speed to lead?", Ability.NUMBERS, {"days": 7, "segment": ""}),
        ("what's the speed to lead for EMEA", Ability.NUMBERS, {"days": 7, "segment": "EMEA"}),
        ("how many leads breached SLA last week?", Ability.NUMBERS, {"days": 7, "segment": ""}),
        (
            "how many leads breached the SLA in the last 30 days",
            Ability.NUMBERS,
            {"days": 30, "segment": ""},
        ),
        ("snooze Acme for 2h", Ability.SNOOZE, {"lead": "Acme", "lasting": "2h"}),
        ("pause", Ability.PAUSE, {"scope": "worker", "reason": ""}),
        (
            "pause Enterprise, wrong form",
            Ability.PAUSE,
            {"scope": "Enterprise", "reason": "wrong form"},
        ),
        ("resume", Ability.RESUME, {"scope": "worker", "reason": ""}),
        ("approve Acme", Ability.APPROVE, {"lead": "Acme"}),
        ("retry Acme", Ability.TRY_AGAIN, {"lead": "Acme"}),
        ("approvals", Ability.WAITING, {}),
        (
            "what if Ana Torres left?",
            Ability.WHAT_IF,
            {"territory": "", "to": "", "without": "Ana Torres"},
        ),
        ("what happened with Dana Fox?", Ability.STORY, {"lead": "Dana Fox"}),
        ("enrich Dana Fox", Ability.ENRICH, {"lead": "Dana Fox"}),
        (
            "correct Dana Fox's country to Austria, she said so",
            Ability.CORRECT,
            {
                "lead": "Dana Fox",
                "field": "country",
                "value": "Austria",
                "reason": "she said so",
            },
        ),
    ],
)
def test_the_usual_questions(text: str, ability: Ability, asked: dict[str, Any]) -> None:
    """Each is read as one request with its arguments."""
    command = read(text, ANA)
    assert command is not None
    assert (ability, asked) == (command.ability, command.asked.model_dump())


@pytest.mark.parametrize("text", ["", "hello", "tell me a joke", "delete everything"])
def test_what_fits_nothing_is_not_guessed(text: str) -> None:
    """Anything else gets the help."""
    assert None is read(text, ANA)


def test_the_help_names_what_the_role_has() -> None:
    """A rep is not shown what only operations can do."""
    told = manual(ANA).text()
    assert "why NAME" in told
    assert "pause" not in told


def test_every_ability_can_be_asked_for() -> None:
    """The table of requests covers all of them."""
    assert set(Ability) == set(REQUESTS)
