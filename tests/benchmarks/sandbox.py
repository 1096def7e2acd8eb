"""How fast the sandbox is: seeding, going back to a moment, simple reads on one core, starting."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import requests

from sandbox.control.client import Control
from sandbox.people import roster
from sandbox.server.instance import start
from sandbox.state.world import World
from tests.benchmarks.figure import Figure

SEEDED = 100_000
READS, CONNECTIONS = 4_000, 8
FAST = 30_000
"""How fast the world's clock goes while Slack is read, which allows a hundred calls a minute."""
STARTS = 20
SEEDING = f"""
import json, resource, sys, time
from sandbox.state.world import World
from sandbox.worlds import perpetual

begun = time.perf_counter()
world = World(seed=3)
perpetual.build(world, leads={SEEDED})
seconds = time.perf_counter() - begun
kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.perf_counter()
taken = world.snapshot()
snapshot = time.perf_counter() - begun
leads = world.table("salesforce.Lead")
for key in list(leads)[:1000]:
    leads[key]["Status"] = "Working"
begun = time.perf_counter()
world.restore(taken)
restore = time.perf_counter() - begun
print(json.dumps([seconds, kilobytes / 1e3, snapshot, restore]))
"""
ONE_CORE = """
import os, runpy, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
sys.argv = ["sandbox", "--world", "scale", "--leads", "10000", "--until-stdin-closes"]
runpy.run_module("sandbox", run_name="__main__")
"""


@dataclass(frozen=True)
class Door:
    """A port of a running sandbox."""

    pid: int
    """Of its process."""
    port: int
    tls: ssl.SSLContext | None = None


def sandboxed() -> Iterator[Figure]:
    """All figures of the sandbox."""
    yield from seeding()
    yield from reading()
    yield starting()


def seeding() -> Iterator[Figure]:
    """A hundred thousand leads in a process of their own; its peak memory is the process's."""
    done = subprocess.run(  # noqa: S603  (our own modules)
        [sys.executable, "-c", SEEDING], capture_output=True, text=True, check=True
    )
    seconds, megabytes, snapshot, restore = json.loads(done.stdout)
    beside = f"{SEEDED / seconds:,.0f} leads/s; the whole process's memory"
    yield Figure(f"seed {SEEDED} leads", 0, seconds, megabytes, beside)
    yield Figure("take a snapshot of them", 0, snapshot, None, f"{snapshot * 1e3:.2f} ms")
    beside = f"{restore * 1e3:.1f} ms, after 1,000 leads were changed"
    yield Figure("go back to it", 0, restore, None, beside)


def reading() -> Iterator[Figure]:
    """Simple reads over kept connections, from a sandbox of 10,000 leads that has one core."""
    with _running() as (pid, said):
        control = Control(said["control"])
        many = 10 * READS
        control.put("sandbox.setting", {"marketo": {"calls": many, "daily_calls": many}})
        persons, leads, users = (
            list(control.rows(table))
            for table in ("marketo.person", "salesforce.Lead", "slack.user")
        )
        plain = Door(pid, int(said["control"].split(":")[2].split("/")[0]))
        path = "/marketo/rest/v1/lead/{}.json"
        yield _reads("marketo", plain, path, persons, _marketo_token(said))
        tls = ssl.create_default_context(cafile=said["salesforce"]["ca_file"])
        secure = Door(pid, int(said["salesforce"]["domain"].split(":")[1]), tls)
        path = "/services/data/v60.0/sobjects/Lead/{}"
        yield _reads("salesforce", secure, path, leads, _salesforce_token(said))
        control.run(FAST)
        path = "/slack/api/users.info?user={}"
        yield _reads("slack", plain, path, users, said["slack"]["bot_token"])
        control.close()


def starting() -> Figure:
    """A company without leads, put behind its ports and stopped again, in this process."""
    begun = time.perf_counter()
    for _ in range(STARTS):
        world = World()
        roster.settle(world)
        start(world).stop()
    seconds = (time.perf_counter() - begun) / STARTS
    return Figure("start and stop a small world", 0, seconds, None, f"{seconds * 1e3:.1f} ms")


@contextmanager
def _running() -> Generator[tuple[int, Any]]:
    """A sandbox on one core: its process, and what it says when it is ready."""
    process = subprocess.Popen(  # noqa: S603  (our own module)
        [sys.executable, "-c", ONE_CORE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.pid, json.loads(process.stdout.readline())
        process.stdin.close()


def _marketo_token(said: Any) -> str:  # noqa: ANN401  (JSON)
    told = said["marketo"]
    asked = {name: told[name] for name in ("client_id", "client_secret")}
    asked["grant_type"] = "client_credentials"
    url = f"{told['identity_url']}/oauth/token"
    return str(requests.get(url, params=asked, timeout=5).json()["access_token"])


def _salesforce_token(said: Any) -> str:  # noqa: ANN401  (JSON)
    told = said["salesforce"]
    asked = {
        "grant_type": "client_credentials",
        "client_id": told["consumer_key"],
        "client_secret": told["consumer_secret"],
    }
    url = f"{told['instance_url']}/services/oauth2/token"
    answer = requests.post(url, data=asked, verify=told["ca_file"], timeout=5)
    return str(answer.json()["access_token"])


def _reads(vendor: str, door: Door, path: str, ids: list[str], token: str) -> Figure:
    """So many reads, divided among a few clients."""
    share = READS // CONNECTIONS
    targets = [path.format(one) for one in ids]

    def client(number: int) -> None:
        mine = islice(cycle(targets), number * share, (number + 1) * share)
        _converse(door, [_request(target, token) for target in mine])

    before, begun = _busy(door.pid), time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(client, range(CONNECTIONS)))
    seconds, busy = time.perf_counter() - begun, _busy(door.pid) - before
    beside = f"{READS / seconds:,.0f} requests/s, {CONNECTIONS} connections"
    if busy:
        beside += f"; {READS / busy:,.0f} a second of its one core"
    return Figure(f"{vendor}: {READS} simple reads", READS, seconds, None, beside)


def _busy(pid: int) -> float:
    """Seconds for which a process has kept a core busy; 0 where the system doesn't say."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    user, system = told[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _request(target: str, token: str) -> bytes:
    head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    return head.encode()


def _converse(door: Door, requests_: list[bytes]) -> None:
    """Send requests one after the other on one connection; each must be answered with 200."""
    with socket.create_connection(("127.0.0.1", door.port)) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = plain
        if door.tls is not None:
            connection = door.tls.wrap_socket(plain, server_hostname="localhost")
        for request in requests_:
            connection.sendall(request)
            head, body = _answer(connection.recv)
            if b" 200 " not in head or b'"success":false' in body:
                raise RuntimeError(f"{head!r} {body[:200]!r}")


def _answer(receive: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    told = b""
    while b"\r\n\r\n" not in told:
        told += receive(65_536)
    head, _, body = told.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
    while len(body) < length:
        body += receive(65_536)
    return head, body
