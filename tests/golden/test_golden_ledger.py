"""The ledger that 0.1.0 made is read, understood and computed again by today's code.

The file is loaded into tables of its own revision on each database, which are then migrated.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from agent.follow_through.message_updates import rung_of
from agent.ledger import Ledger
from agent.ledger.engine import alembic_config, check, migrate, open_engine
from agent.ledger.records import (
    ACTIONS,
    RECEIPTS,
    effect_key,
)
from agent.ledger.rows import table
from agent.ledger.tables.conversations import CallRow, ProposalRow
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow, MessageRow
from agent.ledger.tables.leads import ActivityRow, CycleRow, TriggerRow
from agent.ledger.tables.operations import ArchiveRow
from agent.ledger.tables.policies import PolicyRow, PoolRow
from agent.metrics import lead_history
from agent.rollout.replay import replay
from domain.conversation.change_requests import Change, Proposal
from domain.decision.cases import AnyCase, Case, FollowCase, Outcome
from domain.decision.replay import decide
from domain.decision.said import SAID
from domain.follow_through.escalation import NextStep
from domain.follow_through.handoff import Handoff
from domain.follow_through.reassignment import Reassigned
from domain.gate.verdict import fingerprint
from domain.language import operations
from domain.lead.crm_records import OwnerState, PoolState
from domain.lead.model import Activity, Trigger
from domain.policy.upgrade import read_stored
from domain.ports import Chosen
from domain.values import (
    CycleId,
    EffectKey,
    LeadKey,
    Quoted,
    canonical_json,
    content_hash,
)
from tests.golden import archive, text
from tests.golden.archive import Archive
from tests.golden.coverage import covered
from tests.golden.planning import Again, message_of
from tests.golden.rungs import rungs
from tests.golden.wanted import WANTED
from tests.support.databases import fresh_database

FOLDER = Path(__file__).parent
CANONICAL: Mapping[str, Any] = {
    "sort_keys": True,
    "separators": (",", ":"),
    "ensure_ascii": False,
}
"""How 0.1.0 wrote an action to hash it."""
COMPUTED = ("gate", "route", "follow", "reassign")

_CASES: TypeAdapter[AnyCase] = TypeAdapter(AnyCase)
_GATE: TypeAdapter[Case] = TypeAdapter(Case)
_STEPS: TypeAdapter[NextStep] = TypeAdapter(NextStep)
_CHANGES: TypeAdapter[Change] = TypeAdapter(Change)


@cache
def golden() -> Archive:
    """The file."""
    return archive.read(FOLDER / "ledger.jsonl.xz")


@dataclass(frozen=True)
class Loaded:
    """The golden ledger on a database."""

    ledger: Ledger
    as_loaded: Archive
    """What the database gave back before it was migrated."""

    def rows(self, model: type[SQLModel]) -> list[Mapping[str, Any]]:
        """Every row of a table of today's."""
        with self.ledger.engine.connect().execution_options(reads=True) as connection:
            return [dict(row) for row in connection.execute(select(table(model))).mappings()]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loaded]:
    """The golden ledger, loaded at its own revision and brought to today's."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('golden')}/ledger.sqlite3")
    else:
        engine = fresh_database(request.getfixturevalue("postgres"))
    yield _load(engine)
    engine.dispose()


def _load(engine: Engine) -> Loaded:
    command.upgrade(alembic_config(engine), golden().revision)
    with engine.begin() as connection:
        archive.put(connection, golden())
    as_loaded = archive.take(engine, golden().revision, golden().version, golden().made)
    migrate(engine)
    check(engine)
    return Loaded(Ledger.on(engine), as_loaded)


def test_what_was_loaded_is_what_the_file_says(loaded: Loaded) -> None:
    """Every row came through the database unchanged, instants and numbers included."""
    expected, actual = _sorted(golden()), _sorted(loaded.as_loaded)
    assert expected == actual


def _sorted(one: Archive) -> dict[str, list[str]]:
    return {name: sorted(_dumped(row) for row in rows) for name, rows in one.tables.items()}


def _dumped(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_every_decision_comes_out_as_it_was_recorded(loaded: Loaded) -> None:
    """Gate, route, follow-through and reassignment, byte for byte, none left out."""
    count = sum(row["kind"] in COMPUTED for row in golden().tables["decision"])
    found = replay(loaded.ledger)
    assert (count, ()) == (found.decisions, found.differences)
    assert count > 600


def test_every_decision_keeps_its_id(loaded: Loaded) -> None:
    """The id that is stamped on records stays; its inputs and their fingerprint agree."""
    rows = loaded.rows(DecisionRow)
    assert {row["id"] for row in golden().tables["decision"]} == {row["id"] for row in rows}
    assert {row["id"]: row["inputs_hash"] for row in rows} == {
        row["id"]: content_hash(row["inputs"]) for row in rows
    }


def test_the_old_form_of_every_row_is_archived(loaded: Loaded) -> None:
    """What a migration changed can still be read as it was; nothing can change the archive."""
    kept = {row["id"]: json.loads(row["body"]) for row in loaded.rows(ArchiveRow)}
    renamed = {row["key"] for row in golden().tables["effect"]}
    renamed -= {row["key"] for row in loaded.rows(EffectRow)}
    old = golden().tables
    expected = {
        f"0007/decision/{row['id']}": {
            name: row[name] for name in ("inputs", "outcome", "sentence", "inputs_hash")
        }
        for row in old["decision"]
    }
    expected |= {
        f"0007/cycle/{row['id']}": {
            name: row[name] for name in ("trigger", "sentence", "verdict_hash")
        }
        for row in old["cycle"]
    }
    expected |= {
        f"0007/handoff/{row['cycle_id']}": {name: row[name] for name in ("handoff", "sentence")}
        for row in old["handoff"]
    }
    expected |= {
        f"0007/approval/{row['id']}": {"sentence": row["sentence"]} for row in old["approval"]
    }
    expected |= {
        f"0007/trigger/{row['activity_id']}": {name: row[name] for name in ("sentence", "outcome")}
        for row in old["trigger"]
    }
    expected |= {
        f"0007/effect/{row['key']}": {"action": row["action"]}
        for row in old["effect"]
        if row["kind"] == "set_owner" or row["key"] in renamed
    }
    assert expected == kept
    with pytest.raises(DBAPIError), loaded.ledger.engine.begin() as connection:
        connection.execute(table(ArchiveRow).delete())


def test_every_sentence_was_read_as_a_code(loaded: Loaded) -> None:
    """Only what 0.1.0 kept without its particulars stays quoted: until when somebody snoozed."""
    rows = [*loaded.rows(DecisionRow), *loaded.rows(CycleRow), *loaded.rows(HandoffRow)]
    quoted = {row["said"].text for row in rows if isinstance(row["said"], Quoted)}
    assert quoted == {one for one in quoted if " snoozed it until " in one}
    facts = [row["fact"] for row in loaded.rows(TriggerRow)]
    assert [] == [one for one in facts if isinstance(one, Quoted)]


def test_nothing_that_was_told_is_told_again(loaded: Loaded) -> None:
    """A lead that waits or is parked is looked at once more: nothing is recorded or written."""
    rows = sorted(loaded.rows(DecisionRow), key=lambda row: row["at"])
    decisions = {row["cycle_id"]: row for row in rows if row["kind"] == "gate"}
    policies = loaded.ledger.history.policies()
    told = [row for row in loaded.rows(CycleRow) if row["verdict_hash"] is not None]
    expected = {
        row["id"]: fingerprint(
            decide(
                _GATE.validate_json(decisions[row["id"]]["inputs"]),
                policies[decisions[row["id"]]["policy_version"]],
            ).verdict
        )
        for row in told
    }
    assert expected == {row["id"]: row["verdict_hash"] for row in told}
    assert len(told) > 10


Parse = Callable[[str], BaseModel]
_INPUTS: Mapping[str, Parse] = {
    **dict.fromkeys(COMPUTED, _CASES.validate_json),
    "explained": FollowCase.model_validate_json,
    "said": Handoff.model_validate_json,
    "directed": Proposal.model_validate_json,
    "observed": OwnerState.model_validate_json,
}
_OUTCOMES: Mapping[str, Parse] = {
    "gate": Outcome.model_validate_json,
    "route": Outcome.model_validate_json,
    "follow": _STEPS.validate_json,
    "reassign": Reassigned.model_validate_json,
    "explained": Chosen.model_validate_json,
    "directed": _CHANGES.validate_json,
    "observed": OwnerState.model_validate_json,
    "said": SAID.validate_json,
}


def test_every_decision_is_read_and_written_alike(loaded: Loaded) -> None:
    """Inputs and outcomes of every kind go through today's models and come out the same."""
    rows = loaded.rows(DecisionRow)
    expected = [(row["inputs"], row["outcome"]) for row in rows]
    actual = [
        (
            canonical_json(_INPUTS[row["kind"]](row["inputs"])),
            canonical_json(_OUTCOMES[row["kind"]](row["outcome"])),
        )
        for row in rows
    ]
    assert expected == actual


def test_every_stored_policy_keeps_the_version_it_was_given(loaded: Loaded) -> None:
    """A policy written by 0.1.0 is read with its old keys and goes on under its own name."""
    rows = loaded.rows(PolicyRow)
    read = [read_stored(row["version"], row["body"]) for row in rows]
    assert [row["version"] for row in rows] == [one.version for one in read]
    # By what it says today, too: whoever starts with the same file finds it again.
    assert len(rows) == len({canonical_json(one) for one in read})


def _action(row: Mapping[str, Any]) -> object:
    return ACTIONS.validate_python(row["action"]).model_dump(mode="json")


def _receipt(row: Mapping[str, Any]) -> object:
    told = row["receipt"]
    return None if told is None else RECEIPTS.validate_python(told).model_dump(mode="json")


def _of(column: str, model: type[BaseModel]) -> Callable[[Mapping[str, Any]], object]:
    return lambda row: model.model_validate(row[column]).model_dump(mode="json")


def _items(row: Mapping[str, Any]) -> object:
    return [ACTIONS.validate_python(one).model_dump(mode="json") for one in row["items"]]


@pytest.mark.parametrize(
    ("model", "column", "again"),
    [
        (CycleRow, "trigger", _of("trigger", Trigger)),
        (HandoffRow, "handoff", _of("handoff", Handoff)),
        (EffectRow, "action", _action),
        (EffectRow, "receipt", _receipt),
        (MessageRow, "items", _items),
        (PoolRow, "state", _of("state", PoolState)),
        (ProposalRow, "body", _of("body", Proposal)),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_every_typed_column_is_read_and_written_alike(
    loaded: Loaded,
    model: type[SQLModel],
    column: str,
    again: Callable[[Mapping[str, Any]], object],
) -> None:
    """What a column holds as JSON goes through today's models and comes out the same."""
    rows = loaded.rows(model)
    expected = [_dumped(row[column]) for row in rows]
    assert expected == [_dumped(again(row)) for row in rows]


def test_every_activity_is_read(loaded: Loaded) -> None:
    """What leads did is what it was, by today's model."""
    rows = loaded.rows(ActivityRow)
    assert rows == [Activity.model_validate(row).model_dump() for row in rows]


def test_every_effect_has_the_key_that_its_intent_gives(loaded: Loaded) -> None:
    """The key that vendors and later ticks find an effect by, from what is stored of it."""
    decisions = {row["id"]: row for row in loaded.rows(DecisionRow)}
    wrong = [
        (row["key"], row["kind"])
        for row in loaded.rows(EffectRow)
        if row["key"] not in _keys(row, decisions.get(row["decision_id"]))
    ]
    assert [] == wrong


def _keys(row: Mapping[str, Any], decision: Mapping[str, Any] | None) -> list[EffectKey]:
    cycle, kind = CycleId(row["cycle_id"]), row["kind"]
    if kind == "refresh_message":
        marks, message = row["action"]["marks"], f"{row['action']['channel']}/{row['action']['ts']}"
        said = [rung_of(message, marks)]
        if not marks:
            plain = {name: value for name, value in row["action"].items() if name != "marks"}
            said = [content_hash(json.dumps(plain, **CANONICAL))]
    else:
        said = rungs({**row, "planned_at": row["planned_at"].isoformat()}, decision)
    return [effect_key(cycle, kind, one) for one in said]


def test_every_decision_plans_the_same_writes(loaded: Loaded) -> None:
    """From a stored case today's code makes the same decisions and writes."""
    again = Again(
        loaded.ledger, loaded.rows(DecisionRow), loaded.rows(EffectRow), loaded.rows(CallRow)
    )
    expected = {one.id: again.stored(one) for one in again.decisions}
    assert expected == {one.id: again.planned(one) for one in again.decisions}
    assert sum(len(effects) for effects in expected.values()) > 500


def test_no_slack_message_is_updated_for_its_wording(loaded: Loaded) -> None:
    """A message that shows how its leads stand is left as it was sent, whatever is said today."""
    effects = loaded.rows(EffectRow)
    again = Again(loaded.ledger, loaded.rows(DecisionRow), effects, loaded.rows(CallRow))
    last = max(again.decisions, key=lambda one: one.at)
    updated = {message_of(row["action"]) for row in effects if row["kind"] == "refresh_message"}
    assert set() == updated & set(again.updates(last))
    assert len(updated) > 100


def test_every_story_tells_each_decision(loaded: Loaded) -> None:
    """`routeready why` tells every lead of the old ledger, in today's words."""
    policies = [read_stored(row["version"], row["body"]) for row in loaded.rows(PolicyRow)]
    (zone,) = {one.timezone for one in policies}
    told: dict[str, str] = {}
    for lead in sorted({LeadKey(row["lead"]) for row in loaded.rows(CycleRow)}):
        told[lead] = str(lead_history.tell(loaded.ledger, lead, zone))
    assert [] == [
        row["id"]
        for row in loaded.rows(DecisionRow)
        if row["kind"] in ("route", "reassign")
        and operations.said(row["said"], ZoneInfo(zone)) not in told[row["lead"]]
    ]
    assert len(text.read(FOLDER / "stories.txt.xz")) == len(told)


def test_the_golden_ledger_holds_one_of_everything() -> None:
    """Each kind of decision, effect, receipt, state and word is in it; nothing goes untried."""
    found = covered(golden().tables)
    missing = {heading: set(names) - set(found[heading]) for heading, names in WANTED.items()}
    empty = [name for name, rows in golden().tables.items() if not rows]
    assert ({}, []) == ({heading: names for heading, names in missing.items() if names}, empty)
