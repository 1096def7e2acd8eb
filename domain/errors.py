"""What a port may raise. The docstring of a class is the sentence an operator reads.

    RoutereadyError
    ├── ToolError
    │   ├── RetryableError         nothing happened; try later
    │   │   ├── RateLimitError     and not before `retry_after`
    │   │   ├── UnavailableError
    │   │   └── LockedError
    │   ├── UnknownOutcomeError    an update may have happened: check before it is repeated
    │   ├── QuotaError             no calls to this vendor before `until`
    │   ├── AuthError              credentials or permissions: someone must fix them
    │   └── RequestError           our bug or their schema: never retried
    │       └── UnreadableError    what concerns these leads can't be read; the others are fine
    ├── PolicyError                the policy file has errors
    ├── PublishingError            a policy can't be published or rolled back
    ├── SettingsError              a setting is missing or wrong
    └── LedgerError                the database doesn't match this version

What goes wrong with one record of many is not an exception but a `Refused` receipt.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
"""What vendors' codes are made of."""


class RoutereadyError(Exception):
    """Something went wrong."""


class ToolError(RoutereadyError):
    """A call to a vendor failed."""

    meaning: ClassVar[str] = "the call failed"
    """What this kind of failure is, when its own words must not be shown."""

    def __init__(
        self, vendor: str, detail: str, *, code: str | None = None, quotes: bool = False
    ) -> None:
        self.vendor = vendor
        self.detail = detail
        self.code = code
        """The vendor's own code, when it gave one."""
        self.quotes = quotes
        """Whether the detail has words of the vendor's, which may repeat a lead's own data."""
        said = f" [{code}]" if code else ""
        super().__init__(f"{vendor}{said}: {detail}")

    @property
    def discreet(self) -> str:
        """The error for a log: in our own words alone, with the vendor's code."""
        said = f" [{self.sure_code}]" if self.sure_code else ""
        return f"{self.vendor}{said}: {self.meaning if self.quotes else self.detail}"

    @property
    def sure_code(self) -> str | None:
        """The vendor's code, unless it is a sentence."""
        is_one = self.code is not None and _CODE.fullmatch(self.code) is not None
        return self.code if is_one else None


class RetryableError(ToolError):
    """The vendor is busy. Nothing was changed, and the call is repeated later."""


class RateLimitError(RetryableError):
    """The vendor's rate limit is reached."""

    meaning = "its rate limit is reached"

    def __init__(
        self,
        vendor: str,
        detail: str,
        *,
        retry_after: timedelta,
        code: str | None = None,
        quotes: bool = False,
    ) -> None:
        super().__init__(vendor, detail, code=code, quotes=quotes)
        self.retry_after = retry_after


class UnavailableError(RetryableError):
    """The vendor can't be reached."""

    meaning = "it can't be reached"


class LockedError(RetryableError):
    """The record is locked: something else is updating it."""

    meaning = "the record is locked"


class UnknownOutcomeError(ToolError):
    """The vendor did not answer an update, so it may or may not have happened."""

    meaning = "it failed, and an update may or may not have happened"


class QuotaError(ToolError):
    """The vendor's API quota is used up."""

    meaning = "its API quota is used up"

    def __init__(
        self,
        vendor: str,
        detail: str,
        *,
        until: datetime,
        code: str | None = None,
        quotes: bool = False,
    ) -> None:
        super().__init__(vendor, detail, code=code, quotes=quotes)
        self.until = until


class AuthError(ToolError):
    """The vendor does not accept our credentials or permissions; someone must fix them."""

    meaning = "it does not accept the credentials or permissions"


class RequestError(ToolError):
    """The vendor rejected the request: a bug in routeready, or a changed schema."""

    meaning = "it rejected the request"


class UnreadableError(RequestError):
    """Records of single leads can't be read; they are set aside, and the others go on."""

    def __init__(self, vendor: str, leads: Mapping[str, str]) -> None:
        self.leads = leads
        """Why, by the lead's key; nothing of the lead's own data."""
        super().__init__(vendor, "; ".join(sorted(set(leads.values()))))


class PolicyError(RoutereadyError):
    """The policy file has errors; the message says where, and what to change."""


class PublishingError(RoutereadyError):
    """A policy can't be published or rolled back; the message says why and what to do."""


class SettingsError(RoutereadyError):
    """A setting is missing or wrong; the message names it and says what to use."""


class LedgerError(RoutereadyError):
    """The database doesn't match this version; the message says what to run."""


class LedgerGoneError(LedgerError):
    """The database's file was deleted or replaced while it was in use."""
