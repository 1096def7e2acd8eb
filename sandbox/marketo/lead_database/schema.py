"""Person fields and activity types of the subscription, as data (Adobe: Field Types, describe)."""

from collections.abc import Mapping
from typing import NamedTuple

from sandbox.state.world import World


class Field(NamedTuple):
    """One field of a person."""

    type: str
    label: str
    length: int = 0
    is_writable: bool = True
    is_crm_managed: bool = False
    is_custom: bool = False


def _texts(names: str, *, length: int = 255) -> dict[str, Field]:
    return {name: Field("string", _label(name), length) for name in names.split()}


def _label(name: str) -> str:
    spaced = "".join(f" {one}" if one.isupper() else one for one in name)
    return spaced[:1].upper() + spaced[1:]


def _read_only(kind: str, names: str, *, crm: bool = False) -> dict[str, Field]:
    return {
        name: Field(kind, _label(name), is_writable=False, is_crm_managed=crm)
        for name in names.split()
    }


def _custom(fields: dict[str, Field]) -> dict[str, Field]:
    return {name: field._replace(is_custom=True) for name, field in fields.items()}


FIELDS: dict[str, Field] = (
    _read_only("integer", "id")
    | {"email": Field("email", "Email Address", 255)}
    | _texts(
        "firstName lastName company title industry city state country "
        "postalCode leadSource leadStatus rating unsubscribedReason emailInvalidCause personType "
        "marketingSuspendedCause sourceDetail externalCompanyId externalSalesPersonId"
    )
    | {name: Field("phone", _label(name), 255) for name in ("phone", "mobilePhone")}
    | {"website": Field("url", "Website", 255)}
    | {
        "numberOfEmployees": Field("integer", "Num Employees"),
        "employeeRange": Field("string", "Employee Range", 255),
        "annualRevenue": Field("currency", "Annual Revenue"),
        "leadScore": Field("score", "Lead Score"),
        "priority": Field("integer", "Priority"),
        "urgency": Field("integer", "Urgency"),
        "relativeScore": Field("integer", "Relative Score"),
        "unsubscribed": Field("boolean", "Unsubscribed"),
        "emailInvalid": Field("boolean", "Email Invalid"),
        "doNotCall": Field("boolean", "Do Not Call"),
        "marketingSuspended": Field("boolean", "Marketing Suspended"),
        "blackListed": Field("boolean", "Black Listed"),
    }
    | _read_only("datetime", "createdAt updatedAt")
    | _read_only("boolean", "isAnonymous")
    | _read_only("string", "inferredCompany inferredCountry inferredStateRegion inferredCity")
    | _read_only("integer", "leadPartitionId")
    | _read_only(
        "string",
        "sfdcType sfdcId sfdcLeadId sfdcContactId sfdcAccountId sfdcLeadOwnerId "
        "leadOwnerFirstName leadOwnerLastName leadOwnerEmailAddress",
        crm=True,
    )
    | _read_only("boolean", "sfdcIsDeleted", crm=True)
    | _custom(
        _texts(
            "routeReadyStatus routedOwner routedTerritory routedRule routeDecisionId icpTier "
            "productInterest consentBasis"
        )
        | {
            "routeReadyReason": Field("text", "Route Ready Reason", 30_000),
            "formComment": Field("text", "Form Comment", 30_000),
            "routedAt": Field("datetime", "Routed At"),
            "routeSlaDue": Field("datetime", "Route Sla Due"),
        }
    )
)
"""The person fields of every world; `fields_of` adds those that were created by the API."""

INDEXED = ("email", "sfdcLeadId", "sfdcContactId", "sfdcId")
"""Filter types that are looked up instead of searched for."""

CREATED_FIELD = "marketo.field"
"""Fields made by the API, and what it says of the others beyond `FIELDS`; rows by API name."""
LENGTHS = {"string": 255, "email": 255, "phone": 255, "url": 255, "text": 30_000}
"""How long a value of a type may be (Adobe: Field Types)."""


def field_named(world: World, name: str) -> Field | None:
    """A person field of this world, None when there is none of that name."""
    found = FIELDS.get(name)
    if found is not None:
        return found
    row = world.table(CREATED_FIELD).get(name)
    if row is None:
        return None
    kind = row["dataType"]
    return Field(kind, row["displayName"], LENGTHS.get(kind, 0), is_custom=True)


def fields_of(world: World) -> Mapping[str, Field]:
    """All person fields of this world by API name."""
    made = [name for name in world.table(CREATED_FIELD) if name not in FIELDS]
    if not made:
        return FIELDS
    return FIELDS | {name: field for name in made if (field := field_named(world, name))}


def soap_name(name: str, field: Field) -> str:
    """What the SOAP API, and so a webhook's response mapping, calls a field."""
    return name if field.is_custom else name[:1].upper() + name[1:]


NEW_LEAD, CHANGE_DATA, DELETE_LEAD = 12, 13, 37

_PROGRAM = ("New Status", "Old Status", "Reason", "Success")
ACTIVITY_TYPES: dict[int, tuple[str, str, tuple[str, ...]]] = {
    1: ("Visit Webpage", "Webpage ID", ("Webpage URL", "Query Parameters", "Referrer URL")),
    2: ("Fill Out Form", "Webform ID", ("Form Fields", "Client IP Address", "Referrer URL")),
    3: ("Click Link", "Link ID", ()),
    6: ("Send Email", "Mailing ID", ()),
    7: ("Email Delivered", "Mailing ID", ()),
    8: ("Email Bounced", "Mailing ID", ("Category", "Details")),
    9: ("Unsubscribe Email", "Mailing ID", ()),
    10: ("Open Email", "Mailing ID", ()),
    11: ("Click Email", "Mailing ID", ("Link",)),
    12: ("New Lead", "", ("Source Type", "Created Date")),
    13: ("Change Data Value", "Attribute Name", ("New Value", "Old Value", "Reason", "Source")),
    19: ("Sync Lead to SFDC", "", ("Reason", "Result")),
    21: ("Convert Lead", "", ()),
    22: ("Change Score", "Score Name", ("Change Value", "New Value", "Old Value", "Reason")),
    23: ("Change Owner", "", ("New Owner", "Old Owner")),
    24: ("Add to List", "List ID", ("Source",)),
    25: ("Remove from List", "List ID", ("Source",)),
    26: ("SFDC Activity", "Subject", ()),
    27: ("Email Bounced Soft", "Mailing ID", ()),
    29: ("Delete Lead from SFDC", "", ()),
    30: ("SFDC Activity Updated", "Subject", ()),
    32: ("Merge Leads", "", ("Merge IDs",)),
    34: ("Add to Opportunity", "Oppty ID", ("Role",)),
    35: ("Remove from Opportunity", "Oppty ID", ()),
    36: ("Update Opportunity", "Oppty ID", ("Attribute Name", "New Value", "Old Value")),
    37: ("Delete Lead", "", ()),
    38: ("Send Alert", "Mailing ID", ()),
    39: ("Send Sales Email", "", ()),
    40: ("Open Sales Email", "", ()),
    41: ("Click Sales Email", "", ()),
    42: ("Add to SFDC Campaign", "Campaign ID", ("Status",)),
    43: ("Remove from SFDC Campaign", "Campaign ID", ()),
    44: ("Change Status in SFDC Campaign", "Campaign ID", ("New Status", "Old Status")),
    45: ("Receive Sales Email", "", ()),
    46: ("Interesting Moment", "Milestone", ("Description", "Source")),
    47: ("Request Campaign", "Campaign ID", ("Source",)),
    48: ("Sales Email Bounced", "", ()),
    100: ("Change Lead Partition", "", ("New Partition ID", "Old Partition ID", "Reason")),
    101: ("Change Revenue Stage", "Model ID", ("New Stage", "Old Stage", "Reason")),
    102: ("Change Revenue Stage Manually", "Model ID", ("New Stage", "Old Stage", "Reason")),
    104: ("Change Status in Progression", "Program ID", _PROGRAM),
    106: ("Enrich with Data.com", "", ()),
    108: ("Change Segment", "Segmentation ID", ("New Segment ID", "Old Segment ID")),
    110: ("Call Webhook", "Webhook", ("Error Type", "Payload", "Response")),
    113: ("Add to Nurture", "Program ID", ("Track",)),
    114: ("Change Nurture Track", "Program ID", ("New Track", "Previous Track")),
    115: ("Change Nurture Cadence", "Program ID", ("New Cadence", "Previous Cadence")),
    145: ("Push Lead to Marketo", "Program ID", ("Source", "Reason")),
    157: ("Change Program Member Data", "Attribute Name", ("New Value", "Old Value")),
    100001: (
        "Lead Routed",
        "Owner",
        ("decisionId", "owner", "territory", "rule", "reason", "policyVersion"),
    ),
}
"""Id to name, primary attribute and other attributes. Ids differ between subscriptions."""

CUSTOM_FROM = 100_000
CUSTOM_API_NAMES = {100001: "lead_routed_c"}
TYPE_IDS = {name: number for number, (name, _, _) in ACTIVITY_TYPES.items()}
