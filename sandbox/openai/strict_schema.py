"""What a schema must be for strict structured outputs.

Source: OpenAI, Structured outputs, "Supported schemas": every object closed, every property
required, at most ten levels and five thousand properties, and only some keywords.
"""

from collections.abc import Iterator
from typing import cast

from sandbox.http.message import Json
from sandbox.state.world import Row

DEEPEST = 10
MOST_PROPERTIES = 5000
FORBIDDEN = frozenset(
    "allOf not dependentRequired dependentSchemas if then else patternProperties unevaluatedItems"
    " contains prefixItems propertyNames uniqueItems".split()
)
"""Keywords that strict mode doesn't permit."""


def check_strict(schema: Json) -> str | None:
    """The first fault of a schema, as OpenAI words it; None when it will do."""
    row = cast("Row", schema) if isinstance(schema, dict) else {}
    if row.get("type") != "object":
        got = f"got 'type: \"{row.get('type')}\"'."
        return f"schema must be a JSON Schema of 'type: \"object\"', {got}"
    count = sum(len(one.get("properties") or ()) for one, _ in _objects(row, ()))
    if count > MOST_PROPERTIES:
        return f"Schema has {count} properties, which exceeds the limit of {MOST_PROPERTIES}."
    return next(_faults(row), None)


def _faults(schema: Row) -> Iterator[str]:
    for part, path in _objects(schema, ()):
        context = f"In context=({', '.join(repr(one) for one in path)}), "
        forbidden = sorted(FORBIDDEN & set(part))
        if forbidden:
            yield f"{context}'{forbidden[0]}' is not permitted."
        if len(path) > 2 * DEEPEST:
            yield f"{context}schema is nested too deeply, at most {DEEPEST} levels are allowed."
        if "properties" not in part and part.get("type") != "object":
            continue
        if part.get("additionalProperties") is not False:
            yield f"{context}'additionalProperties' is required to be supplied and to be false."
        names = list(part.get("properties") or ())
        missing = [one for one in names if one not in (part.get("required") or ())]
        if missing:
            yield (
                f"{context}'required' is required to be supplied and to be an array including "
                f"every key in properties. Missing '{missing[0]}'."
            )


def _objects(schema: Row, path: tuple[str, ...]) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Every schema within a schema, with its path."""
    yield schema, path
    for name in ("properties", "$defs", "definitions"):
        named: dict[str, Row] = schema.get(name) or {}
        for key, part in named.items():
            yield from _objects(part, (*path, name, key))
    for name in ("anyOf", "oneOf", "allOf"):
        for place, part in enumerate(schema.get(name) or ()):
            yield from _objects(part, (*path, name, str(place)))
    if isinstance(schema.get("items"), dict):
        yield from _objects(schema["items"], (*path, "items"))
