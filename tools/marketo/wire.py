"""Marketo's records and our values: reading the former, writing the latter."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from domain import border
from domain.effects import Applied, MirrorActivity, MirrorFields, Receipt, Refused, Unknown
from domain.errors import RequestError
from domain.lead.model import Activity, CrmLink, FieldName, RawLead
from domain.lead.record_ids import canonical
from domain.ports import Merge, Unread
from domain.values import LeadKey, Scalar
from tools.marketo.envelope import VENDOR, Json, Outcome, Row
from tools.marketo.error_codes import code_of
from tools.marketo.fields import ActivityNames, FieldMap, LinkNames, MirrorNames

T = TypeVar("T")

_DONE = frozenset({"created", "updated", "added"})
"""What Marketo says of a record that it has written."""
LONGEST_EVIDENCE = 4_000
"""Characters of an unreadable record that are kept."""
_LONGEST_ID = 100

CHANGE = "Change Data Value"
"""Marketo's name of the activity that a change of a field leaves."""


MERGE = "Merge Leads"
"""Marketo's name of the activity that a merge leaves on the person who is left."""
_MERGED = "Merge IDs"
"""Its attribute with the ids of those who are gone."""
_NUMBER = re.compile(r"[0-9]+")


class ActivityType(NamedTuple):
    """A kind of activity that this subscription knows."""

    id: int
    name: str


class Campaign(NamedTuple):
    """A smart campaign."""

    id: int
    name: str
    kind: str
    """`trigger` or `batch`."""
    active: bool


class StaticList(NamedTuple):
    """A static list."""

    id: int
    name: str


class PersonField(NamedTuple):
    """What Marketo says of a person field."""

    name: str
    updateable: bool
    length: int | None
    """Most characters it holds; None for what isn't a text."""
    crm_managed: bool
    """Whether Salesforce owns it."""


def _read(row: Row, name: str, reading: Callable[[Json], T]) -> T:
    """A value of a record.

    Raises:
        ValueError: it is not what it should be; the sentence names the field, not the value.
    """
    try:
        return reading(row.get(name))
    except ValueError as error:
        raise ValueError(f"{name} holds {error}") from None


def write_instant(instant: datetime) -> str:
    """Write a moment as Marketo reads it, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_key(row: Row, name: str = "id") -> LeadKey:
    """Whose record it is.

    Raises:
        ValueError: it doesn't say.
    """
    return LeadKey(_read(row, name, border.number_of))


def read_person(row: Row, fields: FieldMap, read_at: datetime) -> RawLead:
    """Read a person; what Marketo does not hold (null) is absent.

    Raises:
        ValueError: a field holds what no field of Marketo's can hold.
    """
    return RawLead(
        key=read_key(row),
        values=_values(row, fields.person),
        link=_link(row, fields.link),
        created_at=_read(row, "createdAt", border.moment),
        updated_at=_read(row, "updatedAt", border.moment),
        read_at=read_at,
    )


def _values(row: Row, names: Mapping[FieldName, str]) -> dict[FieldName, Scalar]:
    values = {field: _read(row, name, _scalar) for field, name in names.items()}
    return {field: value for field, value in values.items() if value is not None and value != ""}


def _scalar(value: Json) -> Scalar | None:
    """A field that holds a list may be the one that forbids to write to somebody: no guess."""
    if isinstance(value, dict | list):
        raise ValueError(f"{border.kind_of(value)} where one value should be")  # noqa: TRY004
    return value


def _link(row: Row, names: LinkNames) -> CrmLink | None:
    """An empty SFDC type means that the person is not in Salesforce (Adobe: Salesforce sync)."""
    kind = _read(row, names.kind, _text_or_none)
    if kind not in ("Lead", "Contact"):
        return None
    by_kind = names.contact_id if kind == "Contact" else names.lead_id
    record_id = _read(row, by_kind, _text_or_none) or _read(row, names.id, _text_or_none)
    return CrmLink(kind=kind, record_id=canonical(record_id)) if record_id else None


def _text_or_none(value: Json) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{border.kind_of(value)} where a text should be")
    return value


def read_activity(row: Row, types: Mapping[int, str]) -> Activity:
    """Read an activity; `marketoGUID` is its identity, the integer id may be absent.

    Raises:
        ValueError: it doesn't say who did what when.
    """
    number = int(_read(row, "activityTypeId", border.number_of))
    return Activity(
        id=_identity(row),
        lead=read_key(row, "leadId"),
        type=types.get(number, str(number)),
        at=_read(row, "activityDate", border.moment),
        name=_text(row.get("primaryAttributeValue")),
        attributes={
            _text(one.get("name")): _text(one.get("value"))
            for one in _read(row, "attributes", border.records)
        },
    )


def read_change(row: Row, names: Mapping[str, FieldName]) -> Activity:
    """Read a change of fields: attributes are our field names with the new values.

    Raises:
        ValueError: it doesn't say who was changed when.
    """
    fields = [
        (_text(one.get("name")), one.get("newValue"))
        for one in _read(row, "fields", border.records)
    ]
    changed = {str(names.get(name, name)): _text(value) for name, value in fields}
    return Activity(
        id=_identity(row),
        lead=read_key(row, "leadId"),
        type=CHANGE,
        at=_read(row, "activityDate", border.moment),
        name=", ".join(changed),
        attributes=changed,
    )


def read_merge(row: Row) -> Merge | None:
    """Read a merge; None when it names nobody who is gone.

    Raises:
        ValueError: it doesn't say who was merged when.
    """
    losers = _NUMBER.findall(attribute_of(row, _MERGED) or "")
    if not losers:
        return None
    return Merge(
        id=_identity(row),
        at=_read(row, "activityDate", border.moment),
        winner=read_key(row, "leadId"),
        losers=tuple(LeadKey(one) for one in dict.fromkeys(losers)),
    )


def _identity(row: Row) -> str:
    told = row.get("marketoGUID") or row.get("id")
    if isinstance(told, bool) or not isinstance(told, str | int) or len(str(told)) > _LONGEST_ID:
        raise ValueError("marketoGUID holds no identity")
    return str(told)


def unread(row: Json, why: ValueError) -> Unread:
    """A record that can't be read, with as much of it as helps to find it in Marketo."""
    try:
        lead = read_key(border.record(row), "leadId")
    except ValueError:
        lead = None
    return Unread(lead=lead, why=str(why), record=json.dumps(row)[:LONGEST_EVIDENCE])


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def attribute_of(row: Row, name: str) -> str | None:
    """An activity's attribute; Marketo may answer with its API name or the name it shows."""
    wanted = _folded(name)
    for one in _read(row, "attributes", border.records):
        if wanted in (_folded(one.get("apiName")), _folded(one.get("name"))):
            return _text(one.get("value"))
    return None


def _folded(name: Json) -> str:
    return "".join(filter(str.isalnum, str(name or ""))).casefold()


def read_field(row: Row) -> PersonField:
    """Read one field of `describe2`; raises ValueError when it has no name."""
    length = row.get("length")
    is_length = isinstance(length, int) and not isinstance(length, bool) and length > 0
    return PersonField(
        name=_read(row, "name", _name),
        updateable=row.get("updateable") is not False,
        length=length if is_length else None,
        crm_managed=row.get("crmManaged") is True,
    )


def read_campaign(row: Row) -> Campaign:
    """Read a smart campaign; raises ValueError when it has no id or name."""
    number, name = int(_read(row, "id", border.number_of)), _read(row, "name", _name)
    return Campaign(number, name, str(row.get("type")), row.get("active") is True)


def read_list(row: Row) -> StaticList:
    """Read a static list; raises ValueError when it has no id or name."""
    return StaticList(int(_read(row, "id", border.number_of)), _read(row, "name", _name))


def read_type(row: Row) -> ActivityType:
    """Read a kind of activity; raises ValueError when it has no id or name."""
    return ActivityType(int(_read(row, "id", border.number_of)), _read(row, "name", _name))


def read_total(row: Row) -> int:
    """Read how many calls one day had; raises ValueError when it doesn't say."""
    return int(_read(row, "total", border.number_of))


def _name(value: Json) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{border.kind_of(value)} where a name should be")
    return value


def mirror_row(mirror: MirrorFields, names: MirrorNames, lengths: Mapping[str, int]) -> Row:
    """Form the person update that tells what was decided; null clears a field."""
    texts = {names.status: mirror.status, names.owner: mirror.owner_name}
    stamp = mirror.stamp
    if stamp is not None:
        texts |= {
            names.reason: stamp.reason,
            names.territory: stamp.territory,
            names.rule: stamp.rule,
            names.decision_id: stamp.decision_id,
            names.routed_at: write_instant(stamp.routed_at),
            names.sla_due: stamp.sla_due and write_instant(stamp.sla_due),
        }
    fitted = {name: _fitted(text or None, lengths.get(name)) for name, text in texts.items()}
    return {"id": person_id(mirror.lead), **fitted}


def _fitted(text: str | None, length: int | None) -> str | None:
    """Cut a text to what its field holds; the whole reason stays on the Salesforce record."""
    if text is None or length is None or len(text) <= length:
        return text
    return text[: length - 1] + "…"


def activity_row(mirror: MirrorActivity, type_id: int, names: ActivityNames) -> Row:
    """Form the custom activity that keeps an assignment."""
    stamp = mirror.stamp
    attributes = {
        names.decision_id: stamp.decision_id,
        names.owner: mirror.owner_name,
        names.territory: stamp.territory,
        names.rule: stamp.rule,
        names.reason: stamp.reason,
        names.policy_version: stamp.policy_version,
    }
    return {
        "leadId": person_id(mirror.lead),
        "activityDate": write_instant(stamp.routed_at),
        "activityTypeId": type_id,
        "primaryAttributeValue": mirror.owner_name,
        "attributes": [
            {"apiName": name, "value": value} for name, value in attributes.items() if value
        ],
    }


def person_id(key: LeadKey) -> int:
    """Marketo's integer id of a person.

    Raises:
        RequestError: the key is not one of Marketo's.
    """
    if not key.isascii() or not key.isdigit():
        raise RequestError(VENDOR, f"{key!r} is not the id of a Marketo person")
    return int(key)


def receipts_of(outcomes: Sequence[Outcome], count: int) -> list[Receipt]:
    """One receipt for each record sent; what can't be told apart may have happened."""
    if len(outcomes) != count:
        detail = f"Marketo's answer has {len(outcomes)} results for {count} records"
        return [Unknown(detail=detail)] * count
    return [_receipt(outcome) for outcome in outcomes]


def _receipt(outcome: Outcome) -> Receipt:
    if outcome.reasons:
        code, words = outcome.reasons[0]
        return Refused(refusal=code_of(code).refusal, code=code, words=words)
    if outcome.status in ("skipped", "failed"):
        refusal = code_of("").refusal
        return Refused(refusal=refusal, code=outcome.status, words="no reason was given")
    if outcome.status not in _DONE:
        return Unknown(detail="Marketo's answer says neither success nor failure")
    return Applied(detail=outcome.status)
