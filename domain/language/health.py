"""What is wrong with the worker, in words for operations, with what to do about it."""

from datetime import timedelta
from typing import assert_never

from domain.grammar import counted, lasting
from domain.health import (
    CheckFailed,
    ClockJumped,
    Fault,
    HeartbeatFailed,
    LeadsSetAside,
    LedgerOut,
    ModelFault,
    ModelOut,
    NoCheckEnded,
    PausedBy,
    PolicyRefused,
    ProviderOut,
    RecordsUnread,
    SlackNotConnected,
    SlackTokenRejected,
    StopFile,
    Trouble,
    VendorOut,
)

_LEDGER = {
    Fault.FULL: "The disk or database of the ledger is full",
    Fault.READ_ONLY: "The ledger's database is read-only",
    Fault.GONE: "The ledger's file was removed or replaced while the worker was running",
    Fault.UNREACHABLE: "The ledger's database can't be reached",
    Fault.BUSY: "The ledger's database is locked by another process",
}
_LEDGER_FIX = {
    Fault.FULL: "Free some space. The worker goes on by itself.",
    Fault.READ_ONLY: "Make it writable. The worker goes on by itself.",
    Fault.GONE: "Put the file back, or restart the worker if the new one is the right one.",
    Fault.UNREACHABLE: "Check the database server. The worker goes on by itself.",
    Fault.BUSY: "Find out which process holds the lock. The worker goes on by itself.",
}
_MODEL = {
    ModelFault.KEY: "The language model's server rejects the key",
    ModelFault.QUOTA: "The language model's quota is used up",
    ModelFault.SETTINGS: "The language model's server rejects the request",
    ModelFault.SILENT: "The language model isn't responding",
}
_MODEL_FIX = {
    ModelFault.KEY: "Set OPENAI_API_KEY to a valid key.",
    ModelFault.QUOTA: "Add credit at the provider.",
    ModelFault.SETTINGS: "Check OPENAI_MODEL and OPENAI_BASE_URL.",
    ModelFault.SILENT: "Check the provider's status page.",
}
_VENDORS = {"marketo": "Marketo", "salesforce": "Salesforce", "slack": "Slack"}
_PROVIDERS = {"pdl": "People Data Labs", "apollo": "Apollo", "hunter": "Hunter"}


def trouble(one: Trouble) -> str:  # noqa: C901, PLR0911, PLR0912  (a sentence a kind)
    """What is wrong, in one sentence without its full stop."""
    match one:
        case NoCheckEnded():
            told = lasting(timedelta(seconds=one.interval_seconds))
            return f"No check has ended in three intervals of {told}"
        case CheckFailed():
            return f"An internal error ended a check: {one.place}"
        case VendorOut():
            vendor = _VENDORS.get(one.vendor, one.vendor.capitalize())
            return f"{vendor} can't be used: {one.detail}" if vendor else one.detail
        case ProviderOut():
            provider = _PROVIDERS.get(one.vendor, one.vendor.capitalize())
            return f"{provider} can't be used for enrichment: {one.detail}"
        case PolicyRefused():
            return (
                "The policy file has errors, so the previous policy stays in force: " + one.detail
            )
        case LeadsSetAside():
            told = counted(one.count, "lead or update", "leads or updates")
            return f"{told} set aside after internal errors"
        case RecordsUnread():
            return f"{counted(one.count, 'record')} from Marketo can't be read"
        case ModelOut():
            return _MODEL[one.fault]
        case SlackNotConnected():
            return f"Slack is not connected, so buttons and questions don't work: {one.detail}"
        case SlackTokenRejected():
            return f"Slack rejected {one.setting} ({one.code}), so buttons and questions don't work"
        case LedgerOut():
            return f"{_LEDGER[one.fault]}, so no updates are made"
        case StopFile():
            return f"All updates are stopped by the file {one.path}"
        case PausedBy():
            return f"All updates are paused by {one.by}: {one.reason}"
        case ClockJumped():
            way = "forward" if one.seconds > 0 else "back"
            told = lasting(timedelta(seconds=abs(one.seconds)))
            return f"The machine's clock jumped {way} by {told}, or the machine was asleep"
        case HeartbeatFailed():
            return f"The heartbeat URL doesn't answer: {one.detail}"
        case _:
            assert_never(one)


def fix(one: Trouble) -> str:  # noqa: C901, PLR0911, PLR0912  (as above)
    """What to do about it."""
    match one:
        case NoCheckEnded():
            return "See the log. A probe on `routeready live` restarts a worker that hangs."
        case CheckFailed():
            return "The next check tries again. If it lasts, report the error: it is a defect."
        case VendorOut():
            return "Run `routeready doctor`. The worker tries again at every check."
        case ProviderOut():
            return "Check the provider's status page. Leads are routed with what is known."
        case PolicyRefused():
            return "Correct the file. It is read again at the next check."
        case LeadsSetAside():
            return "See `routeready exceptions`. Each lead is retried automatically."
        case RecordsUnread():
            return "See `routeready exceptions`, and look at the records in Marketo."
        case ModelOut():
            return f"{_MODEL_FIX[one.fault]} Until then everything is done without it."
        case SlackNotConnected():
            return "The worker tries again by itself. Routing and follow-up go on."
        case SlackTokenRejected():
            return f"Set {one.setting} to a valid token and restart. Routing and follow-up go on."
        case LedgerOut():
            return _LEDGER_FIX[one.fault]
        case StopFile():
            return "Delete the file to continue."
        case PausedBy():
            return "Run `routeready resume` to continue."
        case ClockJumped():
            return "Turn on NTP. Checks keep their pace."
        case HeartbeatFailed():
            return "Check ROUTEREADY_HEARTBEAT_URL."
        case _:
            assert_never(one)
