"""E-mail addresses: whether they are valid, what kind they are, and whose domain they have."""

from functools import cache, lru_cache
from typing import NamedTuple

from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email
from tldextract import TLDExtract

from domain.intake.normalization.written import in_unicode, one_address, spelled_alike

_FREE = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr live.com msn.com "
    "yahoo.com yahoo.co.uk yahoo.co.jp yahoo.co.in yahoo.fr yahoo.de yahoo.com.br ymail.com "
    "icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de "
    "freenet.de proton.me protonmail.com pm.me mail.ru yandex.ru yandex.com bk.ru qq.com 163.com "
    "126.com sina.com naver.com daum.net hanmail.net orange.fr wanadoo.fr free.fr laposte.net "
    "libero.it virgilio.it tiscali.it uol.com.br bol.com.br terra.com.br rediffmail.com "
    "comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net shaw.ca rogers.com "
    "btinternet.com sky.com ntlworld.com zoho.com fastmail.com hey.com mail.com inbox.com "
    "seznam.cz wp.pl o2.pl onet.pl interia.pl ukr.net docomo.ne.jp ezweb.ne.jp".split()
)
_ROLES = frozenset(
    "info sales admin administrator contact hello office support help billing accounts accounting "
    "noreply no-reply donotreply webmaster postmaster hostmaster abuse marketing team hr jobs "
    "careers press media enquiries inquiries service kontakt mail email purchasing procurement "
    "reception finance invoices orders newsletter everyone all staff root security".split()
)
_GENERIC_CODES = frozenset("io co ai tv me cc fm ly gg sh to ac eu us".split())
"""Country codes that are used without the country, besides those longer than two letters."""


class Address(NamedTuple):
    """An e-mail address as we understand it."""

    email: str
    kind: str
    """`business`, `free`, `disposable`, `role` or `invalid`."""
    domain: str | None
    """The company's registrable domain; None unless the address is a company's."""


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
    if len(ending) != 2 or ending in _GENERIC_CODES:  # noqa: PLR2004  (ISO codes)
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
def address(text: str) -> Address:
    """Understand an address; one that isn't valid is kept as it was written."""
    written = text.strip().strip("<>").lower()
    email = _valid(written) or _valid(one_address(written) or "")
    if email is None:
        return Address(written, "invalid", None)
    local, _, host = email.rpartition("@")
    domain = registrable(host)
    if host in _FREE or domain in _FREE:
        return Address(email, "free", None)
    if host in blocklist or domain in blocklist:
        return Address(email, "disposable", None)
    kind = "role" if local.partition("+")[0] in _ROLES else "business"
    return Address(email, kind, domain or host)
