"""What bulk imports write: leads, members of a program, custom objects (Adobe: Bulk Import).

A line whose value doesn't fit its field fails; one with an address that is none is written, with a
warning. Columns that are no fields are passed over.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sandbox.marketo.access.envelope import RecordError
from sandbox.marketo.lead_database import people
from sandbox.marketo.lead_database.schema import Field, fields_of
from sandbox.marketo.leads.field_values import fits, typed
from sandbox.marketo.leads.lead_writes import Sync
from sandbox.marketo.lists import static_lists
from sandbox.marketo.objects import objects
from sandbox.marketo.programs import programs
from sandbox.state.world import Row, World

LEADS, MEMBERS, OBJECTS = "leads", "program/members", "customobjects/"
NO_KEY = "missing.dedupe.fields"


class Written(NamedTuple):
    """What became of a line."""

    failure: str = ""
    """Why it was not written; empty when it was."""
    warning: str = ""


Writer = Callable[[Mapping[str, str]], Written]
"""Writes one line, given by column."""


def writer(world: World, job: Row) -> Writer:
    """Who writes the lines of a job."""
    if job["kind"] == LEADS:
        return _Leads(world, job).write
    if job["kind"] == MEMBERS:
        return _Members(world, job).write
    return _Objects(world, job).write


def _typed(fields: Mapping[str, Field], line: Mapping[str, str]) -> Row:
    """The values of the columns that are fields; raises RecordError for one that doesn't fit."""
    values: Row = {}
    for name, text in line.items():
        field = fields.get(name)
        if field is None:
            continue
        if text and field.type != "email" and not fits(field, text):
            raise RecordError("1001", f"Invalid data type in field {field.label}")
        values[name] = typed(field, text)
    return values


class _Leads:
    """Leads, who perhaps come on a list."""

    def __init__(self, world: World, job: Row) -> None:
        self._world = world
        self._list = str(job.get("list") or "")
        self._lookup = str(job["lookup"])
        action = "updateOnly" if self._lookup == "id" else "createOrUpdate"
        partition = int(job["partition"])
        self._sync = Sync(
            world, action=action, lookup=self._lookup, partition=partition, is_checked=True
        )
        self._sync.by = ("Import", "List import")

    def lead(self, line: Mapping[str, str]) -> tuple[int, Written]:
        """Write a lead; returns its id and what became of the line. Raises RecordError."""
        fields = fields_of(self._world)
        known = {
            name: field
            for name, field in fields.items()
            if field.is_writable or name == self._lookup
        }
        values = _typed(known, line)
        result = self._sync.write(values)
        if result["status"] == "skipped":
            reason = result["reasons"][0]
            raise RecordError(reason["code"], reason["message"])
        email = values.get("email")
        is_odd = bool(email) and not fits(fields["email"], email)
        return int(result["id"]), Written(warning="Invalid email address" if is_odd else "")

    def write(self, line: Mapping[str, str]) -> Written:
        """Write a line."""
        try:
            lead, written = self.lead(line)
        except RecordError as error:
            return Written(error.message)
        if self._list:
            on = static_lists.existing(self._world, self._list)
            people.add_to_list(self._world, lead, on["name"])
        return written


class _Members:
    """Leads who become members of a program, with a status."""

    def __init__(self, world: World, job: Row) -> None:
        self._world = world
        self._program = programs.existing(world, job["program"])
        self._status = str(job["member_status"])
        self._leads = _Leads(world, job)

    def write(self, line: Mapping[str, str]) -> Written:
        """Write a line. Who is past the status already stays there."""
        try:
            lead, written = self._leads.lead(line)
            fields = {
                name: field
                for name, field in programs.member_fields(self._world).items()
                if field.is_writable
            }
            values = _typed(fields, line)
            if str(lead) not in programs.members_of(self._program):
                programs.set_status(self._world, self._program, lead, self._status)
        except RecordError as error:
            return Written(error.message)
        self._program["members"].get(str(lead), {}).update(values)
        return written


class _Objects:
    """Records of a custom object."""

    def __init__(self, world: World, job: Row) -> None:
        kind = objects.custom_kind(world, job["kind"].removeprefix(OBJECTS))
        self._kind = kind
        self._sync = objects.Sync(world, kind, "createOrUpdate", kind.dedupe)

    def write(self, line: Mapping[str, str]) -> Written:
        """Write a line."""
        try:
            values = _typed(self._kind.all_fields(), line)
            if any(values.get(name) in (None, "") for name in self._kind.dedupe):
                return Written(NO_KEY)
            self._sync.write(values)
        except RecordError as error:
            return Written(error.message)
        return Written()
