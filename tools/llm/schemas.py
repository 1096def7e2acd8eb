"""JSON Schemas as strict servers want them, made from pydantic models."""

from copy import deepcopy
from functools import cache
from typing import Any, cast

from pydantic import BaseModel

Schema = dict[str, Any]

_LEFT_OUT = frozenset(
    "default examples format maxItems maxLength maximum exclusiveMaximum exclusiveMinimum minItems "
    "minLength minimum multipleOf pattern title uniqueItems".split()
)
"""Keywords that some strict servers refuse; our own validation keeps what they promise."""
_NAMED = ("properties", "$defs")
"""Keywords whose keys are names, not keywords."""


@cache
def strict_schema(model: type[BaseModel]) -> Schema:
    """A model's schema with every object closed and every property required; not to be changed.

    What has a default may then be null instead (OpenAI: Structured Outputs, "Supported schemas").
    """
    return cast("Schema", _strict(deepcopy(model.model_json_schema(mode="validation"))))


def without_defaults(model: type[BaseModel], value: object) -> object:
    """An answer without the nulls that only stand for an optional property left out."""
    if not isinstance(value, dict):
        return value
    given = cast("dict[str, object]", value)
    optional = {
        field.alias or name for name, field in model.model_fields.items() if not field.is_required()
    }
    return {name: one for name, one in given.items() if one is not None or name not in optional}


def _strict(value: object) -> object:
    if isinstance(value, list):
        return [_strict(one) for one in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    schema = cast("Schema", value)
    kept: Schema = {}
    for name, one in schema.items():
        if name in _NAMED:
            kept[name] = {key: _strict(part) for key, part in cast("Schema", one).items()}
        elif name not in _LEFT_OUT:
            kept[name] = _strict(one)
    return _closed(kept, schema.get("required") or []) if "properties" in kept else kept


def _closed(schema: Schema, required: list[str]) -> Schema:
    properties = {
        name: part if name in required else _nullable(part)
        for name, part in cast("Schema", schema["properties"]).items()
    }
    return {
        **schema,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _nullable(schema: Schema) -> Schema:
    nothing = {"type": "null"}
    if nothing in schema.get("anyOf", ()):
        return schema
    return {"anyOf": [schema, nothing]}
