"""Which leads a published policy decides, and when it must go."""

from typing import Any

import pytest

from domain.errors import PublishingError
from domain.metrics.lifecycle import Journey
from domain.policy.diff import Difference, diff
from domain.policy.model import Policy
from domain.rollout.canary import Publication, Scope, State, read_scope, trial, untriable
from domain.values import LeadKey
from tests.support.builders import policy
from tests.support.journeys import MONDAY, assigned

BASE = policy()
LEADS = [LeadKey(str(number)) for number in range(1, 2001)]


def published(**more: Any) -> Publication:  # noqa: ANN401  (field values)
    """A policy that went live on Monday, to all leads."""
    known: dict[str, Any] = {
        "id": "p1",
        "version": "new",
        "base": BASE.version,
        "scope": Scope(),
        "by": "quinn@meridian.example",
        "because": "fewer fallbacks",
        "state": State.LIVE,
        "asked_at": MONDAY,
        "live_at": MONDAY,
    }
    return Publication(**{**known, **more})


def group(version: str, whole: int, bad: int, **badness: Any) -> list[Journey]:  # noqa: ANN401
    """Leads that a policy gave away, the first `bad` of them with something wrong."""
    start = 1 if version == "new" else 10_001
    return [
        assigned(start + number, policy=version, **(badness if number < bad else {}))
        for number in range(whole)
    ]


def changed(**parts: Any) -> Policy:  # noqa: ANN401  (field values)
    """The base policy with other parts."""
    return Policy.model_validate({**BASE.model_dump(), **parts})


def test_a_share_takes_about_so_many_and_always_the_same() -> None:
    """A tenth of two thousand leads, whoever asks and how often."""
    taken = [lead for lead in LEADS if Scope(share=10).takes("new", lead, "Any")]
    assert taken == [lead for lead in LEADS if Scope(share=10).takes("new", lead, "Any")]
    assert 150 < len(taken) < 250


def test_more_of_the_same_policy_keeps_the_leads_it_had() -> None:
    """Whoever is in the first tenth is in the first half, and in another policy's half or not."""
    tenth = {lead for lead in LEADS if Scope(share=10).takes("new", lead, "Any")}
    half = {lead for lead in LEADS if Scope(share=50).takes("new", lead, "Any")}
    other = {lead for lead in LEADS if Scope(share=50).takes("other", lead, "Any")}
    assert (True, False) == (tenth <= half, tenth <= other)


def test_a_segment_is_the_base_policys() -> None:
    """Other segments are not touched."""
    scope = Scope(segment="Enterprise")
    lead = LeadKey("1")
    assert (True, False) == (
        scope.takes("new", lead, "Enterprise"),
        scope.takes("new", lead, "Everyone else"),
    )


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        ([], Scope()),
        (["share=10%"], Scope(share=10)),
        (["segment=Mid-market", "share=50"], Scope(segment="Mid-market", share=50)),
    ],
)
def test_a_scope_is_read_as_people_write_it(words: list[str], scope: Scope) -> None:
    """Segment, share, or both."""
    assert scope == read_scope(words)


@pytest.mark.parametrize("word", ["share=0%", "share=101", "share=a lot", "region=EMEA", "share"])
def test_what_is_no_scope_is_refused_with_what_to_write(word: str) -> None:
    """The sentence says what is possible."""
    with pytest.raises(PublishingError, match="Use "):
        read_scope([word])


def test_what_is_read_before_a_lead_has_a_policy_cant_be_tried() -> None:
    """Users and the cool-down are the whole worker's; pools and segments are a lead's."""
    user = {"name": "Nia", "timezone": "UTC", "calendar": next(iter(BASE.calendars))}
    gate = {**BASE.gate.model_dump(), "cool_down": "1d", "free_mail": "refuse"}
    users = {**BASE.model_dump()["users"], "nia@x.example": user}
    assert ("users", "gate.cool_down") == untriable(BASE, changed(users=users, gate=gate))
    gate = {**BASE.gate.model_dump(), "free_mail": "refuse"}
    assert () == untriable(BASE, changed(gate=gate))


@pytest.mark.parametrize(
    ("bad", "badness"),
    [
        ("fallback", {"is_fallback": True}),
        ("dispute", {"disputes": ("open",)}),
        ("error", {"dead_letters": ("set_owner",)}),
    ],
)
def test_a_spike_ends_the_trial_and_few_leads_dont(bad: str, badness: dict[str, Any]) -> None:
    """Twelve of forty beside two of a hundred is a spike; three of ten tells nothing yet."""
    base = group(BASE.version, 100, 2, **badness)
    spike = trial(published(), [*group("new", 40, 12, **badness), *base], BASE)
    few = trial(published(), [*group("new", 10, 3, **badness), *base], BASE)
    alike = trial(published(), [*group("new", 40, 1, **badness), *base], BASE)
    assert (True, None, None) == (spike.reason is not None, few.reason, alike.reason), bad
    assert "12 of 40 beside 2 of 100" in str(spike.reason)


def test_a_lead_given_to_a_stranger_ends_the_trial_at_once() -> None:
    """One is enough: the policy file doesn't know the person, so nobody can work there."""
    lost = assigned(1, policy="new", rep="stranger@x.example", rule="Territory")
    found = trial(published(), [lost], BASE)
    assert "Lead 1 went to stranger@x.example, whom the policy file doesn't know." == found.reason
    by_hand = assigned(1, policy="new", rep="stranger@x.example", rule="Territory", moved_by_hand=1)
    assert trial(published(), [by_hand], BASE).reason is None


def test_a_difference_names_the_part_and_both_values() -> None:
    """Lists whose items have names are compared by name, and rows that only moved are not told."""
    found = diff(BASE, changed(name="Another"))
    assert (Difference(path="name", before=BASE.name, after="Another"),) == found
    assert f"name: {BASE.name} -> Another" == found[0].sentence
    members = BASE.pools["west"].model_dump()["members"]
    heavier = [{**members[0], "weight": 3}, *members[1:]]
    found = diff(BASE, changed(pools={**BASE.pools, "west": {"members": heavier}}))
    path = f"pools.west.members[{members[0]['user']}].weight"
    assert (Difference(path=path, before="1", after="3"),) == found
    found = diff(BASE, changed(pools={**BASE.pools, "west": {"members": members[1:]}}))
    gone = f"user: {members[0]['user']}, weight: 1"
    path = f"pools.west.members[{members[0]['user']}]"
    assert (Difference(path=path, before=gone, after=None),) == found
