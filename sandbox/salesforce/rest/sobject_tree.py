"""`composite/tree`: records with their children, all created or none.

Source: Salesforce, sObject Tree. Children stand under the name of their relationship, such as
`Contacts` of an Account, as `{"records": [...]}`.
"""

from collections.abc import Iterator

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import SObject, child_of
from sandbox.salesforce.org.transaction import transaction
from sandbox.salesforce.rest import sobjects
from sandbox.salesforce.rest.call import Answer, Call, attribute, objects_in
from sandbox.salesforce.rest.sobject_collections import result_error
from sandbox.state.world import Row

MOST_RECORDS = 200
DEEPEST = 5


def create(call: Call) -> Answer:
    """POST composite/tree/Lead."""
    given = objects_in(call.body.get("records"))
    references = [_reference(each) for each in _walk(given)]
    if len(references) > MOST_RECORDS:
        message = f"The maximum number of records in a tree is {MOST_RECORDS}"
        raise SalesforceError("INVALID_INPUT", message)
    if "" in references or len(set(references)) < len(references):
        message = "Every record needs a referenceId of its own in its attributes"
        raise SalesforceError("INVALID_INPUT", message)
    made: list[Row] = []
    failed: list[Row] = []
    with transaction(call.world) as roll_back:
        _create(call, call.shape(), given, {}, (made, failed))
        if failed:
            roll_back()
            return Answer(400, {"hasErrors": True, "results": failed}, records=len(references))
    return Answer(201, {"hasErrors": False, "results": made}, records=len(references))


def _create(
    call: Call, shape: SObject, given: list[Row], link: Row, told: tuple[list[Row], list[Row]]
) -> None:
    """Create records that hold `link` to their parent, then their children."""
    made, failed = told
    for record in given:
        values = {name: each for name, each in record.items() if not _is_nested(each)}
        try:
            record_id = sobjects.insert(call, shape, values | link)
        except SalesforceError as error:
            failed.append({"referenceId": _reference(record), "errors": [result_error(error)]})
            continue
        made.append({"referenceId": _reference(record), "id": record_id})
        for name, nested in record.items():
            if not _is_nested(nested):
                continue
            found = child_of(call.world, shape, name)
            if found is None:
                message = f"No such relationship '{name}' on sobject of type {shape.name}"
                error = result_error(SalesforceError("INVALID_FIELD", message))
                failed.append({"referenceId": _reference(record), "errors": [error]})
                continue
            child, field = found
            _create(call, child, objects_in(nested["records"]), {field.name: record_id}, told)


def _is_nested(value: Json) -> bool:
    return isinstance(value, dict) and "records" in value


def _walk(given: list[Row], depth: int = 1) -> Iterator[Row]:
    if depth > DEEPEST:
        message = f"A tree can be at most {DEEPEST} levels deep"
        raise SalesforceError("INVALID_INPUT", message)
    for record in given:
        yield record
        for nested in record.values():
            if _is_nested(nested):
                yield from _walk(objects_in(nested["records"]), depth + 1)


def _reference(record: Row) -> str:
    return attribute(record, "referenceId")
