"""What has gone quiet or drifts, told from the past of the group itself."""

from datetime import timedelta

from domain.lead.crm_records import Owner, OwnerKind
from domain.metrics.agreement import Agreement, Match, Predicted, agreed, compare, own_rules
from domain.metrics.alerts import Kind, alerts
from domain.metrics.lifecycle import Journey
from domain.policy.model import Assignment, Policy
from domain.values import CycleId, LeadKey, RecordId
from tests.support.builders import policy
from tests.support.journeys import MONDAY, assigned, journey

POLICY = policy()
HOUR = timedelta(hours=1)
NOW = MONDAY + timedelta(weeks=3, hours=6)


def weekly(source: str, weeks: int, per_day: int = 12) -> list[Journey]:
    """A lead every half hour of the first working hours of Mondays, from the first week on."""
    return [
        journey(
            week * 100 + number,
            source=source,
            triggered_at=MONDAY + timedelta(weeks=week) + number * HOUR / 2,
        )
        for week in range(weeks)
        for number in range(per_day)
    ]


def kinds(journeys: list[Journey], *agreements: Agreement) -> list[tuple[Kind, str]]:
    """Kind and subject of what is wrong now."""
    return [(one.kind, one.subject) for one in alerts(journeys, agreements, POLICY, NOW)]


def test_a_source_that_stays_away_is_told_with_what_was_usual() -> None:
    """Twelve leads came on each of three Mondays by now, and none today; the other one comes."""
    lively = weekly("Events", 4)
    found = alerts([*weekly("Web", 3), *lively], [], POLICY, NOW)
    (silent,) = [one for one in found if one.subject == "source Web"]
    assert "The same hours of the previous 2 weeks brought 12 on average." in silent.sentence
    assert {"source Web"} == {one.subject for one in found}


def test_a_weekend_is_no_silence() -> None:
    """On a Sunday nobody is missed who never came on Sundays."""
    sunday = MONDAY + timedelta(weeks=2, days=6)
    assert () == alerts(weekly("Web", 3), [], POLICY, sunday)


def test_one_week_of_past_tells_nothing() -> None:
    """What came in one week only is not yet usual."""
    assert [] == kinds(weekly("Web", 1))


def test_a_rule_that_no_longer_fits_is_told() -> None:
    """It took half of forty leads, and none of the thirty since; a rare rule is not missed."""
    name, other = POLICY.routing[0].name, POLICY.routing[1].name
    was = [
        assigned(n, rule=name if n % 2 else other, triggered_at=NOW - 90 * HOUR / 2 + n * HOUR / 2)
        for n in range(40)
    ]
    since = [
        assigned(100 + n, rule=other, triggered_at=NOW - 50 * HOUR / 2 + n * HOUR / 2)
        for n in range(30)
    ]
    assert [(Kind.RULE, name)] == kinds([*was, *since])
    assert [] == kinds([*was, *since[:5]])


def test_what_lies_in_a_fallback_queue_is_told_once_a_day() -> None:
    """Two leads lie since Monday; the key is the same all day, and another tomorrow."""
    lying = [assigned(n, is_fallback=True, rep="quinn@meridian.example") for n in (1, 2)]
    lying += [assigned(3, is_fallback=True, rep="quinn@meridian.example", touched_after=10)]
    later = MONDAY + timedelta(days=1)
    (found,) = alerts(lying, [], POLICY, later)
    assert (Kind.FALLBACK, ("1", "2")) == (found.kind, found.leads)
    keys = [alerts(lying, [], POLICY, later + wait)[0].key for wait in (HOUR, timedelta(days=1))]
    assert [True, False] == [key == found.key for key in keys]


def agreement(number: int, match: Match) -> Agreement:
    """A choice of Salesforce's rules in the last week."""
    return Agreement(
        cycle=CycleId(f"{number}-1"),
        lead=LeadKey(str(number)),
        at=NOW - HOUR,
        segment="Hand-raisers",
        rule="Territory",
        predicted="ana@meridian.example",
        actual="ben@meridian.example",
        match=match,
    )


def test_salesforces_rules_that_drift_from_the_policy_are_told() -> None:
    """Twelve of twenty are surely more than one in five; six of twenty might be chance."""
    drifting = [agreement(n, Match.OTHER if n < 12 else Match.TEAM) for n in range(20)]
    assert [(Kind.DRIFT, "Hand-raisers")] == kinds([], *drifting)
    assert [] == kinds([], *(agreement(n, Match.OTHER if n < 6 else Match.SAME) for n in range(20)))


def owner(email: str) -> Owner:
    """A person who owns a record."""
    return Owner(id=RecordId(email), kind=OwnerKind.USER, name=email, email=email)


def test_agreement_is_by_person_then_by_pool_and_only_where_somebody_chose() -> None:
    """The order of turns is no disagreement, and what lies where it lay was not chosen."""
    pool, members = next((name, one.members) for name, one in POLICY.pools.items())
    said = Predicted(
        cycle=CycleId("1-1"),
        lead=LeadKey("1"),
        at=NOW,
        segment="Hand-raisers",
        rule="Territory",
        owner=members[0].user,
        lay_with=RecordId("holding"),
        pool=pool,
    )
    holding = Owner(id=RecordId("holding"), kind=OwnerKind.QUEUE, name="Marketo Holding")
    seen = [owner(members[0].user), owner(members[1].user), owner("lena@meridian.example")]
    found = [compare(said, one, POLICY) for one in [*seen, holding, None]]
    expected = [Match.SAME, Match.TEAM, Match.OTHER, Match.NOBODY, Match.NOBODY]
    assert expected == [one.match for one in found]
    (whole, *_) = agreed(found)
    assert (1, 1, 1, 2, 2 / 3) == (
        whole.same,
        whole.team,
        whole.other,
        whole.nobody,
        whole.share.value,
    )


def test_the_policys_own_rules_leave_nothing_to_salesforce() -> None:
    """What it would choose if it chose: every segment is the worker's."""
    segments = [
        {**one.model_dump(), "assignment": Assignment.SALESFORCE_RULES} for one in POLICY.segments
    ]
    left = Policy.model_validate({**POLICY.model_dump(), "segments": segments})
    own = own_rules(left)
    assert {Assignment.WORKER} == {one.assignment for one in own.segments}


def test_owners_that_salesforce_rejects_are_told_once_a_day() -> None:
    """However many leads they are, they are one matter."""
    refused = [journey(n, blocked_by="SALESFORCE", ready_at=MONDAY) for n in (1, 2)]
    (one,) = alerts(refused, [], POLICY, NOW)
    (two,) = alerts(refused[:1], [], POLICY, NOW)
    assert (Kind.REFUSED, "2 leads", one.key) == (one.kind, one.subject, two.key)
