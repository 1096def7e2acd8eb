"""The shape of the code: sizes, and what an entry point may import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT

ROOMS = ("agent", "domain", "prompts", "sandbox", "tools")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
LONGEST_FILE = 560
LONGEST_FUNCTION = 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """A file fits a few screens, a function fits one; data and migrations aside."""
    if "versions" in path.parts or path.name == "schema.py":
        return
    text = path.read_text(encoding="utf-8")
    long = [
        f"{node.name} ({node.end_lineno - node.lineno})"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno > LONGEST_FUNCTION
    ]
    assert (True, []) == (len(text.splitlines()) <= LONGEST_FILE, long)


@pytest.mark.parametrize("command", ["agent.cli.main", "agent.policy.file"])
def test_help_and_lint_load_nothing_heavy(command: str) -> None:
    """Help and lint answer at once: no graph, no vendor, no database is imported for them."""
    heavy = ("langgraph", "openai", "simple_salesforce", "sqlmodel", "slack_sdk", "uvicorn")
    script = f"import sys, {command}; print([one for one in {heavy!r} if one in sys.modules])"
    done = subprocess.run(  # noqa: S603  (our own modules)
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "[]" == done.stdout.strip()
