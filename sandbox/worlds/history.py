"""The past of a company: leads of the months before a world begins, in both systems, with dirt.

They are made in the order in which they came, each at its own instant, and packed away as they
are made, so that a hundred thousand fit.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sandbox.acts import queue_id, user_id
from sandbox.marketo.lead_database import people
from sandbox.people.roster import COLLEAGUES, HOLDING, SYNC, Colleague, colleagues
from sandbox.salesforce.store import records
from sandbox.state.world import Row
from sandbox.worlds.companies import ascii_of
from sandbox.worlds.lead_kinds import Stage
from sandbox.worlds.prospects import Prospect, clean_form, meet, mistyped, soil

DAYS = 120
PACKED_EVERY = 2_000
SOILED = 0.4
"""Share of leads with something wrong in the form."""
CLOSED = ("Recycled", "Closed - Not Converted")


def remember(stage: Stage, leads: int, until: datetime) -> None:
    """Fill both systems with what `leads` leads left behind in the days before `until`."""
    world = stage.world
    begins = until - timedelta(days=DAYS)
    for index in range(leads):
        if index % PACKED_EVERY == 0:
            world.pack()
        world.state.now = begins + timedelta(days=DAYS) * (index / leads)
        company = world.rng.choice(stage.companies)
        who = meet(world, company)
        form = clean_form(world.rng, who)
        if world.rng.random() < SOILED:
            form = soil(world.rng, who, form)
        (leave,) = world.rng.choices(list(LEFT), list(LEFT.values()))
        leave(stage, who, form)
    world.state.now = until
    world.pack()


def _lead(stage: Stage, who: Prospect, form: Row, owner: str, **values: str) -> str:
    """A lead as the sync brings it, from what the form says."""
    told: Row = {
        "FirstName": form.get("firstName"),
        "LastName": form.get("lastName"),
        "Email": form["email"],
        "Company": form.get("company") or who.company.name,
        "Title": form.get("title"),
        "Country": form.get("country"),
        "State": form.get("state"),
        "City": form.get("city"),
        "Phone": form.get("phone"),
        "LeadSource": form.get("leadSource"),
        "OwnerId": owner,
    }
    by = user_id(stage.world, SYNC)
    return records.insert(stage.world, "Lead", told | values, by=by, assign=False)


def _person(stage: Stage, form: Row, lead_id: str | None = None, **values: object) -> int:
    linked: Row = {"leadScore": stage.world.rng.randint(0, 140), **values}
    if lead_id is not None:
        linked |= {"sfdcLeadId": lead_id, "sfdcId": lead_id, "sfdcType": "Lead"}
    person = people.create_person(stage.world, form | linked)
    people.log_activity(stage.world, person, "Fill Out Form", primary="Whitepaper")
    return person


def _rep(stage: Stage, who: Prospect) -> Colleague:
    return stage.world.rng.choice(colleagues("rep", who.company.country.region))


def _worked(stage: Stage, who: Prospect, form: Row, **values: str) -> str:
    """A rep called, and it is open still or came to nothing."""
    owner = user_id(stage.world, _rep(stage, who).address)
    status = {"Status": stage.world.rng.choice(("Working", *CLOSED))}
    lead_id = _lead(stage, who, form, owner, **status | values)
    _person(stage, form, lead_id)
    call: Row = {"WhoId": lead_id, "OwnerId": owner, "Subject": "Call", "TaskSubtype": "Call"}
    call |= {"Status": "Completed", "ActivityDate": stage.world.now.date().isoformat()}
    records.insert(stage.world, "Task", call, by=owner, assign=False)
    return lead_id


def _nurtured(stage: Stage, _who: Prospect, form: Row) -> None:
    """Only Marketo knows the person."""
    _person(stage, form)


def _untouched(stage: Stage, who: Prospect, form: Row) -> None:
    """The lead lies in a queue to this day."""
    queue = stage.world.rng.choice((HOLDING, f"{who.company.country.region}_Inbound"))
    _person(stage, form, _lead(stage, who, form, queue_id(stage.world, queue)))


def _converted(stage: Stage, who: Prospect, form: Row) -> None:
    lead_id = _worked(stage, who, form, Status="Working")
    owner = stage.world.table("salesforce.Lead")[lead_id]["OwnerId"]
    accounts = [each.id for each in stage.accounts if each.company.domain == who.company.domain]
    records.convert_lead(stage.world, lead_id, accounts[0] if accounts else None, by=owner)


def _twice(stage: Stage, who: Prospect, form: Row) -> None:
    """Both systems hold the person twice: transliterated here, mistyped there."""
    _worked(stage, who, form)
    spelled = {"firstName": ascii_of(who.first), "lastName": ascii_of(who.last)}
    queue = queue_id(stage.world, HOLDING)
    _lead(stage, who, form | spelled, queue)
    _person(stage, form | {"lastName": mistyped(stage.world.rng, who.last)})


def _apart(stage: Stage, who: Prospect, form: Row) -> None:
    """A lead in Salesforce and a person in Marketo that know nothing of each other."""
    _lead(stage, who, form, user_id(stage.world, _rep(stage, who).address))
    _person(stage, form)


def _stale(stage: Stage, who: Prospect, form: Row) -> None:
    """A lead of somebody who has left since."""
    left = next(each for each in COLLEAGUES if not each.is_active)
    owner = user_id(stage.world, left.address)
    _person(stage, form, _lead(stage, who, form, owner, Status="Working"))


def _shared(stage: Stage, who: Prospect, form: Row) -> None:
    """A mailbox that several people of a company read."""
    local = stage.world.rng.choice(("info", "sales", "office", "it"))
    _worked(stage, who, form | {"email": f"{local}@{who.company.domain}"})


def _marked(stage: Stage, _who: Prospect, form: Row) -> None:
    """Somebody who unsubscribed, or whose mailbox is gone."""
    marks: tuple[Row, ...] = (
        {"unsubscribed": True},
        {"emailInvalid": True, "emailInvalidCause": "550 unknown user"},
    )
    _person(stage, form, None, **stage.world.rng.choice(marks))


LEFT: Mapping[Callable[[Stage, Prospect, Row], object], int] = {
    _worked: 45,
    _nurtured: 20,
    _untouched: 12,
    _converted: 6,
    _twice: 4,
    _apart: 4,
    _stale: 3,
    _shared: 2,
    _marked: 4,
}
"""What a lead of the past left behind, and how often among a hundred."""
