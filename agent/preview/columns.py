"""What the columns of a list of leads mean: Marketo's names of fields, in any spelling."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain import border
from domain.intake.typed_leads import Occasion, TypedLead
from domain.language import tried_leads
from domain.lead.model import FieldName

_WORKED_OUT = frozenset({FieldName.EMAIL_KIND, FieldName.SENIORITY, FieldName.FUNCTION})
"""Fields that nobody types."""
_SHOWN = {
    "Email Address": FieldName.EMAIL,
    "Company Name": FieldName.COMPANY,
    "Job Title": FieldName.TITLE,
    "Num Employees": FieldName.EMPLOYEES,
    "Person Source": FieldName.LEAD_SOURCE,
    "Person Score": FieldName.SCORE,
    "Phone Number": FieldName.PHONE,
}
"""Names under which Marketo shows and exports fields, where they differ from the REST names."""
_ALSO = {"formName": Occasion.FORM, "programName": Occasion.PROGRAM, "listName": Occasion.LIST}


@dataclass(frozen=True)
class Columns:
    """What each column means, in their order; None for one that is ignored."""

    meanings: tuple[FieldName | Occasion | None, ...]
    notes: tuple[str, ...] = ()
    """What was ignored and why, in sentences."""

    @property
    def are_known(self) -> bool:
        """Whether any column is a field of a lead."""
        return any(isinstance(one, FieldName) for one in self.meanings)

    def lead(self, line: int, cells: Sequence[str]) -> TypedLead:
        """A row as somebody typed it."""
        values: dict[FieldName, str] = {}
        occasion: dict[Occasion, str] = {}
        for meaning, cell in zip(self.meanings, cells, strict=False):
            if not cell.strip():
                continue
            if isinstance(meaning, FieldName):
                values[meaning] = border.text(cell)
            elif meaning is not None:
                occasion[meaning] = border.text(cell)
        return TypedLead(line=line, values=values, occasion=occasion)


def read_columns(names: Sequence[str], fields: Mapping[FieldName, str]) -> Columns:
    """The meaning of each column; `fields` are the subscription's REST names."""
    known = _known(fields)
    spellings = [*fields.values(), *(one.value for one in Occasion)]
    used: dict[FieldName | Occasion, str] = {}
    meanings: list[FieldName | Occasion | None] = []
    notes: list[str] = []
    for number, written in enumerate(names, 1):
        name = border.text(written).strip()
        meaning = known.get(_key(name))
        if meaning is None:
            notes.append(
                tried_leads.unknown_column(name, _nearest(name, spellings))
                if name
                else tried_leads.nameless_column(number)
            )
        elif meaning in used:
            notes.append(tried_leads.same_field(name, used[meaning]))
            meaning = None
        else:
            used[meaning] = name
        meanings.append(meaning)
    return Columns(tuple(meanings), tuple(notes))


def _known(fields: Mapping[FieldName, str]) -> dict[str, FieldName | Occasion]:
    """Every spelling; the subscription's own names come first."""
    ours = {one.value: one for one in FieldName if one not in _WORKED_OUT}
    rest = {name: field for field, name in fields.items()}
    every = {**ours, **_SHOWN, **_ALSO, **{one.value: one for one in Occasion}, **rest}
    return {_key(name): meaning for name, meaning in every.items()}


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _nearest(name: str, known: Sequence[str]) -> str | None:
    by_key = {_key(one): one for one in known}
    close = difflib.get_close_matches(_key(name)[:60], by_key, n=1)
    return by_key[close[0]] if close else None
