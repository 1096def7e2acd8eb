"""A model that holds a conversation: one bounded call per turn, with typed tools."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from domain.errors import ToolError
from domain.ports import Called, Spoken, Wasted
from tools.llm.completions import Meter
from tools.llm.gateway import LlmGateway
from tools.llm.requests import Tool


def wasted(llm: LlmGateway, meter: Meter, began: datetime) -> Wasted | None:
    """What a call took that came to nothing; None when nothing was billed."""
    if not meter.usage.total:
        return None
    return Wasted(
        model=llm.model,
        tokens=meter.usage.total,
        written=meter.usage.completion,
        milliseconds=round((llm.now() - began).total_seconds() * 1000),
    )


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
    ) -> Spoken | Wasted | None:
        """What the model says or wants called; None when it didn't answer at all."""
        meter, began = Meter(), self._llm.now()
        offered = [Tool(name, purpose, form) for name, (purpose, form) in tools.items()]
        try:
            said = self._llm.complete(
                messages,
                tools=offered,
                max_tokens=max_tokens,
                deadline=deadline,
                prompt=prompt,
                meter=meter,
            )
        except ToolError:
            return wasted(self._llm, meter, began)
        if not said.tool_calls and not said.text.strip():
            return wasted(self._llm, meter, began)
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
