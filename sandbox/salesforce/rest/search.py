"""`search` and `parameterizedSearch`: SOSL's FIND over the text fields of records.

Every word must begin a word of the record, without regard to capitals; `*` and `?` stand for any
characters, a text in quotes is one phrase. Source: Salesforce, SOSL Reference.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import TOOLING, Field, SObject, fields_of, object_named
from sandbox.salesforce.rest.call import Answer, Call, asker_of, objects_in, texts_in
from sandbox.salesforce.soql.evaluation import run
from sandbox.state.world import Row

MOST = 2_000
SHORTEST_TERM = 2
BY_DEFAULT = ("Account", "Contact", "Lead", "Opportunity", "User")
_FIND = re.compile(
    r"\s*FIND\s*(?:\{(?P<braces>(?:[^}\\]|\\.)*)\}|'(?P<quotes>(?:[^'\\]|\\.)*)')"
    r"(?:\s+IN\s+(?P<group>ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS)?"
    r"(?:\s+RETURNING\s+(?P<returning>.+?))?(?:\s+LIMIT\s+(?P<limit>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_OBJECT = re.compile(r"\s*(\w+)\s*(?:\((.*?)\)\s*)?(?:,|$)", re.DOTALL)
_TAIL = re.compile(r"\s+(?=(?:WHERE|ORDER BY)\b)", re.IGNORECASE)
_LIMIT = re.compile(r"\s+LIMIT\s+(\d+)\s*$", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)")
_TERM = re.compile(r'"([^"]*)"|(\S+)')


class Returned(NamedTuple):
    """What to tell of one object: its fields, conditions and order behind them, how many."""

    sobject: str
    fields: str
    tail: str = ""
    most: int = MOST


def find(call: Call) -> Answer:
    """GET search?q=FIND {...} IN ALL FIELDS RETURNING Lead(Id, Name)."""
    found = _FIND.fullmatch(call.option("q"))
    if found is None:
        message = "unexpected token: expecting FIND {text} [IN ... FIELDS] [RETURNING ...]"
        raise SalesforceError("MALFORMED_SEARCH", message)
    text = _ESCAPE.sub(r"\1", found["braces"] or found["quotes"] or "")
    returned = _returned(found["returning"])
    most = min(int(found["limit"] or MOST), MOST)
    records = _search(call, text, (found["group"] or "ALL").upper(), returned)
    return Answer(body={"searchRecords": records[:most]})


def find_by_parameters(call: Call) -> Answer:
    """GET parameterizedSearch?q=&sobject=&Lead.fields=, or POST the same as JSON."""
    told = call.body if call.asked.method == "POST" else _from_query(call)
    sobjects = objects_in(told.get("sobjects") or [])
    common = texts_in(told.get("fields")) or ["Id"]
    returned: list[Returned] = []
    for each in sobjects:
        fields = texts_in(each.get("fields")) or common
        tail = f"WHERE {each['where']}" if each.get("where") else ""
        most = _most(each.get("limit"))
        returned.append(Returned(str(each.get("name")), ",".join(fields), tail, most))
    group = str(told.get("in") or "ALL").upper()
    most = _most(told.get("overallLimit"))
    records = _search(call, str(told.get("q") or ""), group, returned or _returned(None))
    return Answer(body={"searchRecords": records[:most]})


def _most(told: Json) -> int:
    """How many records are wanted."""
    if told in (None, ""):
        return MOST
    if not str(told).isdigit():
        raise SalesforceError("MALFORMED_SEARCH", f"not a limit: {told}")
    return min(int(told), MOST)


def _from_query(call: Call) -> Row:
    names = [name for each in call.asked.query.get("sobject", []) for name in each.split(",")]
    sobjects = [
        {
            "name": name,
            "fields": [one for one in call.option(f"{name}.fields").split(",") if one],
            "where": call.option(f"{name}.where"),
            "limit": call.option(f"{name}.limit"),
        }
        for name in names
    ]
    fields = [each for each in call.option("fields").split(",") if each]
    told = {"q": call.option("q"), "in": call.option("in"), "sobjects": sobjects}
    return told | {"fields": fields, "overallLimit": call.option("overallLimit")}


def _returned(text: str | None) -> list[Returned]:
    if text is None:
        return [Returned(name, "Id") for name in BY_DEFAULT]
    returned: list[Returned] = []
    for name, inner in _OBJECT.findall(text):
        limit = _LIMIT.search(inner)
        fields, *tail = _TAIL.split(_LIMIT.sub("", inner), maxsplit=1)
        most = int(limit[1]) if limit else MOST
        returned.append(Returned(name, fields.strip() or "Id", tail[0] if tail else "", most))
    return returned


def _search(call: Call, text: str, group: str, returned: Sequence[Returned]) -> list[Row]:
    if len(text.replace("*", "").strip()) < SHORTEST_TERM:
        message = f"search term must be longer than one character: {text}"
        raise SalesforceError("MALFORMED_SEARCH", message)
    tests = [_test(phrase or word) for phrase, word in _TERM.findall(text)]
    asker = asker_of(call)
    records: list[Row] = []
    for each in returned:
        shape = object_named(each.sobject)
        if shape is None or shape.name in TOOLING:
            message = f"sObject type '{each.sobject}' is not supported."
            raise SalesforceError("INVALID_TYPE", message)
        statement = f"SELECT {each.fields} FROM {shape.name} {each.tail}"  # noqa: S608  (SOQL)
        found = run(call.world, statement, asker)
        names = _searched(call, shape, group)
        rows = call.world.table(shape.table)
        ids = [one for one in found.ids if _holds(rows[one], names, tests)]
        made = (found.record(one) for one in ids[: each.most])
        records += [record for record in made if record is not None]
    return records


def _searched(call: Call, shape: SObject, group: str) -> list[str]:
    test = _GROUPS[group if group in _GROUPS else "ALL"]
    return [each.name for each in fields_of(call.world, shape) if test(each)]


_GROUPS: Mapping[str, Callable[[Field], bool]] = {
    "ALL": lambda field: field.is_text and field.type != "picklist",
    "EMAIL": lambda field: field.type == "email",
    "NAME": lambda field: field.name in ("Name", "FirstName", "LastName", "Company", "Subject"),
    "PHONE": lambda field: field.type == "phone",
}


def _test(term: str) -> re.Pattern[str]:
    pattern = re.escape(term).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(rf"(?<!\w){pattern}", re.IGNORECASE)


def _holds(row: Row, names: Sequence[str], tests: Sequence[re.Pattern[str]]) -> bool:
    texts: list[Json] = [row.get(name) for name in names]
    text = "\n".join(str(each) for each in texts if each is not None)
    return all(test.search(text) for test in tests)
