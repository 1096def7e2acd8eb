"""Who is in the workspace, and what their status says of their being at work."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.errors import RequestError
from domain.intake.normalization.texts import fold
from domain.lead.absences import OutOfOffice
from domain.ports import Clock
from tools.slack.client import Row, SlackClient, within

FRESH_FOR = timedelta(minutes=5)
"""How long the list of people is believed; reading it is limited to some 20 calls a minute."""
PAGE = 1000
"""The most that users.list gives at once; its calls are scarcer than its records."""

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
    ends = int(profile.get("status_expiration") or 0)
    return Person(
        id=str(row["id"]),
        timezone=str(row.get("tz") or ""),
        status=str(profile.get("status_text") or ""),
        emoji=str(profile.get("status_emoji") or "").strip(":").partition("::")[0],
        until=datetime.fromtimestamp(ends, UTC) if ends else None,
    )


class Directory:
    """The workspace's people by e-mail address, read at most every few minutes."""

    def __init__(self, client: SlackClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._people: Mapping[str, Person] = {}
        self._read_at: datetime | None = None

    def people(self) -> Mapping[str, Person]:
        """Everybody who is active and has an address, by the address in small letters."""
        with self._lock:
            now = self._clock.now()
            if self._read_at is None or not timedelta() <= now - self._read_at < FRESH_FOR:
                rows = self._client.pages("users.list", "members", limit=PAGE)
                self._people = {_email(row): read_person(row) for row in rows if _is_person(row)}
                self._read_at = now
            return self._people

    def find(self, email: str) -> Person | None:
        """One person, looked up when they joined since the list was read; None when absent."""
        known = self.people().get(email.lower())
        if known is not None:
            return known
        try:
            row: Row = self._client.read("users.lookupByEmail", email=email)["user"]
        except RequestError as error:
            if error.code == "users_not_found":
                return None
            raise
        return read_person(row) if _is_person(row) else None


def _email(row: Row) -> str:
    return str(within(row, "profile").get("email") or "").lower()


def _is_person(row: Row) -> bool:
    return bool(_email(row)) and not row.get("deleted") and not row.get("is_bot")


def zone_named(name: str | None) -> ZoneInfo:
    """A time zone by its IANA name; UTC when there is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
