"""Marketo's REST API: signing in, envelopes, pages, and nothing of what they mean to us."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr

from domain import border
from domain.errors import AuthError, RequestError, UnavailableError
from domain.ports import Clock
from tools.http import Answer, Call, Transport
from tools.marketo.envelope import (
    VENDOR,
    Envelope,
    Json,
    Outcome,
    Row,
    StaleTokenError,
    Token,
    read_envelope,
    read_outcomes,
    read_token,
)
from tools.marketo.wire import (
    ActivityType,
    Campaign,
    PersonField,
    StaticList,
    read_campaign,
    read_field,
    read_list,
    read_total,
    read_type,
    write_instant,
)

PAGE = 300
"""Most records per page and per write of the lead database (Adobe: Integration Best Practices)."""
CAMPAIGN_PAGE = 100
"""Most persons per request of a campaign."""
TYPES_PER_CALL = 10
PERSONS_PER_FEED = 30
"""Most `leadIds` of a read of activities."""

_LONGEST_QUERY = 6_000
"""Marketo takes URIs of 8 KB; the rest is for the path and proxies' additions."""
_TOKEN_MARGIN = timedelta(seconds=15)
_REPLAYS = 2
_TOO_MANY_MATCHES = ("1003", "too many results")

_PERSONS_SECONDS = 70
_SYNC_SECONDS = 100
_PAGING_TOKEN_SECONDS = 310
_READ_SECONDS = 40
"""Marketo's own time limits (Adobe: REST API) and ten seconds more."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MarketoAccess:
    """Where a subscription is, and who we are to it."""

    url: str
    """Such as `https://123-ABC-456.mktorest.com`; `/rest` or `/identity` at the end is dropped."""
    client_id: str
    client_secret: SecretStr

    def base(self) -> str:
        """The address without a slash at the end.

        Raises:
            AuthError: the secret would travel unencrypted to another machine.
        """
        base = self.url.rstrip("/").removesuffix("/rest").removesuffix("/identity").rstrip("/")
        parts = urlsplit(base)
        is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not is_here:
            raise AuthError(VENDOR, "the address must begin with https://")
        return base


class Page(NamedTuple):
    """Some records, and where to read on."""

    rows: tuple[Row, ...]
    token: str
    more: bool


class MarketoClient:
    """One subscription. Safe to share between threads."""

    def __init__(self, access: MarketoAccess, transport: Transport, clock: Clock) -> None:
        self._base = access.base()
        self._access = access
        self._transport = transport
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._token_until: datetime | None = None
        self._answered: tuple[datetime, datetime] | None = None

    @property
    def skew(self) -> timedelta | None:
        """How far our clock is ahead of Marketo's, to the second; None before the first answer."""
        if self._answered is None:
            return None
        ours, theirs = self._answered
        return ours - theirs

    def sign_in(self) -> None:
        """Make sure that there is an access token.

        Raises:
            AuthError: the client id or secret is not accepted.
        """
        self._valid_token()

    def paging_token(self, since: datetime) -> str:
        """Where to begin reading activities since a moment (Adobe: Paging Tokens)."""
        envelope = self._read(
            "/rest/v1/activities/pagingtoken.json",
            {"sinceDatetime": write_instant(since)},
            _PAGING_TOKEN_SECONDS,
        )
        return _token(envelope)

    def activities(self, token: str, types: Sequence[int], persons: Sequence[int] = ()) -> Page:
        """One page of activities of at most ten types, of all persons or at most thirty.

        There is always a token for the next read, and `more` may be true on an empty page
        (Adobe: Activities).
        """
        if not 0 < len(types) <= TYPES_PER_CALL:
            raise RequestError(VENDOR, f"{len(types)} activity types; Marketo takes 1 to 10")
        query = {"nextPageToken": token, "activityTypeIds": _joined(types), "batchSize": str(PAGE)}
        if persons:
            query["leadIds"] = _joined(persons)
        return _page(self._read("/rest/v1/activities.json", query), token)

    def changes(self, token: str, fields: Sequence[str]) -> Page:
        """One page of changes to the fields named."""
        query = {"nextPageToken": token, "fields": _joined(fields), "batchSize": str(PAGE)}
        return _page(self._read("/rest/v1/activities/leadchanges.json", query), token)

    def persons(
        self, filter_type: str, values: Sequence[str], fields: Sequence[str]
    ) -> Iterator[Row]:
        """All persons for which a searchable field has one of the values; 300 values per call."""
        for some in chunked(values, PAGE):
            yield from self._matching(filter_type, some, fields)

    def _matching(
        self, filter_type: str, values: Sequence[str], fields: Sequence[str]
    ) -> list[Row]:
        """Marketo refuses more than 1,000 matches of one filter: then ask for half at a time."""
        query = {
            "filterType": filter_type,
            "filterValues": _joined(values),
            "fields": _joined(fields),
            "batchSize": str(PAGE),
        }
        try:
            return list(self._all("/rest/v1/leads.json", query))
        except RequestError as error:
            code, words = _TOO_MANY_MATCHES
            if len(values) == 1 or error.code != code or words not in error.detail.lower():
                raise
        half = len(values) // 2
        return [
            row
            for some in (values[:half], values[half:])
            for row in self._matching(filter_type, some, fields)
        ]

    def update_persons(self, rows: Sequence[Row]) -> tuple[Outcome, ...]:
        """Change at most 300 persons by id, never creating one (Adobe: Sync Leads).

        Raises:
            UnknownOutcomeError: it may have happened; doing it again is harmless.
        """
        body = {"action": "updateOnly", "lookupField": "id", "input": list(rows)}
        return read_outcomes(self._write("/rest/v1/leads.json", body, seconds=_SYNC_SECONDS))

    def add_activities(self, rows: Sequence[Row]) -> tuple[Outcome, ...]:
        """Log at most 300 custom activities, which can never be changed again.

        Raises:
            UnknownOutcomeError: it may have happened; read before it is repeated.
        """
        body = {"input": list(rows)}
        path = "/rest/v1/activities/external.json"
        return read_outcomes(self._write(path, body, seconds=_SYNC_SECONDS))

    def request_campaign(self, campaign: int, persons: Sequence[int]) -> None:
        """Queue at most 100 persons for an active trigger campaign; a repeat runs it again.

        Raises:
            UnknownOutcomeError: it may have happened; read before it is repeated.
        """
        body = {"input": {"leads": [{"id": person} for person in persons]}}
        self._write("/rest/v1/campaigns/{id}/trigger.json", body, path={"id": str(campaign)})

    def campaigns(self, names: Sequence[str]) -> list[Campaign]:
        """The smart campaigns with these names; names are not unique across programs."""
        return [
            campaign
            for name in names
            for campaign in _known(
                read_campaign, self._all("/rest/v1/campaigns.json", {"name": name})
            )
            if campaign.name == name
        ]

    def lists(self, names: Sequence[str]) -> list[StaticList]:
        """The static lists with these names."""
        return [
            found
            for name in names
            for found in _known(read_list, self._all("/rest/v1/lists.json", {"name": name}))
            if found.name == name
        ]

    def list_members(self, list_id: int, fields: Sequence[str]) -> Iterator[Row]:
        """All persons on a static list."""
        query = {"fields": _joined(fields), "batchSize": str(PAGE)}
        return self._all("/rest/v1/lists/{id}/leads.json", query, path={"id": str(list_id)})

    def person_fields(self) -> list[PersonField]:
        """All fields of a person, as `describe2` tells them."""
        rows = self._read("/rest/v1/leads/describe2.json").rows
        try:
            fields = [field for one in rows for field in border.records(one.get("fields"))]
        except ValueError as error:
            raise UnavailableError(VENDOR, f"its list of fields holds {error}") from None
        return list(_known(read_field, fields))

    def activity_types(self) -> list[ActivityType]:
        """All kinds of activity; their ids differ from one subscription to the next."""
        rows = self._read("/rest/v1/activities/types.json").rows
        return list(_known(read_type, rows))

    def calls_today(self) -> int:
        """How many calls all integrations of the subscription have made today."""
        rows = self._read("/rest/v1/stats/usage.json").rows
        return sum(_known(read_total, rows))

    def _all(
        self, template: str, query: Mapping[str, str], path: Mapping[str, str] | None = None
    ) -> Iterator[Row]:
        """Every record of a paged read."""
        token: str | None = None
        while True:
            asked = {**query, "nextPageToken": token} if token else query
            envelope = self._read(template, asked, _PERSONS_SECONDS, path)
            yield from envelope.rows
            if not envelope.token:
                return
            if envelope.token == token:
                raise UnavailableError(VENDOR, f"the pages of {template} do not advance")
            token = envelope.token

    def _read(
        self,
        template: str,
        query: Mapping[str, str] | None = None,
        seconds: float = _READ_SECONDS,
        path: Mapping[str, str] | None = None,
    ) -> Envelope:
        """Read; a query too long for a URL travels as a form (Adobe: REST API)."""
        call = Call(
            "GET",
            self._base,
            template,
            repeatable=True,
            path=path or {},
            query=query or {},
            read_timeout=seconds,
        )
        if len(urlencode(call.query)) > _LONGEST_QUERY:
            call = replace(call, method="POST", query={"_method": "GET"}, form=call.query)
        return self._send(call)

    def _write(
        self,
        template: str,
        body: Json,
        *,
        seconds: float = _READ_SECONDS,
        path: Mapping[str, str] | None = None,
    ) -> Envelope:
        return self._send(
            Call(
                "POST",
                self._base,
                template,
                repeatable=False,
                path=path or {},
                json=body,
                read_timeout=seconds,
            )
        )

    def _send(self, call: Call) -> Envelope:
        """Send with the access token; one that went stale is renewed at most twice.

        The identity service hands out the same token until it expires, so a token that was
        revoked could otherwise be refused for ever (Adobe: Authentication).
        """
        token = self._valid_token()
        for _ in range(_REPLAYS):
            try:
                return self._send_with(token, call)
            except StaleTokenError:
                token = self._renewed_token(token)
        try:
            return self._send_with(token, call)
        except StaleTokenError as stale:
            detail = f"a fresh access token is refused ({stale.words}); is the service revoked?"
            raise AuthError(VENDOR, detail, code=stale.code, quotes=True) from None

    def _send_with(self, token: str, call: Call) -> Envelope:
        signed = replace(call, headers={"Authorization": f"Bearer {token}"})
        envelope = self._transport.call(signed, self._understood(read_envelope))
        if envelope.answered_at is not None:
            self._answered = (self._clock.now(), envelope.answered_at)
        return envelope

    def _understood(self, read: Callable[[Answer, datetime], T]) -> Callable[[Answer], T]:
        return lambda answer: read(answer, self._clock.now())

    def _valid_token(self) -> str:
        with self._lock:
            until = self._token_until
            if self._token is None or until is None or self._clock.now() >= until:
                return self._fetch_token()
            return self._token

    def _renewed_token(self, refused: str) -> str:
        """A token that another thread has renewed meanwhile is taken as it is."""
        with self._lock:
            if self._token is None or self._token == refused:
                return self._fetch_token()
            return self._token

    def _fetch_token(self) -> str:
        secret = self._access.client_secret.get_secret_value()
        call = Call(
            "POST",
            self._base,
            "/identity/oauth/token",
            repeatable=True,
            form={
                "grant_type": "client_credentials",
                "client_id": self._access.client_id,
                "client_secret": secret,
            },
            counted=False,
        )
        token: Token = self._transport.call(call, self._understood(read_token))
        lasts = max(timedelta(seconds=token.seconds) - _TOKEN_MARGIN, timedelta())
        self._token, self._token_until = token.text, self._clock.now() + lasts
        return token.text


def chunked(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _known(read: Callable[[Row], T], rows: Iterable[Row]) -> Iterator[T]:
    """What the subscription has; an entry of its catalog that can't be read is not known."""
    for row in rows:
        try:
            yield read(row)
        except ValueError:
            continue


def _joined(values: Sequence[object]) -> str:
    return ",".join(map(str, values))


def _token(envelope: Envelope) -> str:
    if not envelope.token:
        raise RequestError(VENDOR, "the answer has no paging token")
    return envelope.token


def _page(envelope: Envelope, token: str) -> Page:
    return Page(envelope.rows, envelope.token or token, envelope.more)
