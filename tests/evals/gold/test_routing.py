"""Routing against leads whose owner was reasoned from the written policy."""

import pytest

from evals.gold.routing import Routing, load_gold, run_gold

GOLD = load_gold()


@pytest.fixture(scope="module")
def routed() -> list[Routing]:
    """Every lead of the gold set through the product."""
    return run_gold(GOLD)


def test_the_gold_is_large_and_hard() -> None:
    """At least 150 leads, of which at least 100 are hard, and no two of one name."""
    names = {lead.id for lead in GOLD.leads}
    assert (True, True, len(GOLD.leads)) == (len(GOLD.leads) >= 150, GOLD.hard >= 100, len(names))


def test_leads_go_to_whom_the_policy_says(routed: list[Routing]) -> None:
    """Owner accuracy is at least 99%; what misses is told with both answers."""
    misses = [
        f"{one.lead.id}: {one.got}, not {one.lead.owner}" for one in routed if not one.is_right
    ]
    assert len(misses) <= len(routed) // 100, misses


def test_nobody_gets_a_lead_who_is_not_there(routed: list[Routing]) -> None:
    """No lead is drawn for somebody away, at their cap, or gone."""
    assert [] == [one.violations for one in routed if one.violations]


def test_nothing_is_made_up(routed: list[Routing]) -> None:
    """No field that was left empty has a value after normalizing."""
    assert [] == [(one.lead.id, one.unsupported) for one in routed if one.unsupported]


def test_a_wrong_gold_would_be_noticed() -> None:
    """The comparison isn't empty: with everybody's owner changed, every lead misses."""
    wrong = [
        group.model_copy(
            update={
                "leads": tuple(
                    lead.model_copy(update={"owner": "queue:emea"}) for lead in group.leads
                )
            }
        )
        for group in GOLD.groups
    ]
    shifted = GOLD.model_copy(update={"groups": tuple(wrong)})
    assert not any(one.is_right for one in run_gold(shifted))
