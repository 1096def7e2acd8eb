"""Companies, opportunities, roles, sales persons, named accounts and custom objects.

They share one interface (Adobe: Lead Database). While Salesforce syncs natively, companies can be
read only, and opportunities, roles and sales persons are out of reach; a world whose setting
`marketo` says `{"crm": false}` has them all. A row of `marketo.custom_object`, by API name, is a
custom object: `displayName`, `dedupeFields`, `fields` (API name to type), perhaps `searchable`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.http.message import Json, Response
from sandbox.marketo.access import limits
from sandbox.marketo.access.call import Call, stamp
from sandbox.marketo.access.envelope import MarketoError, RecordError, answer, skipped
from sandbox.marketo.lead_database.schema import LENGTHS, Field
from sandbox.marketo.leads.field_values import fits
from sandbox.marketo.leads.lead_fields import described, schema_field
from sandbox.state.world import Row, World

CUSTOM = "marketo.custom_object"
ACTIONS = ("createOrUpdate", "createOnly", "updateOnly")
MOST_VALUES = 300
SYSTEM = ("createdAt", "updatedAt")


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of object."""

    name: str
    table: str
    dedupe: tuple[str, ...]
    fields: Mapping[str, str]
    """API name to data type, the system's own aside."""
    id_field: str = "marketoGUID"
    searchable: tuple[tuple[str, ...], ...] = ()
    """Beyond the id and the fields that records are known by."""
    label: str = ""
    usual_action: str = "createOrUpdate"
    under_crm: str = "open"
    """With a native CRM sync: `open`, `read` only, or `closed`."""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name

    def all_fields(self) -> dict[str, Field]:
        """Every field by API name; the system's, and those that records are known by, are fixed."""
        told = {self.id_field: "integer" if self.id_field == "id" else "string"}
        told |= dict.fromkeys(SYSTEM, "datetime") | dict(self.fields)
        fixed = {self.id_field, *SYSTEM, *self.dedupe}
        return {
            name: Field(kind, name, LENGTHS.get(kind, 0), is_writable=name not in fixed)
            for name, kind in told.items()
        }

    def searches(self) -> list[list[str]]:
        """What records can be found by."""
        ways = [list(self.dedupe), [self.id_field], *(list(one) for one in self.searchable)]
        return [way for place, way in enumerate(ways) if way not in ways[:place]]


def _typed(kind: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), kind)


COMPANY = Kind(
    "Company",
    "marketo.company",
    ("externalCompanyId",),
    _typed("string", "externalCompanyId company site industry billingCity billingState")
    | _typed("string", "billingCountry mainPhone website sicCode externalSalesPersonId")
    | {"annualRevenue": "currency", "numberOfEmployees": "integer"},
    id_field="id",
    searchable=(("company",),),
    under_crm="read",
)
OPPORTUNITY = Kind(
    "opportunity",
    "marketo.opportunity",
    ("externalOpportunityId",),
    _typed("string", "externalOpportunityId name description type stage externalCompanyId source")
    | _typed("string", "externalSalesPersonId fiscalYear fiscalQuarter forecastCategoryName")
    | {"amount": "currency", "isClosed": "boolean", "isWon": "boolean", "closeDate": "date"},
    searchable=(("externalCompanyId",), ("externalSalesPersonId",)),
    label="Opportunity",
    under_crm="closed",
)
ROLE = Kind(
    "opportunityRole",
    "marketo.opportunity_role",
    ("externalOpportunityId", "leadId", "role"),
    {"externalOpportunityId": "string", "leadId": "integer", "role": "string"}
    | {"isPrimary": "boolean", "externalCreatedDate": "datetime"},
    searchable=(("leadId",), ("externalOpportunityId",)),
    label="Opportunity Role",
    under_crm="closed",
)
SALES_PERSON = Kind(
    "SalesPerson",
    "marketo.sales_person",
    ("externalSalesPersonId",),
    _typed("string", "externalSalesPersonId firstName lastName title phone fax mobilePhone")
    | {"email": "email"},
    id_field="id",
    searchable=(("email",),),
    label="Sales Person",
    under_crm="closed",
)
NAMED_ACCOUNT = Kind(
    "Named Account",
    "marketo.named_account",
    ("name",),
    _typed("string", "name domainName industry city state country sicCode logoUrl accountOwner")
    | _typed("integer", "numberOfEmployees membershipCount opptyCount score1 score2 score3")
    | {"annualRevenue": "currency", "opptyAmount": "currency"},
    searchable=tuple((name,) for name in "domainName industry city state country sicCode".split()),
)
ACCOUNT_LIST = Kind(
    "Named Account List",
    "marketo.account_list",
    ("name",),
    {"name": "string", "type": "string", "updateable": "boolean"},
    usual_action="createOnly",
)
KINDS = {
    "companies": COMPANY,
    "opportunities": OPPORTUNITY,
    "opportunities/roles": ROLE,
    "salespersons": SALES_PERSON,
    "namedaccounts": NAMED_ACCOUNT,
}
"""Standard types by their place in the URL."""


def custom_kind(world: World, name: str) -> Kind:
    """A custom object's type; raises 1013."""
    row = world.table(CUSTOM).get(name)
    if row is None:
        raise MarketoError("1013", f"Object '{name}' not found")
    return Kind(
        name,
        f"marketo.object.{name}",
        tuple(row["dedupeFields"]),
        row["fields"],
        searchable=tuple(tuple(one) for one in row.get("searchable", ())),
        label=row.get("displayName", name),
    )


def _open(call: Call, kind: Kind, *, writes: bool) -> Kind:
    is_synced = limits.setting(call.world).get("crm", True)
    refused = kind.under_crm == "closed" or (writes and kind.under_crm == "read")
    if is_synced and refused:
        raise MarketoError("1018", "CRM Enabled")
    return kind


def _described(call: Call, kind: Kind) -> Row:
    at = stamp(call.world.now)
    return {
        "name": kind.name,
        "apiName": kind.name,
        "displayName": kind.title,
        "pluralName": f"{kind.title}s",
        "description": kind.title,
        "createdAt": at,
        "updatedAt": at,
        "state": "approved",
        "status": "approved",
        "version": "approved",
        "idField": kind.id_field,
        "dedupeFields": list(kind.dedupe),
        "searchableFields": kind.searches(),
        "relationships": [],
    }


def describe(call: Call, kind: Kind) -> Response:
    """GET {type}/describe."""
    fields = [
        described(name, one) for name, one in _open(call, kind, writes=False).all_fields().items()
    ]
    return answer(call.world, [_described(call, kind) | {"fields": fields}])


def custom_objects(call: Call) -> Response:
    """GET customobjects: all of them, or those that are named."""
    wanted = set(call.texts("names"))
    names = [name for name in call.world.table(CUSTOM) if not wanted or name in wanted]
    return answer(call.world, [_described(call, custom_kind(call.world, name)) for name in names])


def query(call: Call, kind: Kind) -> Response:
    """GET {type}: by one field's values or, as JSON with `_method=GET`, by compound keys."""
    _open(call, kind, writes=False)
    way = _way(kind, call.text("filterType"))
    rows = _found(call, kind, way)
    fields = call.texts("fields") or [kind.id_field, *kind.dedupe, *SYSTEM]
    known = kind.all_fields()
    unknown = [name for name in fields if name not in known and name.lower() != "marketoguid"]
    if unknown:
        raise MarketoError("1006", f"Field '{unknown[0]}' not found")
    return page_of(call, kind, rows, fields)


def page_of(call: Call, kind: Kind, rows: Sequence[Row], fields: Sequence[str]) -> Response:
    """One page of objects, each with its place and id; what has no value is left out."""
    start, end = call.window()
    names = dict.fromkeys((kind.id_field, *fields))
    shown = [
        {"seq": place} | {name: row[name] for name in names if row.get(name) is not None}
        for place, row in enumerate(rows[start:end])
    ]
    return call.slice(shown, end if end < len(rows) else None)


def _way(kind: Kind, asked: str) -> list[str]:
    way = {"idField": [kind.id_field], "dedupeFields": list(kind.dedupe)}.get(asked, [asked])
    if way not in kind.searches():
        raise MarketoError("1011", f"Field '{asked}' not supported as filterType")
    return way


def _found(call: Call, kind: Kind, way: Sequence[str]) -> list[Row]:
    if len(way) > 1:
        rows = call.records()
        missing = [name for row in rows for name in way if name not in row]
        if missing:
            raise MarketoError("1002", f"Missing value for required parameter '{missing[0]}'")
        keys = {_key(row, way) for row in rows}
    else:
        values = call.texts("filterValues")
        if not values or len(values) > MOST_VALUES:
            raise MarketoError("1003", f"filterValues must be between 1 and {MOST_VALUES}")
        keys = {(value.casefold(),) for value in values}
    return [row for row in call.world.table(kind.table).values() if _key(row, way) in keys]


def _key(row: Row, way: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")).casefold() for name in way)


def sync(call: Call, kind: Kind) -> Response:
    """POST {type}: create and update, each record on its own."""
    _open(call, kind, writes=True)
    body, rows = call.body(), call.records()
    action = str(body.get("action", kind.usual_action))
    by = str(body.get("dedupeBy", "dedupeFields"))
    if action not in ACTIONS:
        raise MarketoError("1003", f"Invalid action '{action}'")
    if by not in ("dedupeFields", "idField"):
        raise MarketoError("1003", f"Invalid dedupeBy '{by}'")
    if by == "idField" and action == "createOnly":
        raise MarketoError("1003", "dedupeBy idField is not for createOnly")
    work = Sync(call.world, kind, action, _way(kind, by))
    results: list[Row] = []
    for place, row in enumerate(rows):
        try:
            results.append({"seq": place, **work.write(row)})
        except RecordError as error:
            results.append(skipped(error, seq=place))
    return answer(call.world, results)


class Sync:
    """One call that writes objects of a kind."""

    def __init__(self, world: World, kind: Kind, action: str, way: Sequence[str]) -> None:
        self._world = world
        self._kind = kind
        self._action = action
        self._way = way
        self._present = {_key(row, way): row for row in world.table(kind.table).values()}
        self._seen: set[tuple[str, ...]] = set()

    def write(self, row: Row) -> Row:
        """Write one record; returns its status and id. Raises `RecordError`."""
        kind = self._kind
        _check(kind, self._way, row)
        key = _key(row, self._way)
        if key in self._seen:
            raise RecordError("1036", "Duplicate object found in input")
        self._seen.add(key)
        if kind is not SALES_PERSON:
            _check_links(self._world, row)
        held = self._present.get(key)
        if held is None:
            return self._created(row)
        if self._action == "createOnly":
            raise RecordError("1017", "Object already exists")
        changes = {name: None if value == "" else value for name, value in row.items()}
        held.update(changes, updatedAt=stamp(self._world.now))
        return {"status": "updated", kind.id_field: held[kind.id_field]}

    def _created(self, row: Row) -> Row:
        kind, now = self._kind, stamp(self._world.now)
        if self._action == "updateOnly" or list(self._way) == [kind.id_field]:
            raise RecordError("1013", "Record not found")
        made = {name: value for name, value in row.items() if value not in (None, "")}
        made |= {kind.id_field: _new_id(self._world, kind), "createdAt": now, "updatedAt": now}
        self._world.table(kind.table)[str(made[kind.id_field])] = made
        return {"status": "created", kind.id_field: made[kind.id_field]}


def _new_id(world: World, kind: Kind) -> Json:
    if kind.id_field == "id":
        return 1000 + world.next_serial()
    return str(uuid.UUID(int=world.rng.getrandbits(128), version=4))


def _check(kind: Kind, way: Sequence[str], row: Row) -> None:
    for name in way:
        if row.get(name) in (None, ""):
            raise RecordError("1002", f"Missing value for required parameter '{name}'")
    known = kind.all_fields()
    for name, value in row.items():
        if name not in known:
            raise RecordError("1006", f"Field '{name}' not found")
        if name in SYSTEM or (name == kind.id_field and name not in way):
            raise RecordError("1003", f"Field '{name}' is not updateable")
        if value not in (None, "") and not fits(known[name], value):
            told = f"Invalid value '{value}'. Required of type '{known[name].type}'"
            raise RecordError("1001", told)


def _check_links(world: World, row: Row) -> None:
    """A role's lead, and an opportunity's sales person, must be there."""
    lead, sales = row.get("leadId"), row.get("externalSalesPersonId")
    if lead is not None and str(lead) not in world.table("marketo.person"):
        raise RecordError("1004", "Lead not found")
    known = {one["externalSalesPersonId"] for one in world.table(SALES_PERSON.table).values()}
    if sales and sales not in known:
        raise RecordError("718", "ExternalSalesPersonID not found")


def delete(call: Call, kind: Kind) -> Response:
    """POST {type}/delete."""
    _open(call, kind, writes=True)
    body, rows = call.body(), call.records()
    by = str(body.get("deleteBy", "dedupeFields"))
    if by not in ("dedupeFields", "idField"):
        raise MarketoError("1003", f"Invalid deleteBy '{by}'")
    way, table = _way(kind, by), call.world.table(kind.table)
    present = {_key(row, way): key for key, row in table.items()}
    results: list[Row] = []
    for place, row in enumerate(rows):
        key = present.pop(_key(row, way), None)
        if key is None:
            results.append(skipped(RecordError("1013", "Record not found"), seq=place))
        else:
            gone = table.pop(key)[kind.id_field]
            results.append({"seq": place, kind.id_field: gone, "status": "deleted"})
    return answer(call.world, results)


def schema_fields(call: Call, kind: Kind) -> Response:
    """GET {type}/schema/fields."""
    fields = kind.all_fields().items()
    return call.page([schema_field(name, one, {}) for name, one in fields], says_more=True)


def schema_one(call: Call, kind: Kind) -> Response:
    """GET {type}/schema/fields/{name}."""
    name = call.path[0]
    one = kind.all_fields().get(name)
    if one is None:
        raise MarketoError("1006", f"Field '{name}' not found")
    return answer(call.world, [schema_field(name, one, {})])


def no_metadata(_: Call) -> Response:
    """Everything below customobjects/schema: this subscription has no such type."""
    raise MarketoError("616", "Invalid subscription type")
