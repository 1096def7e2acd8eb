"""Reading the shipped lists. They are data of the code: read once, never changed.

`lists/README.md` says where they come from and how a list is written.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files


def parse(text: str) -> Mapping[str, tuple[str, ...]]:
    """Phrases by label, in the order of the text: `[label]`, then phrases parted by `;`."""
    found: dict[str, list[str]] = {}
    label = ""
    for line in _lines(text):
        if line.startswith("[") and line.endswith("]"):
            label = line[1:-1]
            found.setdefault(label, [])
        else:
            phrases = (phrase.strip() for phrase in line.split(";"))
            found.setdefault(label, []).extend(filter(None, phrases))
    return {name: tuple(phrases) for name, phrases in found.items()}


def _lines(text: str) -> Iterator[str]:
    stripped = (line.strip() for line in text.splitlines())
    return (line for line in stripped if line and not line.startswith("#"))


def _read(name: str) -> str:
    return (files("domain.intake.vocabulary") / "lists" / name).read_text(encoding="utf-8")


@cache
def vocabulary(name: str) -> Mapping[str, tuple[str, ...]]:
    """The phrases of a shipped file by label, in the order of precedence."""
    return parse(_read(f"{name}.txt"))


@cache
def table(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a shipped table; its cells are parted by tabs."""
    return tuple(tuple(line.split("\t")) for line in _lines(_read(f"{name}.tsv")))
