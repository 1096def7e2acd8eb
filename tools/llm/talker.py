"""A model that holds a conversation: one bounded call per turn, with typed tools."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from domain.errors import ToolError
from domain.ports import Called, Spoken
from tools.llm.gateway import LlmGateway
from tools.llm.requests import Tool


class ModelTalker:
    """Implements `Talker` with a chat model."""

    def __init__(self, llm: LlmGateway) -> None:
        self._llm = llm

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._llm.close()

    def speak(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Mapping[str, tuple[str, type[BaseModel]]],
        max_tokens: int,
        deadline: datetime,
        prompt: str,
    ) -> Spoken | None:
        """What the model says or wants called; None when it didn't answer, or not in time."""
        offered = [Tool(name, purpose, form) for name, (purpose, form) in tools.items()]
        try:
            said = self._llm.complete(
                messages, tools=offered, max_tokens=max_tokens, deadline=deadline, prompt=prompt
            )
        except ToolError:
            return None
        calls = tuple(
            Called(
                id=one.id,
                name=one.name,
                arguments={} if one.arguments is None else one.arguments.model_dump(mode="json"),
                raw=one.raw,
                problem=one.problem,
            )
            for one in said.tool_calls
        )
        return Spoken(
            text=said.text,
            calls=calls,
            model=said.model,
            tokens=said.usage.total,
            written=said.usage.completion,
            milliseconds=round(said.latency.total_seconds() * 1000),
        )
