"""The org's schema as data: which objects there are, with which fields.

A line describes a field: its name, its type, then words.

    string(80)              at most 80 characters; so for textarea, email, url, phone, picklist
    reference(Group,User)   an id of one of these objects
    required                must be given on create
    create                  can be given on create only
    readonly                can't be given at all
    lookup                  may stand for the id in an upsert ("idLookup")
    unique                  no two records may hold the same value
    child:Tasks             what the parent calls its rows of this object
    default:<value>         `true`, `false`, or a text with _ for blanks
    only:A|B                a restricted picklist

Source: Salesforce, Object Reference for the Salesforce Platform. Fields that need features which
this org does not have (person accounts, state and country picklists, Sales Engagement) are absent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from sandbox.http.message import Json
from sandbox.salesforce.org.ids import PREFIXES
from sandbox.state.world import Row, World

CUSTOM_FIELD = "salesforce.CustomField"
"""The table of deployed custom fields, by `Lead.Routing_Reason__c`; take one out to undeploy it.

A row is `{"sobject": "Lead", "line": "Routing_Reason__c textarea(4000)"}`; one that came by the
Metadata or Tooling API has `field`, the attributes of a `Field`, instead of the line. Nobody sees
such a field until a permission set that somebody has grants it.
"""
GRANT = "salesforce.FieldPermissions"
ASSIGNMENT = "salesforce.PermissionSetAssignment"

TOOLING_FIELD = "salesforce.ToolingField"
"""The table of what the Tooling API shows of custom fields, by id."""

TEXTS = frozenset({"string", "textarea", "email", "url", "phone", "picklist"})
NUMBERS = frozenset({"int", "double", "currency"})
INDEXED = frozenset({"Name", "LastName", "Company", "Website", "DeveloperName", "Username"})
"""Fields by which people are looked for; references, addresses and keys are indexed anyway."""
FILTERABLE_LENGTH = 255
"""A text area that is longer can be neither filtered, sorted nor grouped by."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one object."""

    name: str
    type: str
    length: int = 0
    targets: tuple[str, ...] = ()
    """For a reference: the objects that it may point to."""
    required: bool = False
    createable: bool = True
    updateable: bool = True
    lookup: bool = False
    unique: bool = False
    default: Json = None
    children: str | None = None
    values: tuple[str, ...] = ()
    """Of a picklist."""
    is_restricted: bool = True
    """Whether a picklist takes no other values."""
    label: str = ""
    precision: int = 0
    scale: int = 0
    """Digits of a number in all, and behind the point."""

    @property
    def relationship(self) -> str | None:
        """What a path of a query calls the record that this field points to."""
        if self.type != "reference":
            return None
        return self.name[:-1] + "r" if self.custom else self.name.removesuffix("Id")

    @property
    def custom(self) -> bool:
        """Whether it came with a package or by hand."""
        return self.name.endswith("__c")

    @property
    def filterable(self) -> bool:
        """Whether a query may filter, sort and group by it."""
        return self.type != "textarea" or self.length <= FILTERABLE_LENGTH

    @property
    def is_indexed(self) -> bool:
        """Whether rows are found by its values without a scan."""
        is_key = self.lookup or self.unique or self.name in INDEXED
        return is_key or self.type in ("reference", "email")

    @property
    def is_text(self) -> bool:
        """Whether its values compare as text, without regard to capitals."""
        return self.type in TEXTS


@dataclass(frozen=True, slots=True)
class SObject:
    """One object with its standard fields."""

    name: str
    fields: Mapping[str, Field]
    by_lower_name: Mapping[str, Field] = field(repr=False)
    blank: Mapping[str, Json] = field(repr=False)
    """What a new row holds before anything is given."""
    writeable: bool = True

    @property
    def prefix(self) -> str:
        """The first three characters of its ids."""
        return PREFIXES[self.name]

    @property
    def table(self) -> str:
        """Where its rows are."""
        return TOOLING_FIELD if self.name == "CustomField" else f"salesforce.{self.name}"


_SYSTEM = """
CreatedDate datetime readonly
CreatedById reference(User) readonly
LastModifiedDate datetime readonly
LastModifiedById reference(User) readonly
SystemModstamp datetime readonly
"""
_DELETABLE = "IsDeleted boolean readonly default:false\n"
_PERSON = """
LastName string(80) required
FirstName string(40)
Salutation picklist(40)
Name string(121) readonly
Title string(128)
Phone phone(40)
MobilePhone phone(40)
Email email(80) lookup
Description textarea(32000)
LeadSource picklist(255)
HasOptedOutOfEmail boolean default:false
DoNotCall boolean default:false
EmailBouncedReason string(255)
EmailBouncedDate datetime
LastActivityDate date readonly
LastViewedDate datetime readonly
"""
_ADDRESS = """
{0}Street textarea(255)
{0}City string(40)
{0}State string(80)
{0}PostalCode string(20)
{0}Country string(80)
"""
_ACTIVITY = """
WhoId reference(Contact,Lead) child:{0}
WhatId reference(Account,Opportunity) child:{0}
Subject string(255)
OwnerId reference(Group,User)
Description textarea(32000)
ReminderDateTime datetime
IsReminderSet boolean default:false
"""
_HISTORY = """
{0}Id reference({0}) readonly child:Histories
Field picklist(255) readonly
OldValue string(255) readonly
NewValue string(255) readonly
CreatedById reference(User) readonly
CreatedDate datetime readonly
"""
_HOURS = "".join(
    f"{day}StartTime time\n{day}EndTime time\n"
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
)

_TABLES = {
    "Lead": f"""{_DELETABLE}{_PERSON}{_ADDRESS.format("")}
MasterRecordId reference(Lead) readonly
Company string(255) required
Fax phone(40)
Website url(255)
Status picklist(255) default:Open_-_Not_Contacted
Industry picklist(255)
Rating picklist(255)
AnnualRevenue currency
NumberOfEmployees int
OwnerId reference(Group,User)
IsConverted boolean create default:false
ConvertedDate date readonly
ConvertedAccountId reference(Account) readonly
ConvertedContactId reference(Contact) readonly
ConvertedOpportunityId reference(Opportunity) readonly
IsUnreadByOwner boolean default:true
{_SYSTEM}""",
    "Contact": f"""{_DELETABLE}{_PERSON}{_ADDRESS.format("Mailing")}
MasterRecordId reference(Contact) readonly
AccountId reference(Account) child:Contacts
ReportsToId reference(Contact)
OwnerId reference(User)
Department string(80)
Fax phone(40)
{_SYSTEM}""",
    "Account": f"""{_DELETABLE}{_ADDRESS.format("Billing")}{_ADDRESS.format("Shipping")}
MasterRecordId reference(Account) readonly
Name string(255) required
Website url(255)
Phone phone(40)
Type picklist(255)
ParentId reference(Account) child:ChildAccounts
Industry picklist(255)
Rating picklist(255)
AnnualRevenue currency
NumberOfEmployees int
AccountSource picklist(255)
Description textarea(32000)
OwnerId reference(User)
LastActivityDate date readonly
{_SYSTEM}""",
    "Opportunity": f"""{_DELETABLE}
AccountId reference(Account) child:Opportunities
Name string(120) required
StageName picklist(255) required
CloseDate date required
Amount currency
Type picklist(255)
LeadSource picklist(255)
Description textarea(32000)
CampaignId reference(Campaign)
OwnerId reference(User)
IsClosed boolean readonly default:false
IsWon boolean readonly default:false
LastActivityDate date readonly
{_SYSTEM}""",
    "OpportunityContactRole": f"""{_DELETABLE}
OpportunityId reference(Opportunity) required create child:OpportunityContactRoles
ContactId reference(Contact) required child:OpportunityContactRoles
Role picklist(255)
IsPrimary boolean default:false
{_SYSTEM}""",
    "User": f"""
Username string(80) required lookup
LastName string(80) required
FirstName string(40)
Name string(121) readonly
Email email(128) lookup
Alias string(8)
Title string(80)
Department string(80)
Division string(80)
Phone phone(40)
EmployeeNumber string(20)
FederationIdentifier string(512) lookup
IsActive boolean default:true
UserType picklist(40) readonly default:Standard
ProfileId string(18)
UserRoleId reference(UserRole)
ManagerId reference(User)
TimeZoneSidKey picklist(40) default:America/New%York
LocaleSidKey picklist(40) default:en%US
LanguageLocaleKey picklist(40) default:en%US
OutOfOfficeMessage string(255)
LastLoginDate datetime readonly
{_SYSTEM}""",
    "Group": f"""
Name string(40) required
DeveloperName string(80) lookup
Type picklist(40) create default:Regular
Email email(80)
DoesSendEmailToMembers boolean default:false
OwnerId reference(User) readonly
{_SYSTEM}""",
    "GroupMember": """
GroupId reference(Group) required create child:GroupMembers
UserOrGroupId reference(Group,User) required create
SystemModstamp datetime readonly
""",
    "QueueSobject": """
QueueId reference(Group) required create child:QueueSobjects
SobjectType picklist(40) required create
CreatedById reference(User) readonly
SystemModstamp datetime readonly
""",
    "Task": f"""{_DELETABLE}{_ACTIVITY.format("Tasks")}
ActivityDate date
Status picklist(255) default:Not_Started
Priority picklist(255) default:Normal
IsHighPriority boolean readonly default:false
IsClosed boolean readonly default:false
CompletedDateTime datetime readonly
TaskSubtype picklist(40) create default:Task only:Task|Email|ListEmail|Cadence|Call|LinkedIn
CallType picklist(40) only:Inbound|Outbound|Internal
CallDurationInSeconds int
CallDisposition string(255)
CallObject string(255)
AccountId reference(Account) readonly
{_SYSTEM}""",
    "Event": f"""{_DELETABLE}{_ACTIVITY.format("Events")}
StartDateTime datetime
EndDateTime datetime
ActivityDateTime datetime
ActivityDate date
DurationInMinutes int
IsAllDayEvent boolean default:false
Location string(255)
ShowAs picklist(40) default:Busy only:Busy|OutOfOffice|Free
EventSubtype picklist(40) create default:Event
AccountId reference(Account) readonly
{_SYSTEM}""",
    "EmailMessage": f"""{_DELETABLE}
ActivityId reference(Task) create
RelatedToId reference(Account,Opportunity) child:Emails
FromAddress email(1000)
FromName string(1000)
ToAddress string(4000)
Subject string(3000)
TextBody textarea(131072)
HtmlBody textarea(131072)
Incoming boolean default:false
Status picklist(40) default:0
MessageDate datetime
MessageIdentifier string(765)
ThreadIdentifier string(765)
HasAttachment boolean readonly default:false
{_SYSTEM}""",
    "EmailMessageRelation": f"""{_DELETABLE}
EmailMessageId reference(EmailMessage) required create child:EmailMessageRelations
RelationId reference(Contact,Lead,User) create child:EmailMessageRelations
RelationType picklist(40) create only:ToAddress|CcAddress|BccAddress|FromAddress|OtherAddress
RelationAddress string(1000) create
{_SYSTEM}""",
    "LeadHistory": f"{_DELETABLE}{_HISTORY.format('Lead')}",
    "ContactHistory": f"{_DELETABLE}{_HISTORY.format('Contact')}",
    "AccountHistory": f"{_DELETABLE}{_HISTORY.format('Account')}",
    "Campaign": f"""{_DELETABLE}
Name string(80) required
Type picklist(255)
Status picklist(255) default:Planned
IsActive boolean default:false
StartDate date
EndDate date
ParentId reference(Campaign)
OwnerId reference(User)
{_SYSTEM}""",
    "CampaignMember": f"""{_DELETABLE}
CampaignId reference(Campaign) required create child:CampaignMembers
LeadId reference(Lead) create child:CampaignMembers
ContactId reference(Contact) create child:CampaignMembers
Status picklist(40) default:Sent
HasResponded boolean readonly default:false
FirstRespondedDate date readonly
{_SYSTEM}""",
    "AssignmentRule": f"""
Name string(120) readonly
SobjectType picklist(40) readonly
Active boolean readonly default:false
{_SYSTEM}""",
    "LeadStatus": f"""
ApiName string(255) readonly
MasterLabel string(255) readonly
IsConverted boolean readonly default:false
IsDefault boolean readonly default:false
SortOrder int readonly
{_SYSTEM}""",
    "Organization": f"""
Name string(80)
Country string(80)
TimeZoneSidKey picklist(40)
DefaultLocaleSidKey picklist(40) default:en%US
LanguageLocaleKey picklist(40) default:en%US
OrganizationType picklist(40) readonly default:Enterprise_Edition
InstanceName picklist(5) readonly
IsSandbox boolean readonly default:false
{_SYSTEM}""",
    "BusinessHours": f"""
Name string(80)
IsActive boolean default:true
IsDefault boolean default:false
TimeZoneSidKey picklist(40)
{_HOURS}{_SYSTEM}""",
    "Holiday": f"""
Name string(80) required
Description string(1000)
ActivityDate date
IsAllDay boolean default:true
StartTimeInMinutes int
EndTimeInMinutes int
IsRecurrence boolean default:false
{_SYSTEM}""",
    "UserRole": f"""
Name string(80) required
DeveloperName string(80)
ParentRoleId reference(UserRole)
{_SYSTEM}""",
    "EntityDefinition": """
QualifiedApiName string(70) readonly
DeveloperName string(70) readonly
Label string(80) readonly
""",
    "CustomField": f"""
DeveloperName string(80) readonly
FullName string(255) readonly
TableEnumOrId picklist(40) readonly
EntityDefinitionId reference(EntityDefinition) readonly
Metadata complexvalue readonly
{_SYSTEM}""",
    "PermissionSet": f"""
Name string(80) required lookup
Label string(80) required
Description string(255)
IsCustom boolean readonly default:true
PermissionsApiEnabled boolean default:false
PermissionsTransferAnyLead boolean default:false
PermissionsViewSetup boolean default:false
{_SYSTEM}""",
    "FieldPermissions": """
ParentId reference(PermissionSet) required create child:FieldPerms
SobjectType picklist(40) required create
Field string(255) required create
PermissionsRead boolean default:false
PermissionsEdit boolean default:false
SystemModstamp datetime readonly
""",
    "PermissionSetAssignment": """
PermissionSetId reference(PermissionSet) required create child:Assignments
AssigneeId reference(User) required create child:PermissionSetAssignments
IsActive boolean readonly default:true
SystemModstamp datetime readonly
""",
    "DuplicateRule": f"""{_DELETABLE}
DeveloperName string(80) readonly
MasterLabel string(80) readonly
Language picklist(40) readonly default:en%US
SobjectType picklist(40) readonly
IsActive boolean readonly default:false
{_SYSTEM}""",
    "ValidationRule": f"""
FullName string(255) readonly
Metadata complexvalue readonly
ValidationName string(80) readonly
Active boolean readonly default:true
Description textarea(255) readonly
ErrorMessage textarea(255) readonly
ErrorDisplayField string(80) readonly
EntityDefinitionId reference(EntityDefinition) readonly
{_SYSTEM}""",
}
"""The lines of each object, `Id` aside."""

TOOLING = frozenset({"CustomField", "EntityDefinition", "ValidationRule"})
"""Objects that only the Tooling API knows."""

_UNWRITEABLE = frozenset(
    {
        "AccountHistory",
        "AssignmentRule",
        "ContactHistory",
        "CustomField",
        "DuplicateRule",
        "EntityDefinition",
        "LeadHistory",
        "LeadStatus",
        "Organization",
        "ValidationRule",
    }
)
_LINE = re.compile(r"(\w+) (\w+)(?:\(([\w,]+)\))?((?: \S+)*)")


@cache
def _described(line: str) -> Field:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"not the description of a field: {line!r}")
    name, kind, inner, rest = found.groups()
    words = rest.split()
    told = dict(word.split(":", 1) for word in words if ":" in word)
    parts: tuple[str, ...] = tuple(inner.split(",")) if inner else ()
    is_reference = kind == "reference"
    return Field(
        name=name,
        type=kind,
        length=int(inner) if inner and not is_reference else 0,
        targets=parts if is_reference else (),
        required="required" in words,
        createable="readonly" not in words,
        updateable="readonly" not in words and "create" not in words,
        lookup="lookup" in words,
        unique="unique" in words,
        default=_default(told.get("default")),
        children=told.get("child"),
        values=tuple(told["only"].split("|")) if "only" in told else (),
    )


def _default(told: str | None) -> Json:
    if told is None:
        return None
    flags = {"true": True, "false": False}
    return flags.get(told, told.replace("_", " ").replace("%", "_"))


def _object(name: str, lines: str) -> SObject:
    the_id = Field("Id", "id", 18, createable=False, updateable=False, lookup=True)
    described = [the_id, *(_described(line) for line in lines.splitlines() if line)]
    fields = {each.name: each for each in described}
    return SObject(
        name,
        fields,
        {each.name.lower(): each for each in described},
        {each.name: each.default for each in described},
        name not in _UNWRITEABLE,
    )


OBJECTS: Mapping[str, SObject] = {name: _object(name, lines) for name, lines in _TABLES.items()}
"""Every object by its name."""

_BY_LOWER_NAME = {name.lower(): described for name, described in OBJECTS.items()}

NAME = _object(
    "Name",
    """
Name string(255) readonly
Type picklist(40) readonly
Email email(80) readonly
IsActive boolean readonly
FirstName string(40) readonly
LastName string(80) readonly
Username string(80) readonly
Alias string(8) readonly
Title string(128) readonly
Phone phone(40) readonly
ProfileId string(18) readonly
UserRoleId string(18) readonly
""",
)
"""What a query sees through a reference that may point to several objects, such as `Owner`."""

_PACKAGE = """Routing_Decision_Id__c string(255)
Routing_Expected_Owner__c string(18)
Routing_Reason__c textarea(4000)
Routing_Rule__c string(255)
Routing_Territory__c string(255)
Routing_Policy_Version__c string(255)
Routing_Status__c string(255)
Routed_At__c datetime
SLA_Due_At__c datetime
First_Touch_At__c datetime
First_Touch_Type__c string(255)
SLA_Met__c string(255)
Do_Not_Route__c boolean default:false"""
_DEPLOYED = {
    "Lead": _PACKAGE,
    "Contact": _PACKAGE,
    "Account": "Named_Account__c boolean default:false\nTerritory__c string(255)",
    "Task": "Routing_Key__c string(255) lookup",
}


def object_named(name: str) -> SObject | None:
    """An object by its name in any capitals."""
    return OBJECTS.get(name) or _BY_LOWER_NAME.get(name.lower())


def deployed_at_first() -> Iterator[tuple[str, Row]]:
    """The custom fields of a new org, as keys and rows of `CUSTOM_FIELD`."""
    for sobject, lines in _DEPLOYED.items():
        for line in lines.split("\n"):
            yield f"{sobject}.{line.split()[0]}", {"sobject": sobject, "line": line}


def custom_fields(world: World, sobject: str) -> list[Field]:
    """The custom fields that are deployed on an object."""
    found = world.table(CUSTOM_FIELD).items()
    return [
        _deployed(row)
        for key, row in found
        if row["sobject"] == sobject and _is_seen(world, key, row)
    ]


def deployed_field(world: World, full_name: str) -> Field | None:
    """A custom field such as `Lead.Routing_Reason__c`, whether anybody sees it or not."""
    row = world.table(CUSTOM_FIELD).get(full_name)
    return None if row is None else _deployed(row)


def _is_seen(world: World, full_name: str, row: Row) -> bool:
    """Whether a permission set that anybody has grants a field, or it needs no grant."""
    if "line" in row or row["field"]["required"]:
        return True
    assigned = world.table(ASSIGNMENT)
    return any(
        grant["PermissionsRead"] and assigned.holding("PermissionSetId", [grant["ParentId"]])
        for grant in world.table(GRANT).holding("Field", [full_name])
    )


def field_named(world: World, shape: SObject, name: str) -> Field | None:
    """A field of an object by its name in any capitals; None when the org has no such field."""
    found = shape.fields.get(name)
    if found is not None:
        return found
    lower = name.lower()
    if not lower.endswith("__c"):
        return shape.by_lower_name.get(lower)
    full_name = f"{shape.name}.{name}"
    row = world.table(CUSTOM_FIELD).get(full_name)
    if row is not None:
        return _deployed(row) if _is_seen(world, full_name, row) else None
    custom = custom_fields(world, shape.name)
    return next((each for each in custom if each.name.lower() == lower), None)


def _deployed(row: Row) -> Field:
    if "line" in row:
        return _described(row["line"])
    told: Row = {**row["field"]}
    told |= {name: tuple(told[name]) for name in ("targets", "values")}
    return Field(**told)


def child_of(world: World, shape: SObject, name: str) -> tuple[SObject, Field] | None:
    """The object and its field that a relationship to children, such as `Contacts`, goes by."""
    lower = name.lower()
    for child in OBJECTS.values():
        for each in fields_of(world, child):
            if shape.name in each.targets and (each.children or "").lower() == lower:
                return child, each
    return None


def fields_of(world: World, shape: SObject) -> list[Field]:
    """Every field of an object in this org."""
    return [*shape.fields.values(), *custom_fields(world, shape.name)]
