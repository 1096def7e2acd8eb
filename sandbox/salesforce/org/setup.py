"""The org itself: what is there before anybody has put anything in, and its settings.

Tables beside those of records:

    salesforce.CustomField    deployed custom fields (`schema.CUSTOM_FIELD`)
    salesforce.Setting        `DefaultLeadOwner` {"value": id}, `SchemaChanged` {"value": instant},
                              `DailyApiRequests` {"value": 100000}
    sandbox.locked            records that another transaction holds: id -> {"until": ISO instant}
"""

from sandbox.http.message import Json
from sandbox.salesforce.org.ids import PREFIXES, QUEUE, SYSTEM_USER, new_id
from sandbox.salesforce.org.schema import CUSTOM_FIELD, OBJECTS, deployed_at_first
from sandbox.salesforce.org.values import timestamp
from sandbox.state.world import World

SETTING = "salesforce.Setting"
DEFAULT_LEAD_OWNER = "DefaultLeadOwner"
DAILY_API_REQUESTS = "DailyApiRequests"
SCHEMA_CHANGED = "SchemaChanged"
GUARD = (
    "AND(ISCHANGED(Routing_Decision_Id__c), "
    "LEFT(PRIORVALUE(OwnerId), 15) <> LEFT(Routing_Expected_Owner__c, 15))"
)
"""The compare-and-set of routeready's package."""
GUARD_MESSAGE = "routeready: the owner changed since the decision was made"
STATUSES = (
    "Open - Not Contacted",
    "Working",
    "Recycled",
    "Closed - Converted",
    "Closed - Not Converted",
)


def set_up(world: World) -> None:
    """Make the org unless it is there: its row, deployed package, statuses, business hours."""
    if world.table("salesforce.Organization"):
        return
    for shape in OBJECTS.values():
        world.table(shape.table)
    name = "Meridian Systems"
    put(world, "Organization", Name=name, TimeZoneSidKey="America/New_York", InstanceName="SBX1")
    world.table(CUSTOM_FIELD).update(deployed_at_first())
    world.table("salesforce.EntityDefinition").update(
        (each, {"Id": each, "QualifiedApiName": each, "DeveloperName": each, "Label": each})
        for each in OBJECTS
    )
    for sobject in ("Lead", "Contact"):
        put(
            world,
            "ValidationRule",
            ValidationName="Routeready_Owner_Unchanged",
            FullName=f"{sobject}.Routeready_Owner_Unchanged",
            ErrorMessage=GUARD_MESSAGE,
            ErrorDisplayField="OwnerId",
            EntityDefinitionId=sobject,
            Condition=GUARD,
        )
    for place, status in enumerate(STATUSES, start=1):
        put(
            world,
            "LeadStatus",
            ApiName=status,
            MasterLabel=status,
            IsConverted=status == "Closed - Converted",
            IsDefault=place == 1,
            SortOrder=place,
        )
    put(world, "BusinessHours", Name="Default", IsDefault=True, TimeZoneSidKey="America/New_York")


def put(world: World, sobject: str, **values: Json) -> str:
    """Make a row of the org's own set-up, such as a rule; returns its id. Nothing is checked."""
    record_id, now = new_id(world, PREFIXES[sobject]), timestamp(world.now)
    by_system = {
        "Id": record_id,
        "CreatedDate": now,
        "CreatedById": SYSTEM_USER,
        "LastModifiedDate": now,
        "LastModifiedById": SYSTEM_USER,
        "SystemModstamp": now,
    }
    world.table(f"salesforce.{sobject}")[record_id] = {
        **OBJECTS[sobject].blank,
        **by_system,
        **values,
    }
    return record_id


def setting(world: World, name: str) -> Json:
    """A setting's value; None when it was never set."""
    return world.table(SETTING).get(name, {}).get("value")


def change_setting(world: World, name: str, value: Json) -> None:
    """Set a setting."""
    world.table(SETTING)[name] = {"value": value}


def default_lead_owner(world: World) -> str | None:
    """Who owns leads that no assignment rule takes: the setting, else the first queue for leads."""
    chosen = setting(world, DEFAULT_LEAD_OWNER)
    if chosen is not None:
        return chosen
    served = world.table("salesforce.QueueSobject").values()
    queues = (row["QueueId"] for row in served if row["SobjectType"] == "Lead")
    return next((queue for queue in queues if queue.startswith(QUEUE)), None)
