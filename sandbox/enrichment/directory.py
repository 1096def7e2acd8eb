"""What the providers know: `enrichment.company` by domain, `enrichment.person` by address.

A company row: domain, name, industry, employees, country (ISO), country_name, region, city,
founded; a person row: email, first_name, last_name, title, seniority, department, domain, country,
country_name, city. Both may carry `unknown_to` (providers that have no record of it) and
`mistaken_by` (provider to the domain whose company it wrongly answers with). A person may be
`erased` (asked for erasure) and carry a `mailbox` for the verifier.
"""

import zlib
from dataclasses import dataclass

from sandbox.http.message import Json
from sandbox.state.world import Row, World


class ProviderError(Exception):
    """A provider answers with an error: the HTTP status and its own body."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Shortage:
    """The error bodies that a provider uses when it will not serve an account."""

    bad_key: ProviderError
    no_credits: ProviderError
    too_fast: ProviderError


def add_company(world: World, row: Row) -> None:
    """Let the providers know a company, by its `domain`."""
    world.table("enrichment.company")[row["domain"]] = row


def add_person(world: World, row: Row) -> None:
    """Let the providers know a person, by `email`."""
    world.table("enrichment.person")[row["email"].lower()] = row


def add_account(
    world: World, provider: str, key: str, *, credits_left: float = 5000, per_minute: int = 1000
) -> None:
    """Open an account with a provider (`pdl`, `apollo` or `hunter`) and give it a key."""
    world.table("enrichment.account")[provider] = {
        "provider": provider,
        "key": key,
        "credits_left": credits_left,
        "credits_spent": 0,
        "per_minute": per_minute,
        "minute": 0,
        "calls": 0,
    }


def admit(world: World, provider: str, key: str, shortage: Shortage) -> Row:
    """Check key, pace and credits of an account, in that order; returns the account."""
    account = world.table("enrichment.account").get(provider)
    if account is None or account["key"] != key:
        raise shortage.bad_key
    minute = int(world.now.timestamp()) // 60
    if account["minute"] != minute:
        account["minute"], account["calls"] = minute, 0
    account["calls"] += 1
    if account["calls"] > account["per_minute"]:
        raise shortage.too_fast
    if account["credits_left"] <= 0:
        raise shortage.no_credits
    return account


def charge(account: Row, price: float) -> None:
    """Take credits for one answer."""
    account["credits_left"] -= price
    account["credits_spent"] += price


def company(world: World, provider: str, domain: str) -> Row | None:
    """What a provider holds on a domain, a mistaken company included; None when nothing."""
    table = world.table("enrichment.company")
    row = table.get(domain.lower())
    if row is None or provider in row.get("unknown_to", ()):
        return None
    return table.get(row.get("mistaken_by", {}).get(provider, ""), row)


def person(world: World, provider: str, email: str) -> Row | None:
    """What a provider holds on an address; None when nothing."""
    row = world.table("enrichment.person").get(email.lower())
    return None if row is None or provider in row.get("unknown_to", ()) else row


def headcount(provider: str, row: Row) -> int:
    """Employees as this provider counts them: within ten per cent, always the same."""
    noise = zlib.crc32(f"{provider}:{row['domain']}".encode()) % 21 - 10
    return max(1, round(row["employees"] * (100 + noise) / 100))


def band(employees: int, steps: tuple[int, ...]) -> str:
    """A headcount as a band such as `501-1000`; above the last step, `10001+`."""
    low = 1
    for high in steps:
        if employees <= high:
            return f"{low}-{high}"
        low = high + 1
    return f"{low}+"
