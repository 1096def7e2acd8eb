"""The waterfall and the lists: every lead is somewhere, once, and lost only when it is."""

from datetime import timedelta

from domain.gate.verdict import CheckCode
from domain.metrics.leakage import Stage, leaks, waterfall
from domain.metrics.lifecycle import Ending
from tests.support.builders import policy
from tests.support.journeys import MONDAY, assigned, journey, minutes

LATER = MONDAY + timedelta(hours=3)


def test_every_lead_stops_at_one_stage() -> None:
    """A lead per stage: each stage keeps one, and the counts fall by one."""
    group = [
        journey(0, ending=Ending.GONE, ended_at=MONDAY),
        journey(1, is_judged=True, open_checks=frozenset({CheckCode.QUALIFIED})),
        journey(2, is_judged=True, open_checks=frozenset({CheckCode.REQUIRED_FIELDS})),
        journey(3, is_judged=True, open_checks=frozenset({CheckCode.CRM_PRESENT})),
        assigned(4, assigned_at=None, told_at=None, promised_at=None),
        assigned(5, told_at=None),
        assigned(6),
        assigned(7, accepted_at=MONDAY + minutes(9)),
        assigned(8, touched_after=20, is_converted=False),
        assigned(9, touched_after=20, is_converted=True),
    ]
    levels = waterfall(group, LATER)
    assert list(range(10, 0, -1)) == [one.reached for one in levels]
    assert [(str(number),) for number in range(10)] == [
        (*one.lost, *one.on_the_way) for one in levels
    ]


def test_what_is_in_time_is_not_lost() -> None:
    """The same lead is on its way before its promise is over, and lost after."""
    before, after = (waterfall([assigned()], now) for now in (MONDAY + minutes(60), LATER))
    stage = list(Stage).index(Stage.NOTIFIED)
    assert (("1",), ()) == (before[stage].on_the_way, before[stage].lost)
    assert ((), ("1",)) == (after[stage].on_the_way, after[stage].lost)


def test_a_lead_that_was_called_before_it_was_told_is_not_lost_at_the_telling() -> None:
    """The farthest stage counts, so an effort that was not needed is no leak."""
    levels = waterfall([assigned(told_at=None, touched_after=9, is_converted=False)], LATER)
    reached = {one.stage: one.reached for one in levels}
    assert (1, 1, 0) == (reached[Stage.NOTIFIED], reached[Stage.TOUCHED], reached[Stage.OUTCOME])


def test_outcomes_are_unknown_until_salesforce_was_asked() -> None:
    """The last stage has no number, and says why."""
    last = waterfall([assigned(touched_after=9)], LATER)[-1]
    assert (None, "outcomes not loaded yet") == (last.reached, last.reason)


def test_a_conversion_without_a_touch_is_an_outcome() -> None:
    """Converting is work, whoever saw the call."""
    levels = waterfall([assigned(ending=Ending.CONVERTED, ended_at=LATER)], LATER)
    assert (1, ()) == (levels[-1].reached, levels[-1].lost)


def test_each_leak_names_its_leads() -> None:
    """Stuck, late, untold, blocked by a field, waiting too long, and given up."""
    group = [
        assigned(1, assigned_at=None, told_at=None, promised_at=None),
        assigned(2, told_at=None, dead_letters=("tell_owner",)),
        assigned(3, rep="left@x.example", promised_at=LATER + minutes(1)),
        journey(
            4,
            is_judged=True,
            open_checks=frozenset({CheckCode.CRM_PRESENT}),
            blocked_by="CRM_PRESENT",
            deadline=MONDAY + minutes(20),
        ),
        journey(5, is_judged=True, blocked_by="REQUIRED_FIELDS (country)"),
    ]
    found = {one.code: one.leads for one in leaks(group, policy(), LATER)}
    assert {
        "NOT_ASSIGNED": ("1",),
        "SLA_BREACH": ("2",),
        "NOT_NOTIFIED": ("2",),
        "UNKNOWN_OWNER": ("3",),
        "SYNC_OVERDUE": ("4",),
        "FAILED_UPDATES": ("2",),
        "NOT_ROUTABLE CRM_PRESENT": ("4",),
        "NOT_ROUTABLE country": ("5",),
    } == found
