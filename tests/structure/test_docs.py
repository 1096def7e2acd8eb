"""The documents tell the truth: generated parts are current, every setting and word is there."""

import importlib.util
import re
from pathlib import Path

import pytest

from agent.cli.main import cli, policy_cli
from agent.settings import Settings
from domain.policy.model import Policy
from tests.support.repository import ROOT

COMMANDS = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")


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
    """Each setting stands in docs/reference/settings.md and in .env.example."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert (True, True) == (f"`{name.upper()}`" in SETTINGS, f"{name.upper()}=" in example)


def test_every_command_is_in_the_reference() -> None:
    """The tables of commands are whole."""
    commands = [
        one.name or one.callback.__name__ for one in cli.registered_commands if one.callback
    ]
    commands += [f"policy {one.name}" for one in policy_cli.registered_commands]
    assert [] == [name for name in commands if f"routeready {name}" not in COMMANDS]


def test_every_page_is_in_the_index() -> None:
    """docs/README.md and the index of decisions leave no page out."""
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    decisions = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    pages = [str(one.relative_to(ROOT / "docs")) for one in (ROOT / "docs").rglob("*.md")]
    missing = [
        page
        for page in pages
        if page != "README.md"
        and f"]({page})" not in index
        and f"]({page.removeprefix('decisions/')})" not in decisions
    ]
    assert [] == missing


DOTTED = re.compile(r"`([a-z_]+)\.([a-z_]+)`")


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name)
def test_every_key_of_the_policy_that_a_page_names_exists(page: Path) -> None:
    """`touch.automation` is a key of the part `touch`; decisions stay as they were."""
    if page.parent.name == "decisions":
        return
    schema = Policy.model_json_schema()
    unknown: list[str] = []
    for part, key in DOTTED.findall(page.read_text(encoding="utf-8")):
        reference = schema["properties"].get(part, {}).get("$ref")
        if reference and key not in schema["$defs"][reference.rpartition("/")[2]]["properties"]:
            unknown.append(f"{part}.{key}")
    assert [] == unknown


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name
)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that is there."""
    broken: list[str] = []
    for link, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = page.parent / link if link else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{link}#{anchor}")
    assert [] == broken


LINK = re.compile(r"\]\(([^)#\s]*)#?([^)\s]*)\)")


def anchors(page: Path) -> set[str]:
    """What a link can point at within a page: its headings, as GitHub and the site name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", title).strip().lower() for title in titles]
    return {title.replace(" ", "-") for title in plain}


def test_pictures_are_small() -> None:
    """What everybody clones: at most 150 kB a picture."""
    pictures = (ROOT / "docs/pictures").glob("*.png")
    sizes = {one.name: one.stat().st_size for one in pictures}
    assert {"console.png", "slack.png"} == set(sizes)
    assert [] == [name for name, size in sizes.items() if size > 150_000]


def test_no_file_names_a_download_address() -> None:
    """The lock files pin by hash and name no host."""
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-docs.lock"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")
