"""A report in its four formats: the same numbers, and harmless wherever it is opened."""

import csv
import io
import re
from datetime import timedelta

import pytest

from agent.metrics.rendering import Format, render, safe_cell
from agent.metrics.report import Question, Report, report
from domain.metrics.lifecycle import Journey
from tests.support.builders import policy
from tests.support.journeys import MONDAY, assigned, journey

HOSTILE = '=HYPERLINK("https://evil.example")<script>alert(1)</script>|x'


def made(*journeys: Journey) -> Report:
    """A report of these journeys, two hours after the triggers."""
    question = Question(since=MONDAY, now=MONDAY + timedelta(hours=2))
    return report(journeys, question, policy())


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def test_every_format_tells_the_same_share() -> None:
    """Two of three touched, one of them in time: 67% and 33%, or the fractions."""
    told = made(assigned(1, touched_after=30), assigned(2, touched_after=90), assigned(3))
    for form in (Format.TEXT, Format.MD, Format.HTML):
        words = re.sub(r"<[^>]+>|\|", " ", render(told, form))
        assert re.search(r"touch rate\s+67%\s+2 of 3", words)
        assert re.search(r"SLA attainment\s+33%\s+1 of 3", words)
    found = {
        one["measure"]: (one["value"], one["part"], one["whole"])
        for one in rows(render(told, Format.CSV))
        if one["by"] == "all"
    }
    assert ("0.666667", "2", "3") == found["touch rate"]
    assert ("0.333333", "1", "3") == found["SLA attainment"]


def test_what_is_not_known_is_empty_with_a_reason() -> None:
    """No zero stands where nothing was measured."""
    found = {one["measure"]: one for one in rows(render(made(), Format.CSV))}
    ready = found["route-ready rate"]
    assert ("", "no leads yet") == (ready["value"], ready["reason"])
    assert re.search(r"route-ready rate\s+-\s+0 of 0\s+no leads", render(made(), Format.TEXT))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "  ="])
def test_no_spreadsheet_runs_a_cell(start: str) -> None:
    """What looks like a formula is kept as text; everything else is left alone."""
    assert (f"'{start}1", "1 = 1") == (safe_cell(f"{start}1"), safe_cell("1 = 1"))


def test_a_hostile_source_harms_nobody() -> None:
    """A lead source that is a formula, a script and a table's end is only words in all formats."""
    told = made(assigned(1, source=HOSTILE))
    (group, *_) = [one["group"] for one in rows(render(told, Format.CSV)) if one["by"] == "source"]
    assert f"'{HOSTILE}" == group
    assert "<script" not in render(told, Format.HTML)
    assert "<script" not in render(told, Format.MD)
    (line,) = [one for one in render(told, Format.MD).splitlines() if "HYPERLINK" in one]
    assert 10 == len(re.findall(r"(?<!\\)\|", line))


def test_the_page_needs_nothing_from_elsewhere() -> None:
    """No script, no address: it can be mailed and opened anywhere."""
    page = render(made(assigned(1)), Format.HTML)
    assert [] == re.findall(r"<script|https?://|<link|<img|url\(", page)


def test_text_names_the_first_lost_leads_and_files_name_all() -> None:
    """Of twelve late leads the terminal names eight and says how many more there are."""
    told = made(*(assigned(number) for number in range(12)))
    assert "0 1 2 3 4 5 6 7 and 4 more" in render(told, Format.TEXT)
    lost = [
        one for one in rows(render(told, Format.CSV)) if one["measure"] == "lost at owner notified"
    ]
    assert [str(number) for number in range(12)] == [one["value"] for one in lost]


def test_figures_of_groups_add_up() -> None:
    """In each dimension the leads of the groups are the leads of the whole."""
    told = made(assigned(1), journey(2, source="Webinar"), assigned(3, tier="A"))
    counts: dict[str, float] = {}
    for one in told.figures():
        if one.measure == "leads" and one.value is not None:
            counts[one.by] = counts.get(one.by, 0) + one.value
    assert {3.0} == set(counts.values())
