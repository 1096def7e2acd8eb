"""Answers with the same records in another order, or without some of their fields."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import cast

from sandbox.http.message import Json, Response
from sandbox.state.world import Row

LISTS = ("result", "records", "messages", "members", "entries")
"""Under which a vendor's answer keeps its records."""


def reordered(response: Response) -> Response:
    """The same answer with its records in reverse order."""
    answer = _decoded(response)
    if not isinstance(answer, dict):
        return response
    body = cast("Row", answer)
    turned = {name: body[name][::-1] for name in LISTS if isinstance(body.get(name), list)}
    return _with_body(response, {**body, **turned})


def without(response: Response, fields: Collection[str]) -> Response:
    """The same answer in which these fields are nowhere."""
    answer = _decoded(response)
    return response if answer is None else _with_body(response, _thinned(answer, fields))


def _thinned(value: Json, fields: Collection[str]) -> Json:
    if isinstance(value, dict):
        row = cast("Row", value)
        return {name: _thinned(each, fields) for name, each in row.items() if name not in fields}
    if isinstance(value, list):
        return [_thinned(each, fields) for each in cast("list[Json]", value)]
    return value


def _decoded(response: Response) -> Json:
    try:
        return json.loads(response.body)
    except ValueError:
        return None


def _with_body(response: Response, answer: Json) -> Response:
    return replace(response, body=json.dumps(answer, separators=(",", ":")).encode())
