"""What a port may raise. The docstring of a class is the sentence an operator reads.

    RoutereadyError
    ├── ToolError
    │   ├── RetryableError         nothing happened; try later
    │   │   ├── RateLimitError     and not before `retry_after`
    │   │   ├── UnavailableError
    │   │   └── LockedError
    │   ├── UnknownOutcomeError    a write may have happened: re-read before it is repeated
    │   ├── QuotaError             stop this vendor until `until`
    │   ├── AuthError              configuration: a person must act
    │   └── RequestError           our bug or their schema: never retried
    ├── PolicyError                the policy file does not make sense
    ├── PublishingError            a policy can't be published, or taken back
    ├── SettingsError              the environment does not make sense
    └── LedgerError                the database is not as this version expects it

What goes wrong with one record of many is not an exception but a `Refused` receipt.
"""

from datetime import datetime, timedelta


class RoutereadyError(Exception):
    """Something went wrong."""


class ToolError(RoutereadyError):
    """A vendor could not do what it was asked."""

    def __init__(self, vendor: str, detail: str, *, code: str | None = None) -> None:
        self.vendor = vendor
        self.detail = detail
        self.code = code
        """The vendor's own code, when it gave one."""
        said = f" [{code}]" if code else ""
        super().__init__(f"{vendor}{said}: {detail}")


class RetryableError(ToolError):
    """The vendor is busy; nothing happened, and it can be tried again later."""


class RateLimitError(RetryableError):
    """The vendor asked us to slow down."""

    def __init__(
        self, vendor: str, detail: str, *, retry_after: timedelta, code: str | None = None
    ) -> None:
        super().__init__(vendor, detail, code=code)
        self.retry_after = retry_after


class UnavailableError(RetryableError):
    """The vendor can't be reached."""


class LockedError(RetryableError):
    """Someone else is writing the same record."""


class UnknownOutcomeError(ToolError):
    """The answer to a write never came; it may or may not have happened."""


class QuotaError(ToolError):
    """The vendor's quota is used up."""

    def __init__(
        self, vendor: str, detail: str, *, until: datetime, code: str | None = None
    ) -> None:
        super().__init__(vendor, detail, code=code)
        self.until = until


class AuthError(ToolError):
    """The vendor does not accept our credentials or permissions; a person must act."""


class RequestError(ToolError):
    """The vendor does not understand the request: our mistake or a changed schema."""


class PolicyError(RoutereadyError):
    """The policy file does not make sense; the message says where and what to change."""


class PublishingError(RoutereadyError):
    """A policy can't be published or taken back; the message says why and what to do."""


class SettingsError(RoutereadyError):
    """The environment does not make sense; the message names the setting and what to put there."""


class LedgerError(RoutereadyError):
    """The database is not as this version expects it; the message says what to run."""
