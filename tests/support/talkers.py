"""Models that sit at a desk in this process: what they say is scripted, what they read is kept."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from domain.ports import Called, Spoken

_ORDER = re.compile(r"call (\w+) (\{[^{}]*\})")
"""An order as the hostile texts of the tests word it."""


class Overheard:
    """A model that calls one tool and then says what it is told to; all it reads is kept."""

    def __init__(self, tool: str, says: str = "", **arguments: str) -> None:
        self.tool, self.says, self.arguments = tool, says, arguments
        self.read: list[Mapping[str, Any]] = []

    def speak(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Mapping[str, tuple[str, type[BaseModel]]],
        max_tokens: int,
        deadline: datetime,
        prompt: str,
    ) -> Spoken | None:
        """The tool first, then the words."""
        del tools, max_tokens, deadline, prompt
        self.read += messages
        call = Called(id=f"c{len(self.read)}", name=self.tool, arguments=self.arguments, raw="{}")
        asks = messages[-1]["role"] == "user"
        calls = (call,) if asks else ()
        text = "" if asks else self.says
        return Spoken(text=text, calls=calls, model="m", tokens=100, milliseconds=1, written=40)

    @property
    def context(self) -> str:
        """Everything that it was shown."""
        return "\n".join(str(one.get("content")) for one in self.read)


class Gullible:
    """A model that does whatever any text it reads tells it to, and repeats the rest."""

    def __init__(self) -> None:
        self.obeyed: list[str] = []

    def speak(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Mapping[str, tuple[str, type[BaseModel]]],
        max_tokens: int,
        deadline: datetime,
        prompt: str,
    ) -> Spoken | None:
        """Looks first; then every order that it has read, as a call; else all that it read."""
        del tools, max_tokens, deadline, prompt
        last = messages[-1]
        if last["role"] == "user":
            return self._said("", [("unworked", "{}")])
        orders = _ORDER.findall(str(last["content"]))
        fresh = [one for one in orders if str(one) not in self.obeyed]
        self.obeyed += [str(one) for one in fresh]
        return self._said("" if fresh else str(last["content"]), fresh)

    def _said(self, text: str, orders: Sequence[tuple[str, str]]) -> Spoken:
        calls = tuple(
            Called(id=f"g{place}", name=name, arguments=json.loads(given), raw=given)
            for place, (name, given) in enumerate(orders)
        )
        return Spoken(text=text, calls=calls, model="gullible", tokens=10, milliseconds=1)
