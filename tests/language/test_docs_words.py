"""Documents speak plain US English in the field's terms; `phrases.yaml` says which words never."""

import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT
from tests.support.words import hits

RECORD = ROOT / "docs/decisions"
"""What was decided stays as it was written at the time; only its index is kept current."""
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if page.parent != RECORD or page.name == "README.md"
)
BRITISH = re.compile(
    r"\b\w*(?:normalis|organis|recognis|summaris|authoris|prioritis|optimis|minimis|emphasis)"
    r"(?:e[ds]?|ing|ation)\b"
    r"|\b(?:behaviour|colour|favourite|honour|labelled|cancelled|modelled|travelled|centre"
    r"|licence|catalogue|judgement|grey|whilst|learnt|e-mails?)\b",
    re.IGNORECASE,
)
CODE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)", re.DOTALL)
"""Names, values and addresses: not ours to spell."""


def prose(text: str) -> str:
    """A page's text without its code and the targets of its links."""
    return CODE.sub(" ", text)


def comments(file: str) -> str:
    """The comments of a YAML file."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return "\n".join(line.partition("# ")[2] for line in lines if "# " in line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_speaks_the_field_s_language(page: Path) -> None:
    """No phrase on any page that its readers would not use."""
    where = str(page.relative_to(ROOT))
    found = list(hits(page.read_text(encoding="utf-8"), where, "developers"))
    assert [] == found, "\n".join(map(str, found))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_spelled_as_in_the_us(page: Path) -> None:
    """Normalize, behavior, color, email; code, quoted names and addresses aside."""
    assert [] == BRITISH.findall(prose(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", ["policy.yaml", ".env.example"])
def test_comments_of_an_example_are_read_by_operators(file: str) -> None:
    """Whoever copies an example reads its comments: phrases and spelling."""
    text = comments(file)
    found = [*map(str, hits(text, file, "operators")), *BRITISH.findall(text)]
    assert [] == found


def test_the_spelling_test_sees_a_british_word() -> None:
    """The tests above can fail."""
    assert ["Normalise", "behaviour"] == BRITISH.findall(prose("Normalise `colour` by behaviour."))
