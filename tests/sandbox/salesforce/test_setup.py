"""Setting up an org: fields and rules by Metadata and Tooling API, by one and by zip file."""

import base64
import io
import re
import zipfile
from collections.abc import Iterator, Mapping

import pytest

from sandbox.http.message import Json
from sandbox.salesforce.login import sessions
from sandbox.salesforce.soap.envelope import METADATA, element, read
from sandbox.state.world import Row
from tests.support.orgs import ANA, ROOT, SELF, Org, running_org

TEXT: Row = {"type": "Text", "label": "Probe", "length": 30}
PACKAGE = f'<Package xmlns="{METADATA}"><version>66.0</version></Package>'


@pytest.fixture(scope="module")
def org() -> Iterator[Org]:
    """An org behind its TLS port."""
    with running_org() as org:
        yield org


def soap(org: Org, operation: str, **arguments: Json) -> Row:
    """A call of the Metadata API: the results, or the fault."""
    session = sessions.open_session(org.world, org.ids[SELF])
    inner = "".join(element(name, each) for name, each in arguments.items())
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header><SessionHeader>'
        f"<sessionId>{session}</sessionId></SessionHeader></e:Header>"
        f'<e:Body><{operation} xmlns="{METADATA}">{inner}</{operation}></e:Body></e:Envelope>'
    )
    url = f"https://{org.host}/services/Soap/m/66.0"
    return read(org.http.post(url, data=body, timeout=5).content).arguments


def created(org: Org, kind: str, full_name: str, **metadata: Json) -> Row:
    """The result of creating one component."""
    component = {"@type": kind, "fullName": full_name, **metadata}
    return soap(org, "createMetadata", metadata=component)["result"]


def granted(org: Org, *names: str) -> None:
    """Let the integration user see fields, by a permission set of its own."""
    told = [{"field": name, "readable": "true", "editable": "true"} for name in names]
    kept = soap(org, "readMetadata", type="PermissionSet", fullNames="Probes")["result"]["records"]
    before = kept.get("fieldPermissions", [])
    told += before if isinstance(before, list) else [before]
    component = {"@type": "PermissionSet", "fullName": "Probes", "label": "Probes"}
    soap(org, "upsertMetadata", metadata={**component, "fieldPermissions": told})
    (found,) = org.sf.query("SELECT Id FROM PermissionSet WHERE Name = 'Probes'")["records"]
    if not before:
        assignment = {"PermissionSetId": found["Id"], "AssigneeId": org.ids[SELF]}
        org.sf.PermissionSetAssignment.create(assignment)


def zipped(files: Mapping[str, str]) -> str:
    """Files as the Metadata API takes them."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return base64.b64encode(held.getvalue()).decode()


def deployed(org: Org, inner: str) -> Row:
    """What became of a deployment of Lead's file."""
    file = f'<CustomObject xmlns="{METADATA}">{inner}</CustomObject>'
    content = zipped({"package.xml": PACKAGE, "objects/Lead.object": file})
    begun = soap(org, "deploy", ZipFile=content, DeployOptions={"rollbackOnError": True})
    return soap(org, "checkDeployStatus", asyncProcessId=begun["result"]["id"])["result"]


def test_a_field_is_created_used_and_deleted(org: Org) -> None:
    """A field holds values once it is granted; after its deletion it is unknown."""
    result = created(org, "CustomField", "Lead.Probe__c", **TEXT)
    assert {"fullName": "Lead.Probe__c", "success": "true"} == result
    text = "SELECT Id FROM Lead WHERE Probe__c = 'X'"
    hidden = org.call("GET", f"{ROOT}/query", params={"q": text})
    assert "INVALID_FIELD" == hidden.json()[0]["errorCode"]
    granted(org, "Lead.Probe__c")
    lead = org.lead(Probe__c="x")
    assert [lead] == [each["Id"] for each in org.sf.query(text)["records"]]
    (described,) = [each for each in org.sf.Lead.describe()["fields"] if each["label"] == "Probe"]
    assert ("Probe__c", "string", 30) == tuple(described[key] for key in ("name", "type", "length"))
    again = created(org, "CustomField", "Lead.Probe__c", **TEXT)["errors"]
    assert "There is already a field named Probe__c on Lead." == again["message"]
    soap(org, "deleteMetadata", type="CustomField", fullNames="Lead.Probe__c")
    answer = org.call("GET", f"{ROOT}/query", params={"q": text})
    assert "INVALID_FIELD" == answer.json()[0]["errorCode"]


@pytest.mark.parametrize(
    ("full_name", "metadata", "code"),
    [
        ("Lead.No_Label__c", {"type": "Text", "length": 3}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.No_Length__c", {"type": "Text", "label": "x"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Too_Long__c", {**TEXT, "length": 256}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.No_Type__c", {"label": "x", "type": "Tex"}, "INVALID_TYPE"),
        ("Lead.NoSuffix", TEXT, "INVALID_FULLNAME"),
        ("Lead.Two__Lines__c", TEXT, "INVALID_FULLNAME"),
        ("Nothing.Probe__c", TEXT, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_refused_fields(org: Org, full_name: str, metadata: Row, code: str) -> None:
    """A field that Salesforce would not make is refused, each for itself."""
    assert code == created(org, "CustomField", full_name, **metadata)["errors"]["statusCode"]


def test_fields_of_other_types(org: Org) -> None:
    """A picklist takes its values only; a lookup joins; a checkbox is false where it wasn't set."""
    lead = org.lead()
    values = [{"fullName": "Not yet", "default": "true"}, {"fullName": "Done"}]
    picklist = {"restricted": "true", "valueSetDefinition": {"value": values}}
    created(org, "CustomField", "Lead.Stage__c", type="Picklist", label="S", valueSet=picklist)
    lookup = {"referenceTo": "Account", "relationshipName": "Matched_Leads"}
    created(org, "CustomField", "Lead.Match__c", type="Lookup", label="Match", **lookup)
    flag = {"type": "Checkbox", "label": "Flag", "defaultValue": "false"}
    created(org, "CustomField", "Lead.Flag__c", **flag)
    granted(org, "Lead.Stage__c", "Lead.Match__c", "Lead.Flag__c")
    account = org.insert("Account", Name="Alder", OwnerId=org.ids[ANA])
    body = {"LastName": "Fox", "Company": "Co", "Match__c": account, "Stage__c": "done"}
    refused = org.call("POST", f"{ROOT}/sobjects/Lead", json=body).json()[0]
    assert "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" == refused["errorCode"]
    made = org.sf.Lead.create({**body, "Stage__c": "Done"})["id"]
    text = "SELECT Match__r.Name, Flag__c FROM Lead WHERE Match__r.Name = 'Alder'"
    (found,) = org.sf.query(text)["records"]
    assert ("Alder", False) == (found["Match__r"]["Name"], found["Flag__c"])
    text = "SELECT (SELECT Id FROM Matched_Leads__r) FROM Account WHERE Name = 'Alder'"
    (found,) = org.sf.query(text)["records"]
    assert [made] == [each["Id"] for each in found["Matched_Leads__r"]["records"]]
    assert org.sf.Lead.get(lead)["Flag__c"] is False
    kept = soap(org, "readMetadata", type="CustomField", fullNames="Lead.Stage__c")["result"]
    names = [
        each["fullName"] for each in kept["records"]["valueSet"]["valueSetDefinition"]["value"]
    ]
    assert ["Not yet", "Done"] == names


def test_a_rule_by_the_tooling_api(org: Org) -> None:
    """A rule refuses from its creation on; a formula with an unknown field is refused itself."""
    metadata = {
        "active": True,
        "errorConditionFormula": 'AND(ISCHANGED(Title), Country = "Atlantis")',
        "errorDisplayField": "Country",
        "errorMessage": "nobody sells there",
    }
    path = f"{ROOT}/tooling/sobjects/ValidationRule"
    body = {"FullName": "Lead.No_Atlantis", "Metadata": metadata}
    made = org.call("POST", path, json=body).json()
    lead = f"{ROOT}/sobjects/Lead/{org.lead(Country='Atlantis')}"
    (error,) = org.call("PATCH", lead, json={"Title": "CFO"}).json()
    assert ("nobody sells there", ["Country"]) == (error["message"], error["fields"])
    told = org.call("GET", f"{path}/{made['id']}").json()
    assert metadata == {name: told["Metadata"][name] for name in metadata}
    org.call("PATCH", f"{path}/{made['id']}", json={"Metadata": {**metadata, "active": False}})
    assert 204 == org.call("PATCH", lead, json={"Title": "CFO"}).status_code
    broken = {**metadata, "errorConditionFormula": "ISBLANK(Nothing__c)"}
    body = {"FullName": "Lead.Broken", "Metadata": broken}
    (error,) = org.call("POST", path, json=body).json()
    assert "Field Nothing__c does not exist. Check spelling." == error["message"]


def test_the_tooling_api_shows_deployed_fields(org: Org) -> None:
    """Fields are found by their object, and read with their metadata."""
    text = (
        "SELECT Id FROM CustomField WHERE TableEnumOrId = 'Lead' "
        "AND DeveloperName = 'Routing_Reason'"
    )
    path = f"{ROOT}/tooling/query"
    (found,) = org.call("GET", path, params={"q": text}).json()["records"]
    told = org.call("GET", found["attributes"]["url"]).json()
    assert ("LongTextArea", 4000) == tuple(told["Metadata"][name] for name in ("type", "length"))


def test_deployments(org: Org) -> None:
    """A zip file is deployed whole or not at all, and its components can be retrieved."""
    good = (
        "<fields><fullName>Zip__c</fullName><label>Zip</label><type>Text</type>"
        "<length>9</length></fields>"
    )
    bad = "<fields><fullName>Bad__c</fullName><label>Bad</label><type>Text</type></fields>"
    failed = deployed(org, good + bad)
    assert ("Failed", "1") == (failed["status"], failed["numberComponentErrors"])
    problem = "Must specify a 'length' for a CustomField of type Text"
    assert problem == failed["details"]["componentFailures"]["problem"]
    gone = soap(org, "readMetadata", type="CustomField", fullNames="Lead.Zip__c")["result"]
    assert "fullName" not in gone["records"]
    assert "Succeeded" == deployed(org, good)["status"]
    package = {"types": {"name": "CustomField", "members": "Lead.Zip__c"}, "version": "66.0"}
    begun = soap(org, "retrieve", retrieveRequest={"unpackaged": package})
    told = soap(org, "checkRetrieveStatus", asyncProcessId=begun["result"]["id"])["result"]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(told["zipFile"]))) as archive:
        held = archive.read("objects/Lead.object").decode()
    assert ["Zip__c"] == re.findall("<fullName>(.*?)</fullName>", held)


def test_assignment_rules_are_metadata(org: Org) -> None:
    """The entries of a rule, which SOQL can't see, are read and written as metadata."""
    entry = {
        "assignedTo": "EMEA",
        "assignedToType": "Queue",
        "criteriaItems": {"field": "Lead.Country", "operation": "equals", "value": "Germany"},
    }
    rule = {"fullName": "Inbound", "active": "true", "ruleEntry": entry}
    component = {"@type": "AssignmentRules", "fullName": "Lead", "assignmentRule": rule}
    soap(org, "updateMetadata", metadata=component)
    body = {"LastName": "Fox", "Company": "Co", "Country": "Germany"}
    made = org.sf.Lead.create(body)["id"]
    assert org.ids["EMEA"] == org.row(made)["OwnerId"]
    told = soap(org, "readMetadata", type="AssignmentRules", fullNames="Lead")["result"]
    assert entry == told["records"]["assignmentRule"]["ruleEntry"]


def test_refused_calls(org: Org) -> None:
    """A call without a session, or of an unknown operation, is a fault."""
    url = f"https://{org.host}/services/Soap/m/66.0"
    empty = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{}</e:Body></e:Envelope>'
    for operation, code in (("listMetadata", "INVALID_SESSION_ID"), ("magic", "UNKNOWN_EXCEPTION")):
        answer = org.http.post(url, data=empty.format(f"<{operation}/>"), timeout=5)
        assert (500, True) == (answer.status_code, f"<faultcode>sf:{code}<" in answer.text)
