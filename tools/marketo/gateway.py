"""The port `domain.ports.Marketing` over one Marketo subscription."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from domain.effects import (
    Applied,
    CorrectField,
    MirrorActivity,
    MirrorFields,
    Receipt,
    Refusal,
    Refused,
    RequestSync,
    Unknown,
)
from domain.errors import (
    RequestError,
    ToolError,
    UnavailableError,
    UnknownOutcomeError,
    UnreadableError,
)
from domain.intake.normalization.written import spelled_alike, spellings
from domain.lead.model import Activity, FieldName, RawLead
from domain.ports import ActivityPage, Clock, Finding, Merge, Unread
from domain.values import EffectKey, LeadKey
from tools.marketo.batches import Batch, Parcel, Send, batches, deliver
from tools.marketo.catalog import Catalog
from tools.marketo.client import CAMPAIGN_PAGE, PAGE, PERSONS_PER_FEED, MarketoClient, Page
from tools.marketo.envelope import VENDOR, Row
from tools.marketo.examination import USUAL, Expectations, examine
from tools.marketo.fields import STANDARD, FieldMap
from tools.marketo.wire import (
    MERGE,
    activity_row,
    attribute_of,
    mirror_row,
    person_id,
    read_activity,
    read_change,
    read_key,
    read_merge,
    read_person,
    receipts_of,
    unread,
)

_NOT_FOUND = "1004"
_NOBODY = "0"
"""Stands for a person whose number can't be read: there is one, whoever it is."""
_DATE_MARGIN = timedelta(minutes=1)
"""Activities are dated to the second, and a paging token may leave out its own second."""


class MarketoGateway:
    """Marketo in the worker's words. A thousand persons are four calls."""

    def __init__(
        self,
        client: MarketoClient,
        clock: Clock,
        fields: FieldMap = STANDARD,
        expectations: Expectations = USUAL,
    ) -> None:
        self._client = client
        self._clock = clock
        self._fields = fields
        self._expectations = expectations
        self._catalog = Catalog(client)

    def start_token(self, since: datetime) -> str:
        """Where to begin reading what happened since then."""
        return self._client.paging_token(since)

    def activities(self, token: str, types: Sequence[str]) -> ActivityPage:
        """One page of activities of the types named, at most ten of them."""
        names = self._catalog.type_ids(types)
        page = self._client.activities(token, sorted(names))
        return _read_page(page, lambda row: read_activity(row, names))

    def changes(self, token: str, fields: Sequence[FieldName]) -> ActivityPage:
        """One page of changes to the fields named; those that Marketo lacks are left out."""
        person = self._fields.person
        names = {person[field]: field for field in fields if field in person}
        if not names:
            raise RequestError(VENDOR, "none of the fields to watch is a Marketo field")
        page = self._client.changes(token, list(names))
        return _read_page(page, lambda row: read_change(row, names))

    def merges(self, since: datetime) -> Sequence[Merge]:
        """Who was merged into whom since then; merges are few."""
        types = self._catalog.type_ids([MERGE])
        rows = self._since(since, sorted(types))
        return [one for one in map(read_merge, rows) if one is not None]

    def people(self, keys: Sequence[LeadKey]) -> Mapping[LeadKey, RawLead]:
        """The persons as they are now, 300 per call; one that Marketo no longer has is absent.

        Raises:
            UnreadableError: some came in a form that can't be read.
        """
        asked = dict.fromkeys(keys)
        ids = [str(person_id(key)) for key in asked]
        now = self._clock.now()
        people: dict[LeadKey, RawLead] = {}
        odd: dict[str, str] = {}
        nameless: str | None = None
        for row in self._client.persons("id", ids, self._fields.read()):
            try:
                key = read_key(row)
            except ValueError as error:
                nameless = f"a person came whose {error}"
                continue
            if key not in asked:
                continue
            try:
                people[key] = read_person(row, self._fields, now)
            except ValueError as error:
                odd[key] = f"Marketo's {error}"
        if nameless is not None:
            # Who isn't among the others may be the one without a name: nobody is called gone.
            odd |= {key: nameless for key in asked if key not in people and key not in odd}
        if odd:
            raise UnreadableError(VENDOR, odd)
        return people

    def same_email(self, emails: Sequence[str]) -> Mapping[str, tuple[LeadKey, ...]]:
        """All persons by email address (lower case); an address nobody has is absent."""
        name = self._fields.person[FieldName.EMAIL]
        asked = sorted({email.lower() for email in emails if _can_be_filtered(email)})
        spelled = sorted({one for email in asked for one in spellings(email)})
        people: dict[str, set[int]] = {}
        for row in self._client.persons(name, spelled, ("id", name)):
            try:
                key = read_key(row)
            except ValueError:
                key = _NOBODY
            alike = spelled_alike(str(row.get(name)).strip().lower())
            people.setdefault(alike, set()).add(int(key))
        found = {email: people.get(spelled_alike(email), set()) for email in asked}
        return {
            email: tuple(LeadKey(str(one)) for one in sorted(found[email]))
            for email in asked
            if found[email]
        }

    def mirror_fields(
        self, planned: Mapping[EffectKey, MirrorFields]
    ) -> Mapping[EffectKey, Receipt]:
        """Write what was decided into the persons' fields, 300 per call."""
        if not planned:
            return {}
        names, lengths = self._fields.mirror, self._catalog.lengths()
        parcels = (
            Parcel(key, person_id(one.lead), mirror_row(one, names, lengths))
            for key, one in planned.items()
        )
        return self._deliver(batches(parcels, PAGE, self._update))

    def correct_fields(
        self, planned: Mapping[EffectKey, CorrectField]
    ) -> Mapping[EffectKey, Receipt]:
        """Write what people said of single fields, 300 per call; a field Marketo lacks is told."""
        names, receipts = self._fields.person, dict[EffectKey, Receipt]()
        parcels: list[Parcel] = []
        for key, one in planned.items():
            if one.field in names:
                row: Row = {"id": person_id(one.lead), names[one.field]: one.words}
                parcels.append(Parcel(key, person_id(one.lead), row))
            else:
                words = f"{one.field} is no field of this subscription"
                receipts[key] = Refused(refusal=Refusal.DATA, code=VENDOR, words=words)
        return {**receipts, **self._deliver(batches(parcels, PAGE, self._update))}

    def mirror_activities(
        self, planned: Mapping[EffectKey, MirrorActivity]
    ) -> Mapping[EffectKey, Receipt]:
        """Log custom activities, 300 per call; each carries its decision's id."""
        if not planned:
            return {}
        names, type_id = self._fields.activity, self._activity_type()
        parcels = (
            Parcel(key, person_id(one.lead), activity_row(one, type_id, names))
            for key, one in planned.items()
        )
        return self._deliver(batches(parcels, PAGE, self._log))

    def mirrored(
        self, planned: Mapping[EffectKey, MirrorActivity], since: datetime
    ) -> frozenset[EffectKey]:
        """Which of these custom activities Marketo holds, recognized by the decision's id.

        An activity is dated by its decision, which may be older than the attempt to log it.
        """
        if not planned:
            return frozenset()
        name = self._fields.activity.decision_id
        decided = min(one.stamp.routed_at for one in planned.values()) - _DATE_MARGIN
        persons = {person_id(one.lead) for one in planned.values()}
        rows = self._logged(persons, min(since, decided))
        held = {(str(row.get("leadId")), _decision(row, name)) for row in rows}
        return frozenset(
            key for key, one in planned.items() if (one.lead, one.stamp.decision_id) in held
        )

    def request_sync(self, planned: Mapping[EffectKey, RequestSync]) -> Mapping[EffectKey, Receipt]:
        """Ask the campaigns to sync persons to Salesforce, 100 per call."""
        waiting: list[Batch] = []
        for name in dict.fromkeys(one.campaign for one in planned.values()):
            campaign = self._catalog.campaign_id(name)
            waiting += batches(_requests(planned, name), CAMPAIGN_PAGE, self._request(campaign))
        return self._deliver(waiting)

    def examine(self) -> list[Finding]:
        """Check credentials, permissions, fields, activity type, campaign, usage and clock."""
        now = self._clock.now()
        return examine(self._client, self._fields, self._expectations, now)

    def _deliver(self, waiting: Iterable[Batch]) -> dict[EffectKey, Receipt]:
        return deliver(waiting, self._clock.now())

    def _update(self, rows: Sequence[Row]) -> Sequence[Receipt]:
        return receipts_of(self._client.update_persons(rows), len(rows))

    def _log(self, rows: Sequence[Row]) -> Sequence[Receipt]:
        return receipts_of(self._client.add_activities(rows), len(rows))

    def _request(self, campaign: int) -> Send:
        def send(rows: Sequence[Row]) -> Sequence[Receipt]:
            persons = [int(row["id"]) for row in rows]
            try:
                self._client.request_campaign(campaign, persons)
            except RequestError as error:
                if error.code != _NOT_FOUND:
                    self._catalog.forget_campaign(campaign)
                    raise
                return self._after_vanished(persons, error)
            return [Applied(detail="queued")] * len(rows)

        return send

    def _after_vanished(self, persons: Sequence[int], error: RequestError) -> list[Receipt]:
        """Tell those who are gone from the rest.

        Adobe does not say whether the rest were queued, and a second request would run the flow
        twice, so theirs is unknown.
        """
        try:
            rows = list(self._client.persons("id", [str(one) for one in persons], ("id",)))
            known = {int(read_key(row)) for row in rows}
        except (ToolError, ValueError) as unread:
            raise UnknownOutcomeError(VENDOR, str(unread), code=error.code) from unread
        gone = Refused(refusal=Refusal.GONE, code=_NOT_FOUND, words=error.detail)
        unknown = Unknown(detail=f"refused together with another person: {error}")
        return [unknown if person in known else gone for person in persons]

    def _activity_type(self) -> int:
        return next(iter(self._catalog.type_ids([self._fields.activity.type])))

    def _logged(self, persons: set[int], since: datetime) -> Iterator[Row]:
        """Our custom activities since a moment; Marketo filters by at most 30 persons."""
        named = sorted(persons) if len(persons) <= PERSONS_PER_FEED else []
        return self._since(since, [self._activity_type()], named)

    def _since(
        self, since: datetime, types: Sequence[int], persons: Sequence[int] = ()
    ) -> Iterator[Row]:
        """All activities of some types since a moment, page by page."""
        token, more = self._client.paging_token(since), True
        while more:
            page = self._client.activities(token, types, persons)
            yield from page.rows
            if page.more and page.token == token:
                raise UnavailableError(VENDOR, "its pages of activities do not advance")
            token, more = page.token, page.more


def _requests(planned: Mapping[EffectKey, RequestSync], campaign: str) -> Iterator[Parcel]:
    for key, one in planned.items():
        if one.campaign == campaign:
            person = person_id(one.lead)
            yield Parcel(key, person, {"id": person})


def _read_page(page: Page, read: Callable[[Row], Activity]) -> ActivityPage:
    """One odd record stops neither the others nor the reading."""
    found: list[Activity] = []
    odd: list[Unread] = []
    for row in page.rows:
        try:
            found.append(read(row))
        except ValueError as error:
            odd.append(unread(row, error))
    return ActivityPage(
        activities=tuple(found), unread=tuple(odd), token=page.token, more=page.more
    )


def _decision(row: Row, name: str) -> str | None:
    """Which decision an activity of ours carries; one that can't be read carries none."""
    try:
        return attribute_of(row, name)
    except ValueError:
        return None


def _can_be_filtered(email: str) -> bool:
    """A comma would make two filter values of one address."""
    return bool(email) and "," not in email
