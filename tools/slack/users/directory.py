"""Who is in the workspace, and what their status says of their being at work."""

import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain import border
from domain.errors import RequestError, UnavailableError
from domain.intake.vocabulary.texts import fold
from domain.lead.absences import OutOfOffice
from domain.ports import Clock
from tools.slack.client import VENDOR, Row, SlackClient, within

FRESH_FOR = timedelta(minutes=5)
"""How long the list of people is believed; reading it is limited to some 20 calls a minute."""
PAGE = 1000
"""The most that users.list gives at once; its calls are scarcer than its records."""
SLACKBOT = "USLACKBOT"
"""Slack's own bot, which isn't marked as one."""
_NOT_OURS = ("user_not_found", "user_not_visible")
"""What Slack says about somebody whom the bot can't know."""
_BOTS = ("is_bot", "is_workflow_bot", "is_connector_bot")

_AWAY_EMOJI = frozenset(
    "palm_tree desert_island island beach_with_umbrella umbrella_on_ground "
    "face_with_thermometer face_with_head_bandage thermometer ooo out_of_office vacation pto "
    "holiday sick parental_leave".split()
)
_AWAY_WORDS = re.compile(
    r"\b(?:ooo|out of (?:the )?office|vacation(?:ing)?|holidays?(?! (?:season|sale|party))|pto|"
    r"day off|time off|(?:annual|parental|maternity|paternity|sick|medical|family) leave|on leave|"
    r"(?:out|off|home|am|i m) sick|sick day|sabbatical|"
    r"urlaub|im urlaub|ferien|krank\w*|abwesend|ausser haus|elternzeit|mutterschutz|"
    r"en vacances|vacances|conges?|absente?|arret maladie|maternite|paternite|"
    r"vacaciones|fuera de la oficina|de baja|ausente|"
    r"ferias|licenca|fora do escritorio|"
    r"ferie|in malattia|fuori ufficio|assente|"
    r"vakantie|verlof|afwezig|ziek|"
    r"semester|sjuk|foraldraledig|barselsorlov|syg|lomalla|urlop|dovolena)\b"
)
_AWAY_SIGNS = ("休暇", "休み", "不在", "有給", "産休", "育休", "病欠", "休假", "휴가")
"""Words of languages that are written without blanks."""
_AT_WORK = re.compile(
    r"\b(?:back from|not (?:on|out|sick|away)|before (?:my )?(?:vacation|holiday)|planning|"
    r"campaign|zuruck aus|de retour)\b"
)


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the workspace."""

    id: str
    timezone: str
    status: str
    """The status text."""
    emoji: str
    """Without colons."""
    until: datetime | None
    """When the status ends; None when it doesn't by itself."""

    def away(self, now: datetime) -> OutOfOffice | None:
        """That they are out, when their status says so.

        It never says why: an illness or a birth is not for the record of a lead.
        """
        if self.until is not None and self.until <= now:
            return None
        if self.emoji not in _AWAY_EMOJI and not says_away(self.status):
            return None
        return OutOfOffice(source="Slack", until=self.until)


def says_away(status: str) -> bool:
    """Whether a status text says, in one of several languages, that somebody is out."""
    folded = fold(status)
    if _AT_WORK.search(folded):
        return False
    return bool(_AWAY_WORDS.search(folded)) or any(sign in status for sign in _AWAY_SIGNS)


def read_person(row: Row) -> Person:
    """A person from Slack's JSON of a user."""
    profile = within(row, "profile")
    return Person(
        id=str(row["id"]),
        timezone=str(row.get("tz") or ""),
        status=str(profile.get("status_text") or ""),
        emoji=str(profile.get("status_emoji") or "").strip(":").partition("::")[0],
        until=border.epoch(profile.get("status_expiration") or None),
    )


def why_nobody(row: Row, ours: str) -> str | None:
    """Why an account is nobody of ours; None for a colleague's own (Slack: the user object).

    An address is what whoever invited the account typed: without Slack's word on who it is and
    where it belongs, it identifies nobody. `ours` is the workspace, or the organization.
    """
    home = within(row, "enterprise_user")
    places = {row.get("team_id"), home.get("enterprise_id"), *(home.get("teams") or ())}
    if row.get("deleted"):
        return "is deactivated in Slack"
    if row.get("id") == SLACKBOT or any(row.get(mark) for mark in _BOTS):
        return "is a bot in Slack"
    if row.get("is_stranger") or ours not in places:
        return "belongs to another Slack workspace"
    if row.get("is_restricted") or row.get("is_ultra_restricted"):
        return "is a guest in Slack"
    if row.get("is_invited_user"):
        return "has not accepted the invitation to Slack"
    if row.get("is_email_confirmed") is False:
        return "has not confirmed the email address in Slack"
    return None if _email(row) else "has no email address in Slack"


@dataclass(frozen=True)
class _Members:
    """The list as it was read: only accounts that certainly are one colleague's."""

    by_email: Mapping[str, Person]
    emails: Mapping[str, str]
    """Addresses by Slack's id."""
    absent: Mapping[str, str]
    """Why an address of the list is nobody's."""
    shared: Mapping[str, tuple[str, ...]]
    """Accounts by the address that several of them have."""
    names: Mapping[str, str]
    """What everybody is called, bots and guests too, by Slack's id."""


class Directory:
    """The workspace's people by email address and id, read at most every few minutes."""

    def __init__(self, client: SlackClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._members = _Members({}, {}, {}, {}, {})
        self._me: Row = {}
        self._ours = ""
        self._read_at: datetime | None = None

    def people(self) -> Mapping[str, Person]:
        """Everybody who certainly is a colleague, by the address in small letters."""
        return self._known().by_email

    def email_of(self, user_id: str) -> str | None:
        """The address of a colleague by Slack's id; None for anybody else."""
        return self._known().emails.get(user_id)

    def me(self) -> str:
        """Slack's id of our own bot."""
        self._known()
        return str(self._me.get("user_id") or "")

    def name_of(self, user_id: str) -> str | None:
        """What an account is called, whoever it is of; None when Slack doesn't tell."""
        name = self._known().names.get(user_id)
        if name is not None:
            return name
        try:
            return _name(self._client.read("users.info", user=user_id)["user"]) or None
        except RequestError:
            return None

    def shared(self) -> Mapping[str, tuple[str, ...]]:
        """Accounts by the address that several have; none of them is taken for its owner."""
        return self._known().shared

    def absence(self, email: str) -> str:
        """Why an address is nobody's, with the address."""
        why = self._known().absent.get(email.lower(), "has no active Slack account")
        return f"{email} {why}"

    def is_home(self, team: str) -> bool:
        """Whether a workspace is ours; of an organization's, each account tells by itself."""
        self._known()
        return bool(self._me.get("is_enterprise_install")) or team == self._ours

    def why_not(self, user_id: str, email: str) -> str | None:
        """Why an account isn't that of the colleague with this address; None when it is.

        Slack is asked anew: the list of people may be some minutes old. Raises ToolError.
        """
        shared = self._known().shared
        try:
            row = within(self._client.read("users.info", user=user_id), "user")
        except RequestError as error:
            if error.code in _NOT_OURS:
                return "belongs to another Slack workspace"
            raise
        why = why_nobody(row, self._ours)
        if why is None and _email(row) != email.strip().lower():
            return "has another email address in Slack"
        if why is None and _email(row) in shared:
            return "has the same email address as another account"
        return why

    def find(self, email: str) -> Person | None:
        """One person, looked up when they joined since the list was read; None when absent."""
        known = self._known()
        wanted = email.lower()
        if wanted in known.by_email or wanted in known.shared:
            return known.by_email.get(wanted)
        try:
            row = within(self._client.read("users.lookupByEmail", email=email), "user")
        except RequestError as error:
            if error.code == "users_not_found":
                return None
            raise
        is_theirs = _email(row) == wanted and why_nobody(row, self._ours) is None
        return read_person(row) if is_theirs else None

    def _known(self) -> _Members:
        with self._lock:
            now = self._clock.now()
            if self._read_at is None or not timedelta() <= now - self._read_at < FRESH_FOR:
                self._me = self._me or self._client.read("auth.test")
                self._ours = _ours(self._me)
                rows = self._client.pages("users.list", "members", limit=PAGE)
                self._members = _sorted_out(rows, self._ours)
                self._read_at = now
            return self._members


def _ours(me: Row) -> str:
    """The workspace that the token belongs to; the organization, when it is installed there."""
    ours = me.get("enterprise_id") if me.get("is_enterprise_install") else me.get("team_id")
    if not ours:
        raise UnavailableError(VENDOR, "auth.test does not say which workspace this is")
    return str(ours)


def _sorted_out(rows: Iterable[Row], ours: str) -> _Members:
    found: dict[str, dict[str, Person]] = defaultdict(dict)
    absent: dict[str, str] = {}
    names: dict[str, str] = {}
    for row in rows:
        names[str(row.get("id"))] = _name(row)
        why = why_nobody(row, ours)
        if why is None:
            person = read_person(row)
            found[_email(row)][person.id] = person
        elif _email(row):
            absent[_email(row)] = why
    single = {email: next(iter(some.values())) for email, some in found.items() if len(some) == 1}
    shared = {email: tuple(sorted(some)) for email, some in found.items() if len(some) > 1}
    absent |= {email: f"has {len(some)} Slack accounts" for email, some in shared.items()}
    emails = {person.id: email for email, person in single.items()}
    return _Members(single, emails, absent, shared, names)


def _name(row: Row) -> str:
    profile = within(row, "profile")
    return str(row.get("real_name") or profile.get("real_name") or row.get("name") or "")


def _email(row: Row) -> str:
    return str(within(row, "profile").get("email") or "").strip().lower()


def zone_named(name: str | None) -> ZoneInfo:
    """A time zone by its IANA name; UTC when there is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
