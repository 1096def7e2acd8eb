"""Whatever a model asks for, in whosever name: the code that decides holds by itself.

`python -m tests.assault 1000000` runs the same for as long as wanted.
"""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest

from agent.conversation.changes import decisions
from agent.conversation.changes.decisions import allowed
from domain.conversation import permissions
from domain.conversation.change_requests import GiveTo, Pause, PutOff
from domain.conversation.permissions import Ability, Principal, Reach
from domain.values import CycleId, LeadKey, RecordId
from tests.assault import CHANGING, Assault, may_by_rule, settle
from tests.support.worlds import Town, town

CALLS = 1_200
ALL = {role: dict.fromkeys(Ability, Reach.ALL) for role in permissions.TABLE}
"""A table that allows everything: what a seeded bug would be."""


@pytest.fixture(scope="module")
def assaulted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town with leads in several hands."""
    with town(tmp_path_factory.mktemp("town")) as here:
        settle(here)
        yield here


@pytest.fixture
def two_person(assaulted: Town) -> Iterator[Town]:
    """The town, with a change that two people must want."""
    policy = assaulted.app.policy
    rules = policy.conversation.model_copy(update={"two_person": ("hold",)})
    assaulted.app.policy = policy.model_copy(update={"conversation": rules})
    yield assaulted
    assaulted.app.policy = policy


def test_nothing_that_must_not_happen_happens(two_person: Town) -> None:
    """Calls and words without sense or shame: nothing betrayed, written or approved unlawfully."""
    report = Assault(two_person, random.Random(1)).run(CALLS)
    assert {} == dict(report.violations), report.examples
    assert (True, True) == (report.proposals > 20, report.done > 0)


def test_the_judge_sees_a_table_that_allows_everything(
    two_person: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the table of roles opened, leads are betrayed and proposed by whom they must not."""
    monkeypatch.setattr(permissions, "TABLE", ALL)
    report = Assault(two_person, random.Random(2)).run(CALLS // 5)
    assert {"P5 a lead was betrayed", "P6 proposed what one may not"} <= report.violations.keys()


def test_the_judge_sees_a_word_that_nobody_checks(
    two_person: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the check of who decides taken out, words count that must not."""

    def anything(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(decisions, "_refusal", anything)
    report = Assault(two_person, random.Random(3)).run(CALLS // 3)
    assert "P6 a word counted that must not" in report.violations


def _gift(owner: str | None, to: str) -> GiveTo:
    return GiveTo(
        title="A lead",
        before="",
        after="",
        owner=owner,
        cycle=CycleId("1"),
        lead=LeadKey("1"),
        to=to,
        to_id=RecordId("005"),
        reason="",
    )


def _snooze(owner: str | None) -> PutOff:
    return PutOff(
        title="A lead",
        before="",
        after="",
        owner=owner,
        cycle=CycleId("1"),
        lead=LeadKey("1"),
        stage=0,
        wanted=timedelta(hours=1),
    )


def _pause(owner: str | None) -> Pause:
    return Pause(title="Pause", before="", after="", owner=owner, scope="worker", reason="")


def test_tens_of_thousands_of_changes_by_anybody() -> None:
    """The decision itself, for every role, change and owner, some 30,000 times."""
    dice = random.Random(4)
    emails = [f"p{number}@x.example" for number in range(12)]
    tried = 0
    for role, _ in product((*permissions.TABLE, "unheard of"), range(100)):
        who = Principal(
            email=dice.choice(emails),
            name="Somebody",
            role=role,
            timezone="UTC",
            team=frozenset(dice.sample(emails, dice.randrange(6))),
        )
        for owner, to in product([*emails, None], dice.sample(emails, 2)):
            for change in (_gift(owner, to), _snooze(owner), _pause(owner)):
                owned = owner if not isinstance(change, Pause) else None
                expected = role in permissions.TABLE and may_by_rule(who, change.kind, owned)
                if isinstance(change, GiveTo):
                    expected = expected and may_by_rule(who, "give", to)
                assert expected == allowed(who, change)
                tried += 1
    assert tried > 30_000


def test_the_judges_list_of_changes_is_whole() -> None:
    """What the judge takes for a change is what the code takes for one."""
    assert {one.value for one in permissions.CHANGES} == CHANGING
