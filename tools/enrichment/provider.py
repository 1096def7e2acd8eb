"""What every provider has in common: how it is asked, what it may answer, what its errors mean."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from domain.errors import AuthError, RequestError, ToolError
from domain.lead.model import FieldName
from domain.values import Scalar, Source
from tools.http import Answer, HttpSettings, Retries, Timeouts

Row = dict[str, Any]
"""A JSON object of a provider's."""

HTTP = HttpSettings(
    timeouts=Timeouts(connect=2, read=5, whole=8),
    retries=Retries(attempts=1),
    max_bytes=4 * 1024 * 1024,
)
"""How providers are called: once, since a lead that waits costs more than a field that lacks."""

_LONGEST_VALUE = 300


class ErasedError(ToolError):
    """This person asked to be erased: nothing about them may be processed."""


class PendingError(ToolError):
    """The provider is still looking; the same question will be answered later."""


@dataclass(frozen=True, slots=True)
class ProviderAccess:
    """Where a provider is, and who we are to it."""

    base_url: str
    """Scheme and host, such as `https://api.hunter.io`."""
    api_key: SecretStr

    def base(self, vendor: str) -> str:
        """The address without a slash at the end.

        Raises:
            AuthError: the key would travel unencrypted to another machine.
        """
        parts = urlsplit(self.base_url)
        is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not is_here:
            raise AuthError(vendor, "the address must begin with https://")
        return self.base_url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider knows of a company or a person, in its own words."""

    values: Mapping[FieldName, Scalar] = field(repr=False)
    confidence: float
    """From 0 to 1."""
    domain: str | None
    """The company's domain as the provider names it; None when it names none."""


class Provider(Protocol):
    """One provider. Both questions give None when it knows nothing.

    Both may raise the errors of `domain.errors`, and `PendingError`; `person` also `ErasedError`.
    `seconds` is the longest silence to bear.
    """

    @property
    def source(self) -> Source:
        """Under which its values are known; its value is the provider's name in the policy."""
        ...

    def company(self, domain: str, seconds: float) -> Found | None:
        """The company with this domain."""
        ...

    def person(self, email: str, seconds: float) -> Found | None:
        """The person with this work address."""
        ...


def read_object(vendor: str, answer: Answer) -> Row:
    """The answer's JSON object.

    Raises:
        RequestError: it is something else.
    """
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RequestError(vendor, "the answer is not a JSON object", code=str(answer.status))
    return cast("Row", body)


def within(row: Row, name: str) -> Row:
    """An object inside a JSON object; empty when there is none."""
    value = row.get(name)
    return cast("Row", value) if isinstance(value, dict) else {}


def text(row: Row, name: str) -> str | None:
    """A text inside a JSON object; None when there is none."""
    value = row.get(name)
    return value if isinstance(value, str) and value.strip() else None


def known(offered: Mapping[FieldName, object]) -> dict[FieldName, Scalar]:
    """Those values that say something: texts that aren't blank or absurdly long, and numbers."""
    return {name: value for name, value in offered.items() if _says_something(value)}


def _says_something(value: object) -> TypeGuard[Scalar]:
    if isinstance(value, str):
        return 0 < len(value.strip()) <= _LONGEST_VALUE
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
