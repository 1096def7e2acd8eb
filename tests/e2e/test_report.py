"""The report's numbers beside the sandbox's journal: counted twice, by strangers, the same."""

import base64
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.cli.main import cli
from agent.metrics import report
from agent.metrics.rendering import Format, render
from agent.metrics.report import Question
from tests.e2e.test_commands import environment
from tests.support.follow_through import messages, said
from tests.support.journals import Journal, afternoon, rank
from tests.support.worlds import MONDAY, Town

TARGET = timedelta(minutes=30)
"""The first touch of a hand-raiser; everything here happens in working hours."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    """An afternoon's leads."""
    with afternoon(tmp_path_factory.mktemp("report")) as journal:
        yield journal


def told(lived: Journal) -> dict[str, tuple[float | None, int, int]]:
    """The figures of everything together, read back from the CSV."""
    here = lived.here
    question = Question(since=MONDAY, now=here.world.now)
    journeys = report.read(here.app.ledger, question, here.app.policy)
    journeys = report.with_outcomes(journeys, here.app.context())
    written = render(report.report(journeys, question, here.app.policy), Format.CSV)
    return {
        row["measure"]: (
            float(row["value"]) if row["value"] else None,
            int(row["part"]),
            int(row["whole"]),
        )
        for row in csv.DictReader(io.StringIO(written))
        if row["by"] == "all" and row["unit"] != "lead"
    }


def test_coverage_is_what_the_journal_shows(lived: Journal) -> None:
    """Triggered, assigned, touched, touched in time: counted from the vendors' side."""
    assigned, touched = lived.assigned(), lived.touched()
    in_time = sum(at - assigned[person] <= TARGET for person, at in touched.items())
    figures = told(lived)
    assert 9 == figures["leads"][0]
    assert (len(assigned), 9) == figures["route-ready rate"][1:]
    assert (len(touched), len(assigned)) == figures["touch rate"][1:]
    assert (in_time, len(assigned)) == figures["SLA attainment"][1:]
    assert (5, 8, 3) == (len(touched), len(assigned), in_time)


@pytest.mark.parametrize("percent", [50, 90])
def test_speed_is_what_the_journal_shows(lived: Journal, percent: int) -> None:
    """From the form to the owner, and from the owner to the call, in minutes."""
    assigned, touched = lived.assigned(), lived.touched()
    waits = [(at - assigned[person]).total_seconds() / 60 for person, at in touched.items()]
    whole = [(at - lived.people[person]).total_seconds() / 60 for person, at in touched.items()]
    figures = told(lived)
    name = f"assigned to first touch, wall time, p{percent}"
    assert rank(waits, len(assigned), percent) == figures[name][0]
    # Here all work is done in working hours, so both clocks show the same.
    name = f"assigned to first touch, business time, p{percent}"
    assert rank(waits, len(assigned), percent) == figures[name][0]
    # The parked lead waits for a touch as well.
    name = f"trigger to first touch, wall time, p{percent}"
    assert rank(whole, len(lived.people), percent) == figures[name][0]


def test_the_systems_time_is_what_the_journal_shows(lived: Journal) -> None:
    """From the form to the message that names the lead."""
    ends = lived.told()
    system = [(at - lived.people[person]).total_seconds() / 60 for person, at in ends.items()]
    assert rank(system, 9, 50) == told(lived)["routing time, wall time, p50"][0]


def test_the_waterfall_is_what_the_journal_shows(lived: Journal) -> None:
    """How many came so far; the parked lead is named where it stopped."""
    figures = told(lived)
    assert (9, len(lived.assigned()), len(lived.told()), len(lived.touched()), 0) == tuple(
        figures[f"reached {stage}"][0]
        for stage in ("captured", "assigned", "owner notified", "first touch", "converted")
    )


MARTA = "marta.silva@meridian.example"
HELEN = "helen.brooks@meridian.example"


def pictures(here: Town, message: dict[str, Any]) -> list[tuple[bytes, str]]:
    """The pictures of a message, each with its words."""
    found = [one for one in message["blocks"] if one["type"] == "image"]
    files = here.world.table("slack.file")
    return [
        (base64.b64decode(files[one["slack_file"]["id"]]["content"]), one["alt_text"])
        for one in found
    ]


def test_the_digest_and_the_weekly_review_are_what_the_journal_shows(lived: Journal) -> None:
    """Tuesday's picture and next Monday's numbers, counted from the vendors' side."""
    here = lived.here
    assigned, touched = lived.assigned(), lived.touched()
    in_time = sum(at - assigned[person] <= TARGET for person, at in touched.items())
    late = len(assigned) - in_time

    here.world.advance(datetime(2026, 11, 24, 14, 30, tzinfo=UTC) - here.world.now)
    here.tick()
    (digest,) = [one for one in messages(here, MARTA) if "Daily digest" in said(one)]
    ((picture, words),) = pictures(here, digest)
    assert b"\x89PNG" == picture[:4]
    assert f"{in_time} within SLA, {late} breached SLA, 0 on track." in words

    here.world.advance(datetime(2026, 11, 30, 14, 30, tzinfo=UTC) - here.world.now)
    here.tick()
    (review,) = [one for one in messages(here, HELEN) if "week of Nov 23" in said(one)]
    text = said(review)
    counts = (len(lived.people), len(assigned), len(assigned), len(touched))
    told = "{} new leads: {} ready to route, {} assigned, {} with a first touch.".format(*counts)
    assert told in text
    assert f"({in_time} of {len(assigned)})" in text
    ((picture, words),) = pictures(here, review)
    assert (b"\x89PNG", True) == (
        picture[:4],
        f"{in_time} within SLA, {late} breached SLA" in words,
    )


def test_the_command_writes_a_report_or_says_what_is_wrong(here: Town, tmp_path: Path) -> None:
    """From a terminal, asking no vendor; a word that means nothing is told in one sentence."""
    here.arrive()
    here.tick()
    run = CliRunner(env=environment(here, tmp_path)).invoke
    for form, start in (("text", "1 lead "), ("html", "<!doctype")):
        done = run(cli, ["report", "--format", form, "--since", "5000w"])
        assert (0, start) == (done.exit_code, done.stdout[: len(start)])
    done = run(cli, ["report", "--segment", "Nobody"])
    assert 'Unknown segment "Nobody". Use one of: ' in str(done.exception)
    done = run(cli, ["report", "--since", "yesterday"])
    told = '"yesterday" is not a duration; use a number and a unit, such as 15m, 4h or 2d'
    assert told in str(done.exception)
    done = run(cli, ["report", "--from", "2026-11-23", "--until", "2026-11-24", "--format", "csv"])
    assert "all,all,leads,leads,1.0,1,1," in done.stdout
    done = run(cli, ["report", "--from", "2026-11-24", "--until", "2026-11-25", "--format", "csv"])
    assert "all,all,leads,leads,0.0,0,0," in done.stdout
