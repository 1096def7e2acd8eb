"""Job titles to seniority and function, in the languages our leads write."""

import re
from functools import cache, lru_cache

from domain.intake.normalization.texts import fold

_SENIORITY = {
    "student": "student* intern internship trainee apprentice praktikant* stagiaire werkstudent*",
    "c_level": "ceo cfo cto cmo cio coo cpo cro cso cdo ciso chro chief president founder owner "
    "co-founder geschaftsfuhrer* geschaeftsfuehrer* inhaber* pdg directeur-general vorstand* "
    "gerente-general managing-director amministratore-delegato proprietario",
    "vp": "vp svp evp avp vice-president* vicepresident*",
    "director": "director* directeur directrice direktor* direttore head leiter* "
    "bereichsleiter* abteilungsleiter* chef-de cheffe-de",
    "manager": "manager* lead supervisor gerente responsable teamleiter* coordinator",
}
"""Words by seniority, highest claim first but for students; `*` is any ending, `-` a blank."""
_FUNCTION = {
    "marketing": "marketing demand growth brand communication* kommunikation cmo content seo "
    "campaign*",
    "sales": "sales vertrieb* ventes ventas commercial revenue cro account-executive "
    "business-development bdr sdr",
    "it": "it information-technology cio ciso infrastructure system* network sysadmin informatik* "
    "security edv",
    "engineering": "engineer* developer entwickler* software cto devops architect ingenieur* data "
    "r-d technology",
    "finance": "financ* cfo accounting controller controlling treasur* buchhaltung procurement "
    "purchasing einkauf*",
    "hr": "hr human-resources people talent recruit* personal* chro",
    "legal": "legal counsel attorney lawyer compliance recht jurist* privacy",
    "product": "product produkt* cpo ux design*",
    "operations": "operation* ops coo logisti* supply-chain manufacturing produktion plant",
    "executive": "ceo president founder owner managing-director geschaftsfuhrer* "
    "geschaeftsfuehrer* pdg inhaber*",
}


@cache
def _compiled() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    tables = {"seniority": _SENIORITY, "function": _FUNCTION}
    return {
        name: tuple((label, _pattern(words)) for label, words in table.items())
        for name, table in tables.items()
    }


def _pattern(words: str) -> re.Pattern[str]:
    spelled = (word.replace("-", " ").replace("*", r"\w*") for word in words.split())
    return re.compile(rf"\b(?:{'|'.join(spelled)})\b")


def _first(table: str, title: str) -> str | None:
    folded = fold(title)
    return next((name for name, found in _compiled()[table] if found.search(folded)), None)


@lru_cache(maxsize=16384)
def seniority(title: str) -> str:
    """`c_level`, `vp`, `director`, `manager`, `student`, or `individual` for all others."""
    return _first("seniority", title) or "individual"


@lru_cache(maxsize=16384)
def function(title: str) -> str | None:
    """What part of the company a title belongs to; None when it doesn't say."""
    return _first("function", title)
