"""The command line as a person uses it: processes, exit codes, words."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.people import roster
from sandbox.state.world import World
from tests.support.environments import environment
from tests.support.repository import ROOT
from tests.support.worlds import Town, town


def routeready(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and wait."""
    command = [sys.executable, "-m", "agent.cli", *words]
    return subprocess.run(  # noqa: S603  (our own module)
        command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def test_why_of_a_stranger_is_one_sentence_and_no_traceback(here: Town, tmp_path: Path) -> None:
    """What can't be told is told in one line, with a non-zero exit code."""
    done = routeready("why", "nobody@x.example", env=environment(here, tmp_path))
    told = (
        "routeready: No lead found for nobody@x.example: it never matched a trigger. "
        "Check the email address or Marketo ID.\n"
    )
    assert (1, told) == (done.returncode, done.stderr)


def test_a_missing_setting_is_named_with_where_to_put_it() -> None:
    """Without credentials the first command names all that is missing."""
    bare = {name: value for name, value in os.environ.items() if "_" not in name}
    done = routeready("doctor", env={**bare, "ROUTEREADY_DATABASE": "sqlite://"})
    told = (
        "routeready: MARKETO_BASE_URL, MARKETO_CLIENT_ID, MARKETO_CLIENT_SECRET, "
        "SALESFORCE_DOMAIN, SALESFORCE_CONSUMER_KEY and SALESFORCE_CONSUMER_SECRET are not set. "
        "Set them in the environment or in .env.\n"
    )
    assert (2, told) == (done.returncode, done.stderr)


def test_setup_adds_what_salesforce_lacks(here: Town, tmp_path: Path) -> None:
    """What is missing is shown, and added once it is agreed to."""
    here.world.table("salesforce.CustomField").pop("Contact.Routing_Reason__c")
    env = environment(here, tmp_path)
    refused = routeready("setup", "salesforce", env=env)
    assert (1, True) == (refused.returncode, "Add this to Salesforce?" in refused.stdout)
    assert "Contact.Routing_Reason__c" not in here.world.table("salesforce.CustomField")
    done = routeready("setup", "salesforce", "--yes", env=env)
    told = [line[4:] for line in done.stdout.splitlines()]
    assert "Create field Contact.Routing_Reason__c, LongTextArea(4000)" == told[0]
    assert ["done", "done"] == told[2:4]
    again = routeready("setup", "salesforce", env=env)
    assert again.stdout.startswith("Salesforce has every field, permission and rule")


def test_doctor_names_what_is_missing_and_its_fix(here: Town, tmp_path: Path) -> None:
    """A field that isn't deployed is a finding with a fix, and the exit code says so."""
    here.world.table("salesforce.CustomField").pop("Lead.Routing_Reason__c")
    done = routeready("doctor", env=environment(here, tmp_path))
    assert 1 == done.returncode
    assert "Routing_Reason__c" in done.stdout
    assert "0 to fix" not in done.stdout


def test_run_works_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """`run` ticks, keeps its health file, and ends with 0 after SIGTERM."""
    world = World(seed=1, now=datetime.now(UTC))
    roster.settle(world)
    with town(tmp_path, world) as here:
        dana = here.arrive()
        env = environment(here, tmp_path)
        with subprocess.Popen([sys.executable, "-m", "agent.cli", "run"], env=env, cwd=ROOT) as run:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not here.owner_writes():
                time.sleep(0.1)
            run.send_signal(signal.SIGTERM)
            assert 0 == run.wait(30)
        health = json.loads((tmp_path / "health.json").read_text())
        assert ("ok", 1) == (health["state"], here.owner_writes()[here.lead(dana)["Id"]])


def test_the_stop_file_stops_everything(here: Town, tmp_path: Path) -> None:
    """While the stop file exists no tick does anything."""
    here.arrive()
    env = environment(here, tmp_path)
    (tmp_path / "stop").touch()
    with subprocess.Popen([sys.executable, "-m", "agent.cli", "run"], env=env, cwd=ROOT) as run:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (tmp_path / "health.json").exists():
            time.sleep(0.1)
        run.send_signal(signal.SIGTERM)
        run.wait(30)
    health = json.loads((tmp_path / "health.json").read_text())
    assert ("stopped", 0) == (health["state"], here.owner_writes().total())


@pytest.mark.slow
def test_the_demo_ends_by_itself_and_writes_its_data(tmp_path: Path) -> None:
    """One simulated day without a terminal: exit code 0, a funnel, stories, and the JSON."""
    target = tmp_path / "demo.json"
    done = routeready("demo", "--days", "1", "--json", str(target))
    assert (0, "") == (done.returncode, done.stderr)
    data = json.loads(target.read_text())
    funnel = data["funnel"]
    assert funnel["triggered"] >= funnel["ready"] >= funnel["assigned"] > 50
    assert 3 == len(data["stories"])
    assert "Why: Rule" in done.stdout


def test_the_worker_is_asked_and_stopped_from_a_terminal(here: Town, tmp_path: Path) -> None:
    """The same questions and changes as in Slack, under the same roles; a pause holds for ticks."""
    here.arrive()
    here.tick()
    env, quinn = environment(here, tmp_path), "quinn.walsh@meridian.example"
    here.app.close()
    told = routeready("ask", "why did Dana Fox go there?", "--by", quinn, env=env)
    assert (0, True) == (told.returncode, told.stdout.startswith("Dana Fox at Acme: owner"))
    helen = "helen.brooks@meridian.example"
    refused = routeready("pause", "--by", helen, "--because", "no", env=env)
    assert "Only RevOps admins can do this." in refused.stdout
    paused = routeready("pause", "--by", quinn, "--because", "wrong territories", env=env)
    assert "Approved by Quinn Walsh. Pause the worker" in paused.stdout
    tick = routeready("route", env=env)
    words = f"routeready: paused by {quinn}: wrong territories\n"
    assert (1, words) == (tick.returncode, tick.stderr)
    resumed = routeready("resume", "--by", quinn, env=env)
    assert "Approved by Quinn Walsh. Resume the worker" in resumed.stdout
    assert 0 == routeready("route", env=env).returncode


def test_a_stranger_asks_in_vain(here: Town, tmp_path: Path) -> None:
    """Only people whom the policy names are answered."""
    done = routeready("ask", "rules", "--by", "eve@x.example", env=environment(here, tmp_path))
    told = (
        "routeready: The policy has no user eve@x.example. Use an email address listed under users."
    )
    assert (1, f"{told}\n") == (done.returncode, done.stderr)


def test_help_names_every_command_in_its_group_and_loads_nothing_heavy() -> None:
    """It answers at once: no Rich, no LangGraph, no database; and no sentence is cut short."""
    heavy = ("rich", "langgraph", "sqlalchemy", "pydantic", "requests")
    told = (
        "import sys; from agent.cli.main import main; sys.argv = ['routeready', '--help']\n"
        "try: main()\n"
        f"finally: print([one for one in {heavy} if one in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603  (our own code)
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=False
    )
    *helped, loaded = done.stdout.splitlines()
    headings = [one for one in helped if one.endswith(":") and not one.startswith(" ")]
    expected = [
        "Options:",
        "Run the worker:",
        "Leads and approvals:",
        "Set up and check:",
        "Reports:",
        "Policy, prompts and console:",
    ]
    cut_short = [one for one in helped if one.endswith("...") and not one.startswith("Usage:")]
    assert (expected, "[]", []) == (headings, loaded, cut_short)
