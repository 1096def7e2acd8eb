"""The names of what we read and write in Salesforce, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.lead.crm_records import RecordKind
from domain.lead.model import FieldName


class SObject(StrEnum):
    """The Salesforce objects that are read."""

    LEAD = "Lead"
    CONTACT = "Contact"
    ACCOUNT = "Account"
    OPPORTUNITY = "Opportunity"
    OPPORTUNITY_CONTACT_ROLE = "OpportunityContactRole"
    TASK = "Task"
    EVENT = "Event"
    EMAIL_MESSAGE = "EmailMessage"
    USER = "User"
    GROUP = "Group"
    QUEUE_SOBJECT = "QueueSobject"
    ASSIGNMENT_RULE = "AssignmentRule"
    VALIDATION_RULE = "ValidationRule"


DECISION_ID = "Routing_Decision_Id__c"
EXPECTED_OWNER = "Routing_Expected_Owner__c"
REASON = "Routing_Reason__c"
RULE = "Routing_Rule__c"
TERRITORY = "Routing_Territory__c"
POLICY_VERSION = "Routing_Policy_Version__c"
STATUS = "Routing_Status__c"
ROUTED_AT = "Routed_At__c"
SLA_DUE_AT = "SLA_Due_At__c"
FIRST_TOUCH_AT = "First_Touch_At__c"
FIRST_TOUCH_TYPE = "First_Touch_Type__c"
SLA_MET = "SLA_Met__c"
TASK_KEY = "Routing_Key__c"
"""On Task: an external id, so that one of ours is found again instead of made twice."""
DO_NOT_ROUTE = "Do_Not_Route__c"
NAMED_ACCOUNT = "Named_Account__c"

PERSON_ACCOUNT = "IsPersonAccount"
"""Exists only in orgs with person accounts."""

STAMP = (
    DECISION_ID,
    EXPECTED_OWNER,
    REASON,
    RULE,
    TERRITORY,
    POLICY_VERSION,
    STATUS,
    ROUTED_AT,
    SLA_DUE_AT,
)
"""Written together with the owner, on Lead and on Contact."""

PACKAGE = (*STAMP, DO_NOT_ROUTE)
"""Every field that Lead and Contact need from routeready's Salesforce package."""

REASON_LENGTH = 4000
TEXT_LENGTH = 255
"""Longer texts are cut, since Salesforce refuses the whole record with STRING_TOO_LONG."""

GUARD_WORDS = "routeready:"
"""How the validation rule that guards the owner begins its error message."""

OWNER = ("OwnerId", "Owner.Name", "Owner.Email", "Owner.IsActive")


@dataclass(frozen=True, slots=True)
class Columns:
    """What is selected of an object."""

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    """Left out where the org doesn't have them or doesn't show them to the integration user."""


COLUMNS: Mapping[SObject, Columns] = {
    SObject.LEAD: Columns(
        (
            "Id",
            "Email",
            "FirstName",
            "LastName",
            "Company",
            "Status",
            "IsConverted",
            "ConvertedContactId",
            "ConvertedAccountId",
            "CreatedDate",
            "LastModifiedDate",
            DECISION_ID,
            DO_NOT_ROUTE,
            *OWNER,
        ),
        (
            "Country",
            "State",
            "City",
            "PostalCode",
            "Phone",
            "Title",
            "Website",
            "Industry",
            "NumberOfEmployees",
            "AnnualRevenue",
            "LeadSource",
            "DoNotCall",
            "HasOptedOutOfEmail",
        ),
    ),
    SObject.CONTACT: Columns(
        (
            "Id",
            "Email",
            "FirstName",
            "LastName",
            "AccountId",
            "Account.Name",
            "CreatedDate",
            "LastModifiedDate",
            DECISION_ID,
            DO_NOT_ROUTE,
            *OWNER,
        ),
        (
            PERSON_ACCOUNT,
            "MailingCountry",
            "MailingState",
            "MailingCity",
            "MailingPostalCode",
            "Phone",
            "Title",
            "LeadSource",
            "DoNotCall",
            "HasOptedOutOfEmail",
        ),
    ),
    SObject.ACCOUNT: Columns(
        ("Id", "Name", "Website", "Type", "ParentId", "CreatedDate", *OWNER),
        (
            PERSON_ACCOUNT,
            "BillingCountry",
            "BillingState",
            "Industry",
            "NumberOfEmployees",
            NAMED_ACCOUNT,
        ),
    ),
    SObject.OPPORTUNITY: Columns(("Id", "Name", "AccountId", "StageName", "CreatedDate", *OWNER)),
    SObject.USER: Columns(("Id", "Name", "Email", "Username", "IsActive"), ("OutOfOfficeMessage",)),
    SObject.GROUP: Columns(("Id", "DeveloperName")),
    SObject.QUEUE_SOBJECT: Columns(("QueueId", "Queue.DeveloperName")),
    SObject.ASSIGNMENT_RULE: Columns(("Id", "Name")),
}

LEAD_STATE = Columns(
    (
        "Id",
        "IsDeleted",
        "MasterRecordId",
        "IsConverted",
        "ConvertedContactId",
        "LastModifiedDate",
        "LastModifiedBy.Name",
        DECISION_ID,
        *OWNER,
    )
)
CONTACT_STATE = Columns(
    tuple(name for name in LEAD_STATE.needed if name not in ("IsConverted", "ConvertedContactId"))
)
STATE: Mapping[RecordKind, Columns] = {
    RecordKind.LEAD: LEAD_STATE,
    RecordKind.CONTACT: CONTACT_STATE,
}
"""What is read to know who owns a record now."""

_SEEN = (
    "Id",
    "IsDeleted",
    "MasterRecordId",
    "LastModifiedDate",
    "LastModifiedBy.Name",
    *OWNER,
)
SEEN: Mapping[RecordKind, Columns] = {
    RecordKind.LEAD: Columns(
        (*_SEEN, "Status", "IsConverted", "ConvertedContactId", "ConvertedOpportunityId"),
        ("FirstCallDateTime", "FirstEmailDateTime"),
    ),
    RecordKind.CONTACT: Columns(_SEEN),
}
"""What is read of a handed-off record. The two moments exist with Sales Engagement only."""

_DOERS = (
    "OwnerId",
    "Owner.Name",
    "Owner.Email",
    "CreatedById",
    "CreatedBy.Name",
    "CreatedBy.Email",
    "CreatedBy.UserType",
    "CreatedDate",
)
TASK = Columns(
    (
        "Id",
        "WhoId",
        "WhatId",
        "Subject",
        "Status",
        "IsClosed",
        "ActivityDate",
        "TaskSubtype",
        "CallType",
        "CallDurationInSeconds",
        "CallDisposition",
        *_DOERS,
    ),
    ("CompletedDateTime", TASK_KEY),
)
EVENT = Columns(
    ("Id", "WhoId", "WhatId", "Subject", "StartDateTime", "EndDateTime", *_DOERS),
)
DEAL = Columns(("Id", "CreatedDate", "Amount", "IsClosed", "IsWon"))
CONTACT_ROLE = Columns(("OpportunityId", "ContactId"))
EMAIL_MESSAGE = Columns(
    ("Id", "ActivityId", "Incoming", "Status", "Subject", "FromAddress", "MessageDate"),
    ("IsBounced",),
)

LEAD_VALUES: Mapping[FieldName, str] = {
    FieldName.FIRST_NAME: "FirstName",
    FieldName.LAST_NAME: "LastName",
    FieldName.COMPANY: "Company",
    FieldName.COUNTRY: "Country",
    FieldName.STATE: "State",
    FieldName.CITY: "City",
    FieldName.POSTAL_CODE: "PostalCode",
    FieldName.PHONE: "Phone",
    FieldName.TITLE: "Title",
    FieldName.WEBSITE: "Website",
    FieldName.INDUSTRY: "Industry",
    FieldName.EMPLOYEES: "NumberOfEmployees",
    FieldName.ANNUAL_REVENUE: "AnnualRevenue",
    FieldName.LEAD_SOURCE: "LeadSource",
    FieldName.DO_NOT_CALL: "DoNotCall",
    FieldName.UNSUBSCRIBED: "HasOptedOutOfEmail",
    FieldName.DO_NOT_ROUTE: DO_NOT_ROUTE,
}
"""Salesforce's names by ours. Country and state are told in words, whatever picklists there are."""

ACCOUNT_VALUES: Mapping[FieldName, str] = {
    FieldName.COUNTRY: "BillingCountry",
    FieldName.STATE: "BillingState",
    FieldName.INDUSTRY: "Industry",
    FieldName.EMPLOYEES: "NumberOfEmployees",
}

CONTACT_VALUES: Mapping[FieldName, str] = {
    FieldName.FIRST_NAME: "FirstName",
    FieldName.LAST_NAME: "LastName",
    FieldName.COUNTRY: "MailingCountry",
    FieldName.STATE: "MailingState",
    FieldName.CITY: "MailingCity",
    FieldName.POSTAL_CODE: "MailingPostalCode",
    FieldName.PHONE: "Phone",
    FieldName.TITLE: "Title",
    FieldName.LEAD_SOURCE: "LeadSource",
    FieldName.DO_NOT_CALL: "DoNotCall",
    FieldName.UNSUBSCRIBED: "HasOptedOutOfEmail",
    FieldName.DO_NOT_ROUTE: DO_NOT_ROUTE,
}
