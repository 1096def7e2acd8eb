"""SOQL against the sandbox's rows, without a server in between."""

from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import CUSTOM_FIELD
from sandbox.salesforce.soql.dates import days_of
from sandbox.salesforce.soql.evaluation import Asker, all_records, run
from sandbox.salesforce.soql.tokens import unescaped
from sandbox.salesforce.store import records
from sandbox.state.world import Row, World

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""A Wednesday."""


@pytest.fixture(scope="module")
def world() -> World:
    """Four leads of two owners, made on four days; two contacts of an account; a task."""
    world = World(now=NOON - timedelta(days=3))
    ana = insert(world, "User", Username="ana@m.example", LastName="Torres", FirstName="Ana")
    queue = insert(world, "Group", Name="Holding", DeveloperName="Holding", Type="Queue")
    insert(world, "QueueSobject", QueueId=queue, SobjectType="Lead")
    leads: list[str] = []
    for number, (name, owner, status) in enumerate(
        [
            ("Fox", ana, "Working"),
            ("O'Hara", queue, "Open"),
            ("100%", ana, "Open"),
            ("Elk", ana, ""),
        ]
    ):
        lead = {"LastName": name, "Company": f"C{number}", "OwnerId": owner, "Status": status}
        email = f"{number}@x.example" if number else None
        leads.append(insert(world, "Lead", **lead, Email=email, NumberOfEmployees=number * 100))
        world.advance(timedelta(days=1))
    account = insert(world, "Account", Name="Alder", OwnerId=ana)
    for name in ("Berg", "Alm"):
        insert(world, "Contact", LastName=name, AccountId=account, OwnerId=ana)
    insert(world, "Task", WhoId=leads[0], OwnerId=ana, Subject="Call", ActivityDate="2026-11-25")
    records.delete(world, "Lead", leads[3], by="setup")
    world.state.now = NOON
    return world


def insert(world: World, sobject: str, **values: Json) -> str:
    """Create a record as an administrator would."""
    return records.insert(world, sobject, values, by="setup", assign=False)


def ask(world: World, text: str, asker: Asker | None = None) -> list[Json]:
    """The records of a statement, without their attributes."""
    return [bare(each) for each in all_records(run(world, text, asker or Asker()))]


def bare(value: Json) -> Json:
    """A record without its attributes, all the way down."""
    if isinstance(value, dict):
        record = cast("Row", value)
        return {name: bare(each) for name, each in record.items() if name != "attributes"}
    return [bare(each) for each in cast("list[Json]", value)] if isinstance(value, list) else value


def names(world: World, where: str) -> set[str]:
    """The last names of the leads for which a condition holds."""
    text = f"SELECT LastName FROM Lead WHERE {where}"  # noqa: S608  (the test's own conditions)
    return {row["LastName"] for row in ask(world, text)}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("LastName = 'FOX'", {"Fox"}),
        ("LastName != 'fox'", {"O'Hara", "100%"}),
        ("LastName = 'O\\'Hara'", {"O'Hara"}),
        ("LastName LIKE 'f_x'", {"Fox"}),
        ("LastName LIKE '%\\%'", {"100%"}),
        ("NOT LastName LIKE '%o%'", {"100%"}),
        ("Email = null", {"Fox"}),
        ("Email != null AND NumberOfEmployees > 100", {"100%"}),
        ("Email IN ('1@X.example', null)", {"Fox", "O'Hara"}),
        ("Email NOT IN ('1@x.example')", {"Fox", "100%"}),
        ("NumberOfEmployees >= 100", {"O'Hara", "100%"}),
        ("NumberOfEmployees < 1.5", {"Fox"}),
        ("LastName < 'a'", {"100%"}),
        ("IsConverted = FALSE", {"Fox", "O'Hara", "100%"}),
        ("(LastName = 'Fox' OR Status = 'open') AND Owner.Type = 'Queue'", {"O'Hara"}),
        ("Owner.Name = 'ana torres'", {"Fox", "100%"}),
        ("Owner.IsActive = true", {"Fox", "100%"}),
        ("OwnerId IN (SELECT Id FROM Group WHERE DeveloperName = 'Holding')", {"O'Hara"}),
        ("Id IN (SELECT WhoId FROM Task)", {"Fox"}),
        ("Id NOT IN (SELECT WhoId FROM Task)", {"O'Hara", "100%"}),
        ("CreatedDate = TODAY", set[str]()),
        ("CreatedDate = YESTERDAY", {"100%"}),
        ("CreatedDate = LAST_N_DAYS:2", {"O'Hara", "100%"}),
        ("CreatedDate = THIS_WEEK", {"Fox", "O'Hara", "100%"}),
        ("CreatedDate < THIS_WEEK", set[str]()),
        ("DAY_ONLY(CreatedDate) = 2026-11-23", {"O'Hara"}),
        ("DAY_IN_WEEK(CreatedDate) = 1", {"Fox"}),
        ("CreatedDate = THIS_FISCAL_QUARTER", {"Fox", "O'Hara", "100%"}),
        ("CreatedDate > N_DAYS_AGO:2", {"100%"}),
        ("CreatedDate = LAST_N_WEEKS:1", set[str]()),
        ("CreatedDate >= 2026-11-23T12:00:00Z", {"O'Hara", "100%"}),
        ("CreatedDate > 2026-11-23T13:00:00+01:00", {"100%"}),
    ],
)
def test_conditions(world: World, where: str, expected: set[str]) -> None:
    """Each condition finds these leads; the deleted one never."""
    assert expected == names(world, where)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SELECT Status, COUNT(Id) n FROM Lead GROUP BY Status HAVING COUNT(Id) > 1",
            [{"Status": "Open", "n": 2}],
        ),
        (
            (
                "SELECT Owner.Name, MAX(NumberOfEmployees) FROM Lead GROUP BY Owner.Name "
                "ORDER BY MAX(NumberOfEmployees) DESC"
            ),
            [{"Name": "Ana Torres", "expr0": 200}, {"Name": "Holding", "expr0": 100}],
        ),
        (
            (
                "SELECT CALENDAR_MONTH(CreatedDate) m, COUNT(Id) FROM Lead "
                "GROUP BY CALENDAR_MONTH(CreatedDate)"
            ),
            [{"m": 11, "expr0": 3}],
        ),
        (
            (
                "SELECT HOUR_IN_DAY(convertTimezone(CreatedDate)) h FROM Lead "
                "GROUP BY HOUR_IN_DAY(convertTimezone(CreatedDate))"
            ),
            [{"h": 13}],
        ),
        ("SELECT COUNT(Id) FROM Lead WHERE Status = 'None' GROUP BY Status", list[Json]()),
        (
            (
                "SELECT TYPEOF Owner WHEN User THEN Username WHEN Group THEN DeveloperName END "
                "FROM Lead WHERE LastName IN ('Fox', 'O\\'Hara') ORDER BY LastName FOR VIEW"
            ),
            [{"Owner": {"Username": "ana@m.example"}}, {"Owner": {"DeveloperName": "Holding"}}],
        ),
        (
            (
                "SELECT l.LastName, toLabel(l.Status) s FROM Lead l USING SCOPE everything "
                "WHERE l.Owner.Name LIKE 'Hold%' WITH SECURITY_ENFORCED LIMIT 1 OFFSET 0"
            ),
            [{"LastName": "O'Hara", "s": "Open"}],
        ),
    ],
)
def test_groups_functions_and_types(world: World, text: str, expected: list[Json]) -> None:
    """Each statement has these records, in this order."""
    assert expected == ask(world, text, Asker("Europe/Berlin"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT LastName, COUNT(Id) FROM Lead", "Field must be grouped or aggregated: LastName"),
        ("SELECT Id FROM Lead WHERE COUNT(Id) > 1", "not allowed here: count"),
        ("SELECT DAY_ONLY(Status) FROM Lead GROUP BY DAY_ONLY(Status)", "does not support"),
        ("SELECT Id FROM Lead FOR UPDATE", "unexpected token: 'UPDATE'"),
        ("SELECT Id FROM Lead ALL ROWS", "ALL ROWS not allowed in this context"),
        ("SELECT Id l FROM Lead", "only aggregate expressions use field aliasing"),
        ("SELECT TYPEOF CreatedBy WHEN User THEN Id END FROM Lead", "Illegal TYPEOF"),
        ("SELECT Id FROM Lead WHERE Id IN (SELECT Id FROM Lead)", "the same object type 'Lead'"),
        (
            "SELECT Id FROM Lead WHERE Id IN (SELECT WhoId FROM Task ORDER BY Id)",
            "ORDER BY and LIMIT are not allowed",
        ),
        (
            (
                "SELECT Id FROM Lead WHERE Id IN (SELECT WhoId FROM Task) AND Id IN "
                "(SELECT WhoId FROM Event) AND OwnerId IN (SELECT Id FROM User)"
            ),
            "maximum 2 semi join sub-selects are allowed",
        ),
    ],
)
def test_what_a_statement_may_not_say(world: World, text: str, words: str) -> None:
    """Each statement is malformed, with the vendor's caret at the place."""
    with pytest.raises(SalesforceError) as raised:
        run(world, text, Asker())
    _, _, caret, place, sentence = raised.value.message.split("\n")
    assert ("MALFORMED_QUERY", True) == (raised.value.status_code, words in sentence)
    column = int(place.removeprefix("ERROR at Row:1:Column:"))
    assert min(column, 41) == len(caret)


def test_days_are_those_of_the_asking_user() -> None:
    """A day begins when it does in the user's time zone."""
    days = days_of("LAST_N_DAYS:1", date(2026, 11, 25))
    assert days is not None
    assert days.instants("Europe/Berlin") == (
        "2026-11-23T23:00:00.000+0000",
        "2026-11-25T23:00:00.000+0000",
    )


def test_parents_and_attributes(world: World) -> None:
    """A parent is a nested record; one of several kinds calls itself Name."""
    text = "SELECT Id, Owner.Name, Owner.Email FROM Lead WHERE LastName = 'O\\'Hara'"
    (record,) = all_records(run(world, text, Asker(version="59.0")))
    url = f"/services/data/v59.0/sobjects/Lead/{record['Id']}"
    assert record["attributes"] == {"type": "Lead", "url": url}
    assert record["Owner"]["attributes"]["type"] == "Name"
    assert "/sobjects/Group/00G" in record["Owner"]["attributes"]["url"]
    assert bare(record["Owner"]) == {"Name": "Holding", "Email": None}


def test_parents_of_parents(world: World) -> None:
    """A path goes on over several records; a missing one is null."""
    found = ask(world, "SELECT Account.Owner.Name, ReportsTo.Name FROM Contact LIMIT 1")
    assert found == [{"Account": {"Owner": {"Name": "Ana Torres"}}, "ReportsTo": None}]


def test_children(world: World) -> None:
    """A subquery is a nested answer, sorted and filtered by itself; null when there are none."""
    text = "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account"
    people = [{"LastName": "Alm"}, {"LastName": "Berg"}]
    nested = {"totalSize": 2, "done": True, "records": people}
    assert ask(world, text) == [{"Name": "Alder", "Contacts": nested}]
    text = "SELECT (SELECT Id FROM Contacts WHERE LastName = 'x') FROM Account"
    assert ask(world, text) == [{"Contacts": None}]


def test_order_limit_and_offset(world: World) -> None:
    """Nulls come first unless they are to come last."""
    text = "SELECT Email FROM Lead ORDER BY Email"
    first = [{"Email": None}, {"Email": "1@x.example"}, {"Email": "2@x.example"}]
    assert ask(world, text) == first
    assert ask(world, f"{text} DESC NULLS LAST, LastName LIMIT 1") == first[2:]
    assert ask(world, f"{text} LIMIT 1 OFFSET 1") == first[1:2]


def test_aggregates(world: World) -> None:
    """Counts and extremes, per group, under their aliases or numbered names."""
    text = "SELECT Status, COUNT(Id) total, MAX(NumberOfEmployees) FROM Lead GROUP BY Status"
    assert ask(world, text) == [
        {"Status": "Working", "total": 1, "expr0": 0},
        {"Status": "Open", "total": 2, "expr0": 200},
    ]
    assert run(world, "SELECT COUNT() FROM Lead", Asker()).total == 3
    assert ask(world, "SELECT COUNT(Email), MIN(CreatedDate) oldest FROM Lead") == [
        {"expr0": 2, "oldest": "2026-11-22T12:00:00.000+0000"}
    ]


def test_query_all_sees_what_was_deleted(world: World) -> None:
    """Deleted rows are there for queryAll only."""
    text = "SELECT LastName FROM Lead WHERE IsDeleted = true"
    assert ask(world, text) == []
    assert ask(world, text, Asker(includes_deleted=True)) == [{"LastName": "Elk"}]


def test_aliases_and_field_sets(world: World) -> None:
    """An object may have an alias; FIELDS(STANDARD) is every standard field."""
    assert ask(world, "SELECT a.Name FROM Account a WHERE a.Name = 'alder'") == [{"Name": "Alder"}]
    (record,) = ask(world, "SELECT FIELDS(STANDARD) FROM Account")
    assert "Website" in record
    assert "Named_Account__c" not in record


@pytest.mark.parametrize(
    ("text", "code", "place", "words"),
    [
        ("SELECT Foo FROM Lead", "INVALID_FIELD", "1:Column:8", "No such column 'Foo'"),
        ("SELECT Id\nFROM Lead\nWHERE Foo = 1", "INVALID_FIELD", "3:Column:7", "entity 'Lead'"),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "1:Column:8", "relationship 'Boss'"),
        ("SELECT Owner.ManagerId FROM Lead", "INVALID_FIELD", "1:Column:8", "entity 'Name'"),
        ("SELECT Id FROM Foo", "INVALID_TYPE", "1:Column:16", "'Foo' is not supported"),
        ("SELECT Id FROM ValidationRule", "INVALID_TYPE", "1:Column:16", "not supported"),
        ("SELECT (SELECT Id FROM Foos) FROM Lead", "INVALID_TYPE", "1:Column:24", "'Foos'"),
        ("SELECT Id Lead", "MALFORMED_QUERY", "1:Column:15", "<EOF>"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", "1:Column:26", "<EOF>"),
        ("SELECT Id FROM Lead LIMIT x", "MALFORMED_QUERY", "1:Column:27", "'x'"),
        ('SELECT Id FROM Lead WHERE Id = "x"', "MALFORMED_QUERY", "1:Column:32", "'\"'"),
        ("SELECT Id, Id FROM Lead", "INVALID_FIELD", "1:Column:12", "duplicate field"),
        (
            "SELECT Id FROM Lead WHERE Email = 'a' AND Email = 'b' OR Email = 'c'",
            "MALFORMED_QUERY",
            "1:Column:55",
            "unexpected token: 'OR'",
        ),
        (
            "SELECT Id FROM Lead WHERE IsDeleted = 'x'",
            "INVALID_FIELD",
            "1:Column:39",
            "must be of type boolean and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Lead WHERE Email = 5",
            "INVALID_FIELD",
            "1:Column:35",
            "should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Lead WHERE Id = 'x'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "1:Column:32",
            "invalid ID field",
        ),
        (
            "SELECT Id FROM Lead WHERE Routing_Reason__c = 'x'",
            "INVALID_FIELD",
            "1:Column:27",
            "can not be filtered",
        ),
        (
            "SELECT Id FROM Lead WHERE Id = null OR Id IN (SELECT WhoId FROM Task)",
            "MALFORMED_QUERY",
            "1:Column:40",
            "Semi join",
        ),
        (
            "SELECT LastName, COUNT(Id) FROM Lead",
            "MALFORMED_QUERY",
            "1:Column:8",
            "must be grouped or aggregated",
        ),
    ],
)
def test_mistakes(world: World, text: str, code: str, place: str, words: str) -> None:
    """Each is told with Salesforce's code, the row and column, and what is wrong there."""
    with pytest.raises(SalesforceError) as raised:
        run(world, text, Asker())
    assert raised.value.status_code == code
    assert f"ERROR at Row:{place}\n" in raised.value.message
    assert words in raised.value.message


def test_limits_of_a_statement(world: World) -> None:
    """A statement, a literal and an offset may only be so large."""
    for text, code in (
        ("SELECT Id FROM Lead WHERE Email = '" + "x" * 100_000 + "'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Email = '" + "x" * 4_001 + "'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ):
        with pytest.raises(SalesforceError) as raised:
            run(world, text, Asker())
        assert raised.value.status_code == code


def test_a_field_that_is_not_deployed() -> None:
    """Without the package its fields are unknown columns."""
    world = World()
    insert(world, "Account", Name="Alder")
    assert ask(world, "SELECT Named_Account__c FROM Account") == [{"Named_Account__c": False}]
    del world.table(CUSTOM_FIELD)["Account.Named_Account__c"]
    with pytest.raises(SalesforceError, match="No such column 'Named_Account__c'"):
        ask(world, "SELECT Named_Account__c FROM Account")


def test_setup_objects_of_the_tooling_api(world: World) -> None:
    """The guard rule is visible, with its object's name."""
    text = (
        "SELECT Active, ErrorMessage, EntityDefinition.QualifiedApiName FROM ValidationRule "
        "WHERE EntityDefinition.QualifiedApiName IN ('Lead')"
    )
    (rule,) = ask(world, text, Asker(is_tooling=True))
    assert rule["EntityDefinition"] == {"QualifiedApiName": "Lead"}
    assert rule["Active"]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_escaped_text_comes_back(text: str) -> None:
    """Any text, with quotes and backslashes escaped, means itself."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    assert unescaped(escaped) == text


def test_large_lists_are_looked_for() -> None:
    """Two thousand addresses, in other capitals, among four thousand leads."""
    world = World()
    owner = insert(world, "User", Username="ana@m.example", LastName="Torres")
    template = world.table("salesforce.Lead")
    first = insert(world, "Lead", LastName="L", Company="C", OwnerId=owner, Email="a0@x.example")
    for number in range(1, 4_000):
        record_id = f"{first[:9]}{number:06d}AAA"
        email = f"a{number}@x.example"
        template[record_id] = template[first] | {"Id": record_id, "Email": email}
    start = "SELECT Id, Email, Owner.Name FROM Lead WHERE Email IN"
    listed = ",".join(f"'A{number}@X.example'" for number in range(0, 4_000, 2))
    assert 2_000 == len(ask(world, f"{start} ({listed})"))
