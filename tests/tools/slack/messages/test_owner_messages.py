"""What owners read in Slack stays within Block Kit's limits, whatever a lead wrote."""

import json
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.slack.blocks.block_limits import check_blocks
from tools.slack.messages.blocks import MOST_BLOCKS, MOST_CHARACTERS
from tools.slack.messages.owner_messages import Item, owned, summary
from tools.slack.messages.text import neutral, plain
from tools.slack.users.directory import zone_named

DUE = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
URL = "https://acme.my.salesforce.com/00Q000000000001AAA"
BERLIN = ZoneInfo("Europe/Berlin")


def item(title: str = "Dana Fox, VP Marketing at Acme", reason: str = "Territory DACH.") -> Item:
    """A lead to be told of."""
    return Item(title, URL, reason, DUE)


def test_one_lead_has_its_link_its_reason_and_its_due_time() -> None:
    """The due time is by the owner's own clock, the day included."""
    (lead,) = owned([item()], BERLIN)
    assert lead["elements"][0]["elements"] == [
        {"type": "text", "text": "New lead: ", "style": {"bold": True}},
        {
            "type": "link",
            "url": URL,
            "text": "Dana Fox, VP Marketing at Acme",
            "style": {"bold": True},
        },
        {"type": "text", "text": "\nFirst touch due Tue, Nov 24, 12:30 AM CET"},
        {"type": "text", "text": "\nTerritory DACH."},
    ]


def test_a_lead_without_reason_or_due_time_has_no_empty_text() -> None:
    """Slack refuses empty text elements."""
    (lead,) = owned([Item("", URL, " ", None)], BERLIN)
    said = [one["text"] for one in lead["elements"][0]["elements"]]
    assert said == ["New lead: ", "Lead without a name"]


@pytest.mark.parametrize(
    ("count", "shown", "end"),
    [(1, 1, None), (20, 20, None), (48, 48, None), (49, 48, 1), (300, 48, 252)],
)
def test_what_does_not_fit_is_counted(count: int, shown: int, end: int | None) -> None:
    """Many short leads are cut at fifty blocks, and the rest is told honestly."""
    short = Item("D. Fox", "https://x.example/1", "", None)
    blocks = owned([short] * count, BERLIN)
    headers, rest = blocks[: count > 1], blocks[count > 1 :]
    leads = [block for block in rest if block["type"] == "rich_text"]
    ends = [block["elements"][0]["text"] for block in rest if block["type"] == "context"]
    titles = [] if count == 1 else [f"{count} new leads"]
    assert titles == [one["text"]["text"] for one in headers]
    assert len(leads) == shown
    assert ends == ([] if end is None else [f"and {end} more in Salesforce"])


TEXT = st.text(max_size=900)
ITEMS = st.lists(
    st.builds(
        Item,
        title=TEXT,
        url=st.just(URL),
        reason=TEXT,
        due=st.none()
        | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001  (made aware below)
            lambda naive: naive.replace(tzinfo=UTC)
        ),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=50, deadline=None)
@given(ITEMS)
def test_every_message_is_within_slacks_limits(items: list[Item]) -> None:
    """Whatever leads wrote, Slack takes the blocks, and none of the leads is unaccounted for."""
    blocks = owned(items, BERLIN)
    check_blocks(blocks)
    leads = sum(block["type"] == "rich_text" for block in blocks)
    assert len(blocks) <= MOST_BLOCKS
    assert len(json.dumps(blocks)) <= MOST_CHARACTERS
    if leads < len(items):
        end = blocks[-1]["elements"][0]["text"]
        assert end == f"and {len(items) - leads} more in Salesforce"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dana Fox", "Dana Fox"),
        ("<!channel> hi", "&lt;!channel&gt; hi"),
        ("<https://evil.example|Salesforce>", "&lt;https:∕∕evil․exampleǀSalesforce&gt;"),
        ("@here @channel", "＠here ＠channel"),
        ("*bold* _it_ ~no~ `code`", "∗bold∗ ˍitˍ ∼no∼ ˋcodeˋ"),
        ("R&D", "R&amp;D"),
        ("line\none\r\n> two", "line one &gt; two"),
        ("www.evil.example", "www․evil․example"),
        ("Acme Inc. and so on.", "Acme Inc. and so on."),
        ("a\u202eb\u200bc\U000e0041d\ufeffe", "abcde"),
        ("x\u0301\u0301\u0301\u0301\u0301y", "x\u0301\u0301y"),
    ],
)
def test_text_is_neutral(text: str, expected: str) -> None:
    """No mention, link, format, quote or hidden character is left."""
    assert neutral(text) == expected


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_plain_text_is_one_visible_line(text: str, limit: int) -> None:
    """Nothing invisible remains, nothing is too long, and doing it again changes nothing."""
    line = plain(text, limit)
    assert len(line) <= limit
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs") for one in line)
    assert plain(line, limit) == line


@given(st.text(alphabet="<>&*_~`@|!:/.#ab \n\u202e"))
def test_neutral_text_holds_no_active_character(text: str) -> None:
    """Slack finds nothing in it to interpret."""
    said = neutral(text)
    active = ("<", ">", "*", "_", "~", "`", "@", "|", "://", "a.b")
    assert [one for one in active if one in said] == []
    assert "&" not in said.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


def test_the_summary_names_three_and_counts_the_rest() -> None:
    """A notification stays short and mentions nobody."""
    items = [item(f"<@U{number}>") for number in range(5)]
    expected = "5 new leads: &lt;＠U0&gt;; &lt;＠U1&gt;; &lt;＠U2&gt;; and 2 more"
    assert summary(items, BERLIN) == expected


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../etc/passwd", "/etc/passwd"])
def test_an_unknown_time_zone_is_utc(name: str | None) -> None:
    """The sentence shows the zone, so that nobody is misled."""
    assert zone_named(name) == ZoneInfo("UTC")
