"""Reading `policy.yaml` and `territories.csv`, and saying what is wrong in words for their editors.

Every complaint names the file, the line, the path within it, what is wrong and what to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import ValidationError

from agent.policy.explanations import FORMS, Detail, alike, distinct, explain
from agent.policy.spreadsheet import SpreadsheetError, read_sheet
from agent.policy.yaml_text import Document, YamlError, read_yaml
from agent.policy.yaml_text import Path as Place
from domain.errors import PolicyError
from domain.intake.impossible_values import impossible_values
from domain.policy.lint.checks import lint
from domain.policy.lint.complaints import Lint
from domain.policy.model import Policy
from domain.policy.routing import RULE_KINDS, Territory
from domain.policy.upgrade import new_name, new_path, old_keys, upgraded

TERRITORIES = "territories.csv"


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong with a policy file, and what to do about it."""

    severity: Literal["error", "warning"]
    file: str
    line: int
    path: str
    sentence: str
    suggestion: str

    def __str__(self) -> str:
        """The complaint as an editor's tools know it: file, line, then words."""
        where = f"{self.file}:{self.line}"
        at = f" [{self.path}]" if self.path else ""
        advice = f"\n    {self.suggestion}" if self.suggestion else ""
        return f"{where}: {self.severity}{at}: {self.sentence}{advice}"


@dataclass(frozen=True)
class Reading:
    """A policy file as read: the policy when it could be built, and all complaints about it."""

    policy: Policy | None
    complaints: tuple[Complaint, ...]

    @property
    def errors(self) -> tuple[Complaint, ...]:
        """The complaints that keep the policy from being used."""
        return tuple(one for one in self.complaints if one.severity == "error")


def load_policy(path: Path) -> Policy:
    """The policy in a file; raises PolicyError with every error in it."""
    reading = read_policy(path)
    if reading.policy is None or reading.errors:
        raise PolicyError("\n".join(str(one) for one in reading.errors))
    return reading.policy


def read_policy(path: Path) -> Reading:
    """Read a policy file and the territories beside it, and find all that is wrong with them."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        advice = "Give the path of a policy file, for example: routeready policy check policy.yaml"
        return _only(path, 1, f"Can't read this file: {error.strerror}", advice)
    except UnicodeDecodeError:
        return _only(path, 1, "This file is not UTF-8 text", "Save it as UTF-8.")
    try:
        document = read_yaml(text)
    except YamlError as error:
        return _only(path, error.line, error.sentence, error.suggestion)
    if not isinstance(document.value, dict):
        return _only(path, 1, "This file is not a policy", "Start from the example policy.yaml.")
    table = path.with_name(TERRITORIES)
    rows, complaints = _read_territories(table)
    return _build(path, document, rows, complaints)


def _only(path: Path, line: int, sentence: str, suggestion: str) -> Reading:
    return Reading(None, (Complaint("error", path.name, line, "", sentence, suggestion),))


def _build(
    path: Path, document: Document, rows: list[Territory], complaints: list[Complaint]
) -> Reading:
    old = _old_keys(path, document)
    complaints += old
    document = _with_todays_keys(document)
    plain: dict[str, Any] = dict(document.value)
    if "territories" in plain:
        line = document.line(("territories",))
        said = "Territories don't belong in this file"
        advice = f"Remove this key, and write the rows in {TERRITORIES}."
        complaints.append(Complaint("error", path.name, line, "territories", said, advice))
    plain["territories"] = [row.model_dump(exclude_unset=True) for row in rows]
    try:
        policy = Policy.model_validate(plain)
    except ValidationError as error:
        for detail in distinct(cast("list[Detail]", error.errors(include_url=False))):
            at = _without_tags(detail["loc"])
            sentence, suggestion = explain(detail, at)
            line = document.line(at)
            complaints.append(Complaint("error", path.name, line, _spell(at), sentence, suggestion))
        return Reading(None, tuple(complaints))
    if len(complaints) == len(old):  # half a table of territories would be full of gaps
        complaints += [_from_lint(one, path, document, policy) for one in all_lint(policy)]
    return Reading(policy, tuple(sorted(complaints, key=lambda one: (one.file, one.line))))


def all_lint(policy: Policy) -> list[Lint]:
    """Everything that is wrong with a policy that is well formed."""
    return [*lint(policy), *impossible_values(policy)]


def _old_keys(path: Path, document: Document) -> list[Complaint]:
    """Every key that has another name now; the rest of the file is checked all the same."""
    found: list[Complaint] = []
    for at in old_keys(document.value):
        new = new_name(at)
        sentence = f"{str(at[-1])!r} is an old key: it is called {new!r} now"
        is_twice = new is not None and (*at[:-1], new) in document.lines
        advice = f"{str(new)!r} is given too: remove one of the two." if is_twice else ""
        advice = advice or f"Run: routeready policy upgrade {path.name}"
        line = document.line(at)
        found.append(Complaint("error", path.name, line, _spell(at), sentence, advice))
    return found


def _with_todays_keys(document: Document) -> Document:
    lines = {new_path(at): line for at, line in document.lines.items()}
    return Document(upgraded(document.value), {**lines, **document.lines})


def _from_lint(one: Lint, path: Path, document: Document, policy: Policy) -> Complaint:
    if one.path[:1] == ("territories",):
        index = one.path[1] if len(one.path) > 1 else None
        line = policy.territories[index].line if isinstance(index, int) else 1
        where = str(one.path[2]) if len(one.path) > 2 else ""  # noqa: PLR2004  (path's column)
        return Complaint(one.severity, TERRITORIES, line, where, one.sentence, one.suggestion)
    line = document.line(one.path)
    return Complaint(one.severity, path.name, line, _spell(one.path), one.sentence, one.suggestion)


def _read_territories(path: Path) -> tuple[list[Territory], list[Complaint]]:
    """Read the rows; a cell that is empty fits everything."""
    if not path.exists():
        return [], []
    try:
        sheet = read_sheet(path)
    except SpreadsheetError as error:
        said, advice = error.sentence, error.suggestion
        return [], [Complaint("error", path.name, error.line, "", said, advice)]
    known = set(Territory.model_fields) - {"line"}
    complaints = [
        Complaint("error", path.name, sheet.line, name, *_unknown(name, known))
        for index, name in enumerate(sheet.columns)
        if name not in known and (name or any(row[index].strip() for _, row in sheet.rows))
    ]
    if complaints:
        return [], complaints
    rows: list[Territory] = []
    for line, cells in sheet.rows:
        named = zip(sheet.columns, cells, strict=True)
        filled = {name: text.strip() for name, text in named if text.strip()}
        try:
            rows.append(Territory.model_validate({**filled, "line": line}))
        except ValidationError as error:
            for detail in cast("list[Detail]", error.errors(include_url=False)):
                column = str(detail["loc"][0])
                sentence, suggestion = explain(detail, (column,))
                complaints.append(Complaint("error", path.name, line, column, sentence, suggestion))
    return rows, complaints


def _unknown(name: str, known: set[str]) -> tuple[str, str]:
    if not name:
        return "A column has no name", "Name it in the first row, or empty its cells."
    return f'Unknown column "{name}"', alike(name, known)


def _without_tags(loc: Sequence[str | int]) -> Place:
    """A pydantic location without the names of union members, which no file contains."""
    kept: list[str | int] = []
    for index, part in enumerate(loc):
        is_tag = part in RULE_KINDS and index > 0 and isinstance(loc[index - 1], int)
        if not is_tag and part not in FORMS:
            kept.append(part)
    return tuple(kept)


def _spell(path: Sequence[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
