"""YAML 1.2 as plain values, with the line of every part. Country NO stays a text."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

Path = tuple[str | int, ...]
MOST_PARTS = 100_000
"""Values in one text; a few aliases of aliases would stand for billions."""

DEEPEST = 64
"""Levels of lists and mappings; a policy has fewer than ten."""
_BRACKETS = re.compile(
    r"""[\[\]{}]|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|(?:^|[ \t])#[^\n]*""", re.MULTILINE
)
"""Brackets, and what brackets in them don't count in: quotes and comments."""
_DATE = re.compile(r"\b(\d{4})-(\d\d?)-(\d\d?)\b")
_TOO_DEEP = ("Brackets or lists are nested too deeply", "Nest less, and close each bracket.")


class YamlError(Exception):
    """The text is not YAML; carries the line, what is wrong there, and what to do."""

    def __init__(self, line: int, sentence: str, suggestion: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence
        self.suggestion = suggestion


@dataclass(frozen=True)
class Document:
    """A YAML text as plain values, and where each part of it stands."""

    value: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of the deepest part of `path` that the text really has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> Document:
    """Read a text; raises YamlError."""
    _expect_shallow(text)
    try:
        tree: Any = YAML(typ="rt").load(text)
        lines: dict[Path, int] = {}
        return Document(_plain(tree, (), lines), lines)
    except DuplicateKeyError as error:
        name = str(cast("Any", error).problem).partition('"')[2].partition('"')[0]
        said = f'The key "{name}" appears twice'
        raise YamlError(_line_of(error), said, "Remove or rename one of the two.") from None
    except MarkedYAMLError as error:
        advice = "Check the indentation, brackets and quotes at this line and the one above."
        raise YamlError(_line_of(error), f"Not valid YAML: {_trouble(error)}", advice) from None
    except ReaderError as error:
        line = text.count("\n", 0, int(cast("Any", error).position)) + 1
        said = "This line has a character that isn't text"
        raise YamlError(line, said, "Remove it, or type the line again.") from None
    except RecursionError:
        raise YamlError(1, *_TOO_DEEP) from None
    except ValueError:
        raise _impossible(text) from None


def _impossible(text: str) -> YamlError:
    """What the library stumbles over without a place: a day that no calendar has, or a number."""
    for found in _DATE.finditer(text):
        try:
            date(*map(int, found.groups()))
        except ValueError:
            line = text.count("\n", 0, found.start()) + 1
            return YamlError(line, f"There is no date {found[0]}", "Check its month and its day.")
    return YamlError(1, "A number has too many digits", "Shorten it, or put it in quotes.")


def _expect_shallow(text: str) -> None:
    """Refuse brackets that the library would take minutes to find no end of."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in "[{":
            depth += 1
        elif found[0] in "]}":
            depth = max(0, depth - 1)
        if depth > DEEPEST:
            raise YamlError(text.count("\n", 0, found.start()) + 1, *_TOO_DEEP)


_TROUBLES = (
    ("mapping values are not allowed", "there is a colon where none is expected"),
    ("'\\t'", "a tab is used for indentation"),
    ("could not find expected ':'", "a key has no colon after it"),
    ("<block end>", "the indentation doesn't match the lines above"),
    ("',' or", "a bracket is not closed, or a comma is missing"),
    ("unexpected end of stream", "a quote is not closed"),
    ("cannot start any token", "a text begins with a special character and is not in quotes"),
    ("alias", "a text begins with * and is not in quotes"),
)
"""What the YAML library says of the usual mistakes, and what that means."""


def _trouble(error: MarkedYAMLError) -> str:
    problem = str(cast("Any", error).problem)
    return next((said for part, said in _TROUBLES if part in problem), "this can't be read")


def _line_of(error: MarkedYAMLError) -> int:
    mark = cast("Any", error.problem_mark)  # pyright: ignore[reportUnknownMemberType]
    return 1 if mark is None else int(mark.line) + 1


def _plain(node: Any, path: Path, lines: dict[Path, int]) -> Any:  # noqa: ANN401  (YAML is any value)
    if len(path) > DEEPEST:
        raise YamlError(1, *_TOO_DEEP)
    if len(lines) > MOST_PARTS:
        said = f"The text stands for more than {MOST_PARTS:,} values"
        raise YamlError(1, said, "Repeat less by aliases, which begin with *.")
    if isinstance(node, CommentedMap):
        mapping = cast("Any", node)
        found: dict[str, Any] = {}
        for key in list(mapping):
            at = (*path, str(key))
            is_own = key in (mapping.lc.data or {})  # a merged key stands elsewhere
            lines[at] = (mapping.lc.key(key)[0] if is_own else mapping.lc.line) + 1
            found[str(key)] = _plain(mapping[key], at, lines)
        return found
    if isinstance(node, CommentedSeq):
        sequence = cast("Any", node)
        items: list[Any] = []
        for index in range(len(sequence)):
            at = (*path, index)
            lines[at] = sequence.lc.item(index)[0] + 1
            items.append(_plain(sequence[index], at, lines))
        return items
    for kind in (bool, str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return node
