"""One call of the REST API, once it is known who calls and what for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import cast

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import SObject, object_named
from sandbox.salesforce.rules.assignment import Assign, check_rule_id
from sandbox.salesforce.rules.duplicates import Wishes
from sandbox.salesforce.soql.evaluation import Asker
from sandbox.state.world import Row, World

AUTO_ASSIGN = "sforce-auto-assign"
DUPLICATE_RULE = "sforce-duplicate-rule-header"
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Answer:
    """What a resource answers: a status and JSON, or no body at all."""

    status: int = 200
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    records: int | None = None
    """How many records were to be written, for the journal."""
    text: str | None = None
    """What is answered instead of JSON; the header `content-type` says what it is."""

    @property
    def is_success(self) -> bool:
        """Whether the call did what it was asked."""
        return self.status < 300  # noqa: PLR2004  (HTTP's own border)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in, alone or within a composite one."""

    method: str
    path: tuple[str, ...]
    """What follows `/services/data/vXX.X`, unquoted."""
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Json = None
    """JSON, or the text of what is not."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request with the names that its path holds, and on whose behalf it is."""

    world: World
    user: str
    version: str
    asked: Asked
    names: Mapping[str, str]
    perform: Callable[[Asked], Answer]
    """Answers a request within this one, as the same user."""

    @property
    def body(self) -> Row:
        """The body as a JSON object. Raises `SalesforceError`."""
        body = self.asked.body
        if not isinstance(body, dict):
            raise SalesforceError("JSON_PARSER_ERROR", "The HTTP entity body is required")
        return body  # pyright: ignore[reportUnknownVariableType]  (JSON)

    @property
    def root(self) -> str:
        """The path under which this version's resources are."""
        return f"/services/data/v{self.version}"

    @property
    def assign(self) -> Assign:
        """What the header says about assignment rules: TRUE when it is absent.

        Source: Salesforce, Assignment Rule Header. Raises `SalesforceError` with MALFORMED_ID.
        """
        told = self.asked.headers.get(AUTO_ASSIGN, "TRUE").strip()
        flags = {"TRUE": True, "FALSE": False}
        if told.upper() in flags:
            return flags[told.upper()]
        return check_rule_id(self.world, told)

    @property
    def duplicate_wishes(self) -> Wishes:
        """What the header says about duplicate rules. Source: Salesforce, Duplicate Rule Header."""
        told = self.asked.headers.get(DUPLICATE_RULE, "")
        pairs = (each.partition("=") for each in told.split(";"))
        flags = {name.strip().lower(): value.strip().lower() == "true" for name, _, value in pairs}
        allows, details = flags.get("allowsave", False), flags.get("includerecorddetails", False)
        return Wishes(allows, details, self.root)

    def option(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.asked.query.get(name, [default])[-1]

    def shape(self, name: str | None = None) -> SObject:
        """The object that the path names. Raises `SalesforceError` with NOT_FOUND."""
        shape = object_named(name or self.names["sobject"])
        if shape is None:
            raise SalesforceError("NOT_FOUND", "The requested resource does not exist")
        return shape


def objects_in(told: Json) -> list[Row]:
    """A JSON array of objects. Raises `SalesforceError`."""
    given = cast("list[Json]", told) if isinstance(told, list) else None
    if given is None or not all(isinstance(each, dict) for each in given):
        raise SalesforceError("JSON_PARSER_ERROR", "The request needs an array of JSON objects")
    return cast("list[Row]", given)


def texts_in(told: Json) -> list[str]:
    """A JSON array of texts, or nothing. Raises `SalesforceError`."""
    given = cast("list[Json]", told or [])
    if not isinstance(told or [], list) or not all(isinstance(each, str) for each in given):
        raise SalesforceError("JSON_PARSER_ERROR", "The request needs an array of texts")
    return cast("list[str]", given)


def attribute(record: Row, name: str) -> str:
    """What a record in JSON says of itself in its `attributes`; empty when it doesn't."""
    told: Json = record.get("attributes")
    value: Json = cast("Row", told).get(name) if isinstance(told, dict) else None
    return value if isinstance(value, str) else ""


def error_body(error: SalesforceError) -> Row:
    """An error as an entry of the list that a failed resource answers with."""
    body: Row = {"message": error.message, "errorCode": error.status_code, **error.more}
    return body | {"fields": list(error.fields)} if error.fields else body


def header_instant(call: Call, name: str) -> datetime | None:
    """The instant that a header names; None when it is absent. Raises `SalesforceError`."""
    told = call.asked.headers.get(name)
    if told is None:
        return None
    try:
        found = parsedate_to_datetime(told)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise SalesforceError("INVALID_HEADER_VALUE", f"Invalid value for header {name}: {told}")
    return found


def refusal(error: SalesforceError) -> Answer:
    """The answer of a resource that failed."""
    return Answer(error.http, [error_body(error)])


def asker_of(call: Call, *, includes_deleted: bool = False, is_tooling: bool = False) -> Asker:
    """The calling user, in whose time zone days begin."""
    user = call.world.table("salesforce.User").get(call.user, {})
    zone = user.get("TimeZoneSidKey") or "UTC"
    return Asker(zone, call.version, includes_deleted, is_tooling)
