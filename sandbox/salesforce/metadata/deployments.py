"""Zip files of components: deployed with a `package.xml`, and retrieved as one.

Custom fields and validation rules are in the file of their object. `destructiveChanges.xml` names
what is to be taken away.
"""

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sandbox.http.message import Json
from sandbox.salesforce.metadata import components
from sandbox.salesforce.metadata.component_rows import id_of
from sandbox.salesforce.metadata.components import kind_named
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import DEPLOYMENT, new_id
from sandbox.salesforce.org.transaction import transaction
from sandbox.salesforce.org.values import timestamp
from sandbox.salesforce.soap.elements import many, parts_of
from sandbox.salesforce.soap.envelope import METADATA, element, read_document
from sandbox.state.world import Row, World

TABLE = "salesforce.Deployment"
PACKAGE, DESTRUCTIVE = "package.xml", "destructiveChanges.xml"


class Files(NamedTuple):
    """Where the components of a type are."""

    directory: str
    suffix: str
    children: tuple[str, ...] = ()


FILES: Mapping[str, Files] = {
    "AssignmentRules": Files("assignmentRules", "assignmentRules", ("AssignmentRule",)),
    "CustomObject": Files("objects", "object", ("CustomField", "ValidationRule")),
    "PermissionSet": Files("permissionsets", "permissionset"),
}
_KINDS = {each.suffix: kind for kind, each in FILES.items()}


class _Outcome(NamedTuple):
    kind: str
    name: str
    file: str
    problem: str | None


def file_name(kind: str, name: str) -> str:
    """The file that a component is in."""
    if kind not in FILES:
        kind, name = "CustomObject", name.partition(".")[0]
    return f"{FILES[kind].directory}/{name}.{FILES[kind].suffix}"


def deploy(world: World, content: bytes, *, is_check: bool, rolls_back: bool, by: str) -> str:
    """Deploy a zip file; returns the id under which its status is kept. Never raises."""
    deployment_id = new_id(world, DEPLOYMENT)
    started = timestamp(world.now)
    problem, outcomes = None, list[_Outcome]()
    with transaction(world) as roll_back:
        try:
            outcomes = _deploy(world, _opened(content), by)
        except (ValueError, zipfile.BadZipFile, SalesforceError) as error:
            problem = str(error)
        failed = [each for each in outcomes if each.problem is not None]
        has_failed = bool(failed) or problem is not None
        if is_check or (has_failed and rolls_back):
            roll_back()
    done = len(outcomes) - len(failed)
    world.table(TABLE)[deployment_id] = {
        "checkOnly": is_check,
        "completedDate": timestamp(world.now),
        "createdDate": started,
        "details": {
            "componentFailures": [_told(each, started) for each in failed],
            "componentSuccesses": [_told(each, started) for each in outcomes if not each.problem],
            "runTestResult": {"numFailures": 0, "numTestsRun": 0, "totalTime": 0.0},
        },
        "done": True,
        **({"errorMessage": problem} if problem else {}),
        "id": deployment_id,
        "ignoreWarnings": False,
        "numberComponentErrors": len(failed),
        "numberComponentsDeployed": done,
        "numberComponentsTotal": len(outcomes),
        "numberTestErrors": 0,
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "rollbackOnError": rolls_back,
        "runTestsEnabled": False,
        "startDate": started,
        "status": _status(has_failed=has_failed, rolls_back=rolls_back),
        "success": not has_failed,
    }
    return deployment_id


def _status(*, has_failed: bool, rolls_back: bool) -> str:
    if not has_failed:
        return "Succeeded"
    return "Failed" if rolls_back else "SucceededPartial"


def status(world: World, deployment_id: str) -> Row:
    """What became of a deployment or a retrieval. Raises `SalesforceError`."""
    kept = world.table(TABLE).get(deployment_id)
    if kept is None:
        message = f"No async process {deployment_id} found"
        raise SalesforceError("INVALID_ID_FIELD", message)
    return kept


def _opened(content: bytes) -> dict[str, bytes]:
    """The files of a zip, without the folder that all of them may be in."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name[-1] != "/"}
    package = next((name for name in files if name.rpartition("/")[2] == PACKAGE), None)
    if package is None:
        raise ValueError("No package.xml found")
    root = package.removesuffix(PACKAGE)
    return {name.removeprefix(root): each for name, each in files.items()}


def _deploy(world: World, files: Mapping[str, bytes], by: str) -> list[_Outcome]:
    outcomes: list[_Outcome] = []
    for name, content in files.items():
        kind = _KINDS.get(name.rpartition(".")[2])
        if kind is not None:
            owner = name.rpartition("/")[2].rpartition(".")[0]
            for each, full_name, metadata in _components(kind, owner, read_document(content)):
                problem = _put(world, each, full_name, metadata, by)
                outcomes.append(_Outcome(each, full_name, name, problem))
    for kind, full_name in _members(files.get(DESTRUCTIVE)):
        try:
            components.remove(world, kind, full_name, by=by)
            problem = None
        except SalesforceError as error:
            problem = error.message
        outcomes.append(_Outcome(kind, full_name, DESTRUCTIVE, problem))
    return outcomes


def _put(world: World, kind: str, full_name: str, metadata: Row, by: str) -> str | None:
    try:
        components.upsert(world, kind, full_name, metadata, by=by)
    except SalesforceError as error:
        return error.message
    return None


def _components(kind: str, owner: str, document: Row) -> Iterator[tuple[str, str, Row]]:
    """The components of a file: an object's own ones each for itself."""
    if kind != "CustomObject":
        yield kind, owner, document
        return
    for part, child in (("fields", "CustomField"), ("validationRules", "ValidationRule")):
        for each in parts_of(document.get(part)):
            name = str(each.get("fullName"))
            if child == "ValidationRule" or name.endswith("__c"):
                yield child, f"{owner}.{name}", each


def _members(content: bytes | None) -> Iterator[tuple[str, str]]:
    """The components that a `package.xml` or its like names."""
    document = read_document(content) if content else {}
    for each in parts_of(document.get("types")):
        for member in many(each.get("members")):
            yield str(each.get("name")), str(member)


def _told(outcome: _Outcome, at: str) -> Row:
    problem = {"problem": outcome.problem, "problemType": "Error"} if outcome.problem else {}
    return {
        "changed": outcome.problem is None,
        "componentType": outcome.kind,
        "created": False,
        "createdDate": at,
        "deleted": outcome.file == DESTRUCTIVE,
        "fileName": outcome.file,
        "fullName": outcome.name,
        "id": None if outcome.problem else id_of(outcome.kind, outcome.name),
        **problem,
        "success": outcome.problem is None,
    }


def retrieve(world: World, package: Row) -> str:
    """Put components into a zip file; returns the id under which it is kept."""
    files: dict[str, str] = {}
    for each in parts_of(package.get("types")):
        kind = str(each.get("name"))
        found = kind_named(kind)
        members = [str(name) for name in many(each.get("members"))]
        for name in found.names(world) if members == ["*"] else members:
            metadata = found.read(world, name)
            if metadata is not None:
                _add_file(files, kind, name, metadata)
    closed = {name: f"{content}</{_root(name)}>" for name, content in files.items()}
    closed[PACKAGE] = _document("Package", package) + "</Package>"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in closed.items():
            archive.writestr(name, content)
    retrieval_id = new_id(world, DEPLOYMENT)
    world.table(TABLE)[retrieval_id] = {
        "done": True,
        "fileProperties": [{"fileName": name, "fullName": name} for name in closed],
        "id": retrieval_id,
        "status": "Succeeded",
        "success": True,
        "zipFile": base64.b64encode(held.getvalue()).decode(),
    }
    return retrieval_id


def _root(name: str) -> str:
    return _KINDS[name.rpartition(".")[2]]


def _add_file(files: dict[str, str], kind: str, name: str, metadata: Row) -> None:
    """Put a component into its file; fields and rules of one object share theirs."""
    path = file_name(kind, name)
    if kind in FILES:
        told = {key: each for key, each in metadata.items() if key != "fullName"}
    else:
        part = "fields" if kind == "CustomField" else "validationRules"
        told = {part: {**metadata, "fullName": name.rpartition(".")[2]}}
    files.setdefault(path, _document(_root(path), {}))
    files[path] += _inner(told)


def _document(root: str, told: Row) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{METADATA}">{_inner(told)}'


def _inner(told: Mapping[str, Json]) -> str:
    return "".join(element(name, each) for name, each in told.items())
