"""Cell by cell of docs/reference/roles.md: every tool, by every role, on everybody's lead.

The tools themselves are called, on a real ledger and with the vendors behind them; one lead
changes hands, so that all an answer can be about is that one.
"""

from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import delete, update

from agent.conversation.graph import called
from agent.conversation.turn import Talk
from agent.ledger.records import Approval, Decision, Hold, Step, Stop
from agent.ledger.rows import table
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.operations import PauseRow
from domain.conversation.answers import Answer
from domain.conversation.change_requests import WORKER
from domain.conversation.permissions import CHANGES, TABLE, Ability, principal
from domain.decision.said import ByAssignmentRules
from domain.ports import Called
from domain.routing.basis import AlreadyOwns, RoutedBy
from domain.values import CycleId, DecisionId, LeadKey
from tests.support.repository import ROOT
from tests.support.worlds import Town, town

ANA, BEN, KATE, MARTA, QUINN, HELEN = (
    f"{name}@meridian.example"
    for name in (
        "ana.torres",
        "ben.okafor",
        "kate.molloy",
        "marta.silva",
        "quinn.walsh",
        "helen.brooks",
    )
)
WHOSE: Mapping[str, Mapping[str, str]] = {
    "rep": {"own": ANA, "team": BEN, "other": KATE},
    "manager": {"own": MARTA, "team": ANA, "other": KATE},
    "ops": {"own": QUINN, "team": ANA, "other": KATE},
    "viewer": {"own": HELEN, "team": ANA, "other": KATE},
}
"""Who asks is the owner of `own`."""
ASKED: Mapping[Ability, Mapping[str, str]] = {
    Ability.FIND: {"words": "Dana"},
    Ability.WHAT_IF: {"territory": "DACH", "to": "Lena"},
    Ability.GIVE: {"lead": "Dana Fox", "to": "Ursula"},
    Ability.HOLD: {"lead": "Dana Fox", "until": "3d"},
    Ability.SNOOZE: {"lead": "Dana Fox", "lasting": "1h"},
    Ability.CORRECT: {"lead": "Dana Fox", "field": "country", "value": "Canada"},
}
TO_ANA = RoutedBy(rule="Stays", basis=AlreadyOwns(owner="Ana"))
MOVED = ByAssignmentRules(owner="Ana")
STATUS = {
    Ability.GATE_AGAIN: "parked",
    Ability.WAITING: "approval",
    Ability.APPROVE: "approval",
    Ability.DENY: "approval",
}
"""Where the lead must stand for the tool to have something to do."""
ABOUT_NOBODY = {Ability.RULES, Ability.WHAT_IF, Ability.PAUSE, Ability.RESUME}


def documented() -> dict[tuple[str, str, str], bool]:
    """The table of docs/reference/roles.md: role, tool and whose lead, to whether it is allowed."""
    text = (ROOT / "docs/reference/roles.md").read_text(encoding="utf-8")
    head, _, *rows = text.partition("## Case by case")[2].strip().splitlines()[2:]
    columns = [tuple(cell.strip().split(": ")) for cell in head.strip("|").split("|")[1:]]
    found: dict[tuple[str, str, str], bool] = {}
    for row in rows:
        name, *cells = [cell.strip() for cell in row.strip("|").split("|")]
        for (role, whose), cell in zip(columns, cells, strict=True):
            found[(role, name.strip("`"), whose)] = cell == "yes"
    return found


@pytest.fixture(scope="module")
def one_lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town in which one lead was assigned, held, given up on, waits for a word, and changed."""
    with town(tmp_path_factory.mktemp("town")) as here:
        person = here.arrive()
        here.pass_time(hours=4)
        here.tick()
        cycle, lead = CycleId(here.cycle(person).id), LeadKey(str(person))
        step = Step(at=here.world.now)
        step.holds.append(Hold(lead, "Quinn", "a test", None))
        step.approvals.append(Approval(cycle, DecisionId("d1"), TO_ANA))
        step.decisions.append(
            Decision(cycle, lead, "observed", here.world.now, "p", "{}", "{}", MOVED)
        )
        here.app.ledger.cycles.record(step)
        effect = table(EffectRow)
        with here.app.ledger.engine.begin() as connection:
            dead = update(effect).where(effect.c.kind == "mirror_fields").values(state="dead")
            connection.execute(dead)
        yield here


def stand(here: Town, owner: str, ability: Ability) -> None:
    """Let somebody answer for the lead, and let it stand where the tool needs it."""
    handoff, cycle, pauses = table(HandoffRow), table(CycleRow), table(PauseRow)
    with here.app.ledger.engine.begin() as connection:
        connection.execute(update(handoff).values(owner=owner))
        connection.execute(
            update(cycle).values(owner=owner, status=STATUS.get(ability, "assigned"))
        )
        connection.execute(delete(pauses))
    if ability is Ability.RESUME:
        stop = Stop(WORKER, QUINN, "a test", here.world.now)
        here.app.ledger.cycles.record(Step(at=here.world.now, stops=[stop]))


def is_allowed(ability: Ability, answer: Answer) -> bool:
    """Whether the person got what was asked for: the lead, or a proposal to change it."""
    if answer.is_failure:
        return False
    match ability:
        case Ability.NUMBERS:
            return answer.title.startswith("1 new lead ")
        case Ability.WORKLOAD:
            return "1 open" in answer.text()
        case Ability.UNWORKED | Ability.CHANGES | Ability.WAITING:
            return bool(answer.cards)
        case _:
            return ability not in CHANGES or answer.proposal is not None


@pytest.mark.parametrize("role", TABLE)
@pytest.mark.parametrize("ability", Ability, ids=str)
def test_each_tool_by_each_role_on_everybodys_lead(
    one_lead: Town, ability: Ability, role: str
) -> None:
    """What the table says is what the tools do; what is refused tells nothing of the lead."""
    here, table_says = one_lead, documented()
    who = principal(WHOSE[role]["own"], here.app.policy)
    assert who is not None
    asked = ASKED.get(ability, {"lead": "Dana Fox"})
    for whose, owner in WHOSE[role].items():
        stand(here, owner, ability)
        wanted = Called(id="c1", name=ability.value, arguments=asked, raw="{}")
        answer = called(wanted, Talk(here.app.context(), who, f"{role} {ability} {whose}"))
        assert table_says[(role, ability.value, whose)] == is_allowed(ability, answer), (
            answer.text()
        )
        if not is_allowed(ability, answer) and ability not in ABOUT_NOBODY:
            assert "Acme" not in answer.text()


def test_the_table_is_whole() -> None:
    """Every tool, every role, and everybody's lead has its cell."""
    cells = {(role, one.value, whose) for role in TABLE for one in Ability for whose in WHOSE[role]}
    assert cells == documented().keys()
