"""A spreadsheet of leads, row by row: any encoding, delimiter and size, in bounded memory.

A row that can't be read is told with its line and the next ones go on; only a file that is no
table at all is refused whole.
"""

import codecs
import csv
import io
import tempfile
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from agent.policy.spreadsheet import SEPARATORS, separator_of
from domain import border
from domain.errors import RoutereadyError
from domain.intake.typed_leads import BadQuotes, RowProblem, TooLong, TooManyCells

OLD_SPREADSHEETS = "cp1252"
"""What Excel on Windows writes for "CSV"."""
LONGEST_LINE = 2 * 1024 * 1024
"""Characters; a longer line is passed over, never held."""
LONGEST_ROW = 500
"""Lines of one row: text in quotes may have line breaks."""
HELD_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of standard input before the rest is kept in a file."""
_CHUNK = 1024 * 1024
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
"""The longer ones first: UTF-32's begins with UTF-16's."""
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class SheetError(RoutereadyError):
    """The file is no table that can be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: as many cells as there are columns, or why it can't be read."""

    line: int
    cells: tuple[str, ...] = ()
    problem: RowProblem | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The names of the columns; the rows are read while they are asked for."""

    columns: tuple[str, ...]
    rows: Iterator[Row]
    guessed: str | None = None
    """The encoding that was assumed because the file is not UTF-8."""


@contextmanager
def opened(path: Path, encoding: str | None = None) -> Generator[Sheet]:
    """A file's table; raises SheetError."""
    try:
        file = path.open("rb")
    except OSError as error:
        name = border.text(str(path))
        raise SheetError(f"Can't read {name}: {error.strerror}.") from None
    with file, table(file, encoding) as sheet:
        yield sheet


@contextmanager
def from_stream(stream: BinaryIO, encoding: str | None = None) -> Generator[Sheet]:
    """The table that comes in on a stream, such as standard input; raises SheetError."""
    with tempfile.SpooledTemporaryFile(max_size=HELD_IN_MEMORY) as kept:
        while chunk := stream.read(_CHUNK):
            kept.write(chunk)
        kept.seek(0)
        with table(cast("IO[bytes]", kept), encoding) as sheet:
            yield sheet


@contextmanager
def table(file: IO[bytes], encoding: str | None = None) -> Generator[Sheet]:
    """The table in a file that was opened for reading bytes, which is closed with it.

    Raises SheetError.
    """
    named, guessed = _encoding(file, encoding)
    file.seek(0)
    bytes_ = cast("BinaryIO", file)
    with io.TextIOWrapper(bytes_, encoding=named, errors="replace", newline="") as text:
        yield _sheet(text, guessed)


def _sheet(text: io.TextIOBase, guessed: str | None) -> Sheet:
    lines = _Lines(text)
    first = next((line for line in lines if line is None or line.strip()), "")
    if first is None:
        raise SheetError(_no_table("The first line is too long to be the names of columns."))
    separator = None
    if first.strip().casefold() in [f"sep={one}" for one in SEPARATORS]:
        separator, first = first.strip()[4:], next(lines, "") or ""
    if not first.strip(" \t\r\n,;|\ufeff"):
        raise SheetError("The file is empty. The first row must have the names of the fields.")
    lines.put_back(first)
    separator = separator or separator_of(first)
    rows = _rows(lines, separator)
    head = next(rows)
    if head.problem is not None:
        raise SheetError(_no_table("The names of the columns can't be read."))
    columns = tuple(one.strip().lstrip("\ufeff") for one in head.cells)
    return Sheet(columns, (_fitted(row, len(columns)) for row in rows), guessed)


def _no_table(said: str) -> str:
    return f'{said} Save the file as "CSV UTF-8 (comma delimited)".'


def _encoding(file: IO[bytes], wanted: str | None) -> tuple[str, str | None]:
    """What the file is written in, and that again where it was only assumed."""
    start = file.read(4096)
    if start.startswith(_WORKBOOKS):
        raise SheetError(_no_table("This is an Excel workbook, not a CSV file."))
    if wanted is not None:
        try:
            b"\xff\xfe\x00a".decode(wanted, "replace")
        except (LookupError, ValueError):  # some codecs are for no text, or refuse to replace
            raise SheetError(
                f'Unknown --encoding "{border.text(wanted)}". Use one such as utf-8, cp1252 or '
                "shift_jis."
            ) from None
        return wanted, None
    marked = next((name for mark, name in _BOMS if start.startswith(mark)), None)
    unmarked = _unmarked_utf16(start)
    if marked or unmarked:
        return (marked or unmarked or ""), None
    file.seek(0)
    return ("utf-8", None) if _is_utf8(file) else (OLD_SPREADSHEETS, "Windows-1252")


def _unmarked_utf16(start: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of Latin text is zero."""
    pairs = len(start) // 2
    if pairs and start[1::2].count(0) > pairs * 0.7 and not start[0::2].count(0):
        return "utf-16-le"
    if pairs and start[0::2].count(0) > pairs * 0.7 and not start[1::2].count(0):
        return "utf-16-be"
    return None


def _is_utf8(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


class _Lines:
    """The lines of a text with their numbers, made safe; None for one that is too long."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._ahead: deque[str | None] = deque()
        self.number = 0
        """Of the line that was given last."""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str | None:
        line = self._ahead.popleft() if self._ahead else self._read()
        if line == "":
            raise StopIteration
        self.number += 1
        return line

    def put_back(self, *lines: str | None) -> None:
        """Give these again, the first one first."""
        self._ahead.extendleft(reversed(lines))
        self.number -= len(lines)

    def _read(self) -> str | None:
        line = self._text.readline(LONGEST_LINE)
        if len(line) < LONGEST_LINE or line.endswith(("\n", "\r")):
            return border.text_of_any_length(line)
        while len(rest := self._text.readline(LONGEST_LINE)) == LONGEST_LINE:
            if rest.endswith(("\n", "\r")):
                break
        return None


def _rows(lines: _Lines, separator: str) -> Iterator[Row]:
    """Rows that say something, each with the line on which it begins."""
    for line in lines:
        begins = lines.number
        if line is None:
            yield Row(begins, problem=TooLong(most=LONGEST_LINE))
        elif line.strip():
            cells = _cells(line, lines, separator)
            if not isinstance(cells, tuple):
                yield Row(begins, problem=cells)
            elif any(one.strip() for one in cells):
                yield Row(begins, cells)


def _cells(line: str, lines: _Lines, separator: str) -> tuple[str, ...] | RowProblem:
    """The cells of the row that begins with a line; lines that it doesn't need are put back."""
    taken: list[str] = []
    length = 0
    found = _parsed(line, separator)
    while found is None and len(taken) < LONGEST_ROW and length < LONGEST_LINE:
        following = next(lines, "")
        if not following:
            lines.put_back(*[following] if following is None else [])
            break
        taken.append(following)
        length += len(following)
        if '"' in following:
            found = _parsed(line + "".join(taken), separator)
    if isinstance(found, tuple):
        return found
    lines.put_back(*taken)
    return found or BadQuotes()


def _parsed(text: str, separator: str) -> tuple[str, ...] | RowProblem | None:
    """The cells of a row; None while a quote is open."""
    try:
        # csv keeps line ends within quotes; the row's own is no part of a cell.
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None
        if "field limit" in str(error):
            return TooLong(most=csv.field_size_limit())
        return BadQuotes()
    return tuple(rows[0]) if len(rows) == 1 else BadQuotes()


def _fitted(row: Row, columns: int) -> Row:
    """As many cells as columns; what stands right of the table must say nothing."""
    if any(one.strip() for one in row.cells[columns:]):
        return Row(row.line, problem=TooManyCells(cells=len(row.cells), columns=columns))
    if row.problem is not None or len(row.cells) == columns:
        return row
    return Row(row.line, (*row.cells[:columns], *[""] * (columns - len(row.cells))))
