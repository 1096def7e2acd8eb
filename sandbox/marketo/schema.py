"""Person fields and activity types of the subscription, as data (Adobe: Field Types, describe)."""

from typing import NamedTuple


class Field(NamedTuple):
    """One field of a person."""

    type: str
    label: str
    length: int = 0
    is_writable: bool = True
    is_crm_managed: bool = False


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


FIELDS: dict[str, Field] = (
    _read_only("integer", "id")
    | {"email": Field("email", "Email Address", 255)}
    | _texts(
        "firstName lastName company title phone mobilePhone website industry city state country "
        "postalCode leadSource leadStatus rating unsubscribedReason emailInvalidCause personType "
        "marketingSuspendedCause sourceDetail"
    )
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
    | _texts(
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

INDEXED = ("email", "sfdcLeadId", "sfdcContactId", "sfdcId")
"""Filter types that are looked up instead of searched for."""

NEW_LEAD, CHANGE_DATA, SCORE, REQUEST_CAMPAIGN = 12, 13, 22, 47
DELETE_LEAD = 37

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
    32: ("Merge Leads", "", ("Merge IDs",)),
    37: ("Delete Lead", "", ()),
    45: ("Receive Sales Email", "", ()),
    46: ("Interesting Moment", "Milestone", ("Description", "Source")),
    47: ("Request Campaign", "Campaign ID", ("Source",)),
    110: ("Call Webhook", "Webhook", ()),
    145: ("Push Lead to Marketo", "", ("Source", "Reason")),
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
