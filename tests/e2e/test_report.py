"""The report's numbers beside the sandbox's journal: counted twice, by strangers, the same."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent import measuring
from agent.measuring import Question
from agent.rendering import Format, render
from tests.e2e.test_commands import environment, routeready
from tests.journals import Journal, afternoon, rank
from tests.worlds import MONDAY, Town

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
    journeys = measuring.read(here.app.ledger, question, here.app.policy)
    journeys = measuring.with_outcomes(journeys, here.app.context())
    written = render(measuring.report(journeys, question, here.app.policy), Format.CSV)
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
    assert (len(assigned), 9) == figures["ready of triggered"][1:]
    assert (len(touched), len(assigned)) == figures["touched of assigned"][1:]
    assert (in_time, len(assigned)) == figures["touched in time of due"][1:]
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
    assert rank(system, 9, 50) == told(lived)["the systems' part, wall time, p50"][0]


def test_the_waterfall_is_what_the_journal_shows(lived: Journal) -> None:
    """How many came so far; the parked lead is named where it stopped."""
    figures = told(lived)
    assert (9, len(lived.assigned()), len(lived.told()), len(lived.touched()), 0) == tuple(
        figures[f"reached {stage}"][0]
        for stage in ("captured", "assigned", "notified", "touched", "outcome")
    )


def test_the_command_writes_a_report_or_says_what_is_wrong(here: Town, tmp_path: Path) -> None:
    """From a terminal, asking no vendor; a word that means nothing is told in one sentence."""
    here.arrive()
    here.tick()
    env = environment(here, tmp_path)
    for form, start in (("text", "1 leads"), ("html", "<!doctype")):
        done = routeready("report", "--format", form, "--since", "5000w", env=env)
        assert (0, "", start) == (done.returncode, done.stderr, done.stdout[: len(start)])
    done = routeready("report", "--segment", "Nobody", env=env)
    assert (1, 'routeready: there is no segment "Nobody"; there are: ') == (
        done.returncode,
        done.stderr[:53],
    )
    done = routeready("report", "--since", "yesterday", env=env)
    assert "'yesterday' is not a duration; write for example 15m, 4h or 2d" in done.stderr
