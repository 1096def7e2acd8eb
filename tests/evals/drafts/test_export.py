"""What happened in production becomes drafts of cases, with nobody's name in them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from agent.ledger import open_ledger
from agent.ledger.records import Decision, Step
from agent.ledger.rows import table
from agent.ledger.stores.conversations import Heard
from agent.ledger.tables.handoffs import DisputeRow
from agent.policy.file import load_policy
from domain.decision.cases import FollowCase
from domain.follow_through.escalation import Climb, Puzzle, Seen
from domain.follow_through.first_touch import Code, Found, Untouched
from domain.follow_through.handoff import Handoff
from domain.follow_through.reasons import NoTouch
from domain.lead.crm_records import ActivityKind, RecordKind
from domain.policy.follow_through import Move
from domain.policy.model import Policy
from domain.values import CycleId, LeadKey, RecordId, canonical_json
from evals.cases.scenario import load_scenarios, read_cases
from evals.cases.tasks import ConversationCase, InvestigateCase
from evals.comparison.gate import current
from evals.conversation.stage import Stage
from evals.drafts.export import Draft, Exporter
from evals.drafts.redaction import RedactionError, Redactor
from evals.harness.bench import open_bench
from evals.run.canaries import Oracle
from sandbox.slack.people.users import user_by_email
from tests.support.builders import user_owner
from tests.support.repository import ROOT

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SECRETS = (
    "Dana",
    "Acme",
    "Paulo",
    "Lima",
    "Rio Verde",
    "Umber",
    "Ackroyd",
    "555 0134",
    "acme.example",
)
"""Of leads; the colleagues of the example policy stand for the real ones."""


def _played(stage: Stage) -> None:
    """Leads puzzle the ladder and a rep refuses one, beside the conversations that were held."""
    kinds = (ActivityKind.CALL, ActivityKind.FIRST_CALL, None)
    stage.app.ledger.cycles.record(Step(LONG_AGO, decisions=[_puzzled(one) for one in kinds]))
    dana = next(one for one in stage.app.ledger.history.cycles() if "Dana Fox" in (one.title or ""))
    row: dict[str, Any] = {
        "id": "dispute1",
        "cycle_id": dana.id,
        "lead": dana.lead,
        "by": "ben.okafor@meridian.example",
        "reason": "conflict",
        "note": "Dana Fox of Acme is my cousin, +1 415 555 0134, dana.fox@acme.example",
        "evidence": [],
        "opened_at": stage.world.now - timedelta(minutes=5),
        "state": "refused",
    }
    with stage.app.ledger.engine.begin() as connection:
        connection.execute(insert(table(DisputeRow)), [row])
    for who in ("quinn.walsh@meridian.example", "ines.carvalho@meridian.example"):
        member = user_by_email(stage.world, who)
        assert member is not None
        text = "Who has Paulo Lima of Rio Verde?"
        heard = Heard(f"h{who}", "direct", str(member["id"]), f"D-{who}", "", text)
        stage.app.ledger.conversations.hear(heard, stage.world.now)


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Draft]]:
    """The drafts of a Monday on which people talked with the worker."""
    wanted = ("converse/giving/hand_over",)
    scenarios = [one for one in load_scenarios() if one.id in wanted]
    folder = tmp_path_factory.mktemp("bench")
    mind = partial(Oracle, scenarios=scenarios, slips=0.0)
    with open_bench(folder, scenarios, mind=mind) as bench:
        for one in scenarios:
            bench.run(one, current().__getitem__)
        with bench.stages.one("monday") as stage:
            _played(stage)
            yield {one.name: one for one in _exporter(stage).drafts()}


def _exporter(stage: Stage) -> Exporter:
    people = {
        str(row["id"]): email
        for email in stage.app.policy.users
        if (row := user_by_email(stage.world, email)) is not None
    }
    return Exporter(stage.app.ledger, stage.app.policy, LONG_AGO, people.get)


def test_nothing_of_anybody_is_left(drafts: dict[str, Draft]) -> None:
    """No name, company, address or number of a lead, in no file."""
    left = [
        (name, secret)
        for name, draft in drafts.items()
        for secret in SECRETS
        if re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", draft.text, re.IGNORECASE)
    ]
    assert [] == left


def test_drafts_are_cases(drafts: dict[str, Draft]) -> None:
    """What puzzled the ladder and what people said can be read as cases as it stands."""
    counts = {
        name: len(read_cases(name, drafts[name].text))
        for name in ("investigate.yaml", "converse.yaml")
    }
    assert {name: drafts[name].cases for name in counts} == counts


def test_a_conversation_keeps_its_course(drafts: dict[str, Draft]) -> None:
    """The same lead has the same name in what was said and in what was proposed; a yes is a yes."""
    cases = read_cases("converse.yaml", drafts["converse.yaml"].text)
    talk = next(one.case for one in cases if one.case.id == "t1")
    assert isinstance(talk, ConversationCase)
    (proposal,) = talk.ends.proposals
    assert ("marta.silva", "give", "approved") == (talk.who, proposal.do, proposal.state)
    assert proposal.about[0] in str(talk.moves[0].says)
    assert talk.moves[1].press is not None
    assert talk.moves[1].press.yes


def test_a_dispute_is_a_draft_of_the_gold_set(drafts: dict[str, Draft]) -> None:
    """With the words of who refused it, and whose it is."""
    told = drafts["routing.yaml"].text
    assert ("conflict, refused" in told, "owner: user:" in told) == (True, True)


def test_what_came_of_a_call_is_told_without_anybody(tmp_path: Path) -> None:
    """An org's own words may name somebody; a finding of an older version has no kind."""
    ledger, policy = open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite3"), _policy()
    kinds = (ActivityKind.CALL, ActivityKind.FIRST_CALL, None)
    ledger.cycles.record(Step(LONG_AGO, decisions=[_puzzled(kind) for kind in kinds]))
    exporter = Exporter(ledger, policy, LONG_AGO, _nobody)
    exporter.redactor.learn_person("Dana Fox")
    (draft,) = [one for one in exporter.drafts() if one.name == "investigate.yaml"]
    cases = [one.case for one in read_cases(draft.name, draft.text)]
    found = [one for case in cases if isinstance(case, InvestigateCase) for one in case.findings]
    assert set(kinds) == {one.kind for one in found}
    assert (3, False) == (draft.text.count("disposition: Left word with"), "555" in draft.text)


def _policy() -> Policy:
    return load_policy(ROOT / "policy.yaml")


def _nobody(_: str) -> None:
    """No Slack id is anybody's."""


def _puzzled(kind: ActivityKind | None) -> Decision:
    """A step about a lead whose owner took it on and reached nobody."""
    tried = Found(
        activity="00T1",
        code=Code.NO_ANSWER,
        kind=kind,
        who="Ben Okafor",
        disposition="Left word with Dana Fox, +1 415 555 0134",
    )
    case = FollowCase(
        handoff=_handoff(),
        seen=Seen(judgment=Untouched(findings=(tried,)), record=None),
        at=LONG_AGO,
    )
    climb = Climb(
        rung="breach",
        moves=(Move.NUDGE, Move.ESCALATE),
        may=(Move.NUDGE, Move.ESCALATE),
        to="ben.okafor@meridian.example",
        manager=None,
        puzzles=(Puzzle.SAYS_DONE,),
        cause=NoTouch(after=timedelta(hours=1), sla=timedelta(hours=1)),
    )
    return Decision(
        cycle=case.handoff.cycle,
        lead=case.handoff.lead,
        kind="follow",
        at=LONG_AGO,
        policy_version="p1",
        inputs=canonical_json(case),
        outcome=canonical_json(climb),
        said=climb.why,
    )


def _handoff() -> Handoff:
    """A lead in Ben's hands."""
    ben = user_owner("ben.okafor@meridian.example")
    return Handoff(
        cycle=CycleId("1-1"),
        lead=LeadKey("1"),
        title="Dana Fox",
        segment="Hand-raisers",
        record_id=RecordId("00Q1"),
        record_kind=RecordKind.LEAD,
        owner=ben,
        answers=ben.email,
        first_assigned_at=LONG_AGO,
        started_at=LONG_AGO,
        target=timedelta(hours=1),
        clock="wall",
    )


def test_too_few_for_a_family_are_not_written(tmp_path: Path) -> None:
    """A family takes three; what there is is counted."""
    with open_bench(tmp_path, ()) as bench, bench.stages.one("monday") as stage:
        now = _exporter(stage)
        now.since = datetime.now(UTC) + timedelta(days=9_000)
        assert [(0, ""), (0, ""), (0, "")] == [(one.cases, one.text) for one in now.drafts()]


def test_the_same_is_replaced_by_the_same() -> None:
    """By the word, whatever its case; what looks like an address, a number or an id too."""
    known = Redactor()
    known.learn_person("Dana Fox")
    known.learn_company("Acme Foods")
    said = known.text("DANA of acme (dana@acme.com, +1 415 555 0134, 00Q5e000001AbCdEAK): Dana Fox")
    first, _, last = said.partition(" of ")
    assert last.endswith(f"{first} Alder")
    assert "(somebody at company.example, (a telephone number), (an id))" in said


def test_what_could_not_be_replaced_stops_everything() -> None:
    """A draft that still names somebody is not written."""
    known = Redactor()
    known.learn_person("Dana Fox")
    with pytest.raises(RedactionError, match="still stands in a draft"):
        known.check("who has dana fox?")
