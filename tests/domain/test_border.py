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


@pytest.mark.parametrize("levels", [border.DEEPEST + 1, 900, 100_000])
def test_what_is_nested_without_end_is_one_sign_and_the_rest_is_read(levels: int) -> None:
    """One record of a page is odd, not the page; a bracket within a text is none."""
    deep = b'{"a]\\"[": ' * levels + b"1" + b"}" * levels
    told = border.decode(b'[{"id": 1, "x": ' + deep + b'}, {"id": 2, "x": "}]"}]')
    assert ([1, 2], "}]") == ([one["id"] for one in told], told[1]["x"])
    assert "\ufffd" in json.dumps(told, ensure_ascii=False)
    with pytest.raises(ValueError, match=r"nested|Expecting"):
        border.decode(b"[" * levels)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-23T12:00:00Z", "2026-11-23T12:00:00+00:00"),
        ("2026-11-23t12:00:00z+0000", "2026-11-23T12:00:00+00:00"),
        ("2026-11-23T12:00:00.000-0500", "2026-11-23T17:00:00+00:00"),
        ("2026-11-23", "2026-11-23T00:00:00+00:00"),
        (" 2026-11-23 12:00:00\n", "2026-11-23T12:00:00+00:00"),
    ],
)
def test_a_moment_is_read_in_all_its_forms(written: str, moment: str) -> None:
    """As Marketo and Salesforce write one, and in UTC whatever its zone."""
    assert moment == border.moment(written).isoformat()


@pytest.mark.parametrize(
    "told",
    [
        *(None, True, 7, 46349.4, "", "Fox", [], {}),
        *("0000-01-01", "0001-01-01T00:00:00+14:00", "10000-01-01", "9999-12-31T23:59:59-14:00"),
        *("2026-02-30", "2026-11-23T10:00:00+99:00"),
    ],
)
def test_what_is_no_moment_is_told_without_its_words(told: object) -> None:
    """The sentence says what kind of thing stood there; the thing may be a lead's own."""
    with pytest.raises(ValueError) as raised:  # noqa: PT011  (the words are what is tested)
        border.moment(told)
    assert str(told) not in str(raised.value) or str(told) == ""


@pytest.mark.parametrize("told", [7, 7.0, "7", " 007 "])
def test_an_id_has_one_form(told: object) -> None:
    """However a vendor's encoder wrote it."""
    assert "7" == border.number_of(told)


@pytest.mark.parametrize("told", [None, True, -7, 7.5, "", "x7", "٧", "7" * 30, [7], float("nan")])
def test_what_is_no_id_is_none(told: object) -> None:
    """Other digits, signs, fractions, numbers without end."""
    with pytest.raises(ValueError, match="where a number should be"):
        border.number_of(told)


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
