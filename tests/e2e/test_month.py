"""A month of forty reps in six time zones: what must never happen doesn't, by the journal alone."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.state.world import Entry
from tests.support.month import CLOSES, OPENS, SATURDAY, STEP, ZONES, Month, days_off, month

LEADS = int(os.environ.get("MONTH_LEADS", "100"))
"""`make month` lives through it with two thousand; MONTH_MODEL=hostile gives it a model, too."""


pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """The month, lived through once for all the questions."""
    folder = tmp_path_factory.mktemp("month")
    with month(folder, leads=LEADS, model=os.environ.get("MONTH_MODEL")) as lived:
        lived.live()
        yield lived


def posts(lived: Month) -> Iterator[tuple[Entry, str]]:
    """Every message to a rep or their manager, with the country of the reader."""
    readers = {lived.here.slack_users[email]: rep.country for email, rep in lived.people.items()}
    managers = {f"manager.{country.lower()}@month.example": country for country in ZONES}
    readers |= {lived.here.slack_users[email]: country for email, country in managers.items()}
    for entry in lived.here.world.journal:
        if entry.name == "message.post" and entry.data["to"] in readers:
            yield entry, readers[entry.data["to"]]


def at(entry: Entry) -> datetime:
    """When something was journaled."""
    return datetime.fromisoformat(entry.at)


def leads_of(entry: Entry) -> list[tuple[str, str]]:
    """The records that a message to an owner names, each with the words beside it."""
    found: list[tuple[str, str]] = []
    for block in entry.data["blocks"] or ():
        if block["type"] == "rich_text":
            elements = block["elements"][0]["elements"]
            words = " ".join(str(one.get("text")) for one in elements)
            links = [one["url"] for one in elements if one.get("type") == "link"]
            found += [(url.rpartition("/")[2], words) for url in links[:1]]
    return found


def nudges(lived: Month) -> Iterator[tuple[Entry, str, str]]:
    """Every reminder and every breach told to an owner: when, about which record, which of them."""
    owners = {lived.here.slack_users[email] for email in lived.people}
    for entry, _ in posts(lived):
        found = leads_of(entry) if entry.data["to"] in owners else ()
        for record, words in found:
            for kind in ("SLA reminder", "SLA breach"):
                if kind in words or kind in entry.data["text"].partition(":")[0]:
                    yield entry, record, kind


def is_working_time(country: str, moment: datetime) -> bool:
    """Nine to five on a working day, by wall clock and public holidays."""
    local = moment.astimezone(ZoneInfo(ZONES[country][0]))
    is_day = local.weekday() < SATURDAY and local.date() not in days_off(country, local.year)
    return is_day and OPENS <= local.hour < CLOSES


def test_nobody_is_written_to_outside_their_hours(passed: Month) -> None:
    """Messages come nine to five on working days, across both changes of the clock."""
    outside = [
        (entry.at, country, entry.data["text"])
        for entry, country in posts(passed)
        if not is_working_time(country, at(entry))
    ]
    assert [] == outside


def test_nobody_is_nudged_after_a_touch(passed: Month) -> None:
    """Once somebody called, no reminder and no breach follows, beyond one look of the worker."""
    late = [
        (entry.at, record, kind)
        for entry, record, kind in nudges(passed)
        if record in passed.touches and at(entry) > passed.touches[record] + STEP
    ]
    assert [] == late


def test_no_rung_is_climbed_twice(passed: Month) -> None:
    """The same person hears of the same lead at most once per rung and turn with it.

    Somebody to whom a colleague gave a lead back has another turn.
    """
    told = Counter((record, kind, entry.data["to"]) for entry, record, kind in nudges(passed))
    twice = [
        (one, count) for one, count in told.items() if count > 1 + len(passed.given.get(one[0], ()))
    ]
    assert [] == twice
    assert told.total() > 0


def test_every_lead_is_touched_or_listed_with_a_name(passed: Month) -> None:
    """At the end nothing is lost: touched, on its way, or on the list beside a person's name."""
    rows = passed.here.app.ledger.handoffs.rows()
    assert LEADS == len({row.lead for row in rows})
    touched = {row.record_id for row in rows if row.state == "touched"}
    assert set(passed.touches) == touched
    nameless = [
        row.cycle_id
        for row in rows
        if row.listed_at and row.owner not in passed.here.app.policy.users
    ]
    assert [] == nameless


def test_no_persons_change_is_ever_undone(passed: Month) -> None:
    """After somebody gave a lead away by hand the worker writes no owner on it any more."""
    undone: list[Any] = []
    worker = passed.here.worker
    for entry in passed.here.world.journal:
        if entry.name != "Lead.update" or entry.data["by"] != worker:
            continue
        by_hand = passed.given.get(entry.data["id"], [])
        if "OwnerId" in entry.data["changes"] and any(given <= at(entry) for given in by_hand):
            undone.append((entry.at, json.dumps(entry.data["changes"])))
    assert [] == undone
    assert passed.given


def test_the_clock_is_right_across_the_changes(passed: Month) -> None:
    """What the ledger calls in time is in time by an hour-by-hour count of working minutes."""
    wrong: list[str] = []
    for row in passed.here.app.ledger.handoffs.rows(state="touched"):
        rep = passed.people.get(row.owner)
        if rep is None or row.touched_at is None or row.handoff["stage"] or row.in_time is None:
            continue
        minute = datetime.fromisoformat(row.handoff["started_at"])
        worked = timedelta()
        while minute < row.touched_at:
            worked += timedelta(minutes=1) * is_working_time(rep.country, minute)
            minute += timedelta(minutes=1)
        slack = timedelta(minutes=2)
        target = timedelta(hours=2)
        if (row.in_time and worked > target + slack) or (
            not row.in_time and worked < target - slack
        ):
            wrong.append(f"{row.cycle_id} {worked} {row.in_time}")
    assert [] == wrong
