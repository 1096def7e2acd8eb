"""A vendor's own errors in its own shape, and what each says when its quota is used up."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.http.message import Response
from sandbox.marketo.access import envelope
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.rest import call
from sandbox.state.world import Row, World

US_CENTRAL = ZoneInfo("America/Chicago")
TOO_MANY = 429
SLACK_PAUSE = "30"
QUOTAS: Mapping[str, tuple[str, str]] = {
    "marketo": ("607", "Daily quota '50000' reached"),
    "salesforce": ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "slack": ("ratelimited", ""),
    "openai": ("insufficient_quota", "You exceeded your current quota."),
    "pdl": ("payment_required", "You have reached your account maximum"),
    "apollo": ("INSUFFICIENT_CREDITS", "You have insufficient credits!"),
    "hunter": ("usage_exceeded", "You have reached the monthly limit of your plan"),
}
"""Code and sentence by vendor."""
_STATUS: Mapping[str, Mapping[str, int]] = {
    "slack": {"ratelimited": TOO_MANY},
    "openai": {
        "rate_limit_exceeded": TOO_MANY,
        "insufficient_quota": TOO_MANY,
        "server_error": 500,
        "overloaded": 529,
    },
    "pdl": {"payment_required": 402, "rate_limit_error": TOO_MANY},
    "apollo": {"INSUFFICIENT_CREDITS": 422, "RATE_LIMITED": TOO_MANY},
    "hunter": {"usage_exceeded": TOO_MANY, "rate_limit_exceeded": 403},
}
"""HTTP statuses of codes where they are not the vendor's usual one."""


def refusal(world: World, vendor: str, code: str, message: str) -> Response:
    """A vendor's answer with one of its error codes; nothing is performed."""
    return _SHAPES.get(vendor, _unshaped)(world, vendor, code, message)


def central_midnight(now: datetime) -> datetime:
    """When Marketo's daily quota begins anew: the next midnight US Central (Adobe: REST API)."""
    tomorrow = now.astimezone(US_CENTRAL).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), US_CENTRAL).astimezone(UTC)


def _marketo(world: World, _vendor: str, code: str, message: str) -> Response:
    return envelope.refusal(world, envelope.MarketoError(code, message))


def _salesforce(_world: World, _vendor: str, code: str, message: str) -> Response:
    told = call.refusal(SalesforceError(code, message))
    return Response.of(told.body, told.status)


def _slack(_world: World, vendor: str, code: str, message: str) -> Response:
    body: Row = {"ok": False, "error": code}
    if message:
        body["response_metadata"] = {"messages": [message]}
    if code == "ratelimited":
        return Response.of(body, TOO_MANY, retry_after=SLACK_PAUSE)
    return Response.of(body, _status(vendor, code, 200))


def _openai(_world: World, vendor: str, code: str, message: str) -> Response:
    error = {"message": message, "type": code, "param": None, "code": code}
    return Response.of({"error": error}, _status(vendor, code, 400))


def _pdl(_world: World, vendor: str, code: str, message: str) -> Response:
    status = _status(vendor, code, 400)
    return Response.of({"status": status, "error": {"type": code, "message": message}}, status)


def _hunter(_world: World, vendor: str, code: str, message: str) -> Response:
    status = _status(vendor, code, 400)
    return Response.of({"errors": [{"id": code, "code": status, "details": message}]}, status)


def _unshaped(_world: World, vendor: str, code: str, message: str) -> Response:
    status = _status(vendor, code, 400)
    return Response.of({"error": message, "error_code": code}, status)


def _status(vendor: str, code: str, usual: int) -> int:
    return _STATUS.get(vendor, {}).get(code, usual)


_SHAPES: Mapping[str, Callable[[World, str, str, str], Response]] = {
    "marketo": _marketo,
    "salesforce": _salesforce,
    "slack": _slack,
    "openai": _openai,
    "pdl": _pdl,
    "hunter": _hunter,
}
