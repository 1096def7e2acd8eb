"""The ways in which people write the same website or company, since SOQL compares texts only."""

import re
from functools import lru_cache

from cleanco import basename

from domain.intake.normalization.written import in_ascii

SCHEMES = ("http://", "https://")

LEGAL_FORMS = {
    "AT": ("GmbH", "AG"),
    "AU": ("Pty Ltd", "Pty. Ltd.", "Ltd", "Limited"),
    "BE": ("NV", "SA", "BV", "SRL"),
    "BR": ("Ltda", "Ltda.", "S.A.", "SA"),
    "CA": ("Inc.", "Inc", "Ltd.", "Ltd", "Corp."),
    "CH": ("AG", "GmbH", "SA", "Sàrl"),
    "DE": ("GmbH", "AG", "SE", "GmbH & Co. KG", "KG"),
    "DK": ("A/S", "ApS"),
    "ES": ("S.L.", "SL", "S.A.", "SA"),
    "FI": ("Oy", "Oyj"),
    "FR": ("SAS", "SA", "SARL", "S.A.S.", "S.A."),
    "GB": ("Ltd", "Limited", "Ltd.", "PLC", "LLP"),
    "IE": ("Ltd", "Limited", "DAC", "PLC"),
    "IN": ("Pvt Ltd", "Pvt. Ltd.", "Private Limited", "Ltd", "Limited"),
    "IT": ("S.p.A.", "SpA", "S.r.l.", "Srl"),
    "JP": ("K.K.", "KK", "Co., Ltd.", "Inc."),
    "NL": ("B.V.", "BV", "N.V.", "NV"),
    "NO": ("AS", "ASA"),
    "PL": ("Sp. z o.o.", "S.A."),
    "SE": ("AB", "AB (publ)"),
    "SG": ("Pte Ltd", "Pte. Ltd.", "Ltd"),
    "US": ("Inc.", "Inc", ", Inc.", "LLC", "Corp.", "Corporation"),
}
"""What commonly follows a company's name, by country; a leading comma replaces the space."""

ANYWHERE = ("Inc.", "Inc", "Ltd", "GmbH")
"""For leads whose country isn't known, or not listed."""


def website_forms(domain: str) -> list[str]:
    """How Account.Website may hold a domain: with and without scheme, `www.` and last slash."""
    hosts = [
        host for name in dict.fromkeys((domain, in_ascii(domain))) for host in (name, f"www.{name}")
    ]
    urls = [scheme + host for scheme in SCHEMES for host in hosts]
    return [*hosts, *urls, *(f"{url}/" for url in urls if url != f"http://{domain}")]


@lru_cache(maxsize=16384)
def company_forms(company: str, country: str | None) -> tuple[str, ...]:
    """How Account.Name may hold a company: as written, and its bare name with usual legal forms."""
    written = " ".join(company.split())
    bare = basename(written) or written
    legal = LEGAL_FORMS.get(country or "", ANYWHERE)
    forms = [f"{bare}{form}" if form[0] == "," else f"{bare} {form}" for form in legal]
    return tuple(dict.fromkeys([written, bare, *forms]))


def host_of(website: str) -> str:
    """The host of a website as people write it, in lower case and without `www.`."""
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://", "", website.strip().lower())
    return re.split(r"[/?#:]", bare, maxsplit=1)[0].removeprefix("www.").rstrip(".")
