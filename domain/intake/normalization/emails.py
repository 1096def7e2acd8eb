"""Email addresses: whether they are valid, what kind they are, and whose domain they have."""

from functools import cache, lru_cache
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email
from tldextract import TLDExtract

from domain.intake.normalization.written import in_unicode, one_address, spelled_alike
from domain.intake.vocabulary.mail_hosts import GENERIC_CODES, MailHosts, shipped

_ROLES = frozenset(
    "info sales admin administrator contact hello office support help billing accounts accounting "
    "noreply no-reply donotreply webmaster postmaster hostmaster abuse marketing team hr jobs "
    "careers press media enquiries inquiries service kontakt mail email purchasing procurement "
    "reception finance invoices orders newsletter everyone all staff root security".split()
)


class Address(NamedTuple):
    """An email address as we understand it."""

    email: str
    kind: str
    """`business`, `free`, `disposable`, `role` or `invalid`."""
    domain: str | None
    """The company's registrable domain; None unless the address is a company's."""
    is_misspelled: bool = False
    """Whether it has a slip in a mail provider's name: its owner meant another address."""


@cache
def _extract() -> TLDExtract:
    # Without these the first call would ask the network for the newest suffix list.
    return TLDExtract(suffix_list_urls=(), cache_dir=None)


@lru_cache(maxsize=16384)
def registrable(host: str) -> str | None:
    """The registrable domain of a host or URL, such as `acme.co.uk`; None when it has none."""
    found = _extract()(in_unicode(host))
    if found.suffix:
        return found.top_domain_under_public_suffix or None
    labels = [label for label in f"{found.subdomain}.{found.domain}".split(".") if label]
    # Endings that no registry knows, such as those of examples and intranets.
    return ".".join(labels[-2:]) if len(labels) > 1 and not found.ipv4 else None


def country_of(domain: str) -> str | None:
    """The country a domain's ending speaks for; None for generic endings."""
    ending = domain.rpartition(".")[2]
    if len(ending) != 2 or ending in GENERIC_CODES:  # noqa: PLR2004  (ISO codes)
        return None
    return {"uk": "GB"}.get(ending, ending.upper())


def _valid(written: str) -> str | None:
    """An address in its one spelling; None when it isn't valid."""
    try:
        checked = validate_email(written, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return spelled_alike(checked.normalized.lower())


@lru_cache(maxsize=16384)
def address(text: str, hosts: MailHosts | None = None) -> Address:
    """Understand an address; one that isn't valid is kept as it was written."""
    written = text.strip().strip("<>").lower()
    email = _valid(written) or _valid(one_address(text.lower()) or "")
    if email is None:
        return Address(written, "invalid", None)
    local, _, host = email.rpartition("@")
    domain = registrable(host)
    kind = (hosts or shipped()).kind(host, domain)
    if kind == "misspelled":
        return Address(email, "invalid", None, is_misspelled=True)
    if kind != "business":
        return Address(email, kind, None)
    kind = "role" if local.partition("+")[0] in _ROLES else "business"
    return Address(email, kind, domain or host)
