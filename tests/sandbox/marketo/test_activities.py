"""Marketo's activities: paging tokens, changes, custom activities and their types."""

from collections.abc import Iterator

import pytest

from sandbox.marketo.lead_database import people
from sandbox.state.world import World
from tests.support.subscription import Subscription, code, codes, subscribed

TYPE = {
    "apiName": "attendTalk",
    "name": "Attend Talk",
    "triggerName": "Attends Talk",
    "filterName": "Attended Talk",
    "primaryAttribute": {"apiName": "talk", "name": "Talk"},
}
ONE = "activities/external/type/attendTalk"


@pytest.fixture
def here() -> Iterator[Subscription]:
    """A subscription of its own."""
    with subscribed(World()) as here:
        yield here


def token(here: Subscription, since: str = "2026-11-01T00:00:00Z") -> str:
    """A token from which reading begins."""
    answer = here.get("activities/pagingtoken", sinceDatetime=since)
    return str(answer["nextPageToken"])


def read(here: Subscription, since: str, **asked: object) -> tuple[list[int], int]:
    """The leads of all activities on all pages, and how many pages that took."""
    found, pages = list[int](), 0
    while True:
        page = here.get("activities", nextPageToken=since, **asked)
        found += [row["leadId"] for row in page.get("result", [])]
        since, pages = page["nextPageToken"], pages + 1
        if not page["moreResult"]:
            return found, pages


def test_every_activity_is_read_once(here: Subscription) -> None:
    """Whatever the size of a page, also when empty pages with more behind them are among them."""
    leads = here.persons(40)
    for size, short in ((300, False), (7, False), (7, True), (1, True)):
        here.setting(short_pages=short)
        assert leads == read(here, token(here), activityTypeIds=12, batchSize=size)[0]


def test_a_token_is_where_reading_goes_on(here: Subscription) -> None:
    """The last token of one poll leads the next one to what happened since, and nothing else."""
    here.persons(2)
    last = here.get("activities", nextPageToken=token(here), activityTypeIds="12")
    assert (2, False) == (len(last["result"]), last["moreResult"])
    quiet = here.get("activities", nextPageToken=last["nextPageToken"], activityTypeIds=12)
    assert "result" not in quiet
    (third,) = here.persons(1)
    assert [third] == read(here, quiet["nextPageToken"], activityTypeIds=12)[0]


def test_a_token_begins_at_its_instant(here: Subscription) -> None:
    """Offsets count, and a `+` that became a space is one still."""
    here.persons(1)
    here.pass_time(minutes=30)
    (late,) = here.persons(1)
    for since in ("2026-11-23T08:15:00Z", "2026-11-23T09:15:00+01:00", "2026-11-23T00:15:00-0800"):
        assert [late] == read(here, token(here, since), activityTypeIds=12)[0]


def test_activities_are_narrowed_down(here: Subscription) -> None:
    """By leads, by list, by the asset of one type."""
    first, second, third = here.persons(3)
    people.add_to_list(here.world, second, "Fair")
    people.add_to_list(here.world, third, "Other")
    fair = here.get("lists", name="Fair")["result"][0]["id"]
    assert [first] == read(here, token(here), activityTypeIds=12, leadIds=first)[0]
    assert [second] == read(here, token(here), activityTypeIds=12, listId=fair)[0]
    assert [second] == read(here, token(here), activityTypeIds=24, assetIds=fair)[0]
    assert "1003" == code(
        here.get("activities", nextPageToken=token(here), activityTypeIds="12,24", assetIds=1)
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"activityTypeIds": ",".join(str(one) for one in range(1, 12))},
        {"activityTypeIds": "1", "leadIds": ",".join(str(one) for one in range(31))},
        {"activityTypeIds": "1", "nextPageToken": "nonsense"},
        {"activityTypeIds": "1", "nextPageToken": "GEYTC==="},
    ],
)
def test_too_much_is_refused(here: Subscription, asked: dict[str, str]) -> None:
    """Ten types, thirty leads, and tokens that Marketo gave."""
    assert "1003" == code(here.get("activities", **({"nextPageToken": token(here)} | asked)))


def test_large_lists_are_refused(here: Subscription) -> None:
    """A list of 10,000 leads can't narrow activities down (since 2026)."""
    people.add_to_list(here.world, here.persons(1)[0], "Everybody")
    (row,) = here.world.table(people.LIST).values()
    row["members"] |= {str(number): "2026-11-23T08:00:00Z" for number in range(9_999)}
    asked = {"activityTypeIds": 12, "listId": row["id"], "nextPageToken": token(here)}
    assert "1003" == code(here.get("activities", **asked))


def test_rows_put_behind_our_back_are_found(here: Subscription) -> None:
    """Activities that a test or the control face puts into the table are read like all others."""
    (lead,) = here.persons(1)
    table = here.world.table(people.ACTIVITY)
    (known,) = table.values()
    table["99999"] = known | {"id": 99999, "marketoGUID": "99999"}
    assert [lead, lead] == read(here, token(here), activityTypeIds=12)[0]


def test_changes_name_field_old_and_new(here: Subscription) -> None:
    """Of the fields that were asked for, and new leads too."""
    (lead,) = here.persons(1)
    values = {"city": "Bonn", "state": "NRW"}
    people.change_person(here.world, lead, values, reason="Web service API", source="API")
    new, change = here.get("activities/leadchanges", nextPageToken=token(here), fields="city")[
        "result"
    ]
    assert (12, lead) == (new["activityTypeId"], new["leadId"])
    place = next(
        one["id"] for one in here.get("leads/describe")["result"] if one["rest"]["name"] == "city"
    )
    field = {"id": place, "name": "city", "newValue": "Bonn", "oldValue": None}
    assert [field] == change["fields"]
    attributes = {one["name"]: one["value"] for one in change["attributes"]}
    assert {"Reason": "Web service API", "Source": "API", "Lead ID": lead} == attributes


def test_a_custom_type_is_drafted_approved_and_used(here: Subscription) -> None:
    """Activities of a draft are refused; changes of a live type wait for approval."""
    assert "draft" == here.post("activities/external/type", TYPE)["result"][0]["status"]
    (lead,) = here.persons(1)
    number = here.get(f"{ONE}/describe", draft="true")["result"][0]["id"]
    row = {
        "leadId": lead,
        "activityTypeId": number,
        "activityDate": "2026-11-20T10:00:00+01:00",
        "primaryAttributeValue": "Keynote",
        "attributes": [{"apiName": "seat", "value": "7A"}],
    }
    add = {
        "input": [row, row | {"leadId": 1}, row | {"attributes": [{"apiName": "x", "value": 1}]}]
    }
    assert ["1003"] * 3 == codes(here.post("activities/external", add))
    assert "approved" == here.post(f"{ONE}/approve")["result"][0]["status"]
    seat = {"attributes": [{"apiName": "seat", "name": "Seat", "dataType": "string"}]}
    edited = here.post(f"{ONE}/attributes/create", seat)["result"][0]
    assert "approved with draft" == edited["status"]
    assert ["1006", "1004", "1006"] == codes(here.post("activities/external", add))
    here.post(f"{ONE}/approve")
    assert ["added", "1004", "1006"] == codes(here.post("activities/external", add))
    shown = here.get("activities", nextPageToken=token(here), activityTypeIds=number)["result"][0]
    assert ("2026-11-20T09:00:00Z", "Keynote") == (
        shown["activityDate"],
        shown["primaryAttributeValue"],
    )
    assert [{"name": "seat", "value": "7A"}] == shown["attributes"]
    assert number in [one["id"] for one in here.get("activities/types")["result"]]


def test_attributes_are_limited_in_number_and_size(here: Subscription) -> None:
    """20 per type, 10 types, 65,536 bytes per activity."""
    here.post("activities/external/type", TYPE)
    many = [{"apiName": f"a{number}", "name": f"A{number}"} for number in range(21)]
    assert "1028" == code(here.post(f"{ONE}/attributes/create", {"attributes": many}))
    for number in range(8):
        made = here.post("activities/external/type", TYPE | {"apiName": f"type{number}"})
        assert made["success"]
    assert "1027" == code(here.post("activities/external/type", TYPE | {"apiName": "one_more"}))
    (lead,) = here.persons(1)
    row = {
        "leadId": lead,
        "activityTypeId": 100001,
        "activityDate": "2026-11-20T10:00:00Z",
        "primaryAttributeValue": "Ana",
        "attributes": [{"apiName": "reason", "value": "x" * 65_536}],
    }
    assert ["1049"] == codes(here.post("activities/external", {"input": [row]}))
    nameless = {key: value for key, value in row.items() if key != "activityDate"}
    assert ["1002"] == codes(here.post("activities/external", {"input": [nameless]}))


def test_drafts_can_be_discarded_and_types_deleted(here: Subscription) -> None:
    """A type that never was approved has nothing to go back to."""
    here.post("activities/external/type", TYPE)
    assert "709" == code(here.post(f"{ONE}/discardDraft"))
    here.post(f"{ONE}/approve")
    here.post(ONE, {"description": "A talk"})
    discarded = here.post(f"{ONE}/discardDraft")["result"][0]
    assert ("approved", None) == (discarded["status"], discarded.get("description"))
    assert "deleted" == here.post(f"{ONE}/delete")["result"][0]["status"]
    assert "1013" == code(here.get(f"{ONE}/describe"))
