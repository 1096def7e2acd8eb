"""A heap of leads that are all route-ready now, for call budgets and throughput.

Each is a Marketo person with a "Demo Request" form fill that the sync has already brought to
Salesforce as a Lead in `Marketo_Holding`. Nothing else is going to happen in this world.
"""

from datetime import timedelta

from sandbox import acts
from sandbox.acts import queue_id, user_id
from sandbox.marketo.lead_database import people
from sandbox.marketo.sync import native_sync
from sandbox.people import roster
from sandbox.salesforce.store import records
from sandbox.state.world import World
from sandbox.worlds.companies import Company, found_companies, open_accounts
from sandbox.worlds.demo import START
from sandbox.worlds.prospects import Prospect, clean_form, meet

LEADS_PER_COMPANY = 5
MOST_COMPANIES = 600
PACKED_EVERY = 2_000
"""Leads, so that a large heap never lies unpacked in memory."""
SETTLING = timedelta(minutes=10)
"""Time between the form fills and the world's present."""


def build(world: World, leads: int = 10_000) -> None:
    """Fill an empty world with `leads` leads; its clock is set ten minutes after them."""
    world.state.now = START
    acts.live(world)
    roster.settle(world)
    companies = found_companies(world, min(MOST_COMPANIES, max(6, leads // LEADS_PER_COMPANY)))
    open_accounts(world, companies)
    roster.part_ways(world)
    holding, syncs = queue_id(world, roster.HOLDING), user_id(world, roster.SYNC)
    for index in range(leads):
        if index % PACKED_EVERY == 0:
            world.pack()
        who = _somebody(world, companies[index % len(companies)])
        form = clean_form(world.rng, who)
        lead_id = records.insert(
            world,
            "Lead",
            {
                "FirstName": who.first,
                "LastName": who.last,
                "Email": who.email,
                "Company": who.company.name,
                "Title": who.title.text,
                "Country": form["country"],
                "State": form["state"],
                "City": form["city"],
                "Phone": form["phone"],
                "Website": form["website"],
                "LeadSource": form["leadSource"],
                "OwnerId": holding,
            },
            by=syncs,
            assign=False,
        )
        linked = {"sfdcLeadId": lead_id, "sfdcId": lead_id, "sfdcType": "Lead"}
        person = people.create_person(world, form | linked)
        people.log_activity(world, person, "Fill Out Form", primary="Demo Request")
    native_sync.skip_past(world)
    world.advance(SETTLING)


def _somebody(world: World, company: Company) -> Prospect:
    """A person of a company who is no student: students are never route-ready."""
    who = meet(world, company)
    while "student" in who.title.text.casefold():
        who = meet(world, company)
    return who
