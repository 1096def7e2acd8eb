"""Hunter: `/v2/companies/find` and `/v2/people/find`.

Its own meanings (Hunter: API documentation, "Errors"): 403 is too fast, 429 is the month's
credits used up, 451 is a person who asked for erasure, 202 is a search that still runs.
"""

from datetime import timedelta

from domain.errors import AuthError, QuotaError, RateLimitError, RequestError
from domain.lead.model import FieldName
from domain.ports import Clock
from domain.values import Source
from tools.enrichment.provider import (
    ErasedError,
    Found,
    PendingError,
    ProviderAccess,
    Row,
    known,
    read_object,
    text,
    within,
)
from tools.http import Answer, Call, Transport, expect_success

VENDOR = "hunter"

CONFIDENCE = 0.7
"""Hunter gives no score for what it finds; it is found by exact domain or address."""

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
"""Hunter doesn't say when its month is over: it is asked again the next day."""


class Hunter:
    """Hunter. Safe to share between threads."""

    def __init__(self, access: ProviderAccess, transport: Transport, clock: Clock) -> None:
        self._base = access.base(VENDOR)
        self._key = access.api_key
        self._transport = transport
        self._clock = clock

    @property
    def source(self) -> Source:
        """Hunter."""
        return Source.HUNTER

    def company(self, domain: str, seconds: float) -> Found | None:
        """The company with this domain."""
        row = self._ask("/v2/companies/find", {"domain": domain}, seconds)
        if not row:
            return None
        place = within(row, "geo")
        values = known(
            {
                FieldName.COMPANY: row.get("name"),
                FieldName.COUNTRY: place.get("countryCode") or place.get("country"),
                FieldName.STATE: place.get("state"),
                FieldName.CITY: place.get("city"),
                FieldName.INDUSTRY: within(row, "category").get("industry"),
                FieldName.EMPLOYEES: within(row, "metrics").get("employees"),
            }
        )
        return Found(values, CONFIDENCE, text(row, "domain"))

    def person(self, email: str, seconds: float) -> Found | None:
        """The person with this work address."""
        row = self._ask("/v2/people/find", {"email": email}, seconds)
        if not row:
            return None
        name, place, work = within(row, "name"), within(row, "geo"), within(row, "employment")
        values = known(
            {
                FieldName.FIRST_NAME: name.get("givenName"),
                FieldName.LAST_NAME: name.get("familyName"),
                FieldName.TITLE: work.get("title"),
                FieldName.COUNTRY: place.get("countryCode") or place.get("country"),
                FieldName.STATE: place.get("state"),
                FieldName.CITY: place.get("city"),
            }
        )
        return Found(values, CONFIDENCE, text(work, "domain"))

    def _ask(self, template: str, query: dict[str, str], seconds: float) -> Row:
        call = Call(
            "GET",
            self._base,
            template,
            repeatable=True,
            query=query,
            headers={"X-API-KEY": self._key.get_secret_value()},
            read_timeout=seconds,
        )
        return self._transport.call(call, self._understand)

    def _understand(self, answer: Answer) -> Row:
        """What is found; empty when nothing is."""
        now, code = self._clock.now(), str(answer.status)
        match answer.status:
            case 404:
                return {}
            case 202:
                raise PendingError(VENDOR, "still looking", code=code)
            case 400:
                raise RequestError(VENDOR, "the question was not understood", code=code)
            case 401:
                raise AuthError(VENDOR, "the key was refused", code=code)
            case 403:
                pause = answer.retry_after(now) or _MINUTE
                raise RateLimitError(VENDOR, "too many calls", retry_after=pause, code=code)
            case 429:
                detail = "the month's credits are used up"
                raise QuotaError(VENDOR, detail, until=now + _DAY, code=code)
            case 451:
                raise ErasedError(VENDOR, "this person asked to be erased", code=code)
            case _:
                found = read_object(VENDOR, expect_success(VENDOR, answer, now))
                return within(found, "data")
