"""Codes with what they rest on instead of sentences; the old form of every row is archived.

Decisions keep their ids, which stand on records in Salesforce. Fingerprints of verdicts are made
anew, so that nothing is told twice. Cycle by cycle, in one transaction.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from agent.ledger.migrations.sentences import facts
from agent.ledger.migrations.sentences.decisions import Converter, New, Old
from agent.ledger.migrations.sentences.patterns import UnreadableError
from agent.ledger.records import effect_key
from agent.ledger.tables.columns import UtcDateTime
from domain.decision.cases import Outcome
from domain.gate.verdict import fingerprint
from domain.policy.upgrade import read_stored
from domain.values import content_hash

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AT_ONCE = 400
"""Cycles whose rows are held in memory."""
Row = Mapping[str, Any]

_JSON = sa.JSON(none_as_null=True)
_DECISION = sa.table(
    "decision",
    *map(sa.column, ("id", "cycle_id", "kind", "policy_version", "inputs_hash")),
    sa.column("inputs", sa.Text()),
    sa.column("outcome", sa.Text()),
    sa.column("sentence", sa.Text()),
    sa.column("at", UtcDateTime()),
    sa.column("said", _JSON),
)
_CYCLE = sa.table(
    "cycle",
    *map(sa.column, ("id", "sentence", "verdict_hash")),
    sa.column("trigger", _JSON),
    sa.column("said", _JSON),
)
_HANDOFF = sa.table(
    "handoff",
    *map(sa.column, ("cycle_id", "sentence", "state")),
    sa.column("handoff", _JSON),
    sa.column("said", _JSON),
)
_APPROVAL = sa.table(
    "approval", *map(sa.column, ("id", "cycle_id", "sentence")), sa.column("said", _JSON)
)
_TRIGGER = sa.table(
    "trigger",
    *map(sa.column, ("activity_id", "sentence", "outcome")),
    sa.column("fact", _JSON),
    sa.column("cool_until", UtcDateTime()),
)
_EFFECT = sa.table(
    "effect",
    *map(sa.column, ("key", "cycle_id", "kind")),
    sa.column("planned_at", UtcDateTime()),
    sa.column("action", _JSON),
)
_ARCHIVE = sa.table("archive", sa.column("id"), sa.column("body"))
_POLICY = sa.table("policy", sa.column("version"), sa.column("body"))


def upgrade() -> None:
    """Bring the tables and their rows forward."""
    op.create_table(
        "archive",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for table in ("decision", "cycle", "handoff", "approval"):
        op.add_column(table, sa.Column("said", sa.JSON(), nullable=True))
    op.add_column("trigger", sa.Column("fact", sa.JSON(), nullable=True))
    op.add_column("trigger", sa.Column("cool_until", UtcDateTime(), nullable=True))
    _let_change("decision")
    _convert(op.get_bind())
    for table in ("decision", "cycle", "handoff", "approval", "trigger"):
        op.drop_column(table, "sentence")
    for table in ("decision", "archive"):
        _make_append_only(table)


def downgrade() -> None:
    """Refuse: what was decided since has no old form."""
    raise NotImplementedError("There is no way back from codes: restore the backup from before.")


def _let_change(table: str) -> None:
    """Let rows be changed that the database keeps as they are, until they are again."""
    if op.get_context().dialect.name == "sqlite":
        for deed in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{deed}")
        return
    op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute(f"DROP FUNCTION {table}_is_append_only()")


def _make_append_only(table: str) -> None:
    """Let the database itself refuse to change or delete a row."""
    said = f"rows of {table} are never changed"
    if op.get_context().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{said}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
    )


def _convert(connection: sa.Connection) -> None:
    policies = {
        row["version"]: read_stored(row["version"], row["body"])
        for row in connection.execute(sa.select(_POLICY)).mappings()
    }
    _triggers(connection)
    for cycles in _pages(connection):
        _Page(connection, Converter(policies), cycles).convert()
    _updates(connection)


def _pages(connection: sa.Connection) -> Iterator[Sequence[str]]:
    """All cycles that rows are about, some at a time; the empty one is nobody's."""
    found = sa.union(sa.select(_CYCLE.c.id), sa.select(_DECISION.c.cycle_id))
    ids = sorted(connection.scalars(found))
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


class _Page:
    """Some cycles with all their rows."""

    def __init__(
        self, connection: sa.Connection, converter: Converter, cycles: Sequence[str]
    ) -> None:
        self._connection = connection
        self._converter = converter
        self._cycles = cycles
        self._archived: list[dict[str, str]] = []

    def convert(self) -> None:
        """Convert decisions first: the other rows quote them."""
        hashes = self._decisions()
        self._rows(hashes)
        self._handoffs()
        self._approvals()
        self._effects()
        if self._archived:
            self._connection.execute(_ARCHIVE.insert(), self._archived)

    def _of(self, table: sa.TableClause, column: str, *order: str) -> list[Row]:
        wanted = table.c[column].in_(self._cycles)
        by = [table.c[name] for name in order]
        query = sa.select(table).where(wanted).order_by(*by)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def _keep(self, table: str, key: str, **columns: object) -> None:
        body = json.dumps(columns, ensure_ascii=False, separators=(",", ":"))
        self._archived.append({"id": f"{revision}/{table}/{key}", "body": body})

    def _decisions(self) -> dict[str, dict[str, str]]:
        """Convert decisions; of each cycle the old fingerprints of its verdicts, with the new."""
        hashes: defaultdict[str, dict[str, str]] = defaultdict(dict)
        changes: list[dict[str, Any]] = []
        rows = sorted(self._of(_DECISION, "cycle_id", "at", "id"), key=_in_order)
        for row in rows:
            old = Old(
                row["id"],
                row["cycle_id"],
                row["kind"],
                row["policy_version"],
                row["inputs"],
                row["outcome"],
                row["sentence"],
            )
            new = self._converter.decision(old)
            if old.kind == "gate":
                hashes[old.cycle][_old_hash(json.loads(old.outcome)["verdict"])] = _new_hash(new)
            told = {"inputs": old.inputs, "outcome": old.outcome, "sentence": old.sentence}
            self._keep("decision", old.id, **told, inputs_hash=row["inputs_hash"])
            changes.append(
                {
                    "key": old.id,
                    "inputs": new.inputs,
                    "inputs_hash": content_hash(new.inputs),
                    "outcome": new.outcome,
                    "said": new.said.model_dump(mode="json"),
                }
            )
        self._write(_DECISION, "id", changes)
        return hashes

    def _write(self, table: sa.TableClause, key: str, changes: Sequence[Mapping[str, Any]]) -> None:
        if not changes:
            return
        names = [name for name in changes[0] if name != "key"]
        statement = sa.update(table).where(table.c[key] == sa.bindparam("the_key"))
        values = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
        rows = [
            {"the_key": one["key"], **{f"new_{name}": one[name] for name in names}}
            for one in changes
        ]
        self._connection.execute(statement.values(values), rows)

    def _said(self, cycle: str, sentence: str) -> object:
        said = self._converter.said(cycle, sentence)
        return None if said is None else said.model_dump(mode="json")

    def _rows(self, hashes: Mapping[str, Mapping[str, str]]) -> None:
        changes: list[dict[str, Any]] = []
        for row in self._of(_CYCLE, "id"):
            told = {name: row[name] for name in ("trigger", "sentence", "verdict_hash")}
            self._keep("cycle", row["id"], **told)
            known = row["verdict_hash"]
            if known is not None and known not in hashes.get(row["id"], {}):
                raise UnreadableError(f"cycle {row['id']}: no decision gave its last verdict")
            changes.append(
                {
                    "key": row["id"],
                    "trigger": facts.trigger(row["trigger"]),
                    "said": self._said(row["id"], row["sentence"]),
                    "verdict_hash": None if known is None else hashes[row["id"]][known],
                }
            )
        self._write(_CYCLE, "id", changes)

    def _handoffs(self) -> None:
        changes: list[dict[str, Any]] = []
        for row in self._of(_HANDOFF, "cycle_id"):
            told = {"handoff": row["handoff"], "sentence": row["sentence"]}
            self._keep("handoff", row["cycle_id"], **told)
            changes.append(
                {
                    "key": row["cycle_id"],
                    "handoff": self._converter.handoff(row["handoff"]),
                    "said": self._said(row["cycle_id"], row["sentence"]),
                }
            )
        self._write(_HANDOFF, "cycle_id", changes)

    def _approvals(self) -> None:
        changes: list[dict[str, Any]] = []
        for row in self._of(_APPROVAL, "cycle_id"):
            self._keep("approval", row["id"], sentence=row["sentence"])
            said = self._said(row["cycle_id"], row["sentence"])
            changes.append({"key": row["id"], "said": said})
        self._write(_APPROVAL, "id", changes)

    def _effects(self) -> None:
        """Writes of owners say in codes, too, why: the handoff that follows is made of that."""
        changes: list[dict[str, Any]] = []
        for row in self._of(_EFFECT, "cycle_id"):
            if row["kind"] != "set_owner":
                continue
            action = row["action"]
            self._keep("effect", row["key"], action=action)
            why = self._converter.why_owner(row["cycle_id"], action["stamp"]["reason"])
            converted = {
                **action,
                "why": why,
                "brief": self._converter.brief(row["cycle_id"], action["brief"]),
            }
            changes.append({"key": row["key"], "action": converted})
        self._write(_EFFECT, "key", changes)


_FIRST = ("gate", "route", "observed", "directed", "said", "follow", "explained", "reassign")


def _in_order(row: Row) -> tuple[Any, int]:
    """By time; of one moment, what is quoted before what quotes it."""
    return row["at"], _FIRST.index(row["kind"])


def _old_hash(verdict: Row) -> str:
    """The fingerprint that 0.1.0 made of a verdict's sentences."""
    checks = [f"{one['code']} {one['outcome']} {one['sentence']}" for one in verdict["checks"]]
    overdue = str(bool(verdict.get("overdue", False)))
    return content_hash("\n".join([verdict["kind"], verdict["segment"], overdue, *checks]))


def _new_hash(new: New) -> str:
    return fingerprint(Outcome.model_validate_json(new.outcome).verdict)


_COOLING = "inside the cool-down until "
_OUTCOMES = {"opened a cycle": "opened", "joined the open cycle": "joined"}


def _triggers(connection: sa.Connection) -> None:
    """What brought leads up, and what it led to."""
    rows = list(connection.execute(sa.select(_TRIGGER)).mappings())
    for row in rows:
        outcome = _OUTCOMES.get(row["outcome"], "held_back")
        until = None
        if row["outcome"].startswith(_COOLING):
            until = _instant(row["outcome"].removeprefix(_COOLING))
        told = {"sentence": row["sentence"], "outcome": row["outcome"]}
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        key = row["activity_id"]
        connection.execute(_ARCHIVE.insert(), {"id": f"{revision}/trigger/{key}", "body": body})
        connection.execute(
            sa.update(_TRIGGER)
            .where(_TRIGGER.c.activity_id == key)
            .values(fact=facts.occurrence(row["sentence"]), outcome=outcome, cool_until=until)
        )


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)


def _updates(connection: sa.Connection) -> None:
    """Name the newest update of each Slack message by how its leads stand, not by its words.

    So a message that shows how things are is not updated again because it would be worded anew.
    One whose leads have moved on since keeps its old name: it is updated by the next run.
    """
    query = sa.select(_EFFECT).where(_EFFECT.c.kind == "refresh_message")
    rows = connection.execute(query.order_by(_EFFECT.c.planned_at)).mappings().all()
    newest: dict[tuple[str, str], Row] = {}
    for row in rows:
        marked: dict[str, Any] = {**row["action"], "marks": {}}
        mine = _EFFECT.c.key == row["key"]
        connection.execute(sa.update(_EFFECT).where(mine).values(action=marked))
        newest[marked["channel"], marked["ts"]] = dict(row)
    messages = sorted(newest)
    for start in range(0, len(messages), AT_ONCE):
        some = [newest[one] for one in messages[start : start + AT_ONCE]]
        cycles = {item["cycle"] for row in some for item in row["action"]["items"]}
        found = connection.execute(sa.select(_HANDOFF).where(_HANDOFF.c.cycle_id.in_(cycles)))
        held: dict[str, Row] = {row["cycle_id"]: dict(row) for row in found.mappings()}
        for row in some:
            _name_update(connection, row, held)


def _name_update(connection: sa.Connection, row: Row, held: Mapping[str, Row]) -> None:
    action = row["action"]
    notes: Mapping[str, str] = action.get("notes", {})
    marks = {
        item["lead"]: mark
        for item in action["items"]
        if item["cycle"] in held
        and (mark := _mark(item, held[item["cycle"]], notes.get(item["lead"], "")))
    }
    if set(marks) != {*action["news"], *notes}:
        return
    told = "\n".join(
        [f"{action['channel']}/{action['ts']}", *(f"{one} {marks[one]}" for one in sorted(marks))]
    )
    key = effect_key(row["cycle_id"], "refresh_message", content_hash(told))
    body = json.dumps({"action": action}, ensure_ascii=False, separators=(",", ":"))
    archived = {"id": f"{revision}/effect/{row['key']}", "body": body}
    connection.execute(_ARCHIVE.insert(), archived)
    connection.execute(
        sa.update(_EFFECT)
        .where(_EFFECT.c.key == row["key"])
        .values(key=key, action={**action, "marks": marks})
    )


def _mark(item: Row, held: Row, note: str) -> str | None:
    """How a lead of a message stands; by what its note says, whether a snooze still ran."""
    handoff = held["handoff"]
    if held["state"] != "open":
        return held["state"]
    if handoff["stage"] != item["stage"]:
        return f"stage {handoff['stage']}"
    if handoff["disputed"]:
        return "disputed"
    if note.startswith("Snoozed until") and handoff["snoozed_until"] is not None:
        return f"snoozed {datetime.fromisoformat(handoff['snoozed_until']).isoformat()}"
    return None if handoff["accepted_at"] is None else "accepted"
