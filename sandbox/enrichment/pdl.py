"""People Data Labs: `/v5/person/enrich` and `/v5/company/enrich`.

Source: People Data Labs, "Person Enrichment API" and "Company Enrichment API". Values come in
lower case, a match is charged, a miss (404) is free.
"""

import json
from collections.abc import Mapping
from typing import cast

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

SIZES = (10, 50, 200, 500, 1000, 5000, 10000)
LIKELIHOOD = 8
MISTAKEN_LIKELIHOOD = 4
"""A wrong company is a weak match, and says so."""
DEFAULT_MIN_LIKELIHOOD = 2
LEVELS = {"c_suite": "cxo", "vp": "vp", "director": "director", "manager": "manager"}


def _error(status: int, kind: str, message: str) -> ProviderError:
    return ProviderError(status, {"status": status, "error": {"type": kind, "message": message}})


NOT_FOUND = _error(404, "not_found", "No records were found matching your request")
SHORTAGE = Shortage(
    bad_key=_error(401, "authentication_error", "Request contained a missing or invalid key"),
    no_credits=_error(402, "payment_required", "You have reached your account maximum"),
    too_fast=_error(429, "rate_limit_error", "You have hit your account rate limit"),
)


def pdl(world: World) -> Handler:
    """Answer as api.peopledatalabs.com does."""

    def answer(request: Request) -> Response:
        spent = "0"
        try:
            body = _run(world, request)
            response = Response.of(body, 200, x_call_credits_spent="1", **_headers(world))
            spent = "1"
        except ProviderError as error:
            response = Response.of(error.body, error.status, x_call_credits_spent=spent)
        path = request.path.rstrip("/")
        world.record(
            "request", "pdl", f"{request.method} {path}", status=response.status, credits=spent
        )
        return response

    return answer


def _headers(world: World) -> dict[str, str]:
    account = world.table("enrichment.account")["pdl"]
    return {
        "x_ratelimit_limit": json.dumps({"minute": account["per_minute"]}),
        "x_ratelimit_remaining": json.dumps({"minute": account["per_minute"] - account["calls"]}),
        "x_totallimit_remaining": str(account["credits_left"]),
    }


def _arguments(request: Request) -> dict[str, str]:
    args = {name: values[-1] for name, values in request.query.items()}
    if request.content_type == "application/json" and request.body:
        given = cast("Mapping[str, Json]", request.json() or {})
        args |= {name: str(value) for name, value in given.items()}
    return args


def _run(world: World, request: Request) -> Json:
    args = _arguments(request)
    key = request.headers.get("x-api-key") or args.get("api_key", "")
    account = admit(world, "pdl", key, SHORTAGE)
    path = request.path.rstrip("/")
    if path == "/v5/person/enrich":
        found = _person(world, args)
    elif path == "/v5/company/enrich":
        found = _company(world, args)
    else:
        raise _error(404, "not_found", "no such endpoint")
    if found["likelihood"] < int(args.get("min_likelihood", DEFAULT_MIN_LIKELIHOOD)):
        raise NOT_FOUND
    charge(account, 1)
    return found


def _person(world: World, args: Mapping[str, str]) -> Row:
    email = args.get("email", "")
    if not email:
        raise _error(400, "invalid_request_error", "Request must contain an email or a profile")
    row = person(world, "pdl", email)
    if row is None:
        raise NOT_FOUND
    employer = company(world, "pdl", row["domain"])
    data: Row = {
        "id": f"pdl-{row['email']}",
        "full_name": f"{row['first_name']} {row['last_name']}".lower(),
        "first_name": row["first_name"].lower(),
        "last_name": row["last_name"].lower(),
        "job_title": row["title"].lower(),
        "job_title_role": row["department"],
        "job_title_levels": [LEVELS[row["seniority"]]] if row["seniority"] in LEVELS else [],
        "work_email": row["email"],
        "location_country": row["country_name"].lower(),
        "location_locality": row["city"].lower(),
    }
    mistaken = False
    if employer is not None:
        mistaken = employer["domain"] != row["domain"]
        data |= {
            "job_company_name": employer["name"].lower(),
            "job_company_website": employer["domain"],
            "job_company_size": band(headcount("pdl", employer), SIZES),
            "job_company_industry": employer["industry"].lower(),
            "job_company_location_country": employer["country_name"].lower(),
        }
    likelihood = MISTAKEN_LIKELIHOOD if mistaken else LIKELIHOOD
    return {"status": 200, "likelihood": likelihood, "data": data}


def _company(world: World, args: Mapping[str, str]) -> Row:
    website = args.get("website", "").removeprefix("https://").removeprefix("http://")
    domain = website.removeprefix("www.").split("/", maxsplit=1)[0].lower()
    if not domain:
        raise _error(400, "invalid_request_error", "Request must contain a website")
    row = company(world, "pdl", domain)
    if row is None:
        raise NOT_FOUND
    return {
        "status": 200,
        "likelihood": LIKELIHOOD if row["domain"] == domain else MISTAKEN_LIKELIHOOD,
        "id": f"pdl-{row['domain']}",
        "name": row["name"].lower(),
        "display_name": row["name"],
        "size": band(headcount("pdl", row), SIZES),
        "employee_count": headcount("pdl", row),
        "industry": row["industry"].lower(),
        "founded": row.get("founded"),
        "website": row["domain"],
        "location": {
            "country": row["country_name"].lower(),
            "region": (row.get("region") or "").lower() or None,
            "locality": row["city"].lower(),
        },
        "tags": [],
    }
