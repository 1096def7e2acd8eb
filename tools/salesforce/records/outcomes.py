"""What became of handed-off records: their status, meetings and opportunities, for a whole batch.

A converted lead is followed to its contact and its opportunity; a contact's opportunities are
those in which it has a role and that were created after the assignment.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from domain.metrics.outcomes import Became, Deal
from domain.routing.route import Subject
from domain.values import LeadKey, RecordId
from tools.salesforce.connection.answers import Row
from tools.salesforce.records import wire
from tools.salesforce.records.activities import Trail, meeting, trails
from tools.salesforce.records.fields import CONTACT_ROLE, DEAL, EVENT, SObject
from tools.salesforce.records.reader import Reader, Wanted
from tools.salesforce.soql.query import Term, literal

_Since = Mapping[LeadKey, datetime]


def outcomes(
    subjects: Mapping[LeadKey, Subject], since: _Since, reader: Reader
) -> dict[LeadKey, Became]:
    """What Salesforce shows of these records now; one that is gone for good is absent.

    `since` is when each was assigned: only what came after it counts, conversions aside.
    """
    found = {
        lead: trail
        for lead, trail in trails(subjects, reader, []).items()
        if trail.row is not None and not trail.row["IsDeleted"]
    }
    if not found:
        return {}
    people = {one: lead for lead, trail in found.items() for one in sorted(trail.records)}
    roles, events = reader.rows(
        [
            Wanted(
                SObject.OPPORTUNITY_CONTACT_ROLE,
                [Term("ContactId", one) for one in people if one.startswith("003")],
                columns=CONTACT_ROLE,
            ),
            Wanted(
                SObject.EVENT,
                [Term("WhoId", one) for one in people],
                rest=f"AND StartDateTime >= {literal(min(since.values()))}",
                columns=EVENT,
            ),
        ]
    )
    deals = _deals(found, roles, since, reader)
    meetings: defaultdict[LeadKey, int] = defaultdict(int)
    for row in events:
        lead = people.get(RecordId(row["WhoId"] or ""))
        if lead is None:
            continue
        meetings[lead] += meeting(row).at >= since[lead]
    return {
        lead: Became(
            status=(trail.row or {}).get("Status"),
            is_converted=trail.was_converted,
            meetings=meetings[lead],
            deals=tuple(deals.get(lead, ())),
        )
        for lead, trail in found.items()
    }


def _deals(
    found: Mapping[LeadKey, Trail], roles: list[Row], since: _Since, reader: Reader
) -> dict[LeadKey, list[Deal]]:
    """The opportunities of each lead: of its conversion, and later ones of its contact."""
    leads_of: defaultdict[str, list[LeadKey]] = defaultdict(list)
    for lead, trail in found.items():
        for one in trail.records:
            leads_of[one].append(lead)
    wanted: defaultdict[str, set[LeadKey]] = defaultdict(set)
    for row in roles:
        wanted[row["OpportunityId"]].update(leads_of.get(row["ContactId"], ()))
    converted = {
        (trail.opportunity, lead) for lead, trail in found.items() if trail.opportunity is not None
    }
    for opportunity, lead in converted:
        wanted[opportunity].add(lead)
    (rows,) = reader.rows(
        [Wanted(SObject.OPPORTUNITY, [Term("Id", one) for one in wanted], columns=DEAL)]
    )
    deals: defaultdict[LeadKey, list[Deal]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: str(one["Id"])):
        deal = Deal(
            id=wire.record_id(row["Id"]),
            at=row["CreatedDate"],
            amount=row["Amount"],
            is_closed=row["IsClosed"],
            is_won=row["IsWon"],
        )
        for lead in sorted(wanted.get(row["Id"], ())):
            if deal.at >= since[lead] or (row["Id"], lead) in converted:
                deals[lead].append(deal)
    return deals
