"""`query`, `queryAll` and their next pages."""

import re

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import LOCATOR, new_id
from sandbox.salesforce.rest.call import Answer, Call, asker_of
from sandbox.salesforce.soql.evaluation import Asker, explain, recording, run
from sandbox.state.world import Row

PAGE = 2_000
SMALLEST_PAGE = 200
OPEN_LOCATORS = 10
"""Of one user; older ones are forgotten. Salesforce: SOQL and SOSL Limits."""
TABLE = "salesforce.QueryLocator"
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_PLACE = re.compile(r"(01g\w{15})-(\d+)")


def ask(call: Call) -> Answer:
    """GET query?q=, or ?explain= for how it would be answered."""
    return ask_as(call, asker_of(call))


def ask_all(call: Call) -> Answer:
    """GET queryAll?q=: also what was deleted or merged away."""
    return ask_as(call, asker_of(call, includes_deleted=True))


def turn_page(call: Call) -> Answer:
    """GET query/{locator}: the next page of a query."""
    place = _PLACE.fullmatch(call.names["locator"])
    kept = call.world.table(TABLE).get(place[1]) if place else None
    if place is None or kept is None or kept["user"] != call.user:
        raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
    asker = asker_of(call, includes_deleted=kept["includes_deleted"], is_tooling=kept["is_tooling"])
    record = recording(call.world, kept["text"], asker)
    start = int(place[2])
    ids: list[str] = kept["ids"][start : start + kept["size"]]
    found = [each for each in (record(one) for one in ids) if each is not None]
    return Answer(body=_page(call, len(kept["ids"]), found, place[1], start + len(ids)))


def ask_as(call: Call, asker: Asker) -> Answer:
    """Answer the statement of `q`, or explain that of `explain`, on somebody's behalf."""
    if call.option("explain"):
        return Answer(body={"plans": explain(call.world, call.option("explain"), asker)})
    text = call.option("q")
    if not text:
        raise SalesforceError("MALFORMED_QUERY", "SOQL statement cannot be empty")
    found = run(call.world, text, asker)
    if found.records or not found.ids:
        return Answer(body=_page(call, found.total, list(found.records), "", found.total))
    size = _page_size(call)
    made = (found.record(each) for each in found.ids[:size])
    records = [each for each in made if each is not None]
    locator = _keep(call, text, asker, list(found.ids), size) if found.total > size else ""
    return Answer(body=_page(call, found.total, records, locator, min(size, found.total)))


def _page(call: Call, total: int, records: list[Row], locator: str, end: int) -> Json:
    page: Row = {"totalSize": total, "done": end >= total}
    if end < total:
        page["nextRecordsUrl"] = f"{call.root}/query/{locator}-{end}"
    return page | {"records": records}


def _page_size(call: Call) -> int:
    hint = _BATCH_SIZE.search(call.asked.headers.get("sforce-query-options", ""))
    return min(PAGE, max(SMALLEST_PAGE, int(hint[1]))) if hint else PAGE


def _keep(call: Call, text: str, asker: Asker, ids: list[str], size: int) -> str:
    table = call.world.table(TABLE)
    locator = new_id(call.world, LOCATOR)
    table[locator] = {
        "user": call.user,
        "text": text,
        "ids": ids,
        "size": size,
        "includes_deleted": asker.includes_deleted,
        "is_tooling": asker.is_tooling,
    }
    own = [each for each, row in table.items() if row["user"] == call.user]
    for each in own[:-OPEN_LOCATORS]:
        del table[each]
    return locator
