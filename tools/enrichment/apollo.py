"""Apollo.io: `/api/v1/organizations/enrich` and `/api/v1/people/match`.

Who isn't known is `null` with 200. There is no score: an organization is found by its exact
domain, a person by an address that Apollo has verified or not (Apollo: People Enrichment,
Organization Enrichment).
"""

from datetime import timedelta

from domain.errors import QuotaError, RateLimitError, RequestError
from domain.lead.model import FieldName
from domain.ports import Clock
from domain.values import Source
from tools.enrichment.provider import (
    Found,
    ProviderAccess,
    Row,
    known,
    read_object,
    text,
    within,
)
from tools.http import Answer, Call, Transport, expect_success

VENDOR = "apollo"

EXACT_DOMAIN = 0.8
VERIFIED = 0.8
UNVERIFIED = 0.5

_MINUTE = timedelta(minutes=1)
_NO_CREDITS_PAUSE = timedelta(hours=1)


class Apollo:
    """Apollo.io. Safe to share between threads."""

    def __init__(self, access: ProviderAccess, transport: Transport, clock: Clock) -> None:
        self._base = access.base(VENDOR)
        self._key = access.api_key
        self._transport = transport
        self._clock = clock

    @property
    def source(self) -> Source:
        """Apollo."""
        return Source.APOLLO

    def company(self, domain: str, seconds: float) -> Found | None:
        """The organization with this domain."""
        row = within(
            self._ask("GET", "/api/v1/organizations/enrich", {"domain": domain}, seconds),
            "organization",
        )
        if not row:
            return None
        values = known(
            {
                FieldName.COMPANY: row.get("name"),
                FieldName.COUNTRY: row.get("country"),
                FieldName.STATE: row.get("state"),
                FieldName.CITY: row.get("city"),
                FieldName.INDUSTRY: row.get("industry"),
                FieldName.EMPLOYEES: row.get("estimated_num_employees"),
                FieldName.ANNUAL_REVENUE: row.get("annual_revenue"),
            }
        )
        return Found(values, EXACT_DOMAIN, _domain(row))

    def person(self, email: str, seconds: float) -> Found | None:
        """The person with this work address; no personal address or number is asked for."""
        row = within(self._ask("POST", "/api/v1/people/match", {"email": email}, seconds), "person")
        if not row:
            return None
        values = known(
            {
                FieldName.FIRST_NAME: row.get("first_name"),
                FieldName.LAST_NAME: row.get("last_name"),
                FieldName.TITLE: row.get("title"),
                FieldName.COUNTRY: row.get("country"),
                FieldName.STATE: row.get("state"),
                FieldName.CITY: row.get("city"),
            }
        )
        sure = VERIFIED if row.get("email_status") == "verified" else UNVERIFIED
        return Found(values, sure, _domain(within(row, "organization")))

    def _ask(self, method: str, template: str, query: dict[str, str], seconds: float) -> Row:
        call = Call(
            method,
            self._base,
            template,
            repeatable=True,
            query=query,
            headers={"x-api-key": self._key.get_secret_value(), "Cache-Control": "no-cache"},
            read_timeout=seconds,
        )
        return self._transport.call(call, self._understand)

    def _understand(self, answer: Answer) -> Row:
        now, code = self._clock.now(), str(answer.status)
        match answer.status:
            case 402:
                raise self._no_credits(code)
            case 422 if b"insufficient" in answer.body.lower():
                raise self._no_credits(code)
            case 422:
                raise RequestError(VENDOR, "the question was not understood", code=code)
            case 429:
                pause = answer.retry_after(now) or _MINUTE
                raise RateLimitError(VENDOR, "too many calls", retry_after=pause, code=code)
            case _:
                return read_object(VENDOR, expect_success(VENDOR, answer, now))

    def _no_credits(self, code: str) -> QuotaError:
        until = self._clock.now() + _NO_CREDITS_PAUSE
        return QuotaError(VENDOR, "the account's credits are used up", until=until, code=code)


def _domain(organization: Row) -> str | None:
    return text(organization, "primary_domain") or text(organization, "website_url")
