"""A vendor's face with somebody in between who corrupts what passes: records, whole answers."""

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sandbox.http.message import Handler, Request, Response
from tests.hostile.values import MISSING, VALUES

Json = Any
_PLACE = '"@@hostile@@"'
_MARK = re.compile(r"company(\d+)\.example|Company (\d+)\b|Number(\d+)\b")


@dataclass
class Strike:
    """What will be done to the rows of one lead, and what was."""

    kind: str
    """Which rows: `marketo person`, `salesforce Task`, ..."""
    choice: float
    """From 0 to 1: which value in it."""
    value: str
    """Name of the hostile value."""
    times: int
    """How often; then the vendor is itself again."""
    place: str | None = None
    """Where it struck: a path within the row; None until it did."""
    was: Json = None
    struck: int = 0


@dataclass
class Wire:
    """All that passes between the vendors and us."""

    strikes: dict[int, Strike] = field(default_factory=dict[int, Strike])
    """By the number of the lead."""
    ids: dict[str, int] = field(default_factory=dict[str, int])
    """Numbers of leads by Marketo's and Salesforce's ids."""
    storm: "Storm | None" = None

    def face(self, vendor: str, inner: Handler) -> Handler:
        """A vendor's face as we see it."""

        def answer(request: Request) -> Response:
            response = inner(request)
            if self.storm is not None:
                response = self.storm.passing(vendor, request, response)
            if self.strikes:
                response = self._corrupted(vendor, request, response)
            return response

        return answer

    def _corrupted(self, vendor: str, request: Request, response: Response) -> Response:
        try:
            body: Json = json.loads(response.body)
        except ValueError:
            return response
        texts: list[str] = []
        for row, put in list(rows(body)):
            number = self.number(row, request)
            strike = None if number is None else self.strikes.get(number)
            if strike is None or strike.struck >= strike.times:
                continue
            if kind_of(vendor, request, row) == strike.kind:
                _strike(strike, row, put, texts)
        if not texts:
            return response
        told = json.dumps(body)
        for text in texts:
            told = told.replace(_PLACE, text, 1)
        return replace(response, body=told.encode("utf-8", "surrogatepass"))

    def number(self, row: Mapping[str, Json], request: Request) -> int | None:
        """Whose row it is."""
        for name in ("leadId", "id", "Id", "WhoId"):
            found = self.ids.get(str(row.get(name)))
            if found is not None:
                return found
        marked = _MARK.search(json.dumps(row, ensure_ascii=False))
        marked = marked or _MARK.search(json.dumps(request.query) if not row else "")
        return None if marked is None else int(next(filter(None, marked.groups())))


def rows(node: Json) -> Iterator[tuple[Mapping[str, Json], Callable[[Json], None]]]:
    """Every object that lies in a list (a record), with what puts another thing in its place."""
    if isinstance(node, dict):
        for inner in list(cast("dict[str, Json]", node).values()):
            yield from rows(inner)
    elif isinstance(node, list):
        for place, inner in enumerate(cast("list[Json]", node)):
            if isinstance(inner, dict) and "httpStatusCode" not in inner:
                yield (
                    cast("dict[str, Json]", inner),
                    lambda new, place=place: node.__setitem__(place, new),
                )
            else:
                yield from rows(inner)


def kind_of(vendor: str, request: Request, row: Mapping[str, Json]) -> str:
    """Of which kind a record is."""
    told: Json = row.get("attributes")
    if vendor == "salesforce":
        return f"salesforce {told['type'] if isinstance(told, dict) else 'result'}"
    way = "writes" if request.method == "POST" and "_method" not in request.query else "reads"
    return f"{vendor} {way} {request.path.rpartition('/')[2].removesuffix('.json')}"


def paths(
    node: Json, path: tuple[str | int, ...] = (), *, records: bool = True
) -> Iterator[tuple[str | int, ...]]:
    """Every place in some JSON, the whole of it first; with or without what is in its records."""
    in_list = bool(path) and isinstance(path[-1], int)
    if in_list and not records and isinstance(node, dict) and "httpStatusCode" not in node:
        return
    yield path
    if isinstance(node, dict):
        for name, inner in cast("dict[str, Json]", node).items():
            yield from paths(inner, (*path, name), records=records)
    elif isinstance(node, list):
        for place, inner in enumerate(cast("list[Json]", node)[:3]):
            yield from paths(inner, (*path, place), records=records)


def _strike(
    strike: Strike, row: Mapping[str, Json], put: Callable[[Json], None], texts: list[str]
) -> None:
    known = [one for one in paths(row) if one != ("attributes", "url")]
    path = known[int(strike.choice * len(known))]
    strike.place, strike.struck = ".".join(map(str, path)) or "(the whole row)", strike.struck + 1
    strike.was = _at(row, path)
    text = VALUES[strike.value](strike.was)
    parent = None if not path else _at(row, path[:-1])
    if text == MISSING:
        if isinstance(parent, dict):
            del parent[path[-1]]
        elif isinstance(parent, list):
            parent.pop(cast("int", path[-1]))
        else:
            put({})
        return
    texts.append(text)
    if parent is None:
        put(json.loads(_PLACE))
    else:
        parent[path[-1]] = json.loads(_PLACE)


def _at(node: Json, path: tuple[str | int, ...]) -> Json:
    for step in path:
        node = node[step]
    return node


Spoil = Callable[[bytes, random.Random], tuple[bytes, Mapping[str, str]]]


def _as(body: bytes, **headers: str) -> tuple[bytes, Mapping[str, str]]:
    return body, {name.replace("_", "-"): value for name, value in headers.items()}


HTML = b"<!doctype html><html><body><h1>502 Bad Gateway</h1><hr>proxy</body></html>"

BODIES: Mapping[str, Spoil] = {
    "a page of HTML": lambda _body, _dice: _as(HTML, content_type="text/html"),
    "nothing": lambda _body, _dice: _as(b""),
    "null": lambda _body, _dice: _as(b"null"),
    "a list": lambda _body, _dice: _as(b"[]"),
    "an empty object": lambda _body, _dice: _as(b"{}"),
    "a text": lambda _body, _dice: _as(b'"maintenance"'),
    "a number": lambda _body, _dice: _as(b"7"),
    "half of it": lambda body, _dice: _as(body[: len(body) // 2]),
    "twice": lambda body, _dice: _as(body + body),
    "with a BOM": lambda body, _dice: _as(b"\xef\xbb\xbf" + body),
    "in UTF-16": lambda body, _dice: _as(body.decode("utf-8", "replace").encode("utf-16")),
    "no gzip": lambda body, _dice: _as(body, content_encoding="gzip"),
    "half a gzip": lambda body, _dice: _as(
        gzip.compress(body)[: len(body) // 4], content_encoding="gzip"
    ),
    "gzip in gzip": lambda body, _dice: _as(
        gzip.compress(gzip.compress(body)), content_encoding="gzip"
    ),
    "a gzip bomb": lambda _body, _dice: _as(BOMB, content_encoding="gzip"),
    "an unknown coding": lambda body, _dice: _as(body, content_encoding="br"),
    "100,000 levels": lambda _body, _dice: _as(b"[" * 100_000 + b"]" * 100_000),
    "NULs": lambda body, _dice: _as(b"\x00" * len(body)),
    "a wrong length": lambda body, _dice: _as(body, content_type="application/octet-stream"),
}
"""Whole answers that are spoiled."""
LISTS = frozenset({"result", "records", "body"})
EMPTY = frozenset({"missing", "null", "an empty list"})
BOMB = gzip.compress(b"[" + b"0," * 40_000_000 + b"0]", compresslevel=9)


@dataclass
class Storm:
    """Strikes whole answers, one now and then, anywhere outside the records."""

    dice: random.Random
    every: int
    """One of so many answers is struck."""
    struck: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """What was: the call, the place, the value."""
    records: bool = False
    """Whether single records are struck, too: then who gets which lead may change."""

    def passing(self, vendor: str, request: Request, response: Response) -> Response:
        """An answer on its way."""
        if self.dice.randrange(self.every):
            return response
        call = f"{vendor} {request.method} {request.path.rpartition('/')[2]}"
        if self.dice.random() < 0.3:
            name = self.dice.choice(sorted(BODIES))
            body, headers = BODIES[name](response.body, self.dice)
            self.struck.append((call, "(the whole answer)", name))
            return replace(response, body=body, headers={**response.headers, **headers})
        try:
            told: Json = json.loads(response.body)
        except ValueError:
            return response
        path = self.dice.choice(list(paths(told, records=self.records)))
        name = self.dice.choice(sorted(VALUES))
        if not self.records and path and path[-1] in LISTS and name in EMPTY:
            return response  # that is how a vendor says that there is nothing
        self.struck.append((call, ".".join(map(str, path)) or "(the whole JSON)", name))
        text = VALUES[name](_at(told, path))
        if not path:
            return replace(response, body=b"" if text == MISSING else _encoded(text))
        parent = _at(told, path[:-1])
        if text == MISSING:
            parent.pop(path[-1])
            return replace(response, body=_encoded(json.dumps(told)))
        parent[path[-1]] = json.loads(_PLACE)
        return replace(response, body=_encoded(json.dumps(told).replace(_PLACE, text, 1)))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
