"""Marketo's records and our values: reading the former, writing the latter."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from domain.effects import Applied, MirrorActivity, MirrorFields, Receipt, Refused, Unknown
from domain.errors import RequestError
from domain.lead.model import Activity, CrmLink, FieldName, RawLead
from domain.ports import Merge
from domain.values import LeadKey, RecordId, Scalar
from tools.marketo.envelope import VENDOR, Json, Outcome, Row
from tools.marketo.error_codes import code_of
from tools.marketo.fields import ActivityNames, FieldMap, LinkNames, MirrorNames

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


def read_instant(text: str) -> datetime:
    """Read Marketo's several forms of a moment: `...Z`, `+0000`, `-05:00` and `Z+0000`."""
    try:
        instant = datetime.fromisoformat(text.replace("Z+0000", "Z"))
    except ValueError:
        raise RequestError(VENDOR, f"{text!r} is not a date and time") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def write_instant(instant: datetime) -> str:
    """Write a moment as Marketo reads it, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_person(row: Row, fields: FieldMap, read_at: datetime) -> RawLead:
    """Read a person; what Marketo does not hold (null) is absent."""
    key = LeadKey(str(row["id"]))
    return RawLead(
        key=key,
        values=_values(row, fields.person),
        link=_link(row, fields.link),
        created_at=_moment(row, "createdAt", key),
        updated_at=_moment(row, "updatedAt", key),
        read_at=read_at,
    )


def _values(row: Row, names: Mapping[FieldName, str]) -> dict[FieldName, Scalar]:
    values = {field: row.get(name) for field, name in names.items()}
    return {
        field: value
        for field, value in values.items()
        if isinstance(value, str | int | float | bool) and value != ""
    }


def _moment(row: Row, name: str, key: LeadKey) -> datetime:
    value = row.get(name)
    if not isinstance(value, str):
        raise RequestError(VENDOR, f"person {key} came without {name}")
    return read_instant(value)


def _link(row: Row, names: LinkNames) -> CrmLink | None:
    """An empty SFDC type means that the person is not in Salesforce (Adobe: Salesforce sync)."""
    kind = row.get(names.kind)
    if kind not in ("Lead", "Contact"):
        return None
    by_kind = names.contact_id if kind == "Contact" else names.lead_id
    record_id = row.get(by_kind) or row.get(names.id)
    return CrmLink(kind=kind, record_id=RecordId(str(record_id))) if record_id else None


def read_activity(row: Row, types: Mapping[int, str]) -> Activity:
    """Read an activity; `marketoGUID` is its identity, the integer id may be absent."""
    return Activity(
        id=str(row.get("marketoGUID") or row["id"]),
        lead=LeadKey(str(row["leadId"])),
        type=types.get(row["activityTypeId"], str(row["activityTypeId"])),
        at=read_instant(row["activityDate"]),
        name=_text(row.get("primaryAttributeValue")),
        attributes={
            str(one["name"]): _text(one.get("value")) for one in row.get("attributes") or ()
        },
    )


def read_change(row: Row, names: Mapping[str, FieldName]) -> Activity:
    """Read a change of fields: attributes are our field names with the new values."""
    changed = {
        str(names.get(one["name"], one["name"])): _text(one.get("newValue"))
        for one in row.get("fields") or ()
    }
    return Activity(
        id=str(row.get("marketoGUID") or row["id"]),
        lead=LeadKey(str(row["leadId"])),
        type=CHANGE,
        at=read_instant(row["activityDate"]),
        name=", ".join(changed),
        attributes=changed,
    )


def read_merge(row: Row) -> Merge | None:
    """Read a merge; None when it names nobody who is gone."""
    losers = _NUMBER.findall(attribute_of(row, _MERGED) or "")
    if not losers:
        return None
    return Merge(
        id=str(row.get("marketoGUID") or row["id"]),
        at=read_instant(row["activityDate"]),
        winner=LeadKey(str(row["leadId"])),
        losers=tuple(LeadKey(one) for one in dict.fromkeys(losers)),
    )


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def attribute_of(row: Row, name: str) -> str | None:
    """An activity's attribute; Marketo may answer with its API name or the name it shows."""
    wanted = _folded(name)
    for one in row.get("attributes") or ():
        if wanted in (_folded(one.get("apiName")), _folded(one.get("name"))):
            return _text(one.get("value"))
    return None


def _folded(name: Json) -> str:
    return "".join(filter(str.isalnum, str(name or ""))).casefold()


def read_field(row: Row) -> PersonField:
    """Read one field of `describe2`."""
    return PersonField(
        name=str(row["name"]),
        updateable=row.get("updateable") is not False,
        length=row.get("length"),
        crm_managed=row.get("crmManaged") is True,
    )


def read_campaign(row: Row) -> Campaign:
    """Read a smart campaign."""
    return Campaign(int(row["id"]), str(row["name"]), str(row["type"]), row.get("active") is True)


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
    """One receipt for each record sent; what Marketo doesn't mention may have happened."""
    unmentioned = Unknown(detail="Marketo's answer does not mention this record")
    told = [_receipt(outcome) for outcome in outcomes[:count]]
    return told + [unmentioned] * (count - len(told))


def _receipt(outcome: Outcome) -> Receipt:
    if outcome.reasons:
        code, words = outcome.reasons[0]
        return Refused(refusal=code_of(code).refusal, code=code, words=words)
    if outcome.status in ("skipped", "failed"):
        refusal = code_of("").refusal
        return Refused(refusal=refusal, code=outcome.status, words="no reason was given")
    return Applied(detail=outcome.status)
