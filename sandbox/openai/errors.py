"""How OpenAI refuses: an HTTP status and the four members of its error body."""

from sandbox.state.world import Row

REQUEST = "invalid_request_error"
"""The type of nearly all refusals."""


class OpenAiError(Exception):
    """A refusal. Source: OpenAI, API reference, "Error codes"."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        kind: str = REQUEST,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Row = {"message": message, "type": kind, "param": param, "code": code}
        self.headers: dict[str, str] = {}


def invalid(message: str, param: str | None, code: str | None = None) -> OpenAiError:
    """A request that makes no sense, and which parameter is to blame."""
    return OpenAiError(400, message, code=code, param=param)
