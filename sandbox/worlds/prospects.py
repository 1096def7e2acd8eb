"""People who fill in forms: who they are, and what they make of the form's fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from sandbox.enrichment import add_person
from sandbox.state.world import Row, World
from sandbox.worlds.companies import GAP, PROVIDERS, Company, ascii_of
from sandbox.worlds.names import FIRST, LAST, TITLES, Title
from sandbox.worlds.places import COUNTRIES

FREE_MAIL = ("gmail.com", "outlook.com", "gmx.de", "yahoo.co.jp", "qq.com", "web.de")
SOURCES = (
    "Website",
    "website",
    "Web",
    "Google Ads",
    "google-cpc",
    "(not set)",
    "LinkedIn",
    "linkedin.com / referral",
    "Trade Show",
    "Partner",
    "",
)
CAMPAIGNS = (
    "utm_source=newsletter&utm_medium=email",
    "utm_source=Google&utm_medium=CPC&utm_campaign=brand_q4",
    "utm_source=google&utm_medium=cpc",
    "fb / paid",
    "{{utm_source}}",
)
PRODUCTS = ("Platform", "Analytics", "Connect", "")
SHORTEST_MISTYPED = 4
HEADCOUNTS = ("{n:,}", "{k:.1f}k", "{low}-{high}", "~{n}", "{n} employees", "{n}")


@dataclass(frozen=True, slots=True)
class Prospect:
    """A person as they really are."""

    first: str
    last: str
    email: str
    title: Title
    company: Company


def meet(world: World, company: Company) -> Prospect:
    """Make up a person of a company, with an address nobody has yet; the providers may know."""
    rng, tongue = world.rng, company.country.tongue
    first = rng.choice(FIRST[tongue].split())
    last = rng.choice(LAST[tongue].split())
    email = free_address(world, f"{first}.{last}", company.domain)
    title = rng.choice(TITLES.get(tongue, TITLES["english"]))
    prospect = Prospect(first, last, email, title, company)
    add_person(
        world,
        {
            "email": email,
            "first_name": first,
            "last_name": last,
            "title": title.text,
            "seniority": title.seniority,
            "department": title.department,
            "domain": company.domain,
            "country": company.country.code,
            "country_name": company.country.name,
            "city": company.city.name,
            "unknown_to": [each for each in PROVIDERS if rng.random() < 2 * GAP],
            "mailbox": "valid",
            "pending": int(rng.random() < GAP),
        },
    )
    return prospect


def free_address(world: World, local: str, domain: str) -> str:
    """An address that is not in the providers' book yet: a number is added when it must be."""
    stem = ascii_of(local).lower().replace(" ", "").replace("'", "")
    known = world.table("enrichment.person")
    email, number = f"{stem}@{domain}", 2
    while email in known:
        email, number = f"{stem}{number}@{domain}", number + 1
    return email


def clean_form(rng: Random, prospect: Prospect) -> Row:
    """What a careful person types."""
    company = prospect.company
    return {
        "email": prospect.email,
        "firstName": prospect.first,
        "lastName": prospect.last,
        "title": prospect.title.text,
        "company": company.name,
        "country": company.country.name,
        "state": company.city.state or None,
        "city": company.city.name,
        "phone": telephone(rng, company),
        "website": company.domain,
        "leadSource": "Website",
        "productInterest": rng.choice(PRODUCTS) or None,
        "consentBasis": "consent",
    }


def telephone(rng: Random, company: Company, *, national: bool = False) -> str:
    """A number at the company's place, international or as it is written at home."""
    number = company.country.national.format(area=company.city.area, n=rng.randint(100, 199))
    start = company.country.trunk if national else f"{company.country.calling} "
    return start + number


def soil(rng: Random, prospect: Prospect, form: Row) -> Row:
    """The form as people really leave it: one to three things are wrong with it."""
    soiled = dict(form)
    for name in rng.sample(sorted(DIRT), rng.randint(1, 3)):
        soiled |= DIRT[name](rng, prospect, soiled)
    return {field: value for field, value in soiled.items() if value is not None}


def _headcount(rng: Random, prospect: Prospect, _: Row) -> Row:
    count = prospect.company.employees
    text = rng.choice(HEADCOUNTS).format(
        n=count, k=count / 1000, low=count // 2, high=count + count // 2
    )
    return {"employeeRange": text}


def _state(rng: Random, prospect: Prospect, _: Row) -> Row:
    city = prospect.company.city
    return {"state": rng.choice((city.state_code, city.state.lower(), None)) or None}


def _telephone(rng: Random, prospect: Prospect, _: Row) -> Row:
    national = telephone(rng, prospect.company, national=True)
    odd = (national, national.replace(" ", ""), "n/a", "12345", "+" + national, None)
    return {"phone": rng.choice(odd)}


def _foreign_telephone(rng: Random, prospect: Prospect, _: Row) -> Row:
    """A number at home behind another country's code, as phones and forms make it."""
    home = prospect.company.country
    codes = sorted({each.calling for each in COUNTRIES if each.calling != home.calling})
    national = telephone(rng, prospect.company).removeprefix(home.calling)
    return {"phone": rng.choice(codes) + national}


def mistyped(rng: Random, text: str) -> str:
    """A text with two letters swapped, one left out or one doubled; short ones stay."""
    if len(text) < SHORTEST_MISTYPED:
        return text
    place = rng.randrange(1, len(text) - 1)
    before, here, after = text[:place], text[place], text[place + 1 :]
    return rng.choice(
        (before + after[0] + here + after[1:], before + after, before + here * 2 + after)
    )


DIRT: Mapping[str, Callable[[Random, Prospect, Row], Row]] = {
    "country": lambda rng, who, _: {"country": rng.choice(who.company.country.spellings)},
    "state": _state,
    "phone": _telephone,
    "capitals": lambda _rng, _who, form: {
        name: (form.get(name) or "").upper() or None
        for name in ("firstName", "lastName", "company")
    },
    "lower": lambda _rng, who, _: {"firstName": who.first.lower(), "lastName": who.last.lower()},
    "no_title": lambda _rng, _who, _form: {"title": None},
    "headcount": _headcount,
    "source": lambda rng, _who, _form: {
        "leadSource": rng.choice(SOURCES) or None,
        "sourceDetail": rng.choice(CAMPAIGNS),
    },
    "transliterated": lambda _rng, who, _form: {
        "firstName": ascii_of(who.first),
        "lastName": ascii_of(who.last),
    },
    "blanks": lambda _rng, who, form: {
        "lastName": f"  {who.last} ",
        "company": f"{form.get('company') or ''}  ",
    },
    "foreign_phone": _foreign_telephone,
    "typo": lambda rng, who, _form: {
        "lastName": mistyped(rng, who.last),
        "company": mistyped(rng, who.company.name),
    },
    "short_company": lambda _rng, who, _form: {"company": " ".join(who.company.name.split()[:2])},
}
"""One thing that can be wrong with a form."""
