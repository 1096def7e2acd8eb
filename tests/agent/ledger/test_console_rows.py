"""Lists, ways in and the record of visits, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from agent.ledger import Ledger
from agent.ledger.rows import table
from agent.ledger.stores.visits import SESSION, TOKEN, Look
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow, HoldRow
from agent.ledger.tables.operations import RunRow
from agent.ledger.views.lead_lists import Order, Standing, Wanted
from domain.lead.model import OnHold
from domain.values import LeadKey

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANA, BEN = "ana@m.example", "ben@m.example"


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """Six leads: late with Ana, due soon with Ben, due later, touched, parked, rejected."""
    found = Ledger.on(engine)
    hands: dict[int, dict[str, Any]] = {
        1: {"owner": ANA, "state": "open", "target_at": NOW - HOUR, "listed_at": NOW},
        2: {"owner": BEN, "state": "open", "target_at": NOW + HOUR},
        3: {"owner": BEN, "state": "open", "target_at": NOW + 9 * HOUR},
        4: {"owner": ANA, "state": "touched", "target_at": NOW, "touched_at": NOW},
    }
    with engine.begin() as connection:
        for number in range(1, 7):
            connection.execute(table(CycleRow).insert(), [cycle(number)])
        for number, more in hands.items():
            connection.execute(table(HandoffRow).insert(), [handoff(number, **more)])
    return found


def cycle(number: int) -> dict[str, Any]:
    """A lead's cycle; the higher its number the later it came up."""
    status = {4: "touched", 5: "parked", 6: "rejected"}.get(number, "assigned")
    return {
        "id": f"{number}-1",
        "lead": str(number),
        "number": 1,
        "trigger": {},
        "opened_at": NOW - (10 - number) * HOUR,
        "status": status,
        "looks": 0,
        "title": f"Dana Fox{number} at 100%_Acme{number}",
        "segment": "All" if number % 2 else "Others",
        "is_fallback": False,
    }


def handoff(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (columns)
    """A lead in somebody's hands."""
    plain: dict[str, Any] = {
        "cycle_id": f"{number}-1",
        "lead": str(number),
        "record_id": f"00Q{number}",
        "segment": "All",
        "seen_at": NOW,
        "version": 0,
        "handoff": {},
    }
    return {**plain, **more}


def wanted(**more: Any) -> Wanted:  # noqa: ANN401  (fields)
    """What is meant, as of now."""
    return Wanted(now=NOW, soon=NOW + 2 * HOUR, **more)


NARROWED: list[tuple[dict[str, Any], str]] = [
    ({}, "123456"),
    ({"standing": Standing.LATE}, "1"),
    ({"standing": Standing.SOON}, "2"),
    ({"standing": Standing.UNTOUCHED}, "123"),
    ({"standing": Standing.LISTED}, "1"),
    ({"standing": Standing.TOUCHED}, "4"),
    ({"standing": Standing.CLOSED}, ""),
    ({"standing": Standing.NOBODYS}, "5"),
    ({"standing": Standing.REJECTED}, "6"),
    ({"owners": {BEN}}, "23"),
    ({"owners": {ANA}, "standing": Standing.UNTOUCHED}, "1"),
    ({"owner": ANA}, "14"),
    ({"segment": "Others"}, "246"),
    ({"words": ("fox3",)}, "3"),
    ({"words": ("DANA", "acme2")}, "2"),
    ({"words": ("4",)}, "4"),
    ({"words": ("100%_acme",)}, "123456"),
    ({"words": ("%",), "owners": {BEN}}, "23"),
]


def test_lists_are_narrowed(ledger: Ledger) -> None:
    """By how leads stand, whose they are, and the words of their titles, read as plain text."""
    for more, expected in NARROWED:
        meant = wanted(**more)
        for order in Order:
            total, rows = ledger.lists.found(meant, order, skip=0, limit=50)
            leads = "".join(sorted(one.lead for one in rows))
            assert (more, order, expected, len(expected)) == (more, order, leads, total)
        beyond = ledger.lists.found(meant, Order.NEWEST, skip=60, limit=50)
        assert (len(expected), []) == beyond


def test_lists_are_sorted_and_paged(ledger: Ledger) -> None:
    """Due first puts what has no target last."""
    orders = {
        order: "".join(one.lead for one in ledger.lists.page(wanted(), order, skip=0, limit=9))
        for order in Order
    }
    expected = {Order.NEWEST: "654321", Order.OLDEST: "123456", Order.DUE: "142356"}
    assert expected == orders
    second = ledger.lists.page(wanted(), Order.NEWEST, skip=2, limit=2)
    assert ["4", "3"] == [one.lead for one in second]


def test_leads_come_in_the_order_asked_for(ledger: Ledger) -> None:
    """Each in its newest cycle; what is not there is left out."""
    again = {**cycle(2), "id": "2-2", "number": 2, "title": "Dana Fox2 again"}
    with ledger.engine.begin() as connection:
        connection.execute(table(CycleRow).insert(), [again])
    found = ledger.lists.of_leads([LeadKey(one) for one in ("4", "2", "9")])
    assert ["4-1", "2-2"] == [one.cycle for one in found]


def test_a_token_is_redeemed_once_and_a_session_ends(ledger: Ledger) -> None:
    """The secret itself is not in the ledger; whose time is over is forgotten."""
    visits = ledger.visits
    visits.admit(TOKEN, "t", ANA, NOW, NOW + HOUR)
    assert [ANA, None] == [visits.redeem("t", NOW) for _ in range(2)]
    visits.admit(SESSION, "s", ANA, NOW, NOW + HOUR)
    assert (ANA, None, None, None) == (
        visits.bearer("s", NOW),
        visits.bearer("s", NOW + HOUR),
        visits.bearer("t", NOW),
        visits.redeem("s", NOW),
    )
    visits.admit(SESSION, "other", BEN, NOW, NOW + HOUR)
    visits.leave("s")
    assert (None, BEN, 1) == (
        visits.bearer("s", NOW),
        visits.bearer("other", NOW),
        visits.expel(BEN),
    )


def test_visits_are_kept(ledger: Ledger) -> None:
    """Newest first."""
    looks = [Look(NOW, ANA, "/leads", "", did, 200) for did in ("looked", "exported")]
    for look in looks:
        ledger.visits.keep(look)
    assert looks[::-1] == ledger.visits.latest(9)


def test_the_workers_own_state_is_told(ledger: Ledger) -> None:
    """Ticks, writes that are not settled or were given up, and holds."""
    plain: dict[str, Any] = {
        "cycle_id": "1-1",
        "lead": "1",
        "action": {},
        "decision_id": "d",
        "attempts": 1,
    }
    effects: list[dict[str, Any]] = [
        {
            **plain,
            "key": f"e{number}",
            "kind": kind,
            "state": state,
            "planned_at": NOW,
            "due_at": NOW - number * HOUR,
        }
        for number, (kind, state) in enumerate(
            [
                ("set_owner", "applied"),
                ("tell_owner", "planned"),
                ("tell_owner", "planned"),
                ("set_owner", "dead"),
            ]
        )
    ]
    run = {"id": "r1", "kind": "routing", "started_at": NOW, "counts": {"READY": 1}}
    hold = {"lead": "5", "by": "Ana", "reason": "trip", "at": NOW}
    with ledger.engine.begin() as connection:
        connection.execute(table(EffectRow).insert(), effects)
        connection.execute(table(RunRow).insert(), [run])
        connection.execute(table(HoldRow).insert(), [hold])
    workings = ledger.workings
    assert [
        ("set_owner", "dead", 1, NOW - 3 * HOUR),
        ("tell_owner", "planned", 2, NOW - 2 * HOUR),
    ] == [(one.kind, one.state, one.count, one.oldest) for one in workings.backlog()]
    assert ["e3"] == [one.key for one in workings.dead_letters(5)]
    assert ["r1"] == [one.id for one in workings.runs(5)]
    assert {"5": OnHold(by="Ana", reason="trip")} == ledger.lists.holds(5)
    assert ([], [], [], []) == (
        workings.spent(NOW),
        workings.calls(5),
        workings.policies(),
        workings.proposals(NOW),
    )
