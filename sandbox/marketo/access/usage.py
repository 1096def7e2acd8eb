"""What the subscription's calls add up to (Adobe: Usage)."""

from sandbox.http.message import Response
from sandbox.marketo.access import limits
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import answer
from sandbox.state.world import Row


def usage(call: Call) -> Response:
    """GET stats/usage."""
    return _usage(call, 1)


def usage_of_week(call: Call) -> Response:
    """GET stats/usage/last7days."""
    return _usage(call, limits.DAYS)


def errors(call: Call) -> Response:
    """GET stats/errors."""
    return _errors(call, 1)


def errors_of_week(call: Call) -> Response:
    """GET stats/errors/last7days."""
    return _errors(call, limits.DAYS)


def _usage(call: Call, days: int) -> Response:
    rows: list[Row] = [
        {
            "date": date,
            "total": told["total"],
            "users": [{"userId": user, "count": count} for user, count in told["users"].items()],
        }
        for date, told in limits.days(call.world, days).items()
    ]
    return answer(call.world, rows)


def _errors(call: Call, days: int) -> Response:
    rows: list[Row] = [
        {
            "date": date,
            "total": sum(told["errors"].values()),
            "errors": [
                {"errorCode": code, "count": count} for code, count in told["errors"].items()
            ],
        }
        for date, told in limits.days(call.world, days).items()
    ]
    return answer(call.world, rows)
