"""What strangers send is made safe once, where it comes in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import border


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Dana\ud83d", "Dana\ufffd"),
        ("\ude00 Dana", "\ufffd Dana"),
        ("\ud83d\ude00 Dana", "😀 Dana"),
        ("Da\x00na", "Da\ufffdna"),
        ("Da\x1b[31mna", "Da\ufffd[31mna"),
        ("tab\tand\r\nline", "tab\tand\r\nline"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("Zoë 日本 👩‍💻", "Zoë 日本 👩‍💻"),
        ("", ""),
    ],
)
def test_a_text_keeps_all_that_can_be_kept(sent: str, kept: str) -> None:
    """Halves of an emoji, NULs and controls become U+FFFD; everything else stays as it is."""
    assert kept == border.text(sent)


def test_a_text_without_end_is_cut() -> None:
    """No vendor holds a longer one."""
    assert border.LONGEST_TEXT == len(border.text("x" * (border.LONGEST_TEXT + 1)))


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'{"firstName": "Dana\ud83d"}', {"firstName": "Dana\ufffd"}),
        (rb'{"fir\u0000st": "x"}', {"fir\ufffdst": "x"}),
        (b'{"a": "\xff\xfe"}', {"a": "\ufffd\ufffd"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "raw \x07 bell"}', {"a": "raw \ufffd bell"}),
        (b'{"a": NaN, "b": Infinity, "c": 1e999}', {"a": None, "b": None, "c": None}),
        (b'{"a": 123456789012345678901234567890}', {"a": "123456789012345678901234567890"}),
        (b'{"a": ' + b"9" * 5000 + b"}", {"a": "9" * 5000}),
        (b'{"a": [true, null, 1.5, -7]}', {"a": [True, None, 1.5, -7]}),
    ],
)
def test_json_from_a_wire_is_read_and_made_safe(body: bytes, value: object) -> None:
    """Bytes as vendors really send them, whatever their encoder did to a text or a number."""
    assert value == border.decode(body)


@pytest.mark.parametrize("levels", [border.DEEPEST + 1, 100_000])
def test_what_is_nested_without_end_is_refused_whole(levels: int) -> None:
    """As a value that is no JSON, not as a crash of whoever walks through it."""
    with pytest.raises(ValueError, match="nested"):
        border.decode(b"[" * levels + b"]" * levels)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_ANY)
def test_whatever_comes_can_be_stored_and_sent(value: object) -> None:
    """What has passed the border goes into any file and database, and passes again unchanged."""
    passed = border.safe(value)
    written = json.dumps(passed, ensure_ascii=False, allow_nan=False)
    assert "\x00" not in written.encode("utf-8").decode("utf-8")
    assert passed == border.safe(passed)
