"""The one agent loop of follow-through: a model looks at facts, then chooses; all of it bounded.

It can do nothing but look: the tools take no arguments, so that it can't name another lead. What
it chooses is checked by whoever asked.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.errors import ToolError
from domain.ports import Chosen, Clock, Wasted, Worded
from tools.llm.completions import Meter
from tools.llm.gateway import LlmGateway
from tools.llm.requests import Tool
from tools.llm.talker import wasted

TURNS = 4
"""At most so many rounds of looking."""
TIME = timedelta(seconds=30)
"""After this long nothing is asked any more, and the ladder's default runs."""
LONGEST_FACTS = 4_000
"""Characters of one tool's answer."""


class NoArguments(BaseModel):
    """A tool that needs none: the lead is given."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Choosing(BaseModel):
    """What the model answers with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    move: str = Field(max_length=40)
    """One of the permitted steps; empty when nothing explains the case."""
    evidence: tuple[str, ...] = Field(max_length=20)
    """Ids of activities, as the tools show them."""
    reason: str = Field(max_length=400)


class ModelInvestigator:
    """Implements `Investigator` with a chat model."""

    def __init__(self, llm: LlmGateway, clock: Clock) -> None:
        self._llm = llm
        self._clock = clock

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._llm.close()

    def choose(
        self,
        messages: Sequence[Mapping[str, str]],
        look: Mapping[str, Callable[[], str]],
        max_tokens: int,
        prompt: str,
    ) -> Chosen | Wasted | None:
        """What the model chooses after looking; None when it didn't answer at all."""
        talk: list[Mapping[str, Any]] = list(messages)
        tools = [Tool(name, f"Shows {_words(name)}.", NoArguments) for name in look]
        began = self._clock.now()
        deadline = began + TIME
        meter = Meter()
        try:
            for _ in range(TURNS):
                said = self._llm.complete(
                    talk,
                    tools=tools,
                    max_tokens=max_tokens,
                    deadline=deadline,
                    prompt=prompt,
                    meter=meter,
                )
                if not said.tool_calls:
                    break
                talk += _looked(said.tool_calls, look)
            done = self._llm.complete(
                talk,
                schema=Choosing,
                max_tokens=max_tokens,
                deadline=deadline,
                prompt=prompt,
                meter=meter,
            )
        except ToolError:
            return wasted(self._llm, meter, began)
        if done.parsed is None:
            return wasted(self._llm, meter, began)
        return Chosen(
            move=done.parsed.move,
            evidence=done.parsed.evidence,
            reason=done.parsed.reason,
            model=done.model,
            prompt=prompt,
            tokens=meter.usage.total,
            milliseconds=self._since(began),
        )

    def word(
        self, messages: Sequence[Mapping[str, str]], max_tokens: int, prompt: str
    ) -> Worded | Wasted | None:
        """A sentence or two as the model words them; None when it didn't answer at all."""
        began, meter = self._clock.now(), Meter()
        try:
            said = self._llm.complete(
                messages,
                max_tokens=max_tokens,
                deadline=began + TIME,
                prompt=prompt,
                meter=meter,
            )
        except ToolError:
            return wasted(self._llm, meter, began)
        return Worded(
            text=said.text.strip(),
            model=said.model,
            tokens=said.usage.total,
            milliseconds=self._since(began),
        )

    def _since(self, began: datetime) -> int:
        return round((self._clock.now() - began).total_seconds() * 1000)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _looked(calls: Sequence[Any], look: Mapping[str, Callable[[], str]]) -> list[dict[str, Any]]:
    """The model's calls and what they showed, as messages; a tool that isn't there says so."""
    asked = [
        {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": "{}"}}
        for one in calls
    ]
    shown = [
        {
            "role": "tool",
            "tool_call_id": one.id,
            "content": look[one.name]()[:LONGEST_FACTS] if one.name in look else "no such tool",
        }
        for one in calls
    ]
    return [{"role": "assistant", "content": None, "tool_calls": asked}, *shown]
