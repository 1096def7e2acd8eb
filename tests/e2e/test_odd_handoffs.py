"""An assigned lead whose row can't be read keeps no news and no report of the others back."""

import pytest
from sqlalchemy import update

from agent.follow_through.message_updates import plan_news
from agent.ledger.tables.handoffs import HandoffRow
from domain.effects import RefreshMessage
from domain.values import CycleId
from sandbox.marketo.lead_database import people
from tests.support.follow_through import call, live, messages, said
from tests.support.worlds import Town

MARTA = "marta.silva@meridian.example"


@pytest.fixture
def pair(here: Town) -> tuple[int, int]:
    """Two leads of one owner, told in one message; the row of the first is spoiled."""
    leads = [
        here.arrive(email=f"p{one}@co{one}.example", company=f"Co {one}", lastName=f"No{one}")
        for one in range(5)
    ]
    here.pass_time(hours=4)
    here.tick()
    odd = next(one for one in leads if here.owner(one) == "Ana Torres")
    good = next(one for one in leads if here.owner(one) == "Ana Torres" and one != odd)
    spoil(here, odd)
    return odd, good


def spoil(here: Town, person: int) -> None:
    """Leave in a handoff's row what no version ever wrote, and nobody to look at it."""
    row = update(HandoffRow).where(HandoffRow.cycle_id == here.cycle(person).id)  # pyright: ignore[reportArgumentType]
    with here.app.ledger.engine.begin() as connection:
        connection.execute(row.values(handoff={"title": 7}, due_at=None))


def test_a_message_tells_of_the_leads_that_can_be_read(here: Town, pair: tuple[int, int]) -> None:
    """The message that names both says which one was touched."""
    odd, good = pair
    call(here, good)
    here.pass_time(minutes=5)
    context = here.app.context()
    here.tick()
    cycles = [CycleId(here.cycle(one).id) for one in (odd, good)]
    (planned,) = plan_news(cycles, context).effects
    action = planned.planned.action
    assert isinstance(action, RefreshMessage)
    assert [str(good)] == list(action.news)


def test_a_digest_tells_of_the_leads_that_can_be_read(here: Town, pair: tuple[int, int]) -> None:
    """The manager reads of the other lead of the team."""
    live(here, hours=1)
    here.pass_time(hours=19)
    live(here, minutes=30)
    (digest,) = [told for one in messages(here, MARTA) if "team" in (told := said(one))]
    odd, good = pair
    names = [str(here.world.table(people.PERSON)[str(one)]["lastName"]) for one in (odd, good)]
    assert [False, True] == [name in digest for name in names]
