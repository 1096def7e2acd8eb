"""Setting up an org: what of our package it lacks, and adding that, step by step.

Nothing that is there is changed. The plan comes from the org as it is, so that a set-up that was
broken off is gone on with by planning again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from domain.errors import RequestError
from domain.ports import Clock
from tools.salesforce.connection.answers import SUCCESS, Json, Row
from tools.salesforce.connection.client import Client
from tools.salesforce.connection.errors import VENDOR, error_of
from tools.salesforce.records.fields import GUARD_WORDS, SObject
from tools.salesforce.setup.package import (
    FIELDS,
    PERMISSION_SET,
    PERMISSION_SET_LABEL,
    RULE_FORMULA,
    RULE_NAME,
    TARGETS,
    full_names,
    rule_metadata,
)
from tools.salesforce.soql.query import Query, literal, one_of, select

FIELDS_PATH, RULES_PATH = "tooling/sobjects/CustomField", "tooling/sobjects/ValidationRule"
BAD_REQUEST = HTTPStatus.BAD_REQUEST
HALTED = "PROCESSING_HALTED"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to add to the org."""

    sentence: str
    """What it is, for who approves it."""
    path: str
    """The resource that is posted to, below the API's root."""
    body: Mapping[str, Json]


class Deployer:
    """Sets up one org as the integration user, who needs Customize Application for it."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def plan(self) -> list[Step]:
        """What the org lacks, in the order in which it can be added. Raises `ToolError`."""
        deployed = self._deployed()
        steps = [
            Step(
                f"Create field {target}.{field.name}, {field.type_words}",
                FIELDS_PATH,
                {"FullName": f"{target}.{field.name}", "Metadata": field.metadata},
            )
            for target, field in full_names()
            if f"{target}.{field.name}" not in deployed
        ]
        hidden = self._hidden()
        grant = self._grant(hidden) if hidden else None
        return [*steps, *([grant] if grant else []), *self._rules()]

    def perform(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Carry steps out and give each when it is done.

        Raises `ToolError` at the first that is refused; those before it stay.
        """
        for step in steps:
            failures = _failures(self._client.create(step.path, step.body))
            if failures:
                raise error_of(BAD_REQUEST, failures, writes=True, now=self._clock.now())
            yield step

    def _deployed(self) -> set[str]:
        """Which of our fields are there, whether the integration user sees them or not."""
        targets = one_of("TableEnumOrId", [str(each) for each in TARGETS])
        names = one_of("DeveloperName", [each.name.removesuffix("__c") for each in FIELDS])
        columns = ("TableEnumOrId", "DeveloperName")
        query = Query(select(columns, "CustomField", f"{targets} AND {names}"))
        rows = self._client.tooling_query(query)
        return {f"{row['TableEnumOrId']}.{row['DeveloperName']}__c" for row in rows}

    def _hidden(self) -> list[str]:
        """Which of our fields the integration user can't write, or will not when they are made."""
        writable: set[str] = set()
        for target in TARGETS:
            told = self._client.read(f"sobjects/{target}/describe")
            writable |= {
                f"{target}.{each['name']}" for each in told["fields"] if each["updateable"]
            }
        return [
            name
            for target, field in full_names()
            if (name := f"{target}.{field.name}") not in writable
        ]

    def _grant(self, hidden: Sequence[str]) -> Step | None:
        """Let the integration user read and write fields, by a permission set of our own."""
        user = self._client.user_id
        if user is None:
            raise RequestError(VENDOR, "the answer does not name the integration user")
        where = f"Name = {literal(PERMISSION_SET)}"
        sets = self._rows("PermissionSet", ("Id",), where)
        requests: list[Row] = []
        set_id, granted, assigned = "@{set.id}", list[Row](), list[Row]()
        if sets:
            set_id = str(sets[0]["Id"])
            where = f"ParentId = {literal(set_id)}"
            granted = self._rows("FieldPermissions", ("Field",), where)
            where = f"PermissionSetId = {literal(set_id)} AND AssigneeId = {literal(user)}"
            assigned = self._rows("PermissionSetAssignment", ("Id",), where)
        else:
            body = {"Name": PERMISSION_SET, "Label": PERMISSION_SET_LABEL}
            requests.append(self._request("set", "sobjects/PermissionSet", body))
        lacking = sorted(set(hidden) - {row["Field"] for row in granted})
        if lacking:
            body = {"allOrNone": True, "records": [_grant_of(set_id, name) for name in lacking]}
            requests.append(self._request("fields", "composite/sobjects", body))
        if not assigned:
            body = {"PermissionSetId": set_id, "AssigneeId": user}
            requests.append(self._request("user", "sobjects/PermissionSetAssignment", body))
        sentence = (
            f"Give the integration user read and edit access to "
            f"{len(hidden)} {'field' if len(hidden) == 1 else 'fields'}, with permission set "
            f"{PERMISSION_SET}"
        )
        body = {"allOrNone": True, "compositeRequest": requests}
        return Step(sentence, "composite", body) if requests else None

    def _rows(self, sobject: str, columns: Sequence[str], where: str) -> list[Row]:
        return self._client.query([Query(select(columns, sobject, where))])[0]

    def _request(self, reference: str, path: str, body: Mapping[str, Json]) -> Row:
        url = f"{self._client.root}/{path}"
        return {"method": "POST", "url": url, "referenceId": reference, "body": body}

    def _rules(self) -> list[Step]:
        """The guard, where no active rule of ours is there yet."""
        columns = ("ErrorMessage", "EntityDefinitionId")
        query = Query(select(columns, SObject.VALIDATION_RULE, "Active = true"))
        guarded = {
            row["EntityDefinitionId"]
            for row in self._client.tooling_query(query)
            if GUARD_WORDS in (row["ErrorMessage"] or "")
        }
        return [
            Step(
                f"Create validation rule {target}.{RULE_NAME}: {RULE_FORMULA}",
                RULES_PATH,
                {"FullName": f"{target}.{RULE_NAME}", "Metadata": rule_metadata()},
            )
            for target in TARGETS
            if target not in guarded
        ]


def _grant_of(set_id: str, field: str) -> Row:
    return {
        "attributes": {"type": "FieldPermissions"},
        "ParentId": set_id,
        "SobjectType": field.partition(".")[0],
        "Field": field,
        "PermissionsRead": True,
        "PermissionsEdit": True,
    }


def _failures(answer: Json) -> list[Row]:
    """The errors within an answer that is no error itself, what caused the others first.

    Of an all-or-none request every part fails with one of them, halted.
    """
    told = cast("Row", answer) if isinstance(answer, dict) else {}
    failures: list[Row] = []
    for part in told.get("compositeResponse", ()):
        if part["httpStatusCode"] not in SUCCESS:
            failures += part["body"]
        elif isinstance(part["body"], list):
            failures += [error for each in part["body"] for error in each.get("errors", ())]
    return sorted(failures, key=lambda each: each.get("errorCode") == HALTED)
