"""What became of assigned leads, read from Salesforce and counted beside its own tables."""

from agent.metrics import report
from agent.metrics.rendering import Format, render
from agent.metrics.report import Question
from sandbox.salesforce.store import records
from tests.support.worlds import MONDAY, Town


def opportunity(here: Town, account: str, contact: str, **values: object) -> str:
    """An opportunity of an account in which a contact has a role."""
    deal = {"AccountId": account, "Name": "Deal", "CloseDate": "2026-12-31", **values}
    made = records.insert(here.world, "Opportunity", deal, by=here.worker, assign=False)
    role = {"OpportunityId": made, "ContactId": contact}
    records.insert(here.world, "OpportunityContactRole", role, by=here.worker, assign=False)
    return made


def test_outcomes_are_what_salesforce_shows(here: Town) -> None:
    """One won, one in the pipeline with two people, one qualified who met us, one nothing."""
    here.pass_time(hours=4)
    people = [
        here.arrive(
            lastName=f"Number{number}",
            email=f"lead{number}@company{number}.example",
            company=f"Company {number}",
        )
        for number in range(5)
    ]
    here.tick()
    here.pass_time(hours=1)
    by = here.worker
    leads = [here.lead(person)["Id"] for person in people]
    won = records.convert_lead(here.world, leads[0], by=by)
    opportunity(here, won.account_id, won.contact_id, StageName="Closed Won", Amount=10_000)
    first = records.convert_lead(here.world, leads[1], by=by)
    second = records.convert_lead(here.world, leads[2], first.account_id, by=by)
    shared = opportunity(
        here, first.account_id, first.contact_id, StageName="Prospecting", Amount=5_000
    )
    role = {"OpportunityId": shared, "ContactId": second.contact_id}
    records.insert(here.world, "OpportunityContactRole", role, by=by, assign=False)
    records.update(here.world, "Lead", leads[3], {"Status": "Qualified"}, by=by, assign=False)
    start = here.world.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    met = {"WhoId": leads[3], "Subject": "Demo", "StartDateTime": start, "DurationInMinutes": 30}
    records.insert(here.world, "Event", met, by=by, assign=False)
    question = Question(since=MONDAY, now=here.world.now)
    journeys = report.read(here.app.ledger, question, here.app.policy)
    unasked = report.report(journeys, question, here.app.policy).whole.outcomes
    journeys = report.with_outcomes(journeys, here.app.context())
    before = here.requests()["salesforce"]
    assert journeys == report.with_outcomes(journeys, here.app.context())
    assert 4 == here.requests()["salesforce"] - before  # two moves, roles and meetings, deals
    told = report.report(journeys, question, here.app.policy)
    found = told.whole.outcomes
    counts = [
        (one.part, one.whole) for one in (found.sql, found.meeting, found.opportunity, found.won)
    ]
    assert [(4, 5), (1, 5), (3, 5), (1, 5)] == counts
    assert found.money is not None
    assert (15_000, 10_000) == (found.money.pipeline, found.money.won)
    assert ("outcomes not loaded yet", None) == (unasked.sql.reason, unasked.money)
    assert "15,000" in render(told, Format.TEXT)
    figures = {one.measure: one.value for one in told.figures() if one.by == "all"}
    assert (0.8, 15_000) == (figures["SQL rate"], figures["pipeline"])
