"""Marketo's lists, programs, companies, opportunities, named accounts and custom objects."""

from collections.abc import Iterator

import pytest

from sandbox.state.world import World
from tests.support.subscription import Subscription, code, codes, subscribed

CAR = {
    "displayName": "Car",
    "dedupeFields": ["vin"],
    "searchable": [["owner"]],
    "fields": {"vin": "string", "owner": "integer", "price": "currency"},
}
HOUSE = {"dedupeFields": ["street", "number"], "fields": {"street": "string", "number": "integer"}}


@pytest.fixture
def here() -> Iterator[Subscription]:
    """A subscription of its own."""
    with subscribed(World()) as here:
        yield here


def listed(here: Subscription, name: str = "Route Me") -> int:
    """A new static list; returns its id."""
    form = {"name": name, "folder": '{"id":1,"type":"Folder"}'}
    made = here.call("POST", "/rest/asset/v1/staticLists.json", data=form).json()
    return int(made["result"][0]["id"])


def test_a_list_is_filled_read_and_emptied(here: Subscription) -> None:
    """By query or by body; 300 a page; each lead with its own result."""
    number, leads = listed(here), here.persons(301)
    body = {"input": [{"id": lead} for lead in leads[:300]]}
    assert ["added"] * 300 == codes(here.post(f"lists/{number}/leads", body))
    assert ["added", "1004"] == codes(here.post(f"lists/{number}/leads", id=[leads[300], 5]))
    assert "1003" == code(here.post(f"lists/{number}/leads", id=leads))
    first = here.get(f"lists/{number}/leads")
    rest = here.get(f"list/{number}/leads", nextPageToken=first["nextPageToken"])
    assert leads == [row["id"] for row in (*first["result"], *rest["result"])]
    gone = here.call("DELETE", f"/rest/v1/lists/{number}/leads.json", params={"id": leads[:2]})
    assert ["removed", "removed"] == codes(gone.json())
    asked = {"id": f"{leads[0]},{leads[2]},5"}
    answer = here.get(f"lists/{number}/leads/ismember", **asked)
    assert ["notmemberof", "memberof", "1004"] == codes(answer)
    again = here.call(
        "DELETE", f"/rest/v1/lists/{number}/leads.json", json={"input": [{"id": leads[0]}]}
    )
    assert ["1015"] == codes(again.json())
    assert (1, "removed") == (len(here.log(leads[2], 24)), codes(gone.json())[0])
    assert ["Route Me"] == [one["primary"] for one in here.log(leads[0], 25)]


def test_lists_are_found_and_kept(here: Subscription) -> None:
    """By id, name, program and workspace, page by page; a name is given once."""
    numbers = [listed(here, name) for name in ("A", "B", "C")]
    assert ["B"] == [row["name"] for row in here.get("lists", id=numbers[1])["result"]]
    assert ["C"] == [row["name"] for row in here.get("lists", name="C")["result"]]
    assert [] == here.get("lists", programName="Nowhere")["result"]
    page = here.get("lists", batchSize=2)
    rest = here.get("lists", batchSize=2, nextPageToken=page["nextPageToken"])
    assert numbers == [row["id"] for row in (*page["result"], *rest["result"])]
    form = {"name": "A", "folder": '{"id":1,"type":"Folder"}'}
    assert "709" == code(here.call("POST", "/rest/asset/v1/staticLists.json", data=form).json())
    assert here.post(f"/rest/asset/v1/staticList/{numbers[0]}/delete")["success"]
    assert "1013" == code(here.get(f"lists/{numbers[0]}"))
    missing = here.get("/rest/asset/v1/staticList/byName", name="A")
    assert (True, ["No assets found for the given search criteria."]) == (
        missing["success"],
        missing["warnings"],
    )


def test_a_list_that_is_needed_stays(here: Subscription) -> None:
    """1022 while a flow or an import names it; folders must be there and of a kind that fits."""
    number = listed(here)
    campaign = here.world.table("marketo.campaign")["1000"]
    campaign["flow"] = [{"do": "add_to_list", "list": "Route Me"}]
    assert "1022" == code(here.post(f"/rest/asset/v1/staticList/{number}/delete"))
    campaign["flow"] = []
    files = {"file": ("l.csv", "email\na@x.io\n")}
    here.call("POST", f"/bulk/v1/leads.json?format=csv&listId={number}", files=files)
    assert "1022" == code(here.post(f"/rest/asset/v1/staticList/{number}/delete"))
    here.pass_time(minutes=2)
    assert here.post(f"/rest/asset/v1/staticList/{number}/delete")["success"]
    assert "702" == code(here.post(f"/rest/asset/v1/staticList/{number}/delete"))
    for folder, expected in (
        ('{"id": 9, "type": "Program"}', "710"),
        ('{"id": 9, "type": "Email"}', "711"),
        ("nine", "709"),
    ):
        form = {"name": "X", "folder": folder}
        answer = here.call("POST", "/rest/asset/v1/staticLists.json", data=form).json()
        assert expected == code(answer)


def test_accounts_are_on_lists(here: Subscription) -> None:
    """Lists are made once; accounts are put on them and taken off by their ids."""
    made = here.post("namedAccountLists", {"input": [{"name": "Key"}, {"name": "Key"}]})
    assert ["created", "1036"] == codes(made)
    assert ["1017"] == codes(here.post("namedAccountLists", {"input": [{"name": "Key"}]}))
    names = [{"name": name} for name in ("Acme", "Bolt")]
    rows = here.post("namedaccounts", {"input": names})["result"]
    one = f"namedAccountList/{made['result'][0]['marketoGUID']}/namedAccounts"
    ids = [{"marketoGUID": row["marketoGUID"]} for row in rows] + [{"marketoGUID": "none"}]
    assert ["added", "added", "1013"] == codes(here.post(one, {"input": ids}))
    assert ["removed", "1013"] == codes(here.post(f"{one}/remove", {"input": [ids[0]] * 2}))
    assert ["Bolt"] == [row["name"] for row in here.get(one)["result"]]
    assert "1013" == code(here.get("namedAccountList/none/namedAccounts"))


def test_a_member_moves_forward_only(here: Subscription) -> None:
    """A status that was reached or passed is skipped; an unknown one is refused."""
    (lead,) = here.persons(1)
    one = {"input": [{"leadId": lead}, {"leadId": 5}]}

    def move(status: str) -> list[str]:
        return codes(here.post("programs/1001/members/status", one | {"statusName": status}))

    assert ["created", "1004"] == move("Registered")
    assert ["updated", "1004"] == move("Attended")
    assert ["1037", "1004"] == move("Invited")
    assert "1025" == code(here.post("programs/1001/members/status", one | {"statusName": "Nope"}))
    assert "1013" == code(here.post("programs/5/members/status", one | {"statusName": "Nope"}))
    (member,) = here.get("programs/1001/members", filterType="leadId", filterValues=lead)["result"]
    assert True is member["reachedSuccess"]
    assert ["Registered", "Attended"] == [row["New Status"] for row in here.log(lead, 104)]
    (mine,) = here.get(f"leads/{lead}/programMembership")["result"]
    assert (1001, "Attended") == (mine["id"], mine["progressionStatus"])
    gone = here.post("programs/1001/members/delete", {"input": [{"leadId": lead}] * 2})
    assert ["deleted", "1037"] == codes(gone)


def test_fields_of_members_are_written_and_made(here: Subscription) -> None:
    """Only of members, only writable ones; up to twenty are made by the API, and filtered by."""
    member, stranger = here.persons(2)
    status = {"statusName": "Invited", "input": [{"leadId": member}]}
    here.post("programs/1000/members/status", status)
    field = {"displayName": "Lunch", "name": "lunch", "dataType": "string"}
    assert ["created"] == codes(here.post("programs/members/schema/fields", {"input": [field]}))
    rows = [{"leadId": one, "lunch": "Soup"} for one in (member, stranger)]
    rows += [{"leadId": member, "statusName": "X"}, {"leadId": member, "nope": 1}]
    written = here.post("programs/1000/members", {"input": rows})
    assert ["updated", "1013", "1003", "1006"] == codes(written)
    asked = {"filterType": "lunch", "filterValues": "soup", "fields": "leadId,lunch"}
    found = here.get("programs/1000/members", **asked)["result"]
    assert [{"seq": 0, "leadId": member, "lunch": "Soup"}] == found
    assert "1011" == code(here.get("programs/1000/members", **(asked | {"filterType": "program"})))
    many = [field | {"name": f"f{n}", "displayName": f"F{n}"} for n in range(20)]
    assert "1003" == code(here.post("programs/members/schema/fields", {"input": many}))


def test_members_changed_in_a_span(here: Subscription) -> None:
    """At most seven days, both ends given."""
    (lead,) = here.persons(1)
    here.post(
        "programs/1000/members/status", {"statusName": "Invited", "input": [{"leadId": lead}]}
    )
    span = {"startAt": "2026-11-23T00:00:00Z", "endAt": "2026-11-24T00:00:00Z"}
    found = here.get("programs/1000/members", filterType="updatedAt", **span)["result"]
    assert [lead] == [row["leadId"] for row in found]
    late = span | {"endAt": "2026-12-24T00:00:00Z"}
    assert "1003" == code(here.get("programs/1000/members", filterType="updatedAt", **late))
    assert "701" == code(here.get("programs/1000/members", filterType="updatedAt"))


def test_salesforce_owns_companies_and_opportunities(here: Subscription) -> None:
    """While it syncs natively the former are read only, the latter out of reach."""
    company = {"input": [{"externalCompanyId": "C1", "company": "Acme"}]}
    assert here.get("companies/describe")["success"]
    assert [] == here.get("companies", filterType="company", filterValues="Acme")["result"]
    assert "1018" == code(here.post("companies", company))
    for place in ("opportunities", "opportunities/roles", "salespersons"):
        assert "1018" == code(here.get(f"{place}/describe"))
        assert "1018" == code(here.post(f"{place}/delete", company))
    here.setting(crm=False)
    assert ["created"] == codes(here.post("companies", company))
    assert ["updated"] == codes(here.post("companies", company))
    (row,) = here.get("companies", filterType="company", filterValues="acme", fields="company")[
        "result"
    ]
    assert {"seq": 0, "id": row["id"], "company": "Acme"} == row
    link = {"input": [{"externalOpportunityId": "O1", "externalSalesPersonId": "S1"}]}
    assert ["718"] == codes(here.post("opportunities", link))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["updated", "created", "1036", "1002", "1006", "1001", "1003"]),
        ({"action": "createOnly"}, ["1017", "created", "1036", "1002", "1006", "1001", "1003"]),
        ({"action": "updateOnly"}, ["updated", "1013", "1036", "1002", "1006", "1001", "1003"]),
    ],
)
def test_objects_are_written_one_by_one(
    here: Subscription, more: dict[str, str], expected: list[str]
) -> None:
    """Known, new, twice in one call, without its key, unknown field, wrong type, system's field."""
    here.put("marketo.custom_object", car=CAR)
    assert ["created"] == codes(here.post("customobjects/car", {"input": [{"vin": "V1"}]}))
    rows = [
        {"vin": "V1", "owner": 7},
        {"vin": "V2"},
        {"vin": "v2"},
        {"owner": 7},
        {"vin": "V3", "doors": 5},
        {"vin": "V4", "owner": "Ana"},
        {"vin": "V5", "createdAt": "2026-11-23T00:00:00Z"},
    ]
    assert expected == codes(here.post("customobjects/car", {"input": rows} | more))


def test_objects_are_found_by_id_key_and_field(here: Subscription) -> None:
    """By what `searchableFields` lists, in pages; a value that was cleared is left out."""
    here.put("marketo.custom_object", car=CAR)
    rows = [{"vin": f"V{number}", "owner": 7, "price": 5} for number in range(3)]
    made = here.post("customobjects/car", {"input": rows})["result"]
    by_id = {"filterType": "idField", "filterValues": made[1]["marketoGUID"], "fields": "vin"}
    expected = [{"seq": 0, "marketoGUID": made[1]["marketoGUID"], "vin": "V1"}]
    assert expected == here.get("customobjects/car", **by_id)["result"]
    page = here.get("customobjects/car", filterType="owner", filterValues=7, batchSize=2)
    asked = {"filterType": "owner", "filterValues": 7, "nextPageToken": page["nextPageToken"]}
    assert [2, 1] == [len(one["result"]) for one in (page, here.get("customobjects/car", **asked))]
    assert "1011" == code(here.get("customobjects/car", filterType="price", filterValues=5))
    cleared = {
        "dedupeBy": "idField",
        "input": [{"marketoGUID": made[0]["marketoGUID"], "price": None}],
    }
    assert ["updated"] == codes(here.post("customobjects/car", cleared))
    first = here.get("customobjects/car", filterType="vin", filterValues="V0", fields="price,owner")
    assert {"seq", "marketoGUID", "owner"} == set(first["result"][0])
    gone = {"deleteBy": "idField", "input": [{"marketoGUID": made[2]["marketoGUID"]}] * 2}
    assert ["deleted", "1013"] == codes(here.post("customobjects/car/delete", gone))


def test_compound_keys_travel_as_json(here: Subscription) -> None:
    """With `_method=GET`; each key must be whole."""
    here.put("marketo.custom_object", house=HOUSE)
    rows = [{"street": "Main", "number": number} for number in range(3)]
    here.post("customobjects/house", {"input": rows})
    asked = {"filterType": "dedupeFields", "fields": ["number"], "input": rows[1:]}
    found = here.post("customobjects/house", asked, _method="GET")["result"]
    assert [1, 2] == [row["number"] for row in found]
    assert "1002" == code(
        here.post("customobjects/house", asked | {"input": [{"street": "Main"}]}, _method="GET")
    )


def test_custom_objects_describe_themselves(here: Subscription) -> None:
    """The list has no fields, the description does; metadata calls need another subscription."""
    here.put("marketo.custom_object", car=CAR, house=HOUSE)
    assert ["car", "house"] == [row["name"] for row in here.get("customobjects")["result"]]
    assert ["car"] == [row["name"] for row in here.get("customobjects", names="car")["result"]]
    (told,) = here.get("customobjects/car/describe")["result"]
    assert [["vin"], ["marketoGUID"], ["owner"]] == told["searchableFields"]
    fixed = [one["name"] for one in told["fields"] if not one["updateable"]]
    assert ["marketoGUID", "createdAt", "updatedAt", "vin"] == fixed
    assert "1013" == code(here.get("customobjects/boat/describe"))
    assert "616" == code(here.post("customobjects/schema", {}))
