"""What the worker says when something is broken: health, the log and Slack, in one table."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import event

from agent.ledger.records import Step, Stop
from agent.routing import graph
from agent.slack import listener
from agent.worker import heartbeat
from agent.worker.service import SLACK, Service
from domain.errors import UnavailableError
from sandbox import faults
from tests.support.follow_through import messages
from tests.support.repository import ROOT
from tests.support.worlds import Town

OPS = "quinn.walsh@meridian.example"


@dataclass
class Worker:
    """A worker in a town, with its files in a folder, and what it said."""

    here: Town
    folder: Path
    patched: pytest.MonkeyPatch
    stack: ExitStack
    passed: list[float] = field(default_factory=lambda: [0.0])

    def __post_init__(self) -> None:
        """It has done one tick, and all was well."""
        self.service = Service(self.here.app, lambda: self.passed[0])
        self.service.pulse.start()
        self.service.tick()

    def pass_time(self, minutes: int) -> None:
        """Let time pass, with a tick in the first minute and in the last two."""
        for step in (1, minutes - 2, 1) if minutes > 2 else (1,) * minutes:
            self.here.pass_time(minutes=step)
            self.passed[0] += 60
            self.service.tick()


def well(_: Worker) -> None:
    """Nothing is broken."""


def policy_cut_off(one: Worker) -> None:
    """A spreadsheet was saved while its disk was full."""
    (one.folder / "territories.csv").write_bytes(b"\x00" * 100)


def policy_a_folder(one: Worker) -> None:
    """A mount went wrong."""
    (one.folder / "policy.yaml").unlink()
    (one.folder / "policy.yaml").mkdir()


def marketo_out(one: Worker) -> None:
    """Marketo answers 503 to everything."""
    faults.add(one.here.world, faults.Status(vendor="marketo", status=503))


def salesforce_out(one: Worker) -> None:
    """Salesforce answers 503 to everything."""
    faults.add(one.here.world, faults.Status(vendor="salesforce", status=503))
    one.here.arrive(email="new@beta.example", company="Beta")


def app_token_revoked(one: Worker) -> None:
    """Somebody made new tokens in Slack."""
    _connect(one, faults.Error(vendor="slack", path="apps.connections.open", code="invalid_auth"))


def slack_unreachable(one: Worker) -> None:
    """Slack can't open connections, but takes messages."""
    _connect(one, faults.Status(vendor="slack", path="apps.connections.open", status=503))


def _connect(one: Worker, fault: Any) -> None:  # noqa: ANN401  (a fault of the sandbox)
    faults.add(one.here.world, fault)
    token = SecretStr(one.here.running.details()["slack"]["app_token"])
    app = one.here.app
    app.settings = app.settings.model_copy(update={"slack_app_token": token})
    line = one.stack.enter_context(listener.listening(app))
    deadline = time.monotonic() + 20
    while "connecting" in str(line.troubles()) and time.monotonic() < deadline:
        time.sleep(0.02)
    one.service.health.found(SLACK, line.troubles())


def stop_file(one: Worker) -> None:
    """Somebody pulled the emergency brake on this machine."""
    (one.folder / "stop").touch()


def paused(one: Worker) -> None:
    """Somebody paused the worker by a word."""
    stop = Stop("worker", OPS, "wrong territories", one.here.world.now)
    one.here.app.ledger.cycles.record(Step(at=stop.at, stops=[stop]))


def ledger_full(one: Worker) -> None:
    """The database may not grow any more."""
    _pragma(one, "max_page_count=1")


def ledger_read_only(one: Worker) -> None:
    """The database takes no writes."""
    _pragma(one, "query_only=ON")


def _pragma(one: Worker, said: str) -> None:
    def prepare(connection: Any, _: object) -> None:  # noqa: ANN401  (DB-API)
        connection.execute(f"PRAGMA {said}")

    engine = one.here.app.ledger.engine
    event.listen(engine, "connect", prepare)
    engine.dispose()
    one.here.arrive(email="new@beta.example", company="Beta" * 50)


def ledger_gone(one: Worker) -> None:
    """The file was removed under the worker."""
    Path(str(one.here.app.ledger.engine.url.database)).unlink()


def lead_that_fails(one: Worker) -> None:
    """Something nobody foresaw happens on one lead of two."""
    whole = graph.judge
    odd = one.here.arrive(email="odd@beta.example", company="Beta")
    one.here.arrive(email="good@gamma.example", company="Gamma")

    def breaks(snapshot: Any, policy: Any) -> Any:  # noqa: ANN401  (as the original)
        if snapshot.lead.key == str(odd):
            raise KeyError("Dana Fox")
        return whole(snapshot, policy)

    one.patched.setattr(graph, "judge", breaks)


def everything_fails(one: Worker) -> None:
    """Something nobody foresaw happens on all leads."""

    def breaks(*_: object) -> None:
        raise KeyError("Dana Fox")

    one.here.arrive(email="a@beta.example", company="Beta")
    one.here.arrive(email="b@gamma.example", company="Gamma")
    one.patched.setattr(graph, "judge", breaks)


def tick_hangs(one: Worker) -> None:
    """No tick ends any more."""
    one.passed[0] += 181
    one.patched.setattr(one.service, "tick", one.service.write)


def clock_set_back(one: Worker) -> None:
    """The machine's clock was put right."""
    one.service.health.jumped(-600)


def heartbeat_unheard(one: Worker) -> None:
    """Nobody listens at the heartbeat's address."""

    def beat() -> None:
        raise UnavailableError("heartbeat", "HTTP status 500")

    heartbeat.call(one.service, beat)


Break = Callable[[Worker], None]
SITUATIONS: tuple[tuple[Break, int, str, list[str], str | None], ...] = (
    (well, 2, "ok", [], None),
    (policy_cut_off, 2, "degraded", ["policy_refused"], "The policy file has errors"),
    (policy_a_folder, 2, "degraded", ["policy_refused"], "The policy file has errors"),
    (marketo_out, 1, "failed", ["vendor_out"], None),
    (marketo_out, 18, "failed", ["vendor_out"], "Marketo can't be used"),
    (salesforce_out, 18, "failed", ["vendor_out"], "Salesforce can't be used"),
    (app_token_revoked, 2, "degraded", ["slack_token_rejected"], "Slack rejected SLACK_APP_TOKEN"),
    (slack_unreachable, 2, "degraded", ["slack_not_connected"], None),
    (slack_unreachable, 18, "degraded", ["slack_not_connected"], "Slack is not connected"),
    (stop_file, 2, "stopped", ["stop_file"], None),
    (paused, 2, "stopped", ["paused_by"], None),
    (ledger_full, 2, "failed", ["ledger_out"], None),
    (ledger_read_only, 2, "failed", ["ledger_out"], None),
    (ledger_gone, 2, "failed", ["ledger_out"], None),
    (lead_that_fails, 3, "degraded", ["leads_set_aside"], "1 lead or update set aside"),
    (everything_fails, 18, "failed", ["check_failed"], "An internal error ended a check"),
    (tick_hangs, 1, "failed", ["no_check_ended"], None),
    (clock_set_back, 2, "degraded", ["clock_jumped"], None),
    (heartbeat_unheard, 2, "degraded", ["heartbeat_failed"], None),
)
"""What is broken, for how many minutes; then health, what stands in it, and what Slack says."""


@pytest.fixture
def worker(here: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker on which all is well."""
    for name in ("policy.yaml", "territories.csv"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    here.app.settings = here.app.settings.model_copy(
        update={
            "routeready_policy": tmp_path / "policy.yaml",
            "routeready_health_file": tmp_path / "health.json",
            "routeready_stop_file": tmp_path / "stop",
        }
    )
    here.pass_time(hours=4)
    with ExitStack() as stack:
        yield Worker(here, tmp_path, monkeypatch, stack)


@pytest.mark.parametrize(
    ("broken", "minutes", "state", "codes", "told"),
    SITUATIONS,
    ids=[f"{broken.__name__} for {minutes} min" for broken, minutes, *_ in SITUATIONS],
)
def test_a_broken_situation_is_told(
    worker: Worker,
    capsys: pytest.CaptureFixture[str],
    broken: Break,
    minutes: int,
    state: str,
    codes: list[str],
    told: str | None,
) -> None:
    """Health by its word and its codes, the log once, Slack once for what lasts; never a name."""
    broken(worker)
    worker.pass_time(minutes)
    said = json.loads((worker.folder / "health.json").read_bytes())
    assert (state, codes) == (said["state"], [one["code"] for one in said["problems"]])
    log = "".join(capsys.readouterr())
    begun = [len(re.findall(rf"action={code}\b", log)) for code in codes]
    assert [1] * len(codes) == begun
    posts = [json.dumps(one) for one in messages(worker.here, OPS)]
    about = [one for one in posts if (told or "What to do") in one]
    assert (0 if told is None else 1) == len(about)
    assert "Dana" not in json.dumps(said) + log
    assert worker.service.is_live or broken is tick_hangs
