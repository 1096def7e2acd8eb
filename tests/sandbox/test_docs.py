"""The examples of docs/reference/sandbox.md are carried out as they stand."""

import os
import re
import shutil
import subprocess

import pytest

from sandbox.control.api import CALLS
from sandbox.server.instance import Running
from sandbox.state.world import World
from tests.support.repository import ROOT

PAGE = (ROOT / "docs/reference/sandbox.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Control")[2].partition("\n## ")[0]
EXAMPLES = [
    line
    for block in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_example_of_control_works(running: Running, world: World) -> None:
    """All of them, one after the other, as somebody would type them."""
    assert world is running.world
    script = "\n".join(["set -e", *(f"{line} >/dev/null" for line in EXAMPLES)])
    env = {**os.environ, "CONTROL": f"{running.url}/_control", "no_proxy": "*"}
    done = subprocess.run(  # noqa: S603  (our own page)
        ["/bin/sh", "-xc", script], env=env, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr


def test_every_call_of_control_has_an_example() -> None:
    """Each path that is answered is shown at least once."""
    shown = {re.sub(r"/table/\S+", "/table/", line) for line in EXAMPLES}
    missing = [path for path in CALLS if not any(f"$CONTROL{path}" in line for line in shown)]
    assert [] == missing
