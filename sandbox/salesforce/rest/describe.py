"""What the API tells about itself: versions, resources, objects, fields."""

import re

from sandbox.http.message import Json
from sandbox.salesforce.login import sessions
from sandbox.salesforce.org import setup
from sandbox.salesforce.org.schema import NUMBERS, OBJECTS, TOOLING, Field, SObject, fields_of
from sandbox.salesforce.org.values import http_date, instant
from sandbox.salesforce.rest.call import NOT_MODIFIED, Answer, Call, header_instant
from sandbox.state.world import Row

OLDEST, NEWEST = 31, 68
SEASONS = ("Spring", "Summer", "Winter")
_SOAP = {
    "string": "xsd:string",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "id": "tns:ID",
    "reference": "tns:ID",
}
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DIGITS = {"int": (8, 0, 0), "double": (0, 18, 2), "currency": (0, 18, 2)}
"""Digits, precision and scale of a number that doesn't say."""


def versions() -> Json:
    """GET /services/data: needs no session. Version 59 was Winter '24."""
    return [
        {
            "label": f"{SEASONS[(number - 57) % 3]} '{23 + (number - 56) // 3:02d}",
            "url": f"/services/data/v{number}.0",
            "version": f"{number}.0",
        }
        for number in range(OLDEST, NEWEST + 1)
    ]


def resources(call: Call) -> Answer:
    """GET /services/data/vXX.X."""
    names = (
        "composite",
        "jobs",
        "limits",
        "parameterizedSearch",
        "query",
        "queryAll",
        "search",
        "sobjects",
        "tooling",
    )
    host = f"https://{call.asked.headers.get('host', 'localhost')}"
    identity = f"{host}/id/{sessions.org_id(call.world)}/{call.user}"
    return Answer(body={name: f"{call.root}/{name}" for name in names} | {"identity": identity})


def describe_all(call: Call) -> Answer:
    """GET sobjects; 304 when the schema didn't change since `If-Modified-Since`."""
    shapes = [about(call, each) for each in OBJECTS.values() if each.name not in TOOLING]
    told = {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shapes}
    return _unless_unmodified(call, told)


def basics(call: Call) -> Answer:
    """GET sobjects/Lead."""
    return Answer(body={"objectDescribe": about(call, call.shape()), "recentItems": []})


def describe(call: Call) -> Answer:
    """GET sobjects/Lead/describe; 304 when the schema didn't change since `If-Modified-Since`."""
    return _unless_unmodified(call, described(call, call.shape()))


def _unless_unmodified(call: Call, told: Row) -> Answer:
    """The answer with its date. Source: Salesforce, Conditional Requests."""
    changed = setup.setting(call.world, setup.SCHEMA_CHANGED)
    if changed is None:
        changed = next(iter(call.world.table("salesforce.Organization").values()))["CreatedDate"]
    since = header_instant(call, "if-modified-since")
    if since is not None and instant(changed) <= since:
        return Answer(NOT_MODIFIED)
    return Answer(body=told, headers={"last-modified": http_date(instant(changed))})


def described(call: Call, shape: SObject) -> Row:
    """All that is told about an object."""
    children: list[Row] = [
        {
            "cascadeDelete": False,
            "childSObject": each.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": field.children,
            "restrictedDelete": False,
        }
        for each in OBJECTS.values()
        for field in fields_of(call.world, each)
        if shape.name in field.targets
    ]
    fields = [_field(each) for each in fields_of(call.world, shape)]
    told: Row = {
        "actionOverrides": [],
        "childRelationships": children,
        "compactLayoutable": shape.writeable,
        "fields": fields,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [],
        "searchLayoutable": True,
        "supportedScopes": [{"label": "All records", "name": "everything"}],
    }
    return about(call, shape) | told


def about(call: Call, shape: SObject) -> Row:
    """What a list of objects tells about one."""
    url = f"{call.root}/{'tooling/' if shape.name in TOOLING else ''}sobjects/{shape.name}"
    label = _spaced(shape.name)
    return {
        "activateable": False,
        "createable": shape.writeable,
        "custom": False,
        "customSetting": False,
        "deletable": shape.writeable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": shape.prefix,
        "label": label,
        "labelPlural": label[:-1] + "ies" if label.endswith("y") else f"{label}s",
        "layoutable": shape.writeable,
        "mergeable": shape.name in ("Account", "Contact", "Lead"),
        "mruEnabled": shape.writeable,
        "name": shape.name,
        "queryable": True,
        "replicateable": "SystemModstamp" in shape.fields,
        "retrieveable": True,
        "searchable": "Name" in shape.fields,
        "triggerable": shape.writeable,
        "undeletable": "IsDeleted" in shape.fields,
        "updateable": shape.writeable,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def _spaced(name: str) -> str:
    return _WORD.sub(" ", name.removesuffix("__c").replace("_", " "))


def _label(field: Field) -> str:
    if field.label:
        return field.label
    is_id = field.type == "reference" and field.name.endswith("Id")
    return f"{_spaced(field.name.removesuffix('Id'))} ID" if is_id else _spaced(field.name)


def _field(field: Field) -> Row:
    digits, precision, scale = _DIGITS.get(field.type, (0, 0, 0))
    if field.precision:
        precision, scale = field.precision, field.scale
    length = 18 if field.type == "reference" else field.length
    return {
        "aggregatable": field.filterable and field.type != "boolean",
        "autoNumber": False,
        "byteLength": length * 3,
        "calculated": False,
        "caseSensitive": False,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultedOnCreate": field.default is not None,
        "deprecatedAndHidden": False,
        "digits": digits,
        "externalId": field.custom and field.lookup,
        "filterable": field.filterable,
        "groupable": field.filterable and field.type not in ("datetime", "double", "currency"),
        "htmlFormatted": False,
        "idLookup": field.lookup,
        "inlineHelpText": None,
        "label": _label(field),
        "length": length,
        "name": field.name,
        "nameField": field.name == "Name",
        "namePointing": len(field.targets) > 1,
        "nillable": not field.required and field.type not in ("boolean", "id"),
        "permissionable": field.custom,
        "picklistValues": [
            {"active": True, "defaultValue": each == field.default, "label": each, "value": each}
            for each in field.values
        ],
        "polymorphicForeignKey": len(field.targets) > 1,
        "precision": precision if field.type in NUMBERS else 0,
        "queryByDistance": False,
        "referenceTo": list(field.targets),
        "relationshipName": field.relationship,
        "relationshipOrder": None,
        "restrictedPicklist": bool(field.values) and field.is_restricted,
        "scale": scale,
        "searchPrefilterable": False,
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "sortable": field.filterable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
        "writeRequiresMasterRead": False,
    }
