"""The people of Meridian Systems, as Salesforce users, Slack members, queues and groups."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.salesforce.org.ids import SYSTEM_USER
from sandbox.salesforce.store import records
from sandbox.slack import add_channel, add_user, set_status, user_by_email
from sandbox.state.world import World

DOMAIN = "meridian.example"
INTEGRATION = f"routeready@{DOMAIN}"
"""The Salesforce user that the worker signs in as."""
SYNC = f"marketo.sync@{DOMAIN}"
"""The Salesforce user of Marketo's native sync."""
HOLDING = "Marketo_Holding"
QUEUES = (HOLDING, "AMER_Inbound", "EMEA_Inbound", "APAC_Inbound", "Partner_Desk", "Ops_Review")
CHANNELS = ("sales-inbound", "routeready-ops", "marketing")
AWAY_IN_SALESFORCE = f"petra.lindholm@{DOMAIN}"
AWAY_IN_SLACK = f"chloe.park@{DOMAIN}"
AWAY_DAYS = 3


@dataclass(frozen=True, slots=True)
class Colleague:
    """One person of the company."""

    name: str
    timezone: str
    role: str
    """`rep`, `account_owner`, `manager`, `marketing`, `ops` or `integration`."""
    region: str = ""
    is_active: bool = True
    email: str = ""

    @property
    def address(self) -> str:
        """Their e-mail address: first.last in ASCII, unless another is given."""
        return self.email or f"{self.name.lower().replace(' ', '.')}@{DOMAIN}"


def _group(role: str, region: str, timezones: dict[str, str]) -> tuple[Colleague, ...]:
    return tuple(
        Colleague(name, timezone, role, region)
        for timezone, names in timezones.items()
        for name in names.split(", ")
    )


COLLEAGUES = (
    *_group(
        "rep",
        "AMER",
        {
            "America/Los_Angeles": "Ana Torres, Ben Okafor, Chloe Park",
            "America/New_York": "Dan Whitfield, Ella Novak, Farid Haddad",
            "America/Chicago": "Grace Lin, Hugo Martins",
            "America/Sao_Paulo": "Ines Carvalho",
        },
    ),
    *_group(
        "rep",
        "EMEA",
        {
            "Europe/London": "Jack Byrne",
            "Europe/Dublin": "Kate Molloy",
            "Europe/Berlin": "Lena Vogel, Max Brandt",
            "Europe/Paris": "Nadia Laurent",
            "Europe/Madrid": "Oscar Reyes",
            "Europe/Stockholm": "Petra Lindholm",
            "Asia/Dubai": "Omar Nasser",
        },
    ),
    *_group(
        "rep",
        "APAC",
        {
            "Asia/Tokyo": "Kenji Sato, Yuki Tanaka",
            "Asia/Kolkata": "Priya Raman, Arjun Mehta",
            "Australia/Sydney": "Tom Ashby",
        },
    ),
    Colleague("Ursula Grant", "America/New_York", "account_owner", "AMER"),
    Colleague("Victor Chen", "America/Los_Angeles", "account_owner", "AMER"),
    Colleague("Wiebke Adler", "Europe/Berlin", "account_owner", "EMEA"),
    Colleague("Mei Tan", "Asia/Singapore", "account_owner", "APAC"),
    Colleague("Marta Silva", "America/New_York", "manager", "AMER"),
    Colleague("Sven Olsen", "Europe/Berlin", "manager", "EMEA"),
    Colleague("Aiko Mori", "Asia/Tokyo", "manager", "APAC"),
    Colleague("Helen Brooks", "America/New_York", "marketing"),
    Colleague("Quinn Walsh", "America/Chicago", "ops"),
    Colleague("Rob Diaz", "America/New_York", "account_owner", "AMER", is_active=False),
    Colleague("Routeready Integration", "UTC", "integration", email=INTEGRATION),
    Colleague("Marketo Sync", "UTC", "integration", email=SYNC),
)
"""Everybody who is or was with the company."""

LEFT = "Rob Diaz"


def settle(world: World) -> None:
    """Bring the company into an empty world: users, queues, memberships, Slack, absences.

    Those who left are still active in Salesforce until `part_ways`.
    """
    _settle_salesforce(world)
    for colleague in COLLEAGUES:
        if colleague.role != "integration":
            add_user(
                world,
                name=colleague.name,
                email=colleague.address,
                timezone=colleague.timezone,
                deleted=not colleague.is_active,
            )
    for name in CHANNELS:
        add_channel(world, name)
    take_leave(world)


def part_ways(world: World) -> None:
    """Deactivate who has left; call it once their accounts exist, as nobody can be given any."""
    for colleague in COLLEAGUES:
        if not colleague.is_active:
            row = records.find(world, "User", Email=colleague.address)[0]
            change = {"IsActive": False}
            records.update(world, "User", row["Id"], change, by=SYSTEM_USER, assign=False)


def colleagues(role: str, region: str | None = None) -> list[Colleague]:
    """Active people of a role, optionally of one region."""
    return [
        each
        for each in COLLEAGUES
        if each.role == role and each.is_active and region in (None, each.region)
    ]


def employed(world: World, role: str, region: str | None = None) -> list[Colleague]:
    """Those of `colleagues` who are still with the company in a world that goes on."""
    users = world.table("salesforce.User")
    return [
        each
        for each in colleagues(role, region)
        if any(user["IsActive"] for user in users.holding("Email", [each.address]))
    ]


def _settle_salesforce(world: World) -> None:
    managers: dict[str, str] = {}
    users: dict[str, str] = {}
    for colleague in sorted(COLLEAGUES, key=lambda each: each.role != "manager"):
        first, _, last = colleague.name.partition(" ")
        users[colleague.address] = records.insert(
            world,
            "User",
            {
                "Username": colleague.address,
                "Email": colleague.address,
                "FirstName": first,
                "LastName": last,
                "IsActive": True,
                "TimeZoneSidKey": colleague.timezone,
                "Division": colleague.region or None,
                "ManagerId": managers.get(colleague.region),
            },
            by=SYSTEM_USER,
            assign=False,
        )
        if colleague.role == "manager":
            managers[colleague.region] = users[colleague.address]
    for name in QUEUES:
        values = {"Name": name.replace("_", " "), "DeveloperName": name, "Type": "Queue"}
        queue = records.insert(world, "Group", values, by=SYSTEM_USER, assign=False)
        served = {"QueueId": queue, "SobjectType": "Lead"}
        records.insert(world, "QueueSobject", served, by=SYSTEM_USER, assign=False)
        region = name.removesuffix("_Inbound")
        for colleague in colleagues("rep", region):
            member = {"GroupId": queue, "UserOrGroupId": users[colleague.address]}
            records.insert(world, "GroupMember", member, by=SYSTEM_USER, assign=False)


def take_leave(world: World) -> None:
    """One rep is away by Salesforce's own message, another by Slack status, for some days."""
    back = world.now + timedelta(days=AWAY_DAYS)
    message = f"I am out of the office and back on {_local_day(back, 'Europe/Stockholm')}."
    row = records.find(world, "User", Email=AWAY_IN_SALESFORCE)[0]
    update = {"OutOfOfficeMessage": message}
    records.update(world, "User", row["Id"], update, by=row["Id"], assign=False)
    away = user_by_email(world, AWAY_IN_SLACK)
    if away is None:
        raise LookupError(AWAY_IN_SLACK)
    set_status(world, away["id"], text="On vacation", emoji=":palm_tree:", until=back)


def _local_day(instant: datetime, timezone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(timezone)):%A, %d %B %Y}"
