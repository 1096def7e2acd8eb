"""Renaming the old keys of a policy file in place: comments, order and quotes stay as they are."""

import difflib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from agent.policy.yaml_text import Path as Place
from agent.policy.yaml_text import YamlError, read_yaml
from domain.errors import PolicyError
from domain.policy.upgrade import new_name, upgraded


@dataclass(frozen=True)
class Upgrade:
    """A policy file as it is, and as it reads with today's keys."""

    path: Path
    before: str
    after: str
    renamed: int
    """How many keys have another name."""

    @property
    def diff(self) -> str:
        """The lines that change; empty when none does."""
        name, texts = self.path.name, (self.before, self.after)
        lines = (one.splitlines(keepends=True) for one in texts)
        return "".join(difflib.unified_diff(*lines, fromfile=name, tofile=f"{name} (upgraded)"))

    def write(self) -> None:
        """Replace the file in one move; a file that has nothing to rename is left alone.

        Raises PolicyError when the folder can't be written to.
        """
        if self.before == self.after:
            return
        target = self.path.resolve()
        try:
            _replace(target, self.after)
        except OSError as error:
            said = f"{self.path} can't be written: {error.strerror}. Nothing was changed."
            raise PolicyError(said) from None


def upgrade(path: Path) -> Upgrade:
    """Work out what a policy file reads with today's keys; writes nothing.

    Raises PolicyError with the line when the file can't be read, or gives an old key and the new
    one both.
    """
    try:
        before = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PolicyError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PolicyError(f"{path} is not UTF-8 text. Save it as UTF-8.") from None
    try:
        plain = read_yaml(before).value
        found = sorted(set(_old_keys(cast("Any", YAML()).compose(before), ())), reverse=True)
        after = _renamed(before, found)
        is_same = read_yaml(after).value == upgraded(plain)
    except YamlError as error:
        raise PolicyError(f"{path}:{error.line}: {error.sentence}. {error.suggestion}") from None
    if not is_same:
        said = "the old keys can't be renamed without changing what the file says"
        raise PolicyError(f"{path}: {said}. Rename them by hand: routeready policy check {path}")
    return Upgrade(path, before, after, len(found))


@dataclass(frozen=True, order=True)
class _OldKey:
    """Where the name of an old key stands in the text, its quotes included."""

    start: int
    end: int
    new: str


def _old_keys(node: Node | None, path: Place) -> Iterator[_OldKey]:
    """Every old key below a node; one that stands in an anchor is found by each of its aliases."""
    if isinstance(node, SequenceNode):
        for index, part in enumerate(_parts(node)):
            yield from _old_keys(part, (*path, index))
    if isinstance(node, MappingNode):
        names = {str(key.value) for key, _ in _parts(node)}
        for key, part in _parts(node):
            if key.value == "<<":  # what is merged stands beside the keys here
                yield from _old_keys(part, path)
                continue
            new = new_name((*path, str(key.value)))
            if new is not None:
                yield _old_key(key, new, names)
            yield from _old_keys(part, (*path, str(key.value)))


def _parts(node: MappingNode | SequenceNode) -> list[Any]:
    return cast("Any", node).value


def _old_key(key: Any, new: str, names: set[str]) -> _OldKey:  # noqa: ANN401  (ruamel's node)
    if new in names:
        said = f"{str(key.value)!r} is an old key: it is called {new!r} now"
        advice = f"{new!r} is given too: remove one of the two."
        raise YamlError(key.start_mark.line + 1, said, advice)
    return _OldKey(key.start_mark.index, key.end_mark.index, new)


def _renamed(text: str, found: list[_OldKey]) -> str:
    """The text with the keys' new names, from the last to the first."""
    for key in found:
        quote = text[key.start] if text[key.start] in "'\"" else ""
        text = f"{text[: key.start]}{quote}{key.new}{quote}{text[key.end :]}"
    return text


def _replace(target: Path, text: str) -> None:
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, draft)
        Path(draft).replace(target)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
