"""A conversation of a hundred turns: small, well-formed, and forgotten, on both databases."""

import json
from typing import Any, cast

import pytest
from sqlalchemy import Engine, create_engine, func, inspect, select, table, text

from agent.conversation.desk import Desk
from agent.conversation.memory import SUFFIX, FileMemory, Memory, open_memory
from agent.ledger import Ledger
from agent.run.context import RunContext
from domain.conversation.permissions import Principal
from tests.support.builders import NOW, policy
from tests.support.databases import fresh_database
from tests.support.talkers import Overheard

QUINN = Principal(email="q@x.example", name="Quinn", role="ops", timezone="UTC")
THREAD = "D1//U1"
TABLES = ("checkpoints", "checkpoint_writes", "writes", "checkpoint_blobs")


def seat(engine: Engine, memory: Memory, model: Overheard) -> Desk:
    """A desk on a ledger without vendors: nothing that is asked here needs one."""
    context = RunContext(
        run="r1",
        now=NOW,
        policy=policy(),
        ledger=Ledger.on(engine),
        marketing=cast(Any, None),
        crm=cast(Any, None),
        enrichment=None,
        messenger=None,
        talker=model,
    )
    return Desk(context, memory)


def stored(engine: Engine, memory: Memory) -> int:
    """Rows that the store holds."""
    opened = engine
    if isinstance(memory, FileMemory):
        opened = create_engine(f"sqlite:///{engine.url.database}{SUFFIX}")
    with opened.connect() as connection:
        names = [name for name in inspect(connection).get_table_names() if name in TABLES]
        counts = [select(func.count()).select_from(table(name)) for name in names]
        found = sum(connection.scalar(one) or 0 for one in counts)
    if opened is not engine:
        opened.dispose()
    return found


def state(memory: Memory) -> dict[str, Any]:
    """What is remembered of the conversation."""
    kept = memory.saver.get({"configurable": {"thread_id": THREAD}})
    assert kept is not None
    return kept["channel_values"]


def size(memory: Memory) -> int:
    """Characters of it."""
    return len(json.dumps(state(memory), default=str))


def test_a_hundred_turns_stay_small(engine: Engine) -> None:
    """From some turn on neither the state nor the store grows; each tool call has its answer."""
    memory = open_memory(engine)
    last = 100 if isinstance(memory, FileMemory) else 60
    model = Overheard("rules", topic="")
    desk, grown = seat(engine, memory, model), dict[int, tuple[int, int]]()
    for turn in range(1, last + 1):
        model.tool, model.arguments = ("pause", {"reason": "x"}) if turn % 3 == 0 else ("rules", {})
        desk.respond(f"question {turn % 10}", QUINN, THREAD)
        if turn % 30 in (0, 1):
            grown[turn] = (stored(engine, memory), size(memory))
    most = desk.run.policy.conversation.remembered_questions
    assert most - 1 == len(state(memory)["past"])
    for turn in range(60, last + 1, 30):
        assert grown[turn][0] <= grown[30][0]
        assert grown[turn][1] <= grown[30][1] * 1.05
    messages = [one for past in state(memory)["past"] for one in past["messages"]]
    wanted = [call["id"] for one in messages for call in one.get("tool_calls", ())]
    assert wanted == [one["tool_call_id"] for one in messages if one["role"] == "tool"]
    memory.forget([THREAD])
    assert 0 == stored(engine, memory)
    memory.close()


@pytest.mark.parametrize("answer", [True, False])
def test_a_word_reaches_a_conversation_after_a_restart(engine: Engine, answer: bool) -> None:  # noqa: FBT001  (a parameter)
    """The process ends while a proposal waits; the next one carries the word and remembers it."""
    memory = open_memory(engine)
    shown = seat(engine, memory, Overheard("pause", reason="x")).respond("stop!", QUINN, THREAD)
    proposal = shown.answers[0].proposal
    assert proposal is not None
    memory.close()
    again = open_memory(engine)
    desk = seat(engine, again, Overheard("rules"))
    told = desk.word(proposal, yes=answer, who=QUINN).answers[0].title
    assert ("Approved by" if answer else "Canceled by") in told
    assert answer == ("worker" in desk.run.ledger.conversations.stops())
    assert told == state(again)["messages"][-1]["content"]
    again.close()


@pytest.mark.postgres
def test_a_server_that_ended_its_connections_is_connected_to_again(postgres: str) -> None:
    """After a restart of PostgreSQL the next question is answered, and housekeeping goes on."""
    ledger = fresh_database(postgres)
    memory = open_memory(ledger)
    ours = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with ledger.connect() as connection:
        ended = connection.execute(ours).scalar_one()
    memory.trim("a")
    memory.forget(["a"])
    found = memory.saver.get({"configurable": {"thread_id": "a"}})
    memory.close()
    ledger.dispose()
    assert (True, None) == (ended > 0, found)
