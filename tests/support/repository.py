"""Where the repository is, and whether it has a past: a copy of the code without git has none."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
"""The checkout: policy, territories, documents, configuration."""


def _has_past() -> bool:
    git = shutil.which("git")
    if git is None:
        return False
    asked = [git, "-C", str(ROOT), "rev-parse", "--verify", "HEAD"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0  # noqa: S603


NEEDS_GIT = pytest.mark.skipif(not _has_past(), reason="this copy of the code is no git repository")
