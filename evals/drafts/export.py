"""What happened in production as drafts of cases, with everybody's names replaced.

A draft says what was decided, not what was right: a person reads it, sets what is expected, and
gives it a family before it joins `evals/cases/scenarios` or `evals/gold`.
"""

import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from sqlalchemy import select

from agent.ledger import Ledger
from agent.ledger.engine import reading
from agent.ledger.rows import table
from agent.ledger.stores.conversations import conversation
from agent.ledger.tables.conversations import InboxRow, ProposalRow
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.handoffs import DisputeRow
from agent.policy.file import load_policy
from domain.conversation.change_requests import GiveTo, Pause, Proposal, Resume
from domain.decision.cases import FollowCase, RouteCase
from domain.follow_through.escalation import Climb
from domain.follow_through.first_touch import Found
from domain.language.facts import absence
from domain.lead.absences import Absence
from domain.lead.model import FieldName
from domain.policy.model import Policy
from domain.ports import Chosen
from domain.values import CycleId
from evals.cases.scenario import read_cases, schema
from evals.drafts.redaction import Redactor
from evals.gold.routing import POLICY, Gold

_INBOX, _PROPOSAL = table(InboxRow), table(ProposalRow)
_RUNGS = ("breach", "reassignment")
FEWEST = 3
"""Cases that a family has at least."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """One file of drafts."""

    name: str
    cases: int
    text: str
    """Empty when there are too few for a family."""


@dataclass
class Exporter:
    """Reads a ledger from a moment on."""

    ledger: Ledger
    policy: Policy
    since: datetime
    email_of: Callable[[str], str | None]
    """The address behind a Slack id; None for a stranger."""
    redactor: Redactor = field(default_factory=Redactor)

    def drafts(self) -> list[Draft]:
        """Every file of drafts, checked: nobody's name is in it, and it can be read as cases.

        Raises:
            RedactionError: something that must not leave could not be replaced.
        """
        self._learn()
        investigated, talked = list(self._investigations()), list(self._talks())
        drafts = [
            self._file("investigate", investigated, "What puzzled the ladder."),
            self._file("converse", talked, "What people asked and wanted changed."),
            self._gold(list(self._disputes())),
        ]
        form = json.dumps([schema(), Gold.model_json_schema()]).casefold()
        words = frozenset(re.findall(r"\w+", form))
        for one in drafts:
            self.redactor.check(one.text, words)
        return drafts

    def _learn(self) -> None:
        """Everybody whom the policy and the ledger know."""
        stand_ins: dict[str, Iterator[tuple[str, str]]] = {}
        for email, user in self.policy.users.items():
            if user.role not in stand_ins:
                stand_ins[user.role] = cycle(_examples(user.role))
            address, name = next(stand_ins[user.role])
            self.redactor.learn_person(user.name, name)
            self.redactor.learn_address(email, address)
        for one in self.ledger.history.cycles():
            person, _, rest = (one.title or "").partition(",")
            name, _, company = person.partition(" at ")
            self.redactor.learn_person(name.strip())
            self.redactor.learn_company(company.strip() or rest.rpartition(" at ")[2].strip())

    def _investigations(self) -> Iterator[Row]:
        follow, explained = "follow", "explained"
        rows = self.ledger.history.decided_since(self.since, (follow, explained))
        chosen = {(one.cycle_id, one.at): one for one in rows if one.kind == explained}
        for number, row in enumerate(one for one in rows if one.kind == follow):
            case = FollowCase.model_validate_json(row.inputs)
            outcome = json.loads(row.outcome)
            if outcome.get("kind") != "climb" or not outcome.get("puzzles"):
                continue
            climb = Climb.model_validate(outcome)
            if climb.may and climb.rung in _RUNGS:
                told = chosen.get((row.cycle_id, row.at))
                yield self._puzzle(f"d{number + 1}", case, climb, told)

    def _puzzle(self, name: str, case: FollowCase, climb: Climb, told: DecisionRow | None) -> Row:
        findings = case.seen.judgment.findings
        done = self.ledger.cycles.activities([case.handoff.lead], case.handoff.first_assigned_at)
        replies = [
            one for one in done.get(case.handoff.lead, ()) if one.id in case.seen.marketing_replies
        ]
        ids = [*(one.activity for one in findings), *(one.id for one in replies)]
        renamed = {one: f"{name}a{index + 1}" for index, one in enumerate(ids)}
        said = None if told is None else Chosen.model_validate_json(told.outcome)
        return {
            "id": name,
            "lead": self.redactor.text(case.handoff.title),
            "rung": climb.rung,
            "on_it": case.handoff.accepted_at is not None,
            "online": case.seen.online,
            "away": self.redactor.value(_away(case.seen.absence)),
            "findings": [{"id": renamed[one.activity], **self._finding(one)} for one in findings],
            "replies": [
                {"id": renamed[one.id], "type": one.type, "name": self.redactor.text(one.name)}
                for one in replies
            ],
            "expect": {"move": ""}
            if said is None
            else {
                "move": said.move,
                "evidence": [renamed[one] for one in said.evidence if one in renamed],
            },
        }

    def _finding(self, one: Found) -> Row:
        """What an activity was worth; only what is known of it."""
        told = {
            "code": str(one.code),
            "kind": None if one.kind is None else str(one.kind),
            "who": self.redactor.text(one.who),
            "disposition": self.redactor.value(one.disposition),
            "seconds": one.seconds,
        }
        return {name: value for name, value in told.items() if value is not None}

    def _talks(self) -> Iterator[Row]:
        """Each conversation of one person: what was said, and the words on what was proposed."""
        said: dict[str, list[tuple[datetime, Row]]] = defaultdict(list)
        people: dict[str, str] = {}
        with reading(self.ledger.engine) as connection:
            heard = list(
                connection.execute(
                    select(_INBOX)
                    .where(_INBOX.c.received_at >= self.since)
                    .order_by(_INBOX.c.received_at)
                )
            )
            wanted = list(connection.execute(select(_PROPOSAL)))
        for row in heard:
            thread = conversation(row.channel, row.thread, row.person)
            people.setdefault(thread, row.person)
            said[thread].append((row.received_at, {"says": self.redactor.text(row.text)}))
        for number, (thread, moves) in enumerate(said.items()):
            email = self.email_of(people[thread])
            if email is None or email not in self.policy.users:
                continue
            mine = [one for one in wanted if one.thread == thread]
            yield self._talk(f"t{number + 1}", email, moves, mine)

    def _talk(
        self, name: str, email: str, said: Sequence[tuple[datetime, Row]], wanted: Sequence[Any]
    ) -> Row:
        pressed = [
            (
                one.decided_at,
                {"press": {"yes": one.state == "approved", "by": self._who(one.decided_by)}},
            )
            for one in wanted
            if one.state in ("approved", "refused") and one.decided_by
        ]
        moves = sorted([*said, *pressed], key=lambda one: one[0])
        return {
            "id": name,
            "who": self._who(email),
            "moves": [move for _, move in moves],
            "solution": [{} for _ in said],
            "ends": {"proposals": [self._proposal(one) for one in wanted]},
        }

    def _who(self, email: str) -> str:
        return self.redactor.text(email).partition("@")[0]

    def _proposal(self, row: Any) -> Row:  # noqa: ANN401  (a row)
        proposal = Proposal.model_validate(row.body)
        first = proposal.changes[0]
        about = [
            one.scope
            if isinstance(one, Pause | Resume)
            else self.redactor.text(one.title.partition(",")[0])
            for one in proposal.changes
        ]
        wanted = {"do": str(proposal.ability), "about": about, "state": row.state}
        return wanted | ({"to": self._who(first.to)} if isinstance(first, GiveTo) else {})

    def _disputes(self) -> Iterator[tuple[DisputeRow, Row]]:
        """Leads whose owner said "not mine", with whose they are now."""
        for number, row in enumerate(self.ledger.handoffs.disputes()):
            if row.opened_at < self.since:
                continue
            decisions = self.ledger.history.decisions(row.cycle_id)
            routed = [one for one in decisions if one.kind == "route"]
            held = self.ledger.handoffs.get(CycleId(row.cycle_id))
            if not routed or held is None or held.handoff.answers is None:
                continue
            snapshot = RouteCase.model_validate_json(routed[-1].inputs).snapshot
            fields = {
                name: snapshot.lead.text(FieldName(name))
                for name in ("company", "country", "state", "title", "last_name")
            }
            lead = {name: one for name, one in self.redactor.value(fields).items() if one}
            owner = self._who(held.handoff.answers)
            yield (
                row,
                lead
                | {
                    "id": f"dispute{number + 1}",
                    "trigger": str(snapshot.cycle.trigger.kind),
                    "owner": f"user:{owner}",
                },
            )

    def _gold(self, found: Sequence[tuple[DisputeRow, Row]]) -> Draft:
        groups = [
            {
                "name": f"disputed_{index + 1}",
                "hard": True,
                "because": self.redactor.text(f"{row.reason}, {row.state}: {row.note}"),
                "leads": [lead],
            }
            for index, (row, lead) in enumerate(found)
        ]
        text = _yaml({"accounts": [], "groups": groups}) if groups else ""
        if groups:
            Gold.model_validate({"accounts": [], "groups": groups})
        return Draft("routing.yaml", len(groups), text)

    def _file(self, task: str, cases: Sequence[Row], about: str) -> Draft:
        name = f"{task}.yaml"
        if len(cases) < FEWEST:
            return Draft(name, len(cases), "")
        family = {"name": "from_production", "split": "dev", "about": about, "cases": list(cases)}
        text = _yaml({"task": task, "families": [family]})
        read_cases(name, text)
        return Draft(name, len(cases), text)


def _examples(role: str) -> list[tuple[str, str]]:
    """Addresses and names of the example policy's people of a role, who stand for real ones."""
    users = load_policy(POLICY).users
    return [(email, user.name) for email, user in users.items() if user.role == role]


def _yaml(value: Row) -> str:
    written = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.dump(value, written)
    return written.getvalue()


def _away(why: Absence | None) -> str | None:
    return None if why is None else absence(why, ZoneInfo("UTC"))
