"""Writing leads: sync, partitions, cookies, deletion; each record on its own."""

from sandbox.http.message import Json, Response
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import MarketoError, RecordError, answer, skipped
from sandbox.marketo.lead_database import people
from sandbox.marketo.lead_database.schema import field_named
from sandbox.marketo.leads import lead_query
from sandbox.marketo.leads.field_values import fits
from sandbox.state.world import Row, World

ACTIONS = ("createOrUpdate", "createOnly", "updateOnly", "createDuplicate")
VISITOR = ("cookies", "mktToken")
"""Of Push Lead: by which browser, or which click in a mail, somebody is known."""
COMPANY_FIELDS = frozenset("company industry website annualRevenue numberOfEmployees".split())
"""What a person who belongs to a company record has from there."""
DEFAULT_PARTITION = 1


class Sync:
    """One call that writes leads: what is done with a record, and by which field it is known.

    The fields of records that were checked before are taken as they are.
    """

    def __init__(
        self,
        world: World,
        *,
        action: str,
        lookup: str,
        partition: int = DEFAULT_PARTITION,
        is_checked: bool = False,
    ) -> None:
        self._world = world
        self._action = action
        self._lookup = lookup
        self._partition = partition
        self._is_checked = is_checked
        self.by: tuple[str, str] = ("Web service API", "REST API")
        """Reason and source of the changes, as the activities tell them."""

    def write(self, row: Row) -> Row:
        """Write one record; returns its result."""
        try:
            return self._write(row)
        except RecordError as error:
            told = {"id": row["id"]} if row.get("id") else {}
            return skipped(error, **told)

    def _write(self, row: Row) -> Row:
        for name, value in () if self._is_checked else row.items():
            self._check(name, value)
        key = row.get(self._lookup)
        if key in (None, ""):
            raise RecordError("1002", f"Missing value for required parameter '{self._lookup}'")
        found = list(lead_query.matching(self._world, self._lookup, [str(key)]))
        values = {name: value for name, value in row.items() if name not in ("id", *VISITOR)}
        if self._action == "createDuplicate":
            return self._created(values)
        if len(found) > 1:
            told = f"Multiple lead match lookup criteria '{self._lookup}'"
            raise RecordError("1007", told)
        if not found:
            if self._action == "updateOnly":
                raise RecordError("1004", "Lead not found")
            return self._created(values)
        if self._action == "createOnly":
            raise RecordError("1005", "Lead already exists")
        return self._updated(found[0], values)

    def _created(self, values: Row) -> Row:
        person = people.create_person(self._world, values)
        if self._partition != DEFAULT_PARTITION:
            self._world.table(people.PERSON)[str(person)]["leadPartitionId"] = self._partition
        return {"id": person, "status": "created"}

    def _updated(self, row: Row, values: Row) -> Row:
        if row.get("externalCompanyId") and values.keys() & COMPANY_FIELDS:
            raise RecordError("1021", "Company update not allowed")
        asked = self._partition
        if asked not in (DEFAULT_PARTITION, row["leadPartitionId"]):
            raise RecordError("1010", "Partition update not allowed")
        reason, source = self.by
        people.change_person(self._world, int(row["id"]), values, reason=reason, source=source)
        return {"id": row["id"], "status": "updated"}

    def _check(self, name: str, value: Json) -> None:
        if name in VISITOR:
            return
        field = field_named(self._world, name)
        if field is None:
            raise RecordError("1006", f"Field '{name}' not found")
        if name == self._lookup == "id" or value is None or value == "":
            return
        if not field.is_writable and name != self._lookup:
            raise RecordError("1003", f"Field '{name}' is not updateable")
        if not fits(field, value):
            raise RecordError("1001", f"Invalid value '{value}'. Required of type '{field.type}'")


def sync(call: Call) -> Response:
    """POST leads: create or update up to 300, each with its own result."""
    body, rows = call.body(), call.records()
    action = str(body.get("action", "createOrUpdate"))
    lookup = str(body.get("lookupField", "email"))
    if action not in ACTIONS:
        raise MarketoError("1003", f"Invalid action '{action}'")
    if lookup == "id" and action != "updateOnly":
        raise MarketoError("1003", "The lookup field id is only for updateOnly")
    lead_query.check_lookup(call.world, lookup)
    work = Sync(call.world, action=action, lookup=lookup, partition=_partition(body, action))
    return answer(call.world, [work.write(row) for row in rows])


def _partition(body: Row, action: str) -> int:
    name = body.get("partitionName")
    if not name:
        return DEFAULT_PARTITION
    if action not in ("createOnly", "createOrUpdate"):
        raise MarketoError("1003", "partitionName is only for createOnly and createOrUpdate")
    return lead_query.partition_named(str(name))


def associate_cookie(world: World, cookie: Json, person: int) -> None:
    """Let a cookie, if there is one, be this person's from now on."""
    if cookie:
        world.table(people.COOKIE)[str(cookie)] = {"lead": person}


def associate(call: Call) -> Response:
    """POST leads/{id}/associate: a Munchkin cookie is this person's from now on."""
    lead_query.existing(call.world, call.path[0])
    cookie = call.text("cookie")
    if "token:" not in cookie:
        raise MarketoError("1012", f"Invalid cookie value '{cookie}'")
    associate_cookie(call.world, cookie, int(call.path[0]))
    return answer(call.world)


def delete(call: Call) -> Response:
    """POST leads/delete."""
    results: list[Row] = []
    for lead in call.lead_ids():
        if str(lead) in call.world.table(people.PERSON):
            people.delete_person(call.world, lead)
            results.append({"id": lead, "status": "deleted"})
        else:
            results.append(skipped(RecordError("1004", "Lead not found"), id=lead))
    return answer(call.world, results)


def update_partitions(call: Call) -> Response:
    """POST leads/partitions."""
    results: list[Row] = []
    for row in call.records():
        lead, name = call.integer(row.get("id")), str(row.get("partitionName"))
        person = call.world.table(people.PERSON).get(str(lead))
        try:
            _move(call.world, person, name)
            results.append({"id": lead, "status": "updated"})
        except RecordError as error:
            results.append(skipped(error, id=lead))
    return answer(call.world, results)


def _move(world: World, person: Row | None, name: str) -> None:
    if person is None:
        raise RecordError("1004", "Lead not found")
    try:
        partition = lead_query.partition_named(name)
    except MarketoError as error:
        raise RecordError(error.code, error.message) from None
    before = person["leadPartitionId"]
    if before != partition:
        person["leadPartitionId"] = partition
        told = {"New Partition ID": partition, "Old Partition ID": before}
        people.log_activity(world, person["id"], "Change Lead Partition", attributes=told)
