"""Apollo.io: `/api/v1/people/match` and `/api/v1/organizations/enrich`.

Source: Apollo, "People Enrichment" and "Organization Enrichment". A person who is not known is
`{"person": null}` with 200; so is an organization.
"""

from sandbox.enrichment.directory import (
    ProviderError,
    Shortage,
    admit,
    charge,
    company,
    headcount,
    person,
)
from sandbox.http.message import Handler, Json, Request, Response
from sandbox.state.world import Row, World

PEOPLE = "/api/v1/people/match"
ORGANIZATIONS = "/api/v1/organizations/enrich"
SHORTAGE = Shortage(
    bad_key=ProviderError(401, {"error": "Invalid access credentials."}),
    no_credits=ProviderError(
        422, {"error": "You have insufficient credits!", "error_code": "INSUFFICIENT_CREDITS"}
    ),
    too_fast=ProviderError(
        429,
        {
            "message": "The maximum number of api calls allowed for this endpoint is reached. "
            "Please upgrade your plan."
        },
    ),
)


def apollo(world: World) -> Handler:
    """Answer as api.apollo.io does."""

    def answer(request: Request) -> Response:
        try:
            response = Response.of(_run(world, request))
        except ProviderError as error:
            wait = 60 - int(world.now.timestamp()) % 60
            extra = {"retry_after": str(wait)} if error is SHORTAGE.too_fast else {}
            response = Response.of(error.body, error.status, **extra)
        world.record(
            "request", "apollo", f"{request.method} {request.path}", status=response.status
        )
        return response

    return answer


def _run(world: World, request: Request) -> Json:
    args = {name: values[-1] for name, values in request.query.items()}
    if request.content_type == "application/json" and request.body:
        args |= request.json() or {}
    account = admit(world, "apollo", request.headers.get("x-api-key", ""), SHORTAGE)
    if request.path == PEOPLE and request.method == "POST":
        row = person(world, "apollo", str(args.get("email", "")))
        if row is None:
            return {"person": None}
        charge(account, 1)
        return {"person": _person(world, row)}
    if request.path == ORGANIZATIONS and request.method == "GET":
        domain = str(args.get("domain", ""))
        if not domain:
            raise ProviderError(422, {"error": "Domain can't be blank"})
        found = company(world, "apollo", domain)
        if found is None:
            return {"organization": None}
        charge(account, 1)
        return {"organization": _organization(found)}
    raise ProviderError(404, {"error": "Not found"})


def _person(world: World, row: Row) -> Row:
    employer = company(world, "apollo", row["domain"])
    return {
        "id": f"apollo-{row['email']}",
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "name": f"{row['first_name']} {row['last_name']}",
        "title": row["title"],
        "headline": row["title"],
        "seniority": row["seniority"],
        "departments": [row["department"]],
        "email": row["email"],
        "email_status": "verified",
        "extrapolated_email_confidence": None,
        "city": row["city"],
        "country": row["country_name"],
        "organization": _organization(employer) if employer else None,
    }


def _organization(row: Row) -> Row:
    return {
        "id": f"apollo-{row['domain']}",
        "name": row["name"],
        "website_url": f"http://www.{row['domain']}",
        "primary_domain": row["domain"],
        "industry": row["industry"].lower(),
        "estimated_num_employees": headcount("apollo", row),
        "founded_year": row.get("founded"),
        "city": row["city"],
        "state": row.get("region"),
        "country": row["country_name"],
    }
