"""What can be wrong with the worker itself: codes with what they rest on, and how bad each is.

A catalog in `domain.language` puts them into words. Nothing here restarts anything: whether the
process makes progress is another question, and only that one may.
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.values import Value


class State(StrEnum):
    """How the worker is, in one word."""

    OK = "ok"
    """Nothing is wrong."""
    DEGRADED = "degraded"
    """Something is wrong, and the work goes on."""
    STOPPED = "stopped"
    """Somebody stopped it."""
    FAILED = "failed"
    """Something is wrong, and some of the work doesn't get done."""


class NoCheckEnded(Value):
    """No check has ended for three intervals."""

    kind: Literal["no_check_ended"] = "no_check_ended"
    interval_seconds: float


class CheckFailed(Value):
    """An error that nobody foresaw ended a check."""

    kind: Literal["check_failed"] = "check_failed"
    place: str
    """Its kind and place, without a lead's data."""


class VendorOut(Value):
    """A vendor's failure ended a part of a check."""

    kind: Literal["vendor_out"] = "vendor_out"
    vendor: str
    """Empty when the failure doesn't say whose it is."""
    detail: str
    """As the vendor's client told it."""


class ProviderOut(Value):
    """An enrichment provider can't be used; leads are routed with what is known without it."""

    kind: Literal["provider_out"] = "provider_out"
    vendor: str
    detail: str


class PolicyRefused(Value):
    """The policy file can't be used; the previous policy stays in force."""

    kind: Literal["policy_refused"] = "policy_refused"
    detail: str


class LeadsSetAside(Value):
    """Leads, or updates of them, on which something failed that nobody foresaw."""

    kind: Literal["leads_set_aside"] = "leads_set_aside"
    count: int


class RecordsUnread(Value):
    """Records of Marketo's feeds that can't be read, seen lately."""

    kind: Literal["records_unread"] = "records_unread"
    count: int


class ModelFault(StrEnum):
    """Why the model can't be used."""

    KEY = "key"
    QUOTA = "quota"
    SETTINGS = "settings"
    """It doesn't understand what it is asked, or doesn't know the model."""
    SILENT = "silent"


class ModelOut(Value):
    """The model can't be used; everything is done without it."""

    kind: Literal["model_out"] = "model_out"
    fault: ModelFault


class SlackNotConnected(Value):
    """Slack can't be reached for what people press and write; it is tried again by itself."""

    kind: Literal["slack_not_connected"] = "slack_not_connected"
    detail: str


class SlackTokenRejected(Value):
    """Slack doesn't accept a token; somebody must change the setting."""

    kind: Literal["slack_token_rejected"] = "slack_token_rejected"
    setting: str
    code: str


class Fault(StrEnum):
    """What can be wrong with the ledger's database."""

    FULL = "full"
    READ_ONLY = "read_only"
    GONE = "gone"
    """The file under the connection was removed or replaced."""
    UNREACHABLE = "unreachable"
    BUSY = "busy"


class LedgerOut(Value):
    """The ledger can't be written, so nothing is sent to anyone."""

    kind: Literal["ledger_out"] = "ledger_out"
    fault: Fault


class StopFile(Value):
    """The stop file exists."""

    kind: Literal["stop_file"] = "stop_file"
    path: str


class PausedBy(Value):
    """A person stopped the worker."""

    kind: Literal["paused_by"] = "paused_by"
    by: str
    reason: str


class ClockJumped(Value):
    """The machine's clock was set, or the machine slept."""

    kind: Literal["clock_jumped"] = "clock_jumped"
    seconds: float
    """Forward; negative is back."""


class HeartbeatFailed(Value):
    """The address that should hear of every check doesn't take it."""

    kind: Literal["heartbeat_failed"] = "heartbeat_failed"
    detail: str


Trouble = Annotated[
    NoCheckEnded
    | CheckFailed
    | VendorOut
    | ProviderOut
    | PolicyRefused
    | LeadsSetAside
    | RecordsUnread
    | ModelOut
    | SlackNotConnected
    | SlackTokenRejected
    | LedgerOut
    | StopFile
    | PausedBy
    | ClockJumped
    | HeartbeatFailed,
    Field(discriminator="kind"),
]
"""One thing that is wrong."""

_FAILS = (NoCheckEnded, CheckFailed, VendorOut, LedgerOut)
_STOPS = (StopFile, PausedBy)


def state(troubles: Iterable[Trouble]) -> State:
    """The worst of what is wrong."""
    found = list(troubles)
    if any(isinstance(one, _FAILS) for one in found):
        return State.FAILED
    if any(isinstance(one, _STOPS) for one in found):
        return State.STOPPED
    return State.DEGRADED if found else State.OK


def matter(one: Trouble) -> str:
    """What tells one trouble from another; its particulars may change while it lasts."""
    match one:
        case VendorOut() | ProviderOut():
            return f"{one.kind} {one.vendor}"
        case LedgerOut():
            return f"{one.kind} {one.fault}"
        case _:
            return one.kind


def patience(one: Trouble) -> timedelta | None:
    """How long a trouble lasts before operations are written to; None for what needs no message.

    What a person did on purpose needs none, and without the ledger none can be sent.
    """
    match one:
        case PolicyRefused() | LeadsSetAside() | RecordsUnread() | SlackTokenRejected():
            return timedelta(0)
        case CheckFailed() | VendorOut() | ProviderOut() | ModelOut() | SlackNotConnected():
            return timedelta(minutes=15)
        case HeartbeatFailed():
            return timedelta(hours=1)
        case ClockJumped() | NoCheckEnded() | LedgerOut() | StopFile() | PausedBy():
            return None
