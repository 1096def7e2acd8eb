"""Hunter: combined, people and company enrichment, and the e-mail verifier, under `/v2`.

Source: Hunter, "API documentation". 403 means too fast, 429 means the month's credits are used
up, 451 means the person asked for erasure, 202 means the verification still runs.
"""

from sandbox.enrichment.directory import (
    ProviderError,
    Shortage,
    admit,
    band,
    charge,
    company,
    headcount,
    person,
)
from sandbox.http.message import Handler, Json, Request, Response
from sandbox.state.world import Row, World

SIZES = (10, 50, 250, 1000, 5000, 10000)
VERIFICATION_PRICE = 0.5
RESULTS = {"valid": "deliverable", "invalid": "undeliverable", "disposable": "undeliverable"}
SCORES = {"valid": 96, "invalid": 3, "disposable": 5, "webmail": 70}


def _error(status: int, name: str, details: str) -> ProviderError:
    return ProviderError(status, {"errors": [{"id": name, "code": status, "details": details}]})


NOT_FOUND = _error(404, "not_found", "The resource you asked for could not be found.")
ERASED = _error(
    451, "claimed_email", "The person owning this email asked us to stop processing it."
)
SHORTAGE = Shortage(
    bad_key=_error(401, "authentication_failed", "No user found for the API key supplied"),
    no_credits=_error(429, "usage_exceeded", "You have reached the monthly limit of your plan"),
    too_fast=_error(403, "rate_limit_exceeded", "You have reached the rate limit"),
)


def hunter(world: World) -> Handler:
    """Answer as api.hunter.io does."""

    def answer(request: Request) -> Response:
        try:
            status, data = _run(world, request)
            response = Response.of({"data": data, "meta": {"params": {}}}, status)
        except ProviderError as error:
            response = Response.of(error.body, error.status)
        world.record(
            "request", "hunter", f"{request.method} {request.path}", status=response.status
        )
        return response

    return answer


def _run(world: World, request: Request) -> tuple[int, Json]:
    args = {name: values[-1] for name, values in request.query.items()}
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    key = args.get("api_key") or request.headers.get("x-api-key") or bearer
    account = admit(world, "hunter", key, SHORTAGE)
    if request.path == "/v2/email-verifier":
        return _verify(world, account, args.get("email", ""))
    if request.path == "/v2/companies/find":
        found = company(world, "hunter", args.get("domain", ""))
        answer: Json = _company(found) if found else None
    elif request.path == "/v2/people/find":
        answer = _person(world, args.get("email", ""))
    elif request.path == "/v2/combined/find":
        email = args.get("email", "")
        employer = company(world, "hunter", email.rpartition("@")[2])
        who = _person(world, email)
        both: Row = {"person": who, "company": _company(employer) if employer else None}
        answer = both if any(both.values()) else None
    else:
        raise NOT_FOUND
    if answer is None:
        raise NOT_FOUND
    charge(account, 1)
    return 200, answer


def _person(world: World, email: str) -> Row | None:
    if not email:
        raise _error(400, "wrong_params", "You are missing the email parameter")
    row = person(world, "hunter", email)
    if row is None:
        return None
    if row.get("erased"):
        raise ERASED
    return {
        "id": f"hunter-{row['email']}",
        "name": {
            "fullName": f"{row['first_name']} {row['last_name']}",
            "givenName": row["first_name"],
            "familyName": row["last_name"],
        },
        "email": row["email"],
        "location": f"{row['city']}, {row['country_name']}",
        "geo": {"city": row["city"], "country": row["country_name"], "countryCode": row["country"]},
        "employment": {
            "domain": row["domain"],
            "title": row["title"],
            "role": row["department"],
            "seniority": {"c_suite": "executive", "vp": "executive"}.get(
                row["seniority"], row["seniority"]
            ),
        },
    }


def _company(row: Row) -> Row:
    employees = headcount("hunter", row)
    return {
        "id": f"hunter-{row['domain']}",
        "name": row["name"],
        "domain": row["domain"],
        "category": {"industry": row["industry"]},
        "foundedYear": row.get("founded"),
        "geo": {
            "city": row["city"],
            "state": row.get("region"),
            "country": row["country_name"],
            "countryCode": row["country"],
        },
        "metrics": {"employees": band(employees, SIZES), "employeesRange": None},
    }


def _verify(world: World, account: Row, email: str) -> tuple[int, Json]:
    """Take a mailbox's state from the book; it may first be pending for a number of calls."""
    if not email:
        raise _error(400, "wrong_params", "You are missing the email parameter")
    row = world.table("enrichment.person").get(email.lower()) or {}
    if row.get("erased"):
        raise ERASED
    pending = row.get("pending", 0)
    if pending:
        row["pending"] = pending - 1
        return 202, {"message": "The verification is still in progress. Please try again later."}
    status = row.get("mailbox", "unknown")
    charge(account, VERIFICATION_PRICE)
    return 200, {
        "status": status,
        "result": RESULTS.get(status, "risky"),
        "score": SCORES.get(status, 50),
        "email": email,
        "disposable": status == "disposable",
        "webmail": status == "webmail",
        "accept_all": status == "accept_all",
        "mx_records": status != "invalid",
        "smtp_check": status == "valid",
        "sources": [],
    }
