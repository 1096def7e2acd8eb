"""The documents tell the truth: generated parts are current, every setting and word is there."""

import importlib.util
import re
from pathlib import Path

import pytest

from agent.cli.main import cli, policy_cli
from agent.settings import Settings
from tests.support.repository import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")


def test_generated_documents_are_current() -> None:
    """`make docs` would change nothing: diagrams and reference are the code's."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stale = [
        path.name
        for path, text in module.documents().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert [] == stale


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    """Each setting stands in docs/operations.md and in .env.example."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert (True, True) == (f"`{name.upper()}`" in OPERATIONS, f"{name.upper()}=" in example)


def test_every_command_is_in_the_readme() -> None:
    """The README's table of commands is whole."""
    commands = [
        one.name or one.callback.__name__ for one in cli.registered_commands if one.callback
    ]
    missing = [name for name in commands if f"routeready {name}" not in README + OPERATIONS]
    known = [one.name for one in policy_cli.registered_commands]
    assert (
        [],
        ["check", "upgrade", "schema", "publish", "agree", "rollback", "history", "diff"],
    ) == (
        missing,
        known,
    )


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name
)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that is there."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert [] == broken


def test_no_file_names_a_download_address() -> None:
    """The lock files pin by hash and name no host."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")
