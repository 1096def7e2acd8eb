"""What an operator reads in a terminal keeps to the product's language: no banned phrase anywhere.

Help texts and complaints are rendered; of messages that only failures show, every literal is read.
"""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from inspect import getdoc
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from agent.cli.main import cli
from agent.policy.file import read_policy
from agent.settings import Settings, read_settings
from domain import errors
from domain.errors import SettingsError
from domain.policy.lint.checks import lint
from domain.policy.lint.complaints import Lint
from domain.policy.model import Policy
from evals.commands import eval_cli
from tests.support.repository import ROOT
from tests.support.words import hits, zoneless

Text = tuple[str, str]
"""Where somebody reads it, and what it says."""

PYTHONIC = re.compile(
    r"\b(tuple|dict|str|int|bool|NoneType|None|True|False|timedelta|datetime|pydantic|Traceback)\b"
    r"|\b(Input|Value|Field) (should|error|required)|<class|\bException\b"
)
"""Words of the language and the libraries that we happen to use."""


def wrong_words(texts: list[Text]) -> list[str]:
    """What operators should not read, in any of these texts."""
    found = [str(hit) for where, text in texts for hit in hits(unnamed(text), where, "operators")]
    clocks = [one for one in texts if one[0] not in OF_CALENDARS]
    return found + [str(hit) for where, text in clocks for hit in zoneless(text, where)]


OF_CALENDARS = ("lint", "policy check")
"""What speaks of a calendar's hours, whose time zone is the calendar's."""


def unnamed(text: str) -> str:
    """A text without the names in it: those are whatever their policy's author wrote."""
    return re.sub(r'"[^"]*"', '""', text)


# Help


def paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401  (Typer keeps its own copy of Click)
    """A command and all under it, each with the words that call it."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from paths(child, (*path, name))


CLIS = {"routeready": cli, "routeready eval": eval_cli}
COMMANDS = [
    (name, path, command)
    for name, made in CLIS.items()
    for path, command in paths(typer.main.get_command(made))
]


def test_every_help_text_is_in_our_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command's help, as a terminal shows it."""
    monkeypatch.setenv("COLUMNS", "200")
    run = CliRunner().invoke
    told = [
        (" ".join((name, *path)), run(CLIS[name], [*path, "--help"]).output)
        for name, path, _ in COMMANDS
    ]
    assert len(told) > 30
    assert [] == [where for where, text in told if "Usage: " not in text]
    assert [] == wrong_words(told)


def test_help_looks_alike_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain text of at most 80 columns; values in capitals, never a type of Python's."""
    monkeypatch.setenv("COLUMNS", "80")
    odd = re.compile(r"[╭│{}]|<(?:str|int|path|bool|list)|--no-|<=")
    for name, path, _ in COMMANDS:
        told = CliRunner().invoke(CLIS[name], [*path, "-h"]).output
        where = " ".join((name, *path))
        assert (where, []) == (where, [one for one in told.splitlines() if len(one) > 80])
        assert (where, []) == (where, odd.findall(told))


def test_an_example_of_help_is_a_command_that_exists() -> None:
    """Each example names a command and only options that it has."""
    shown = [
        (path, command, line)
        for _, path, command in COMMANDS
        for line in (getattr(command, "epilog", None) or "").replace("\\\n", "").splitlines()
    ]
    assert len(shown) > 10
    for path, command, line in shown:
        words = shlex.split(line.partition(" >")[0])
        known = {option for one in command.params for option in one.opts}
        assert list(path) == [one for one in words if one in path][: len(path)], line
        assert [] == [one for one in words if one.startswith("--") and one not in known], line


def test_the_version_is_told() -> None:
    """`routeready --version`."""
    done = CliRunner().invoke(cli, ["--version"])
    assert (0, f"routeready {version('routeready')}\n") == (done.exit_code, done.output)


def test_every_command_and_option_has_help() -> None:
    """A sentence that begins with a capital letter and ends with a full stop."""
    told = [
        (" ".join((name, *path, one.name)), one.help)
        for name, path, command in COMMANDS
        for one in command.params
        if one.name != "help"
    ]
    told += [(" ".join((name, *path)), command.help) for name, path, command in COMMANDS]
    assert len(told) > 80
    whole = re.compile(r"[`A-Z].*[.]$", re.DOTALL)
    assert [] == [where for where, text in told if not whole.match((text or "").strip())]


def test_the_sandbox_says_what_its_options_are() -> None:
    """`python -m sandbox --help`."""
    command = [sys.executable, "-m", "sandbox", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)  # noqa: S603  (our own module)
    assert (0, []) == (done.returncode, wrong_words([("sandbox --help", done.stdout)]))


def test_make_help_is_in_our_words() -> None:
    """What stands behind `##` in the Makefile."""
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    told = [
        ("Makefile", line.partition("## ")[2]) for line in lines if re.match(r"[a-z]+:.*## ", line)
    ]
    assert len(told) > 10
    assert [] == wrong_words(told)
    assert [] == [text for _, text in told if not re.match(r"[A-Z][a-z]+ ", text)]


# Literals: messages that are told only when something is wrong


@dataclass(frozen=True)
class Said:
    """A literal in the code that a person may read."""

    file: str
    line: int
    text: str

    @property
    def told(self) -> Text:
        """Where it stands, and what it says."""
        return f"{self.file}:{self.line}", self.text


def worded(node: ast.expr) -> str | None:
    """A literal as it reads: what is filled in is shown as `X`; None for any other expression."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(
                one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else "X"
                for one in values
            )
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = worded(left), worded(right)
            return None if None in parts else "".join(str(one) for one in parts)
        case _:
            return None


def literals(tree: ast.Module, is_told: Callable[[ast.Call], bool]) -> Iterator[tuple[int, str]]:
    """Every literal that such calls are given, directly or by a name of the function or module."""
    for scope in [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]:
        names: dict[str, list[ast.expr]] = {}
        for node in (*tree.body, *ast.walk(scope)):
            for target, value in _assigned(node):
                names.setdefault(target, []).append(value)
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and is_told(node):
                given = [*node.args, *(one.value for one in node.keywords)]
                yield from _texts(given, names)


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for name, value in zip(target.elts, node.value.elts, strict=False):
                if isinstance(name, ast.Name):
                    yield name.id, value


def _texts(given: list[ast.expr], names: Mapping[str, list[ast.expr]]) -> Iterator[tuple[int, str]]:
    for one in given:
        candidates = names.get(one.id, []) if isinstance(one, ast.Name) else [one]
        for value in candidates:
            branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            for branch in branches:
                text = worded(branch)
                if text is not None and " " in text:
                    yield branch.lineno, text


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def said(files: list[Path], is_told: Callable[[ast.Call], bool]) -> list[Said]:
    """Every literal in these files that such calls are given."""
    found = {
        Said(str(path.relative_to(ROOT)), line, text)
        for path in files
        for line, text in literals(ast.parse(path.read_text(encoding="utf-8")), is_told)
    }
    return sorted(found, key=lambda one: (one.file, one.line, one.text))


def code(*rooms: str) -> list[Path]:
    """The modules of some rooms, what migrations were once aside."""
    return [
        path
        for room in rooms
        for path in sorted((ROOT / room).rglob("*.py"))
        if "versions" not in path.parts
    ]


def test_every_complaint_about_a_policy_is_in_our_words() -> None:
    """All literals of lint and of the reader of policy files."""
    files = code("domain/policy/lint", "domain/intake", "agent/policy")
    makers = {"error", "warning", "Lint", "Complaint", "_only", "YamlError", "explain"}
    told = said(files, lambda call: called(call) in makers)
    assert len(told) > 60
    assert [] == wrong_words([("lint", one.text) for one in told])
    whole = [one for one in told if not re.match(r'["A-Z]|X|sync\.', one.text)]
    assert [] == whole


def test_no_words_of_a_library_reach_an_editor_of_a_policy() -> None:
    """Every explanation of a value that doesn't fit is made here, and none is passed through."""
    text = (ROOT / "agent/policy/explanations.py").read_text(encoding="utf-8")
    constants = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Constant)]
    spoken = [str(one.value) for one in constants if " " in str(one.value)]
    assert [] == wrong_words([("explanations.py", one) for one in spoken])


def test_every_error_is_in_our_words() -> None:
    """All literals that our exceptions are raised with, wherever a terminal may show them."""
    shown = re.compile(r"(Routeready|Settings|Policy|Publishing|Ledger|Prompt)Error$")
    files = code("agent", "domain", "tools", "prompts", "evals")
    told = said(files, lambda call: bool(shown.search(called(call))))
    assert len(told) > 30
    assert [] == wrong_words([one.told for one in told])
    ours = [one for one in told if not one.file.startswith("agent/console/")]
    assert [] == [one for one in ours if not re.match(r'["A-Z-]|prompts/', one.text)]


def test_every_error_of_a_vendor_is_in_our_words() -> None:
    """What a terminal shows behind the vendor's name."""
    shown = re.compile(
        r"(Tool|RateLimit|Unavailable|Locked|UnknownOutcome|Quota|Auth|Request|ModelOutput)Error$"
    )
    told = said(code("tools"), lambda call: bool(shown.search(called(call))))
    assert len(told) > 40
    assert [] == wrong_words([one.told for one in told])


def test_every_finding_of_doctor_is_in_our_words() -> None:
    """All literals of the examinations, and whole sentences."""
    files = [*ROOT.glob("tools/**/examination.py"), ROOT / "tools/llm/gateway.py"]
    makers = {"_fine", "_wrong", "_Seen", "Finding"}
    told = said(files, lambda call: called(call) in makers)
    assert len(told) > 60
    assert [] == wrong_words([one.told for one in told])
    sentences = [one for one in told if not re.search(r" fields$|^X fields", one.text)]
    subjects = ("Slack X", "Salesforce X")
    wrong = [
        one
        for one in sentences
        if one.text not in subjects
        and not re.match(r"([A-Z]|api[.]slack).*([.]|: X)$", one.text)
        and one.text not in SUBJECTS
    ]
    assert [] == wrong


SUBJECTS = (
    "API calls",
    "assignment rule",
    "follow-through fields",
    "owner guard",
    "person accounts",
)
"""What findings are about; they stand before the sentence."""


def test_fixes_are_sentences_too() -> None:
    """The constants that examinations keep their fixes in."""
    for path in ROOT.glob("tools/**/examination.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for name, value in _assigned(node):
                text = worded(value)
                if name.startswith("_FIX") and text is not None:
                    assert [] == wrong_words([(f"{path.name} {name}", text)])
                    assert re.match(r"[A-Za-z].*[.]$", text), (path, name)


def test_every_log_line_is_in_our_words() -> None:
    """All sentences of `log` and `alert`; action words are for machines, and stay."""
    told = said(code("agent"), lambda call: called(call) in {"log", "alert"})
    assert len(told) > 20
    assert [] == wrong_words([one.told for one in told])
    assert [] == [one for one in told if not re.match(r"[A-Z]", one.text)]


def test_every_error_says_in_its_docstring_what_happened() -> None:
    """The docstring of an error's class is the sentence that an operator reads."""
    kinds = [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.RoutereadyError)
    ]
    told = [(one.__name__, getdoc(one) or "") for one in kinds]
    assert len(told) > 12
    assert [] == wrong_words(told)
    assert [] == [where for where, text in told if not re.match(r"[A-Z].*[.]$", text)]


# Policies with mistakes, as lint and the reader tell them


def example(folder: Path, *edits: tuple[str, str]) -> Path:
    """A copy of the example policy with some places changed; each must be there."""
    for name in ("policy.yaml", "territories.csv"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for old, new in edits:
            text = text.replace(old, new, 1)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "policy.yaml"


MISTAKES = (
    ("cool_down: 30d", "cool_down: [30]"),
    ("cool_down: 30d", "cooldown: 30d"),
    ("mode: auto", "mode: 3"),
    ("mode: auto", "call_first: maybe"),
    ("policy: 1", "policy: 2"),
    ("when: {employees: {at_least: 1000}}", "when: {employees: {at_lest: 1000}}"),
    ("when: {employees: {at_least: 1000}}", "when: {employees: {at_least: many}}"),
    ("when: {employees: {at_least: 1000}}", "when: {employees: 3}"),
    ("when: {employees: {at_least: 1000}}", "when: {employees: [3, 4]}"),
    ("when: {employees: {at_least: 1000}}", "when: 3"),
    ("{name: breach, at: 100%", "{name: breach, at: soon"),
    ("{name: breach, at: 100%", "{name: breach, at: [1]"),
    ("{name: breach, at: 100%", "{name: breach, at: {a: 1}"),
    ("{name: breach, at: 100%", "{name: '', at: 100%"),
    ("{name: breach, at: 100%", "{name: breach, at: 40%"),
    ("kind: current_owner", "kynd: current_owner"),
    ("kind: current_owner", "kind: owner"),
    ("leakage_to: helen.brooks@meridian.example", "leakage_to: 4"),
    ("leakage_to: helen.brooks@meridian.example", "leakage_to: {a: 1}"),
    ("choices: [1h, 4h, 1d]", "choices: 1h"),
    ("choices: [1h, 4h, 1d]", "choices: [1h, 9d]"),
    ("fallback: review", "fallback: null"),
    ("holidays: DE-BE", "holidays: [DE]"),
    ("holidays: DE-BE", "holidays: XX"),
    ("DACH,,DE,,,,,,pool:dach", "DACH,,DE,,,,many,,pool:dach"),
    ("DACH,,DE,,,,,,pool:dach", "DACH,,DE,,,,,,"),
    ("DACH,,DE,,,,,,pool:dach", "DACH,,,Bavaria,,,,,dach"),
    ("DACH,,DE,,,,,,pool:dach", "DACH,,ZZ,,,,,,pool:dach"),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one[1])
def test_a_mistake_in_a_policy_is_told_in_our_words(
    tmp_path: Path, mistake: tuple[str, str]
) -> None:
    """Once, with what to do, and without a word of Python."""
    found = read_policy(example(tmp_path, mistake)).complaints
    assert found
    told = [("policy check", f"{one.sentence}. {one.suggestion}") for one in found]
    assert [] == wrong_words(told)
    assert [] == [text for _, text in told if PYTHONIC.search(text)]
    assert [] == [one for one in found if not one.suggestion.endswith((".", "?"))]


def broken(**changes: object) -> Policy:
    """The example policy with some parts replaced."""
    policy = read_policy(ROOT / "policy.yaml").policy
    assert policy is not None
    return policy.model_copy(update=changes)


def test_lint_speaks_our_words() -> None:
    """Whatever refers to nothing, with everything that the policy has taken out."""
    found: list[Lint] = []
    for name in ("users", "queues", "pools", "calendars", "regions"):
        found += lint(broken(**{name: dict[str, object]()}))
    for name in ("segments", "routing", "territories", "triggers"):
        kept = getattr(broken(), name)
        found += lint(broken(**{name: (*kept[-1:], *kept, *kept[:1])}))
        found += lint(broken(**{name: ()}))
    assert len(found) > 100
    told = [("policy check", f"{one.sentence}. {one.suggestion}") for one in found]
    assert [] == wrong_words(told)
    assert [] == [text for _, text in told if PYTHONIC.search(text)]


WRONG_SETTINGS = {
    "ROUTEREADY_TICK_SECONDS": ("soon", "which is not a whole number"),
    "OPENAI_PRICE_PER_MILLION": ("cheap", "which is not a number"),
    "SALESFORCE_GUARD": ("none", "Use validation_rule or unmodified_since."),
}


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_a_wrong_setting_is_told_with_its_value(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What, where, the value seen, and what to use instead."""
    value, words = WRONG_SETTINGS[name]
    assert name.lower() in Settings.model_fields
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as told:
        read_settings()
    assert (True, True, True) == tuple(one in str(told.value) for one in (name, value, words))
    assert [] == wrong_words([(name, str(told.value))])
    assert PYTHONIC.search(str(told.value)) is None
