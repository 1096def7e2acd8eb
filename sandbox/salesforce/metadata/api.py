"""The Metadata API over SOAP: components by name, and deployments of a zip file.

Source: Salesforce, Metadata API Developer Guide. A deployment is done as soon as it is asked for;
its status is kept in `salesforce.Deployment`.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence

from sandbox.http.message import Json, Request, Response
from sandbox.salesforce.metadata import components, deployments
from sandbox.salesforce.metadata.component_rows import id_of
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.values import timestamp
from sandbox.salesforce.soap.elements import is_true, many, part_of, parts_of
from sandbox.salesforce.soap.envelope import (
    METADATA,
    TYPE,
    SoapError,
    answer,
    fault,
    named_in,
    read,
)
from sandbox.salesforce.soap.partner import session_user
from sandbox.state.world import Row, World

MOST_COMPONENTS = 10
"""Of one call."""
_PATH = re.compile(r"/services/Soap/m/(\d+)\.\d(?:/.*)?")


def answer_soap(world: World, request: Request) -> Response | None:
    """POST /services/Soap/m/{version}; None for any other path."""
    if _PATH.fullmatch(request.path) is None:
        return None
    try:
        call = read(request.body)
        operation = named_in(_OPERATIONS, call)
        user = session_user(world, request, call)
        return answer(call.operation, operation(world, user, call.arguments), METADATA)
    except SoapError as error:
        return fault(error, METADATA)
    except SalesforceError as error:
        return fault(SoapError(error.status_code, error.message), METADATA)


def _given(arguments: Row) -> list[Row]:
    """The components of a call, each with its type and full name."""
    given = parts_of(arguments.get("metadata"))
    _check_count(given)
    return given


def _check_count(given: Sequence[Json]) -> None:
    if len(given) > MOST_COMPONENTS:
        message = f"Cannot use more than {MOST_COMPONENTS} records in this call"
        raise SoapError("EXCEEDED_ID_LIMIT", message)


def _each(given: list[Row], deed: Callable[[str, str, Row], Row]) -> list[Row]:
    """The result of each component; one that fails leaves the others alone."""
    results: list[Row] = []
    for each in given:
        kind, name = str(each.get(TYPE)), str(each.get("fullName") or "")
        told: Row = {"fullName": name}
        try:
            result = told | deed(kind, name, each)
        except SalesforceError as error:
            problem = {"message": error.message, "statusCode": error.status_code}
            result = {"errors": [problem], **told, "success": False}
        results.append(result)
    return results


def _create(world: World, user: str, arguments: Row) -> list[Row]:
    def deed(kind: str, name: str, metadata: Row) -> Row:
        components.create(world, kind, name, metadata, by=user)
        return {"success": True}

    return _each(_given(arguments), deed)


def _update(world: World, user: str, arguments: Row) -> list[Row]:
    def deed(kind: str, name: str, metadata: Row) -> Row:
        components.change(world, kind, name, metadata, by=user)
        return {"success": True}

    return _each(_given(arguments), deed)


def _upsert(world: World, user: str, arguments: Row) -> list[Row]:
    def deed(kind: str, name: str, metadata: Row) -> Row:
        is_new = components.upsert(world, kind, name, metadata, by=user)
        return {"created": is_new, "success": True}

    return _each(_given(arguments), deed)


def _delete(world: World, user: str, arguments: Row) -> list[Row]:
    kind = str(arguments.get("type"))
    names = many(arguments.get("fullNames"))
    _check_count(names)

    def deed(kind: str, name: str, _: Row) -> Row:
        components.remove(world, kind, name, by=user)
        return {"success": True}

    return _each([{TYPE: kind, "fullName": name} for name in names], deed)


def _read(world: World, _user: str, arguments: Row) -> Row:
    kind = str(arguments.get("type"))
    names = many(arguments.get("fullNames"))
    _check_count(names)
    found = [components.kind_named(kind).read(world, str(name)) for name in names]
    return {"records": [{TYPE: kind, **(each or {})} for each in found]}


def _list(world: World, user: str, arguments: Row) -> list[Row]:
    kinds = [str(query.get("type")) for query in parts_of(arguments.get("queries"))]
    return [
        _properties(world, user, kind, name)
        for kind in kinds
        for name in components.kind_named(kind).names(world)
    ]


def _properties(world: World, user: str, kind: str, name: str) -> Row:
    now = timestamp(world.now).replace("+0000", "Z")
    return {
        "createdById": user,
        "createdByName": "",
        "createdDate": now,
        "fileName": deployments.file_name(kind, name),
        "fullName": name,
        "id": id_of(kind, name),
        "lastModifiedById": user,
        "lastModifiedByName": "",
        "lastModifiedDate": now,
        "type": kind,
    }


def _describe(_world: World, _user: str, _arguments: Row) -> Row:
    told = [
        {
            "childXmlNames": list(each.children),
            "directoryName": each.directory,
            "inFolder": False,
            "metaFile": False,
            "suffix": each.suffix,
            "xmlName": name,
        }
        for name, each in deployments.FILES.items()
    ]
    return {
        "metadataObjects": told,
        "organizationNamespace": "",
        "partialSaveAllowed": True,
        "testRequired": False,
    }


def _deploy(world: World, user: str, arguments: Row) -> Row:
    options = part_of(arguments.get("DeployOptions") or arguments.get("deployOptions"))
    try:
        content = base64.b64decode(str(arguments.get("ZipFile") or arguments.get("zipFile") or ""))
    except binascii.Error:
        raise SoapError("INVALID_TYPE", "the zip file is not Base64") from None
    deployment_id = deployments.deploy(
        world,
        content,
        is_check=is_true(options.get("checkOnly")),
        rolls_back=is_true(options.get("rollbackOnError", True)),
        by=user,
    )
    return {"done": False, "id": deployment_id, "state": "Queued"}


def _deploy_status(world: World, _user: str, arguments: Row) -> Row:
    return deployments.status(world, str(arguments.get("asyncProcessId")))


def _retrieve(world: World, _user: str, arguments: Row) -> Row:
    request = part_of(arguments.get("retrieveRequest") or arguments.get("request"))
    package = part_of(request.get("unpackaged"))
    return {"done": False, "id": deployments.retrieve(world, package), "state": "Queued"}


def _retrieve_status(world: World, _user: str, arguments: Row) -> Row:
    return deployments.status(world, str(arguments.get("asyncProcessId")))


_OPERATIONS: Mapping[str, Callable[[World, str, Row], Json]] = {
    "checkDeployStatus": _deploy_status,
    "checkRetrieveStatus": _retrieve_status,
    "createMetadata": _create,
    "deleteMetadata": _delete,
    "deploy": _deploy,
    "describeMetadata": _describe,
    "listMetadata": _list,
    "readMetadata": _read,
    "retrieve": _retrieve,
    "updateMetadata": _update,
    "upsertMetadata": _upsert,
}
