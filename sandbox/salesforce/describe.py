"""What the API tells about itself: versions, objects, fields, limits."""

from sandbox.salesforce import usage
from sandbox.salesforce.call import Answer, Call
from sandbox.salesforce.schema import OBJECTS, TOOLING, Field, SObject, fields_of
from sandbox.wire import Json
from sandbox.world import Row

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
    names = ("composite", "limits", "query", "queryAll", "sobjects", "tooling")
    return Answer(body={name: f"{call.root}/{name}" for name in names})


def limits(call: Call) -> Answer:
    """GET limits."""
    most = usage.limit(call.world)
    left = max(0, most - usage.used(call.world))
    unused = {"Max": 10_000, "Remaining": 10_000}
    return Answer(
        body={
            "DailyApiRequests": {"Max": most, "Remaining": left},
            "DailyBulkApiBatches": unused,
            "DailyBulkV2QueryJobs": unused,
            "DataStorageMB": {"Max": 1_024, "Remaining": 1_000},
        }
    )


def describe_all(call: Call) -> Answer:
    """GET sobjects."""
    shapes = [_about(call, each) for each in OBJECTS.values() if each.name not in TOOLING]
    return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shapes})


def basics(call: Call) -> Answer:
    """GET sobjects/Lead."""
    return Answer(body={"objectDescribe": _about(call, call.shape()), "recentItems": []})


def describe(call: Call) -> Answer:
    """GET sobjects/Lead/describe."""
    shape = call.shape()
    children = [
        {"childSObject": each.name, "field": field.name, "relationshipName": field.children}
        for each in OBJECTS.values()
        for field in each.fields.values()
        if shape.name in field.targets
    ]
    fields = [_field(each) for each in fields_of(call.world, shape)]
    told = {"fields": fields, "childRelationships": children, "recordTypeInfos": []}
    return Answer(body=_about(call, shape) | told)


def _about(call: Call, shape: SObject) -> Row:
    url = f"{call.root}/sobjects/{shape.name}"
    return {
        "name": shape.name,
        "label": shape.name,
        "labelPlural": f"{shape.name}s",
        "keyPrefix": shape.prefix,
        "custom": False,
        "createable": shape.writeable,
        "updateable": shape.writeable,
        "deletable": shape.writeable,
        "queryable": True,
        "retrieveable": True,
        "searchable": True,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def _field(field: Field) -> Row:
    return {
        "name": field.name,
        "label": field.name,
        "type": field.type,
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "length": field.length,
        "custom": field.custom,
        "createable": field.createable,
        "updateable": field.updateable,
        "nillable": not field.required and field.type not in ("boolean", "id"),
        "defaultedOnCreate": field.default is not None,
        "defaultValue": field.default,
        "filterable": field.filterable,
        "sortable": field.filterable,
        "groupable": field.filterable and field.type != "datetime",
        "idLookup": field.lookup,
        "externalId": field.custom and field.lookup,
        "unique": field.unique,
        "referenceTo": list(field.targets),
        "relationshipName": field.relationship,
        "restrictedPicklist": bool(field.values),
        "picklistValues": [
            {"value": each, "label": each, "active": True, "defaultValue": each == field.default}
            for each in field.values
        ],
    }
