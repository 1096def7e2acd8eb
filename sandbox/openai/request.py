"""One chat-completions request, the parts that a scripted model looks at."""

from dataclasses import dataclass

from sandbox.state.world import Row


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that passed the face's checks."""

    body: Row

    @property
    def messages(self) -> list[Row]:
        """The conversation so far."""
        return self.body["messages"]

    @property
    def last(self) -> str:
        """The last message's text."""
        return spoken(self.messages[-1])

    @property
    def tools(self) -> list[Row]:
        """The offered functions."""
        offered: list[Row] = self.body.get("tools") or []
        return [tool["function"] for tool in offered]

    @property
    def schema(self) -> Row | None:
        """The asked-for response schema with its name, if one was asked for."""
        wanted: Row = self.body.get("response_format") or {}
        return wanted.get("json_schema")


def spoken(message: Row) -> str:
    """A message's text, whether it is a string or a list of parts."""
    content: str | list[Row] = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content)
