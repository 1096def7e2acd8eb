"""CSV as the Bulk API reads and writes it: every cell quoted, instants with a Z."""

import csv
import io
import re
from typing import NamedTuple

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")


class Table(NamedTuple):
    """Named columns and their cells, row by row."""

    names: list[str]
    rows: list[list[Json]]


def read_table(text: str, delimiter: str) -> Table:
    """The cells of a CSV text. Raises `SalesforceError` when it has no header."""
    lines = [each for each in csv.reader(io.StringIO(text), delimiter=delimiter) if each]
    if not lines:
        raise SalesforceError("INVALIDBATCH", "InvalidBatch : The 'content' is empty")
    return Table(lines[0], [list(each) for each in lines[1:]])


def written(table: Table, delimiter: str, line_end: str) -> str:
    """A table as CSV text."""
    held = io.StringIO()
    writer = csv.writer(held, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    if table.names:
        writer.writerow(table.names)
    writer.writerows([_text(each) for each in row] for row in table.rows)
    return held.getvalue()


def _text(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text.replace("+0000", "Z") if _INSTANT.fullmatch(text) else text
