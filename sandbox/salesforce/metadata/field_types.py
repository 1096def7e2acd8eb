"""Custom fields between the Metadata API's words and the schema's.

Source: Salesforce, Metadata API Developer Guide, CustomField and FieldType.
"""

from collections.abc import Callable, Mapping

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import Field, object_named
from sandbox.salesforce.soap.elements import part_of, parts_of
from sandbox.state.world import Row

LONGEST_TEXT, LONGEST_AREA = 255, 131_072
SHORTEST_AREA = 256
MOST_DIGITS = 18
_EMAIL, _PHONE = 80, 40
_PLAIN: Mapping[str, tuple[str, int]] = {
    "Date": ("date", 0),
    "DateTime": ("datetime", 0),
    "Email": ("email", _EMAIL),
    "Phone": ("phone", _PHONE),
    "TextArea": ("textarea", LONGEST_TEXT),
    "Time": ("time", 0),
    "Url": ("url", LONGEST_TEXT),
}
"""Types that need nothing but a label: the schema's type and length."""
_NUMERIC: Mapping[str, str] = {"Currency": "currency", "Number": "double", "Percent": "double"}


def described(name: str, metadata: Row) -> Field:
    """The field that metadata describe. Raises `SalesforceError`."""
    label = metadata.get("label")
    if not label:
        raise _missing("label", "CustomField")
    kind = str(metadata.get("type") or "")
    making = _TYPES.get(kind)
    if making is None:
        message = f"'{kind}' is not a valid value for the enum 'FieldType'"
        raise SalesforceError("INVALID_TYPE", message)
    return making(name, kind, metadata)


def metadata_of(field: Field) -> Row:
    """A custom field's metadata, but its full name."""
    told: Row = {
        "label": field.label or field.name.removesuffix("__c").replace("_", " "),
        "externalId": field.lookup,
    }
    if field.type == "boolean":
        return told | {"type": "Checkbox", "defaultValue": "true" if field.default else "false"}
    told["required"] = field.required
    if field.type == "picklist":
        return told | {"type": "Picklist", "valueSet": _value_set(field)}
    if field.type == "reference":
        names = {"referenceTo": field.targets[0], "relationshipName": _plain(field.children)}
        return told | {"type": "Lookup"} | {key: each for key, each in names.items() if each}
    if field.type in ("double", "currency"):
        kind = "Currency" if field.type == "currency" else "Number"
        return told | {"type": kind, "precision": field.precision, "scale": field.scale}
    if field.type == "string":
        return told | {"type": "Text", "length": field.length, "unique": field.unique}
    if field.type == "textarea" and field.length > LONGEST_TEXT:
        return told | {"type": "LongTextArea", "length": field.length, "visibleLines": 3}
    return told | {"type": next(each for each, (kind, _) in _PLAIN.items() if kind == field.type)}


def _plain(children: str | None) -> str | None:
    return children.removesuffix("__r") if children else None


def _value_set(field: Field) -> Row:
    values = [{"fullName": each, "default": each == field.default} for each in field.values]
    definition = {"sorted": False, "value": values}
    return {"restricted": field.is_restricted, "valueSetDefinition": definition}


def _missing(name: str, kind: str) -> SalesforceError:
    message = f"Must specify a '{name}' for a CustomField of type {kind}"
    return SalesforceError("FIELD_INTEGRITY_EXCEPTION", message)


def _flag(metadata: Row, name: str) -> bool:
    return metadata.get(name) in (True, "true")


def _whole(metadata: Row, name: str, kind: str, most: int, least: int = 0) -> int:
    told = metadata.get(name)
    if told is None:
        raise _missing(name, kind)
    number = int(told) if str(told).isdigit() else -1
    if not least <= number <= most:
        message = f"{name} of a CustomField of type {kind} must be between {least} and {most}"
        raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message)
    return number


def _made(name: str, metadata: Row, kind: str, **more: Json) -> Field:
    return Field(
        name,
        kind,
        label=str(metadata["label"]),
        required=_flag(metadata, "required"),
        lookup=_flag(metadata, "externalId"),
        unique=_flag(metadata, "unique"),
        **more,
    )


def _of_plain(name: str, kind: str, metadata: Row) -> Field:
    plain, length = _PLAIN[kind]
    return _made(name, metadata, plain, length=length)


def _text(name: str, kind: str, metadata: Row) -> Field:
    return _made(name, metadata, "string", length=_whole(metadata, "length", kind, LONGEST_TEXT, 1))


def _area(name: str, kind: str, metadata: Row) -> Field:
    length = _whole(metadata, "length", kind, LONGEST_AREA, SHORTEST_AREA)
    _whole(metadata, "visibleLines", kind, 50, 2)
    return _made(name, metadata, "textarea", length=length)


def _number(name: str, kind: str, metadata: Row) -> Field:
    precision = _whole(metadata, "precision", kind, MOST_DIGITS, 1)
    scale = _whole(metadata, "scale", kind, precision)
    return _made(name, metadata, _NUMERIC[kind], precision=precision, scale=scale)


def _checkbox(name: str, kind: str, metadata: Row) -> Field:
    if metadata.get("defaultValue") is None:
        raise _missing("defaultValue", kind)
    return _made(name, metadata, "boolean", default=_flag(metadata, "defaultValue"))


def _lookup(name: str, kind: str, metadata: Row) -> Field:
    target = object_named(str(metadata.get("referenceTo") or ""))
    if target is None:
        raise _missing("referenceTo", kind)
    children = metadata.get("relationshipName")
    return _made(
        name,
        metadata,
        "reference",
        targets=(target.name,),
        children=f"{children}__r" if children else None,
    )


def _picklist(name: str, kind: str, metadata: Row) -> Field:
    value_set = part_of(metadata.get("valueSet"))
    values = parts_of(part_of(value_set.get("valueSetDefinition")).get("value"))
    if not values:
        raise _missing("valueSet", kind)
    names = [str(each.get("fullName")) for each in values]
    default = next((str(each["fullName"]) for each in values if _flag(each, "default")), None)
    return _made(
        name,
        metadata,
        "picklist",
        length=LONGEST_TEXT,
        values=tuple(names),
        default=default,
        is_restricted=_flag(value_set, "restricted"),
    )


_TYPES: Mapping[str, Callable[[str, str, Row], Field]] = {
    **dict.fromkeys(_PLAIN, _of_plain),
    **dict.fromkeys(_NUMERIC, _number),
    "Checkbox": _checkbox,
    "LongTextArea": _area,
    "Lookup": _lookup,
    "Picklist": _picklist,
    "Text": _text,
}
