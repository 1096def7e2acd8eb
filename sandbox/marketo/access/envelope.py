"""Marketo's envelope: how answers, refusals and failed records look (Adobe: Error Codes)."""

from collections.abc import Sequence

from sandbox.http.message import Json, Response
from sandbox.state.world import Row, World

NOTHING_FOUND = "No assets found for the given search criteria."


class MarketoError(Exception):
    """A response-level error: nothing was executed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


class RecordError(Exception):
    """A record-level error: this record was skipped."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


def _request_id(world: World) -> str:
    millis = int(world.now.timestamp() * 1000)
    return f"{world.next_serial():x}#{millis:x}"


def answer(world: World, result: Sequence[Json] | None = None, **more: Json) -> Response:
    """A successful answer; without `result` where the endpoint gives none."""
    body: Row = {"requestId": _request_id(world), "success": True} | more
    if result is not None:
        body["result"] = list(result)
    return Response.of(body)


def asset_answer(world: World, result: Sequence[Json]) -> Response:
    """An answer of the Asset API: it always tells errors and warnings, never an empty result."""
    told: list[str] = [] if result else [NOTHING_FOUND]
    body: Row = {"success": True, "errors": [], "requestId": _request_id(world), "warnings": told}
    return Response.of(body | ({"result": list(result)} if result else {}))


def refusal(world: World, error: MarketoError) -> Response:
    """A refusal: HTTP 200 all the same."""
    errors = [{"code": error.code, "message": error.message}]
    body = {"requestId": _request_id(world), "success": False, "errors": errors}
    return Response.of(body)


def skipped(error: RecordError, **more: Json) -> Row:
    """A record that was not written, with the reason."""
    reasons = [{"code": error.code, "message": error.message}]
    return {**more, "status": "skipped", "reasons": reasons}
