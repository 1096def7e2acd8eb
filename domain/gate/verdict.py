"""What the gate answers: `Ready`, `Wait`, `Park` or `Reject`, each with all of its checks."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.gate.reasons import Reason
from domain.values import Instant, Value, canonical_json, content_hash


class CheckCode(StrEnum):
    """The gate's checks, in the order in which they are told."""

    TRIGGER = "TRIGGER"
    IDENTITY = "IDENTITY"
    REQUIRED_FIELDS = "REQUIRED_FIELDS"
    CONSENT = "CONSENT"
    NOT_EXCLUDED = "NOT_EXCLUDED"
    QUALIFIED = "QUALIFIED"
    DEDUPED = "DEDUPED"
    MATCH_RESOLVED = "MATCH_RESOLVED"
    CRM_PRESENT = "CRM_PRESENT"
    FRESH = "FRESH"
    NOT_HELD = "NOT_HELD"


class Outcome(StrEnum):
    """How one check came out."""

    PASS = "pass"  # noqa: S105  (not a password)
    FAIL = "fail"
    WAIT = "wait"
    NOT_APPLICABLE = "not_applicable"


class Team(StrEnum):
    """Who can fix what is wrong with a lead's data."""

    MARKETING_OPS = "marketing_ops"
    SALES_OPS = "sales_ops"


class Fix(StrEnum):
    """What would make a failed check pass."""

    FIND_EMAIL = "FIND_EMAIL"
    FIND_COMPANY = "FIND_COMPANY"
    ADD_FIELDS = "ADD_FIELDS"
    ADD_FIELDS_TO_SYNC = "ADD_FIELDS_TO_SYNC"
    LIFT_SUSPENSION = "LIFT_SUSPENSION"
    RECORD_CONSENT = "RECORD_CONSENT"
    UNTICK_IN_MARKETO = "UNTICK_IN_MARKETO"
    UNTICK_IN_SALESFORCE = "UNTICK_IN_SALESFORCE"
    MERGE_PEOPLE = "MERGE_PEOPLE"
    MERGE_RECORDS = "MERGE_RECORDS"
    CHOOSE_ACCOUNT = "CHOOSE_ACCOUNT"
    RELEASE = "RELEASE"


class Remedy(Value):
    """What would make a failed check pass, and who can do it."""

    what: Fix
    team: Team | None = None
    """None where one person has to."""
    person: str | None = None
    """The name of the one who can, where it is no team's."""
    missing: tuple[str, ...] = ()
    """The fields that are missing, where that is the trouble."""
    ids: tuple[str, ...] = ()
    """The people, records or accounts to merge or choose from."""


class CheckResult(Value):
    """One check: how it came out and why."""

    code: CheckCode
    outcome: Outcome
    why: Reason
    remedy: Remedy | None = None
    """Given for a failure that somebody can fix; a failure without it is final."""
    look_at: Instant | None = None
    """For `wait`: when to look again."""


class _Judged(Value):
    checks: tuple[CheckResult, ...]
    segment: str


class Ready(_Judged):
    """Every check passed: the lead may be routed now."""

    kind: Literal["READY"] = "READY"

    @property
    def decisive(self) -> tuple[CheckResult, ...]:
        """What makes it worth a rep's time."""
        return tuple(one for one in self.checks if one.code is CheckCode.QUALIFIED)


class Wait(_Judged):
    """Something is still on its way; look again at `look_at`, and past `deadline` it is leakage."""

    kind: Literal["WAIT"] = "WAIT"
    look_at: Instant
    deadline: Instant
    overdue: bool = False
    """The deadline has passed: reported as leakage."""

    @property
    def decisive(self) -> tuple[CheckResult, ...]:
        """What is waited for."""
        return tuple(one for one in self.checks if one.outcome is Outcome.WAIT)


class Park(_Judged):
    """Someone can fix what is wrong; `remedies` says who and what."""

    kind: Literal["PARK"] = "PARK"
    remedies: tuple[Remedy, ...]

    @property
    def decisive(self) -> tuple[CheckResult, ...]:
        """What is to be fixed."""
        return tuple(one for one in self.checks if one.outcome is Outcome.FAIL)


class Reject(_Judged):
    """Nothing fixes it: this cycle ends here, with the reason."""

    kind: Literal["REJECT"] = "REJECT"

    @property
    def decisive(self) -> tuple[CheckResult, ...]:
        """What nobody can fix."""
        failed = (one for one in self.checks if one.outcome is Outcome.FAIL)
        return tuple(one for one in failed if one.remedy is None)


VerdictKind = Literal["READY", "WAIT", "PARK", "REJECT"]
Verdict = Annotated[Ready | Wait | Park | Reject, Field(discriminator="kind")]


class Judged(Value):
    """A verdict in short: what a list of leads tells of it."""

    kind: Literal["judged"] = "judged"
    verdict: VerdictKind
    why: tuple[Reason, ...]
    """The reasons of the checks that it rests on."""


def in_short(verdict: Verdict) -> Judged:
    """A verdict by its decisive checks alone."""
    return Judged(verdict=verdict.kind, why=tuple(one.why for one in verdict.decisive))


def fingerprint(verdict: Verdict) -> str:
    """A fingerprint of what a verdict says, whenever and in whatever words it is told."""
    checks = [f"{one.code} {one.outcome} {canonical_json(one.why)}" for one in verdict.checks]
    overdue = isinstance(verdict, Wait) and verdict.overdue
    return content_hash("\n".join([verdict.kind, verdict.segment, str(overdue), *checks]))
