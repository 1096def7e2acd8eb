"""The cases a prompt is judged by: strict YAML files under `evals/cases/scenarios`, one per task.

A family is a group of cases that would fail together, and the unit that belongs to a split: `dev`
to look at while writing, `gate` to decide by, `sealed` to open for a release only.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import Field, TypeAdapter, ValidationError

from agent.policy.yaml_text import Document, YamlError, read_yaml
from domain.errors import RoutereadyError
from domain.values import Value, canonical_json, content_hash
from evals.cases.tasks import (
    AnyCase,
    ConversationCase,
    DigestCase,
    EscalateCase,
    InvestigateCase,
    NudgeCase,
    ReadCase,
)


class CaseError(RoutereadyError):
    """A file of cases does not make sense; the message names file, line, what, and the remedy."""


class Split(StrEnum):
    """What a family is for."""

    DEV = "dev"
    GATE = "gate"
    SEALED = "sealed"


class _Family(Value):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    split: Split
    about: str
    hostile: bool = False
    """Its cases hold text that gives orders."""

    def each(self) -> Sequence[AnyCase]:
        """Its cases, whatever their task."""
        return cast("Sequence[AnyCase]", getattr(self, "cases", ()))


class InvestigateFamily(_Family):
    """Cases of `investigate` that would fail together."""

    cases: tuple[InvestigateCase, ...] = Field(min_length=3)


class NudgeFamily(_Family):
    """Cases of `nudge` that would fail together."""

    cases: tuple[NudgeCase, ...] = Field(min_length=3)


class EscalateFamily(_Family):
    """Cases of `escalate` that would fail together."""

    cases: tuple[EscalateCase, ...] = Field(min_length=3)


class DigestFamily(_Family):
    """Cases of `digest` that would fail together."""

    cases: tuple[DigestCase, ...] = Field(min_length=3)


class ReadFamily(_Family):
    """Cases of `read_lead` that would fail together."""

    cases: tuple[ReadCase, ...] = Field(min_length=3)


class ConversationFamily(_Family):
    """Cases of `conversation` that would fail together."""

    cases: tuple[ConversationCase, ...] = Field(min_length=3)


class InvestigateFile(Value):
    """`investigate.yaml`."""

    task: Literal["investigate"]
    families: tuple[InvestigateFamily, ...]


class NudgeFile(Value):
    """`nudge.yaml`."""

    task: Literal["nudge"]
    families: tuple[NudgeFamily, ...]


class EscalateFile(Value):
    """`escalate.yaml`."""

    task: Literal["escalate"]
    families: tuple[EscalateFamily, ...]


class DigestFile(Value):
    """`digest.yaml`."""

    task: Literal["digest"]
    families: tuple[DigestFamily, ...]


class ReadFile(Value):
    """`read_lead.yaml`."""

    task: Literal["read_lead"]
    families: tuple[ReadFamily, ...]


class ConversationFile(Value):
    """`converse_*.yaml`."""

    task: Literal["converse"]
    families: tuple[ConversationFamily, ...]


AnyFile = InvestigateFile | NudgeFile | EscalateFile | DigestFile | ReadFile | ConversationFile
CaseFile = Annotated[AnyFile, Field(discriminator="task")]
_FILES: TypeAdapter[AnyFile] = TypeAdapter(CaseFile)
Task = Literal["investigate", "nudge", "escalate", "digest", "read_lead", "converse"]
"""Each is named like its prompt; three of them word a sentence."""
TASKS: tuple[Task, ...] = get_args(Task)
_TAGS = frozenset(TASKS)


class Scenario(Value):
    """One case with where it belongs."""

    task: Task
    family: str
    split: Split
    hostile: bool
    case: AnyCase

    @property
    def id(self) -> str:
        """Unique over all tasks: `investigate/tried_in_vain/one_call`."""
        return f"{self.task}/{self.family}/{self.case.id}"


def schema() -> dict[str, Any]:
    """The JSON Schema of a file of cases, for editors that complete and check."""
    return _FILES.json_schema()


def load_scenarios(splits: Iterable[Split] = tuple(Split)) -> tuple[Scenario, ...]:
    """Every case of these splits, in the files' order; raises CaseError naming what is wrong."""
    wanted = frozenset(splits)
    folder = files("evals.cases") / "scenarios"
    paths = sorted(
        (one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name
    )
    found = [one for path in paths for one in _scenarios(path)]
    return tuple(one for one in found if one.split in wanted)


def _scenarios(path: Traversable) -> tuple[Scenario, ...]:
    return read_cases(path.name, path.read_text(encoding="utf-8"))


def read_cases(name: str, text: str) -> tuple[Scenario, ...]:
    """The cases of one file's text; raises CaseError with every mistake in it."""
    try:
        document = read_yaml(text)
    except YamlError as error:
        raise CaseError(f"{name}:{error.line}: {error.sentence}\n    {error.suggestion}") from None
    try:
        read = _FILES.validate_python(document.value)
    except ValidationError as error:
        raise CaseError("\n".join(_complaints(name, document, error))) from None
    _refuse_twins(name, document, read)
    return tuple(
        Scenario(
            task=read.task,
            family=family.name,
            split=family.split,
            hostile=family.hostile,
            case=case,
        )
        for family in read.families
        for case in family.each()
    )


def fingerprint(scenarios: Sequence[Scenario]) -> str:
    """A hash of cases, by which a result says what it was measured on."""
    return content_hash("\n".join(canonical_json(one) for one in scenarios))


def _complaints(name: str, document: Document, error: ValidationError) -> list[str]:
    return [
        _complaint(name, document, cast("Mapping[str, Any]", one))
        for one in error.errors(include_url=False)
    ]


def _complaint(name: str, document: Document, detail: Mapping[str, Any]) -> str:
    at = tuple(part for part in detail["loc"] if part not in _TAGS)
    where = ".".join(f"[{part + 1}]" if isinstance(part, int) else part for part in at)
    sentence, advice = _explained(detail, str(at[-1]) if at else "file")
    return f"{name}:{document.line(at)}: [{where}] {sentence}\n    {advice}"


def _explained(detail: Mapping[str, Any], name: str) -> tuple[str, str]:
    match detail["type"]:
        case "extra_forbidden":
            return f"{name!r} is an unknown key", "Remove it, or see schema.json for the keys."
        case "missing":
            return f"{name!r} is missing", f"Add {name}; schema.json says what it means."
        case "literal_error" | "enum":
            expected = detail["ctx"]["expected"]
            return f"{detail.get('input')!r} is not possible here", f"Use {expected}."
        case "union_tag_invalid" | "union_tag_not_found":
            return "nothing tells the task", f"Begin with task: one of {', '.join(sorted(_TAGS))}."
        case _:
            said = str(detail["msg"]).removeprefix("Value error, ")
            return f"{detail.get('input')!r}: {said}", "See schema.json for what is possible."


def _refuse_twins(name: str, document: Document, read: AnyFile) -> None:
    """Two cases of one name could not be paired."""
    seen: set[str] = set()
    for index, family in enumerate(read.families):
        for number, case in enumerate(family.each()):
            key = f"{family.name}.{case.id}"
            if key in seen:
                line = document.line(("families", index, "cases", number, "id"))
                raise CaseError(f"{name}:{line}: {key} is there twice\n    Rename one of the two.")
            seen.add(key)
