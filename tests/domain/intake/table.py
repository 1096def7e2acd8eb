"""Tables of what people, forms, spreadsheets and vendors send, with the right reading."""

import csv
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "cases"
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def rows(name: str) -> list[dict[str, str]]:
    """A table's rows; a backslash, u and four hexadecimal digits stand for that character."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [
            {
                key: _ESCAPE.sub(lambda found: chr(int(found[1], 16)), cell)
                for key, cell in row.items()
            }
            for row in csv.DictReader(file)
        ]


def is_right(expected: str, got: str) -> bool:
    """Whether a label is one of those that are right: `a|b`, `!a;!b`, `any`."""
    if expected == "any":
        return True
    if expected.startswith("!"):
        return all(got != one[1:] for one in expected.split(";"))
    return got in expected.split("|")
