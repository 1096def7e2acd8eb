"""Countries and states in the forms people write them, to their ISO codes.

The names of countries in many languages come with `phonenumbers`, those of states and provinces
with `holidays`; only what people write besides those is listed here.
"""

from functools import cache, lru_cache

import holidays
from phonenumbers.geodata.locale import LOCALE_DATA
from rapidfuzz import fuzz, process

from domain.intake.vocabulary.texts import fold

_ALIASES = {
    "GB": "uk;u k;great britain;britain;england;scotland;wales;northern ireland;united kingdom;"
    "united kingdom of great britain and northern ireland",
    "US": "usa;u s;u s a;america;united states of america;the united states;estados unidos;eeuu",
    "DE": "brd;germany;allemagne;alemania",
    "NL": "holland;the netherlands;niederlande;pays bas",
    "KR": "korea;corea;south korea;republic of korea;korea republic of",
    "KP": "north korea",
    "CZ": "czech republic;czechia;cesko;ceska republika",
    "CH": "schweiz;suisse;svizzera",
    "AT": "osterreich;oesterreich",
    "AE": "uae;u a e;emirates;dubai",
    "RU": "russia;russian federation",
    "VN": "viet nam;vietnam",
    "TW": "taiwan;taiwan roc",
    "HK": "hong kong;hong kong sar",
    "TR": "turkey;turkiye",
    "CI": "ivory coast",
    "MK": "macedonia",
    "BO": "bolivia",
    "VE": "venezuela",
    "IR": "iran",
    "MD": "moldova",
    "TZ": "tanzania",
    "LA": "laos",
    "PS": "palestine",
}
_ISO3 = (
    "USA:US GBR:GB DEU:DE FRA:FR ESP:ES ITA:IT NLD:NL BEL:BE CHE:CH AUT:AT SWE:SE NOR:NO DNK:DK "
    "FIN:FI POL:PL CZE:CZ IRL:IE PRT:PT CAN:CA MEX:MX BRA:BR ARG:AR CHL:CL COL:CO PER:PE JPN:JP "
    "KOR:KR CHN:CN IND:IN SGP:SG AUS:AU NZL:NZ HKG:HK TWN:TW MYS:MY IDN:ID THA:TH PHL:PH VNM:VN "
    "ARE:AE SAU:SA ISR:IL ZAF:ZA TUR:TR RUS:RU UKR:UA ROU:RO HUN:HU GRC:GR LUX:LU"
)
_MORE_STATES = {
    "JP": "Tokyo:13;Osaka:27;Kyoto:26;Kanagawa:14;Aichi:23;Fukuoka:40;Hokkaido:01",
    "MX": "Jalisco:JAL;Ciudad de Mexico:CMX;Nuevo Leon:NLE;Puebla:PUE;Queretaro:QUE",
}
_ABBREVIATED = {
    "US": "calif:CA;cal:CA;mass:MA;tex:TX;wash:WA;penn:PA;mich:MI;minn:MN;fla:FL;ill:IL;conn:CT;"
    "washington dc:DC;washington d c:DC;d c:DC;nyc:NY;new york city:NY",
    "CA": "ont:ON;que:QC;quebec:QC;b c:BC;alta:AB;sask:SK;man:MB",
    "AU": "new south wales:NSW;victoria:VIC;queensland:QLD",
    "DE": "bavaria:BY;bayern:BY;nrw:NW;north rhine westphalia:NW;hesse:HE;saxony:SN;"
    "lower saxony:NI;baden wurttemberg:BW;baden wuerttemberg:BW",
}
_CLOSE = 90
"""How alike a misspelt name must be, of 100; and only one country may be."""


@cache
def _countries() -> dict[str, str]:
    """ISO codes by every folded name."""
    known: dict[str, str] = {}
    for code, names in LOCALE_DATA.items():
        for name in names.values():
            if not name.startswith("*"):
                known.setdefault(fold(name), code)
    for code, names in _ALIASES.items():
        known.update(dict.fromkeys(names.split(";"), code))
    known.update(_iso3(pair) for pair in _ISO3.split())
    known.update({code.lower(): code for code in LOCALE_DATA if len(code) == 2})  # noqa: PLR2004
    return known


def _iso3(pair: str) -> tuple[str, str]:
    long, _, short = pair.partition(":")
    return long.lower(), short


@lru_cache(maxsize=8192)
def country(text: str) -> tuple[str, float] | None:
    """A country's ISO code and how sure that is; None when the text names none."""
    folded = fold(text)
    known = _countries()
    if folded in known:
        return known[folded], 1.0
    if len(folded) <= 4:  # noqa: PLR2004  (too short to be a misspelt name)
        return None
    close = process.extract(folded, known.keys(), scorer=fuzz.ratio, score_cutoff=_CLOSE, limit=5)
    codes = {known[name] for name, _, _ in close}
    return (codes.pop(), close[0][1] / 100) if len(codes) == 1 else None


@cache
def _states_of(code: str) -> dict[str, str]:
    """A country's states by every folded name and code."""
    known: dict[str, str] = {}
    written = f"{_MORE_STATES.get(code, '')};{_ABBREVIATED.get(code, '')}"
    for pair in filter(None, written.split(";")):
        name, _, short = pair.rpartition(":")
        known[fold(name)] = short
    try:
        found = holidays.country_holidays(code)
    except NotImplementedError:
        return known
    for name, short in found.subdivisions_aliases.items():
        known[fold(name)] = short
    known.update({short.lower(): short for short in found.subdivisions})
    return known


def knows_states(code: str) -> bool:
    """Whether we know this country's states well enough to refuse others."""
    return bool(_states_of(code))


@lru_cache(maxsize=8192)
def state(text: str, code: str) -> str | None:
    """A state's code within a country; None when it is none of that country's."""
    short = text.upper().removeprefix(f"{code}-")
    known = _states_of(code)
    return known.get(fold(short)) or known.get(fold(text))
