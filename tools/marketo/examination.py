"""What `doctor` looks at in Marketo, in words for those who administer it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.errors import AuthError, ToolError
from domain.ports import Finding
from tools.marketo.client import MarketoClient
from tools.marketo.fields import FieldMap
from tools.marketo.wire import PersonField

_MOST_USED = 0.8
_MOST_SKEW = timedelta(seconds=60)

_FIX_SIGN_IN = (
    "Admin > LaunchPoint: open the API service, click View Details, and copy the client ID and "
    "client secret into MARKETO_CLIENT_ID and MARKETO_CLIENT_SECRET again."
)
_FIX_OTHER = "Try again in a few minutes. If it fails again, check MARKETO_BASE_URL."
_FIX_FIELDS = (
    "Admin > Field Management > New Custom Field: create each missing field with this exact API "
    "name, or set your own field in the field map."
)
_FIX_CLOSED = "Create fields that exist only in Marketo, and set them in the field map."
_FIX_CAMPAIGN = (
    "Keep exactly one campaign with this name, with the trigger 'Campaign is Requested' (source: "
    "Web Service API) and the flow step 'Sync Person to SFDC', and activate it."
)
_FIX_USAGE = "See who makes the calls in Admin > Web Services; reduce them or buy more."
_FIX_CLOCK = "Turn on automatic time (NTP) on the machine that runs routeready."


@dataclass(frozen=True, slots=True)
class Expectations:
    """What this installation counts on besides fields and the activity type."""

    sync_campaign: str | None = None
    """Name of the campaign that syncs persons to Salesforce; None when it isn't used."""
    calls_per_day: int = 50_000
    """The subscription's daily limit, shared by all integrations (Adobe: REST API, limits)."""


USUAL = Expectations()
"""No sync campaign, and the daily limit that most subscriptions have."""


class _Seen(NamedTuple):
    """What was found; with a fix it is a trouble."""

    sentence: str
    fix: str | None = None


def examine(
    client: MarketoClient, fields: FieldMap, expectations: Expectations, now: datetime
) -> list[Finding]:
    """Look at everything that routing needs of Marketo; writes nothing."""
    signed_in = _finding("Marketo sign-in", lambda: _sign_in(client), _FIX_SIGN_IN)
    if not signed_in.ok:
        return [signed_in]
    campaign, limit = expectations.sync_campaign, expectations.calls_per_day
    findings = [
        signed_in,
        _finding(
            "Marketo fields that are read",
            lambda: _read_fields(client, fields.named()),
            _role("Read-Only Lead"),
        ),
        _finding(
            "Marketo fields that are written",
            lambda: _written_fields(client, fields.mirror.all()),
            _role("Read-Write Lead"),
        ),
        _finding(
            "Marketo activities", lambda: _activities(client, now), _role("Read-Only Activity")
        ),
        _finding(
            "Marketo custom activity",
            lambda: _custom_activity(client, fields),
            _role("Read-Write Activity"),
        ),
        _finding("Marketo daily calls", lambda: _usage(client, limit), _role("API access")),
        _finding("Marketo clock", lambda: _clock(client), _role("API access")),
    ]
    if campaign is not None:
        look, role = lambda: _campaign(client, campaign), _role("Execute Campaign")
        findings.insert(-2, _finding("Marketo sync campaign", look, role))
    return findings


def _finding(subject: str, look: Callable[[], _Seen], denied_fix: str) -> Finding:
    try:
        sentence, fix = look()
    except AuthError as error:
        sentence, fix = str(error), denied_fix
    except ToolError as error:
        sentence, fix = str(error), _FIX_OTHER
    return Finding(subject=subject, ok=fix is None, sentence=sentence, fix=fix)


def _role(permission: str) -> str:
    return (
        f"Admin > Users & Roles: give the API user's role the permission '{permission}' (newer "
        "Marketo versions say Person instead of Lead). Also check Admin > Web Services > IP "
        "Restrictions."
    )


def _sign_in(client: MarketoClient) -> _Seen:
    client.sign_in()
    return _Seen("The client ID and secret work.")


def _read_fields(client: MarketoClient, wanted: Iterable[str]) -> _Seen:
    missing = sorted(set(wanted) - _known(client).keys())
    if missing:
        return _Seen(f"Leads can't be read: missing person fields: {_list(missing)}.", _FIX_FIELDS)
    return _Seen("All fields exist.")


def _written_fields(client: MarketoClient, wanted: Iterable[str]) -> _Seen:
    known = _known(client)
    missing = sorted(set(wanted) - known.keys())
    closed = sorted(
        name
        for name in wanted
        if name in known and (known[name].crm_managed or not known[name].updateable)
    )
    if missing:
        return _Seen(f"Missing person fields: {_list(missing)}.", _FIX_FIELDS)
    if closed:
        return _Seen(f"Read-only or owned by Salesforce: {_list(closed)}.", _FIX_CLOSED)
    return _Seen("All fields exist and can be written.")


def _activities(client: MarketoClient, now: datetime) -> _Seen:
    client.paging_token(now - timedelta(minutes=5))
    return _Seen("Activities can be read.")


def _custom_activity(client: MarketoClient, fields: FieldMap) -> _Seen:
    name, attributes = fields.activity.type, fields.activity.attributes()
    if name in {one.name for one in client.activity_types()}:
        return _Seen(f'The custom activity type "{name}" exists.')
    return _Seen(
        f'No approved custom activity type "{name}".',
        f'Admin > Marketo Custom Activities: create "{name}" with the attributes '
        f"{_list(attributes)}, and approve it.",
    )


def _campaign(client: MarketoClient, name: str) -> _Seen:
    found = client.campaigns([name])
    active = [one for one in found if one.active and one.kind == "trigger"]
    if len(active) == 1:
        return _Seen(f'The campaign "{name}" is active.')
    if not found:
        return _Seen(f'There is no campaign named "{name}".', _FIX_CAMPAIGN)
    if not active:
        return _Seen(f'The campaign "{name}" is not an active trigger campaign.', _FIX_CAMPAIGN)
    return _Seen(f'{len(active)} active campaigns are named "{name}".', _FIX_CAMPAIGN)


def _usage(client: MarketoClient, limit: int) -> _Seen:
    used = client.calls_today()
    sentence = f"All integrations together used {used:,} of {limit:,} API calls today."
    return _Seen(sentence, None if used < limit * _MOST_USED else _FIX_USAGE)


def _clock(client: MarketoClient) -> _Seen:
    skew = client.skew
    if skew is None:
        return _Seen("Not checked: Marketo did not send its time.")
    if abs(skew) <= _MOST_SKEW:
        return _Seen("This machine's clock and Marketo's agree.")
    direction = "ahead of" if skew > timedelta() else "behind"
    seconds = round(abs(skew).total_seconds())
    return _Seen(f"This machine's clock is {seconds} seconds {direction} Marketo's.", _FIX_CLOCK)


def _known(client: MarketoClient) -> dict[str, PersonField]:
    return {one.name: one for one in client.person_fields()}


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
