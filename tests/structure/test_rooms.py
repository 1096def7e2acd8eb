"""The rooms of the code: no crowd, no circle between folders, names that say what is inside."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import get_args

import pytest

from agent.worker.order import KINDS
from domain.effects import Action
from tests.support.repository import ROOT

TREES = ("agent", "domain", "evals", "prompts", "sandbox", "tools")
MOST_MODULES = 12
"""More than this, and a newcomer can't find the room's module by its listing."""
DATA = frozenset({"agent/ledger/migrations/versions"})
"""Folders that grow by nature: one file a release."""
TERMS = frozenset(
    {
        "grounding",
        "rendering",
        "routing",
        "tooling",
        "wording",
    }
)
"""Words of the trade that end like a gerund; `tooling` is Salesforce's own name of an API."""


def _folders() -> list[Path]:
    found = {path.parent for tree in TREES for path in (ROOT / tree).rglob("*.py")}
    return sorted(found)


FOLDERS = _folders()


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _modules(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("__"))


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_a_room_holds_at_most_a_dozen_modules(folder: Path) -> None:
    """A folder's listing can be read at a glance; migrations aside."""
    modules = _modules(folder)
    assert (True, modules) == (len(modules) <= MOST_MODULES or _name(folder) in DATA, modules)


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_every_room_is_a_package_that_says_what_lives_there(folder: Path) -> None:
    """A forgotten __init__ hides a folder from the import contracts; its docstring is its sign."""
    init = folder / "__init__.py"
    said = ast.get_docstring(ast.parse(init.read_text("utf-8"))) if init.exists() else None
    assert (True, True) == (init.exists(), bool(said and said.split("\n")[0].endswith(".")))


def test_folders_between_packages_are_packages_too() -> None:
    """No namespace package lies between a tree and its modules."""
    parents = {up for folder in FOLDERS for up in folder.parents if up.is_relative_to(ROOT)}
    inside = {up for up in parents if up != ROOT and _name(up).split("/")[0] in TREES}
    assert [] == [_name(up) for up in sorted(inside) if not (up / "__init__.py").exists()]


def test_modules_are_nouns() -> None:
    """A module is named for what it holds, never with a gerund that isn't a term of the trade."""
    odd = [
        f"{_name(folder)}/{module}"
        for folder in FOLDERS
        if _name(folder) not in DATA
        for module in _modules(folder)
        if module.split("_")[-1].endswith("ing") and module.split("_")[-1] not in TERMS
    ]
    assert [] == odd


def test_nothing_is_named_for_being_helpful() -> None:
    """No utils, helpers, managers or second versions."""
    banned = ("utils", "util", "helpers", "helper", "managers", "misc", "common")
    odd = [
        f"{_name(folder)}/{module}"
        for folder in FOLDERS
        for module in (*_modules(folder), folder.name)
        if module in banned or module.rpartition("_")[2] in ("v2", "new", "old")
    ]
    assert [] == odd


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def _folder_of(dotted: str) -> str | None:
    """The folder that a dotted name's module lies in; None for what isn't ours."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        base = ROOT.joinpath(*parts[:length])
        if base.with_suffix(".py").exists():
            return _name(base.parent)
        if (base / "__init__.py").exists():
            return _name(base)
    return None


@pytest.mark.parametrize("tree", TREES)
def test_no_circle_of_folders(tree: str) -> None:
    """Folders that import each other in a circle are one room with a wall through it."""
    arrows: defaultdict[str, set[str]] = defaultdict(set)
    for path in (ROOT / tree).rglob("*.py"):
        here = _name(path.parent)
        for dotted in _imports(path):
            there = _folder_of(dotted) if dotted.split(".")[0] in TREES else None
            # A package's face hands out what its rooms hold: no arrow of its own.
            apart = there is not None and not here.startswith(there) and not there.startswith(here)
            if there is not None and apart:
                arrows[here].add(there)
    try:
        order = list(TopologicalSorter(arrows).static_order())
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))
    assert set(arrows) <= set(order)


def test_every_action_has_one_kind_in_the_order_of_the_worker() -> None:
    """An action that the ledger can hold and no kind could send would wait for ever."""
    union = get_args(get_args(Action)[0])
    assert sorted(one.__name__ for one in union) == sorted(kind.action.__name__ for kind in KINDS)
    assert len({kind.name for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("tree", TREES)
def test_the_page_for_contributors_shows_every_room(tree: str) -> None:
    """AGENTS.md has a line for each folder right under a tree: a map that lacks a room misleads."""
    page = (ROOT / "AGENTS.md").read_text("utf-8")
    rooms = [folder.name for folder in FOLDERS if _name(folder.parent) == tree]
    assert [] == [room for room in rooms if f"{room}/" not in page]
