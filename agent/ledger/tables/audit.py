"""Rows about who entered the console, and what they looked at and did."""

from datetime import datetime

from sqlmodel import Field

from agent.ledger.tables.columns import Table, instant


class SignInRow(Table, table=True):
    """A way into the console: a token or a link that is good for one entry, or a session."""

    __tablename__ = "sign_in"  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]
    id: str = Field(primary_key=True)
    """SHA-256 of the secret; the secret itself is with its bearer only."""
    kind: str
    """`token` or `session`; `link`, or `started` for the session that a link began."""
    email: str = Field(index=True)
    made_at: datetime = instant(nullable=False)
    until: datetime = instant(nullable=False)
    used_at: datetime | None = instant()
    """When a token or a link was turned into a session."""


class VisitRow(Table, table=True):
    """Who looked at what in the console, and who did what there or by a command. Only added to."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = instant(index=True, nullable=False)
    who: str
    """Email of the person; empty for somebody who was not let in."""
    asserted_by: str | None = None
    """The user of the machine who said that they were this person; None for who signed in."""
    page: str
    """The page's pattern, such as `/leads/{lead}`, or the command's name."""
    about: str
    """The lead, proposal or list that it was about; empty when nothing in particular."""
    did: str
    """`looked`, or what was asked for."""
    outcome: int
    """The HTTP status that it was answered with."""
