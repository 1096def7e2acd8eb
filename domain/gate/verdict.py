"""What the gate answers: `Ready`, `Wait`, `Park` or `Reject`, each with all of its checks."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.values import Instant, Value


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


class Mend(Value):
    """What would make a failed check pass, and who can do it."""

    who: str
    """Such as `marketing ops`, `sales ops`, `the lead's owner in Salesforce`."""
    what: str
    """Such as `add the country in Marketo`."""
    missing: tuple[str, ...] = ()
    """The fields that are missing, where that is the trouble."""


class CheckResult(Value):
    """One check: how it came out, why in one sentence, and the values it looked at."""

    code: CheckCode
    outcome: Outcome
    sentence: str
    seen: Mapping[str, str] = {}
    mend: Mend | None = None
    """Given for a failure that data can mend; a failure without it is final."""
    look_at: Instant | None = None
    """For `wait`: when to look again."""


class _Judged(Value):
    checks: tuple[CheckResult, ...]
    segment: str
    sentence: str
    """The verdict in one sentence anyone can defend."""


class Ready(_Judged):
    """Every check passed: the lead may be routed now."""

    kind: Literal["READY"] = "READY"


class Wait(_Judged):
    """Something is still on its way; look again at `look_at`, and past `deadline` it is leakage."""

    kind: Literal["WAIT"] = "WAIT"
    look_at: Instant
    deadline: Instant
    overdue: bool = False
    """The deadline has passed: reported as leakage."""


class Park(_Judged):
    """Someone can mend what is wrong; `mends` says who and what."""

    kind: Literal["PARK"] = "PARK"
    mends: tuple[Mend, ...]


class Reject(_Judged):
    """Nothing mends it: this cycle ends here, with the reason."""

    kind: Literal["REJECT"] = "REJECT"


Verdict = Annotated[Ready | Wait | Park | Reject, Field(discriminator="kind")]
