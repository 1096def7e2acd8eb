"""The wheel, away from the checkout: what is installed is all that is needed."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.support.repository import ROOT

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a bare environment: the wheel unpacked, our dependencies beside it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "-w", str(folder), str(ROOT)], check=True)  # noqa: S603  (our own)
    (wheel,) = folder.glob("*.whl")
    bare = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)  # noqa: S603  (our own)
    python = bare / "bin" / "python"
    find = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(find, capture_output=True, text=True, check=True).stdout.strip())  # noqa: S603  (our own)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # A path file inside a path file is not read: of our own environment only libraries are seen.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def _run(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(  # noqa: S603  (our own)
        [str(python), *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_installed_code_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    """Nothing of the checkout is seen from an empty folder."""
    done = _run(installed, tmp_path, "-c", "import agent, sandbox; print(agent.__file__)")
    assert (True, False) == (str(installed.parents[1]) in done.stdout, str(ROOT) in done.stdout)


def test_the_demo_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    """A stranger installs it and sees it work before there is any policy of theirs."""
    done = _run(installed, tmp_path, "-m", "agent.cli", "demo", "--days", "1")
    assert (0, True) == (done.returncode, "assigned" in done.stdout), done.stderr[-2000:]


def test_every_kind_of_file_came_along(installed: Path, tmp_path: Path) -> None:
    """Prompts, templates, styles, migrations, cases and the example policy are in the wheel."""
    script = (
        "import agent, evals, prompts, sandbox, pathlib as p\n"
        "from agent.policy.example import example_policy\n"
        "home = p.Path(agent.__file__).parent.parent\n"
        "wanted = ['prompts/nudge.md', 'agent/console/templates/base.html',\n"
        "  'agent/console/static/console.css', 'agent/ledger/migrations/script.py.mako',\n"
        "  'evals/gold/routing.yaml', 'domain/intake/vocabulary/lists/states.tsv',\n"
        "  'domain/intake/vocabulary/lists/seniority.txt', 'sandbox/look/templates/base.html']\n"
        "print([one for one in wanted if not (home / one).exists()], example_policy().exists())"
    )
    assert "[] True" == _run(installed, tmp_path, "-c", script).stdout.strip()
