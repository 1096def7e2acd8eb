"""Who may enter the console, and who looked at what and did what there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Engine, delete, select, update

from agent.ledger.engine import reading
from agent.ledger.rows import table
from agent.ledger.tables.audit import SignInRow, VisitRow

TOKEN, SESSION = "token", "session"
LINK, STARTED = "link", "started"
"""The link that a console prints where it was started, and the session that it opens."""

_SIGN_IN = table(SignInRow)
_VISIT = table(VisitRow)


@dataclass(frozen=True)
class Look:
    """One look at a page, or one thing done there."""

    at: datetime
    who: str
    """Email; empty for somebody who was not let in."""
    page: str
    about: str
    did: str
    outcome: int
    asserted_by: str | None = None
    """The user of the machine who says that they are this person; None for who signed in."""


class Visits:
    """What the console keeps of its visitors. Of a secret only its fingerprint is kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def admit(self, kind: str, secret: str, email: str, now: datetime, until: datetime) -> None:
        """Let the bearer of a secret in until then; what is over is forgotten on the way."""
        row = {
            "id": fingerprint(secret),
            "kind": kind,
            "email": email,
            "made_at": now,
            "until": until,
        }
        with self._engine.begin() as connection:
            connection.execute(delete(_SIGN_IN).where(_SIGN_IN.c.until <= now))
            connection.execute(_SIGN_IN.insert(), [row])

    def bearer(self, secret: str, now: datetime) -> str | None:
        """Email of the person behind a session; None when there is none, or no longer."""
        query = select(_SIGN_IN.c.email).where(
            _SIGN_IN.c.id == fingerprint(secret),
            _SIGN_IN.c.kind.in_((SESSION, STARTED)),
            _SIGN_IN.c.until > now,
        )
        with reading(self._engine) as connection:
            return connection.scalar(query)

    def is_started(self, secret: str, now: datetime) -> bool:
        """Whether a session belongs to who started the console."""
        query = select(_SIGN_IN.c.kind).where(
            _SIGN_IN.c.id == fingerprint(secret), _SIGN_IN.c.until > now
        )
        with reading(self._engine) as connection:
            return connection.scalar(query) == STARTED

    def redeem(self, secret: str, now: datetime, kind: str = TOKEN) -> str | None:
        """Email of the person a token was made for; None when it is unknown, over, or used.

        The database compares and sets in one statement, so that a token opens one session.
        """
        fresh = (
            (_SIGN_IN.c.id == fingerprint(secret))
            & (_SIGN_IN.c.kind == kind)
            & (_SIGN_IN.c.until > now)
            & _SIGN_IN.c.used_at.is_(None)
        )
        using = update(_SIGN_IN).where(fresh).values(used_at=now).returning(_SIGN_IN.c.email)
        with self._engine.begin() as connection:
            return connection.scalar(using)

    def end_links(self) -> None:
        """End the links that nobody has opened."""
        unused = (_SIGN_IN.c.kind == LINK) & _SIGN_IN.c.used_at.is_(None)
        with self._engine.begin() as connection:
            connection.execute(delete(_SIGN_IN).where(unused))

    def leave(self, secret: str) -> None:
        """End a session."""
        with self._engine.begin() as connection:
            connection.execute(delete(_SIGN_IN).where(_SIGN_IN.c.id == fingerprint(secret)))

    def expel(self, email: str) -> int:
        """End all sessions and tokens of a person; says how many."""
        with self._engine.begin() as connection:
            return connection.execute(delete(_SIGN_IN).where(_SIGN_IN.c.email == email)).rowcount

    def keep(self, look: Look) -> None:
        """Write down a look."""
        row = {
            "at": look.at,
            "who": look.who,
            "page": look.page,
            "about": look.about,
            "did": look.did,
            "outcome": look.outcome,
            "asserted_by": look.asserted_by,
        }
        with self._engine.begin() as connection:
            connection.execute(_VISIT.insert(), [row])

    def latest(self, limit: int) -> Sequence[Look]:
        """The latest looks, newest first."""
        query = select(_VISIT).order_by(_VISIT.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [
                Look(row.at, row.who, row.page, row.about, row.did, row.outcome, row.asserted_by)
                for row in connection.execute(query)
            ]


def fingerprint(secret: str) -> str:
    """What is kept of a secret, and what is looked for.

    A secret has 256 random bits, so that no salt is needed, and nobody who measures how long the
    database compares learns anything of it: what is compared is a hash that they can't steer.
    """
    return sha256(secret.encode()).hexdigest()
