"""territories.csv as spreadsheets really save it: encodings, separators, ragged rows.

What can be read without guessing is read; everything else is a sentence with its line.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain import border

LARGEST = 20 * 1024 * 1024
"""Bytes; a table of territories has some thousand rows."""
SAVE_AS = 'Save it as "CSV UTF-8 (comma delimited)".'
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = (",", ";", "\t", "|")


class SpreadsheetError(Exception):
    """The file can't be read as a table; carries the line, what is wrong there, and what to do."""

    def __init__(self, line: int, sentence: str, suggestion: str = SAVE_AS) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence
        self.suggestion = suggestion


@dataclass(frozen=True)
class Sheet:
    """A table: the names of its columns, and its rows with their lines."""

    columns: tuple[str, ...]
    line: int
    """Of the columns' names."""
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheet(path: Path) -> Sheet:
    """Read a file; raises SpreadsheetError. An empty file has no columns."""
    lines = _text(path).splitlines(keepends=True)
    first = next((number for number, one in enumerate(lines) if one.strip()), None)
    if first is None:
        return Sheet((), 1, ())
    separator = None
    if lines[first].strip().casefold() in [f"sep={one}" for one in SEPARATORS]:
        separator, first = lines[first].strip()[4:], first + 1
    rest = lines[first:]
    separator = separator or separator_of(rest[0] if rest else "")
    rows = _rows(rest, first, separator)
    at, names = next(rows, (first + 1, ()))
    columns = tuple(one.strip() for one in names)
    _check_columns(columns, at)
    return Sheet(columns, at, tuple((line, _fitted(cells, columns, line)) for line, cells in rows))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise SpreadsheetError(1, "This file is too large", "Keep only the territories in it.")
        body = path.read_bytes()
    except OSError as error:
        advice = "Make it a file that the worker may read."
        raise SpreadsheetError(1, f"Can't read this file: {error.strerror}", advice) from None
    if body.startswith(_UTF_16):
        try:
            return border.text_of_any_length(body.decode("utf-16"))
        except UnicodeDecodeError:
            raise SpreadsheetError(1, "This file is not UTF-8 text") from None
    try:
        return border.text_of_any_length(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise SpreadsheetError(line, "This file is not UTF-8 text: see this line") from None


def separator_of(header: str) -> str:
    """What parts the columns; where several do, the one that is there most often."""
    return max(SEPARATORS, key=header.count)


def _rows(
    lines: Sequence[str], before: int, separator: str
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows that say something, each with the line on which it begins."""
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=separator, strict=True)
    begins = before + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            advice = "Close the quote, or double a quote inside a cell."
            said = "The quotes in the row that begins here don't match"
            raise SpreadsheetError(begins, said, advice) from None
        if any(one.strip() for one in cells):
            yield begins, tuple(cells)
        begins = before + reader.line_num + 1


def _check_columns(columns: Sequence[str], line: int) -> None:
    named = [one for one in columns if one]
    twice = sorted({one for one in named if named.count(one) > 1})
    if twice:
        said = f'The column "{twice[0]}" appears twice'
        raise SpreadsheetError(line, said, "Remove or rename one of the two.")


def _fitted(cells: Sequence[str], columns: Sequence[str], line: int) -> tuple[str, ...]:
    """As many cells as columns; what stands right of the table must say nothing."""
    surplus = [one for one in cells[len(columns) :] if one.strip()]
    if surplus:
        said = f"This row has {len(cells)} cells, and there are {len(columns)} columns"
        advice = "Put a text with a comma in quotes, and remove remarks right of the table."
        raise SpreadsheetError(line, said, advice)
    return (*cells[: len(columns)], *[""] * (len(columns) - len(cells)))
