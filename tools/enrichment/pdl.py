"""People Data Labs: `/v5/company/enrich` and `/v5/person/enrich`.

A match is paid for, none (404) is free, so matches weaker than we would use are asked to be left
out (People Data Labs: Person Enrichment API, Company Enrichment API, "Errors").
"""

import math
from datetime import timedelta

from domain.errors import AuthError, QuotaError, RateLimitError, RequestError
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

VENDOR = "pdl"

_SURE = 10
"""The likelihood that is beyond doubt; 1 is the least."""
_MINUTE = timedelta(minutes=1)
_NO_CREDITS_PAUSE = timedelta(hours=1)


class Pdl:
    """People Data Labs. Safe to share between threads."""

    def __init__(
        self,
        access: ProviderAccess,
        transport: Transport,
        clock: Clock,
        *,
        min_confidence: float = 0.6,
    ) -> None:
        self._base = access.base(VENDOR)
        self._key = access.api_key
        self._transport = transport
        self._clock = clock
        self._least = max(2, math.ceil(min_confidence * _SURE))

    @property
    def source(self) -> Source:
        """People Data Labs."""
        return Source.PDL

    def company(self, domain: str, seconds: float) -> Found | None:
        """The company with this domain."""
        row = self._ask("/v5/company/enrich", {"website": domain}, seconds)
        if row is None:
            return None
        place = within(row, "location")
        values = known(
            {
                FieldName.COMPANY: row.get("display_name") or row.get("name"),
                FieldName.COUNTRY: place.get("country"),
                FieldName.STATE: place.get("region"),
                FieldName.CITY: place.get("locality"),
                FieldName.INDUSTRY: row.get("industry"),
                FieldName.EMPLOYEES: row.get("employee_count") or row.get("size"),
            }
        )
        return Found(values, _confidence(row), text(row, "website"))

    def person(self, email: str, seconds: float) -> Found | None:
        """The person with this work address."""
        row = self._ask("/v5/person/enrich", {"email": email}, seconds)
        if row is None:
            return None
        data = within(row, "data")
        values = known(
            {
                FieldName.FIRST_NAME: data.get("first_name"),
                FieldName.LAST_NAME: data.get("last_name"),
                FieldName.TITLE: data.get("job_title"),
                FieldName.COUNTRY: data.get("location_country"),
                FieldName.STATE: data.get("location_region"),
                FieldName.CITY: data.get("location_locality"),
            }
        )
        return Found(values, _confidence(row), text(data, "job_company_website"))

    def _ask(self, template: str, query: dict[str, str], seconds: float) -> Row | None:
        call = Call(
            "GET",
            self._base,
            template,
            repeatable=True,
            query={**query, "min_likelihood": str(self._least)},
            headers={"X-Api-Key": self._key.get_secret_value()},
            read_timeout=seconds,
        )
        return self._transport.call(call, self._understand)

    def _understand(self, answer: Answer) -> Row | None:
        now, code = self._clock.now(), str(answer.status)
        match answer.status:
            case 404:
                return None
            case 400:
                raise RequestError(VENDOR, "the question was not understood", code=code)
            case 402:
                until = now + _NO_CREDITS_PAUSE
                raise QuotaError(
                    VENDOR, "the account's credits are used up", until=until, code=code
                )
            case 403:
                raise AuthError(VENDOR, "the key may not ask this", code=code)
            case 429:
                pause = answer.retry_after(now) or _MINUTE
                raise RateLimitError(VENDOR, "too many calls", retry_after=pause, code=code)
            case _:
                return read_object(VENDOR, expect_success(VENDOR, answer, now))


def _confidence(row: Row) -> float:
    likelihood = row.get("likelihood")
    return min(max(likelihood, 0), _SURE) / _SURE if isinstance(likelihood, int | float) else 0.0
