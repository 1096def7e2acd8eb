"""Industries and lead sources to the few words that rules and reports use."""

from functools import lru_cache

from domain.intake.normalization.texts import fold

_INDUSTRIES = {
    "software": "software saas internet computer technology it tech informationstechnologie cloud "
    "informatik",
    "financial services": "financial finance banking bank insurance fintech investment finanz "
    "versicherung banque",
    "manufacturing": "manufacturing industrial automotive machinery production maschinenbau "
    "fertigung electronics chemicals",
    "healthcare": "healthcare health medical hospital pharma pharmaceutical pharmaceuticals "
    "biotech gesundheit",
    "retail": "retail ecommerce commerce consumer wholesale handel fashion apparel",
    "education": "education university school edtech bildung higher e-learning",
    "government": "government public nonprofit ngo federal municipal administration",
    "energy": "energy utilities oil gas renewables solar energie",
    "media": "media entertainment publishing advertising telecommunications telecom gaming",
    "logistics": "logistics transportation transport shipping airline travel hospitality logistik",
    "professional services": "consulting professional legal services accounting staffing agency "
    "beratung",
    "construction": "construction engineering real estate architecture bau immobilien",
}
_SOURCES = {
    "Website": "website web organic direct homepage form inbound",
    "Paid Search": "ppc sem adwords google-ads cpc paidsearch bing",
    "Paid Social": "linkedin facebook social paidsocial meta twitter",
    "Event": "event tradeshow conference booth messe expo summit",
    "Webinar": "webinar webcast",
    "Content": "content whitepaper ebook syndication download",
    "Partner": "partner reseller channel referral alliance",
    "Outbound": "outbound cold sdr prospecting list purchased",
    "Product": "product trial freemium signup plg",
    "Email": "email newsletter nurture",
}


@lru_cache(maxsize=4096)
def industry(text: str) -> str:
    """The closed list's word for an industry, or the text itself in small letters."""
    return _label(text, _INDUSTRIES) or fold(text)


@lru_cache(maxsize=4096)
def lead_source(text: str) -> str:
    """The closed list's word for a lead source, or the text itself."""
    return _label(text, _SOURCES) or text


def _label(text: str, table: dict[str, str]) -> str | None:
    folded = fold(text)
    for label in table:
        if fold(label) == folded:
            return label
    words = set(folded.split())
    for label, known in table.items():
        if words & set(known.split()):
            return label
    return None
