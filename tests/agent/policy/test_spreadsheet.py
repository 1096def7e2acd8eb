"""Territories as spreadsheets save them: every file is read, or refused with its line."""

from pathlib import Path

import pytest

from agent.policy.spreadsheet import SpreadsheetError, read_sheet

HEADER, ROW = "territory,country,owner", "Zürich,CH,pool:dach"


def saved(tmp_path: Path, body: bytes) -> Path:
    """A file with these bytes."""
    path = tmp_path / "territories.csv"
    path.write_bytes(body)
    return path


@pytest.mark.parametrize(
    ("body", "line"),
    [
        pytest.param(f"{HEADER}\n{ROW}\n".encode(), 2, id="UTF-8"),
        pytest.param(f"{HEADER}\n{ROW}\n".encode("utf-8-sig"), 2, id="CSV UTF-8 of Excel"),
        pytest.param(f"{HEADER}\r\n{ROW}".encode(), 2, id="Windows' line ends"),
        pytest.param(
            f"{HEADER}\n{ROW}\n".replace(",", "\t").encode("utf-16"), 2, id="Unicode text"
        ),
        pytest.param(f"{HEADER}\n{ROW}\n".replace(",", ";").encode(), 2, id="semicolons"),
        pytest.param(f"sep=;\n{HEADER}\n{ROW}\n".replace(",", ";").encode(), 3, id="sep="),
        pytest.param(f"\n  \n{HEADER}\n\n{ROW}\n".encode(), 5, id="blank lines"),
        pytest.param(f"{HEADER},,\n{ROW},,\n,,,,\n".encode(), 2, id="empty columns"),
        pytest.param(f"{HEADER}\n{ROW},\n".encode(), 2, id="a trailing comma"),
    ],
)
def test_a_table_is_read_as_it_is_meant(tmp_path: Path, body: bytes, line: int) -> None:
    """Encoding, separator and empty cells say nothing about territories."""
    sheet = read_sheet(saved(tmp_path, body))
    named = [dict(zip(sheet.columns, cells, strict=True)) for _, cells in sheet.rows]
    expected = {"territory": "Zürich", "country": "CH", "owner": "pool:dach"}
    assert [expected] == [{name: text for name, text in row.items() if text} for row in named]
    assert [line] == [at for at, _ in sheet.rows]


@pytest.mark.parametrize(
    ("body", "line", "sentence"),
    [
        pytest.param(f"{HEADER}\n{ROW}\n".encode("cp1252"), 2, "not UTF-8 text", id="Windows-1252"),
        pytest.param(b"\xff\xfea", 1, "not UTF-8 text", id="half of UTF-16"),
        pytest.param(
            f"{HEADER}\n{ROW},mine since May\n".encode(), 2, "has 4 cells", id="a remark beside it"
        ),
        pytest.param(
            f'{HEADER}\n{ROW}\n"Bern,CH,pool:dach\n{ROW}\n'.encode(),
            3,
            "quotes in the row that begins here",
            id="an open quote",
        ),
        pytest.param(b"territory,owner,owner\n", 1, '"owner" appears twice', id="twice"),
        pytest.param(b"a" * 21_000_000, 1, "too large", id="a bomb"),
    ],
)
def test_what_cant_be_read_is_refused_at_its_line(
    tmp_path: Path, body: bytes, line: int, sentence: str
) -> None:
    """With what to do, so that whoever saved it can save it again."""
    with pytest.raises(SpreadsheetError) as refused:
        read_sheet(saved(tmp_path, body))
    assert (line, True) == (refused.value.line, sentence in refused.value.sentence)
    assert refused.value.suggestion


@pytest.mark.parametrize("body", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_rows(tmp_path: Path, body: bytes) -> None:
    """Nothing in it is nothing wrong with it."""
    assert ((), ()) == ((sheet := read_sheet(saved(tmp_path, body))).columns, sheet.rows)


def test_a_folder_of_that_name_is_told(tmp_path: Path) -> None:
    """Not a crash of the worker."""
    (tmp_path / "territories.csv").mkdir()
    with pytest.raises(SpreadsheetError, match="Can't read this file"):
        read_sheet(tmp_path / "territories.csv")


def test_half_an_emoji_in_a_cell_is_replaced(tmp_path: Path) -> None:
    """A NUL or a control passes the border like a vendor's."""
    sheet = read_sheet(saved(tmp_path, f"{HEADER}\nZ\x00rich,CH,x\n".encode()))
    assert ("Z\ufffdrich", "CH", "x") == sheet.rows[0][1]
