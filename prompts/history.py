"""Earlier versions of the prompts, as git keeps them."""

import shutil
import subprocess
from datetime import datetime
from difflib import unified_diff
from pathlib import Path

from domain.values import Instant, Value
from prompts import Prompt, PromptError, parse

FOLDER = Path(__file__).parent
_FIELDS = "%H%x1f%cI%x1f%s"


class Revision(Value):
    """One change of a prompt."""

    commit: str
    at: Instant
    subject: str
    version: str | None
    """The prompt's version after it; None when it was removed, or no prompt yet."""


def names() -> tuple[str, ...]:
    """Every prompt there is, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.md")))


def at(name: str, revision: str) -> Prompt:
    """A prompt as it was at a commit, branch or tag.

    Raises:
        PromptError: git doesn't know the revision, or the prompt wasn't there.
    """
    return parse(name, _git("show", "--end-of-options", f"{revision}:./{name}.md"))


def history(name: str) -> tuple[Revision, ...]:
    """The changes of a prompt that were committed, newest first.

    Raises:
        PromptError: there is no git, or no repository.
    """
    lines = _git("log", f"--format={_FIELDS}", "--", f"{name}.md").splitlines()
    return tuple(_revision(name, *line.split("\x1f")) for line in lines)


def difference(old: Prompt, new: Prompt, label: str) -> str:
    """What changed between two versions, line by line; empty when nothing did."""
    lines = unified_diff(
        old.text.splitlines(),
        new.text.splitlines(),
        f"{old.name} at {label} ({old.version})",
        f"{new.name} ({new.version})",
        lineterm="",
    )
    return "\n".join(lines)


def _revision(name: str, commit: str, moment: str, subject: str) -> Revision:
    try:
        version = at(name, commit).version
    except PromptError:
        version = None
    return Revision(
        commit=commit[:12], at=datetime.fromisoformat(moment), subject=subject, version=version
    )


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise PromptError("Git is not installed; it is needed for earlier versions of prompts.")
    done = subprocess.run(  # noqa: S603  (our own words; a revision can't be an option)
        [git, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise PromptError(f"Git failed: {said[0] if said else 'no reason given'}")
    return done.stdout
