"""`routeready eval` and `routeready prompts` as a person runs them."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli.main import cli
from domain.errors import RoutereadyError
from evals.cases.scenario import Split, load_scenarios
from evals.commands import eval_cli
from evals.harness.bench import POLICY
from evals.harness.handoffs import NOW
from evals.stand_in.model import StandIn
from sandbox import openai
from sandbox.http.message import Handler
from sandbox.server.http_server import Server
from sandbox.state.world import World
from tests.support.repository import NEEDS_GIT

RUNNER = CliRunner()
DEV = load_scenarios([Split.DEV])


def test_eval_run_tells_what_failed(tmp_path: Path) -> None:
    """The present prompts pass nearly all of the dev cases on the stand-in."""
    options = ["--split", "dev", "--task", "nudge", "--out", str(tmp_path)]
    done = RUNNER.invoke(eval_cli, ["run", *options])
    nudges = [one for one in DEV if one.task == "nudge"]
    assert (0, True) == (done.exit_code, f"of {len(nudges)} trials passed" in done.output)


def test_eval_routing_tells_the_accuracy() -> None:
    """The gold set, in one line."""
    done = RUNNER.invoke(eval_cli, ["routing"])
    assert (0, True) == (done.exit_code, "0 violations, 0 with invented values" in done.output)


@NEEDS_GIT
@pytest.mark.slow
def test_eval_compare_writes_its_reports(tmp_path: Path) -> None:
    """The prompts against themselves are no rejection; three reports and two logs are there."""
    options = ["--base", "HEAD", "--task", "nudge", "--trials", "1", "--out", str(tmp_path)]
    done = RUNNER.invoke(eval_cli, ["compare", *options])
    written = {path.name for path in tmp_path.glob("report.*")}
    logs = list((tmp_path / "inspect").glob("*_routeready-*.json"))
    assert ({"report.html", "report.json", "report.md"}, 2, True) == (
        written,
        len(logs),
        done.exit_code in (0, 2),
    )


def test_an_export_says_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On an empty ledger nothing is written, and the command says so."""
    monkeypatch.setenv("ROUTEREADY_DATABASE", f"sqlite:///{tmp_path}/ledger.sqlite3")
    monkeypatch.setenv("ROUTEREADY_POLICY", str(POLICY))
    done = RUNNER.invoke(eval_cli, ["export", "--since", "7d", "--out", str(tmp_path / "drafts")])
    assert (0, 3, []) == (
        done.exit_code,
        done.output.count("not written"),
        list((tmp_path / "drafts").iterdir()),
    )


def test_a_model_needs_its_key(tmp_path: Path) -> None:
    """Said in words, with what to do."""
    with pytest.raises(RoutereadyError, match="needs OPENAI_API_KEY"):
        RUNNER.invoke(
            eval_cli, ["run", "--model", "m", "--out", str(tmp_path)], catch_exceptions=False
        )


def test_any_compatible_server_can_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key, an address and a model's name are all that another endpoint needs."""
    world = World(now=NOW)
    openai.add_key(world, "sk-other", model="other-model")
    server = Server(world, {"/v1": _under_v1(StandIn(world, slips=0.0).face())})
    server.start()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.port}/v1")
    options = ["--model", "other-model", "--split", "dev", "--out", str(tmp_path)]
    try:
        done = RUNNER.invoke(eval_cli, ["run", *options])
    finally:
        server.stop()
    assert (0, True) == (
        done.exit_code,
        f"{len(DEV)} of {len(DEV)} trials passed, 0 without" in done.output,
    )


def test_a_comparison_that_never_was_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a key for the model nothing is decided: neither REJECT nor HOLD."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    options = ["--model", "m", "--base", "HEAD", "--split", "dev", "--out", str(tmp_path)]
    done = RUNNER.invoke(eval_cli, ["compare", *options])
    assert (3, True) == (done.exit_code, "needs OPENAI_API_KEY" in done.output)


def _under_v1(face: Handler) -> Handler:
    """The face, mounted where its own address begins."""
    return lambda request: face(replace(request, path=f"/v1{request.path}"))


def test_an_unknown_task_is_told() -> None:
    """With those there are."""
    with pytest.raises(RoutereadyError, match=r'"sing". Use one of: converse, digest, esc'):
        RUNNER.invoke(eval_cli, ["run", "--task", "sing"], catch_exceptions=False)


def test_an_unknown_split_is_told() -> None:
    """With those there are."""
    with pytest.raises(RoutereadyError, match="dev, gate or sealed"):
        RUNNER.invoke(eval_cli, ["run", "--split", "train"], catch_exceptions=False)


def test_prompts_are_listed_with_their_versions() -> None:
    """Each with what it is for."""
    done = RUNNER.invoke(cli, ["prompts", "list"])
    named = [line.split()[0] for line in done.output.splitlines() if not line.startswith(" ")]
    assert (0, True) == (done.exit_code, {"investigate", "nudge", "read_lead"} <= set(named))


@NEEDS_GIT
def test_a_prompts_history_begins_with_the_present_version() -> None:
    """As decisions in the ledger name it."""
    done = RUNNER.invoke(cli, ["prompts", "history", "nudge"])
    assert (0, 16) == (done.exit_code, len(done.output.split()[0]))


@NEEDS_GIT
def test_a_prompt_that_did_not_change_says_so() -> None:
    """An empty difference is a sentence."""
    done = RUNNER.invoke(cli, ["prompts", "diff", "nudge", "--base", "HEAD"])
    assert (0, "nudge has not changed since HEAD.") == (done.exit_code, done.output.strip())
