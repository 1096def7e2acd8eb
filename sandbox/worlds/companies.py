"""Companies: made up, put into the providers' book, some of them accounts in Salesforce."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import IntEnum
from itertools import product
from random import Random

from sandbox.acts import user_id
from sandbox.enrichment import add_company
from sandbox.people.roster import COLLEAGUES, LEFT, colleagues
from sandbox.salesforce.store import records
from sandbox.state.world import Row, World
from sandbox.worlds.names import COMPANY_FIRST, COMPANY_SECOND, INDUSTRIES, LEGAL_FORMS
from sandbox.worlds.places import COUNTRIES, City, Country

SIZES = (8, 35, 120, 340, 800, 1999, 4600, 12000, 38000)
SIZE_WEIGHTS = (10, 18, 20, 18, 12, 9, 7, 4, 2)
PROVIDERS = ("pdl", "apollo", "hunter")
GAP = 0.18
"""Share of companies that a provider has never heard of; each provider has its own gaps."""
MISTAKE = 0.03
"""Share of companies for which a provider answers with another company."""


class Every(IntEnum):
    """One account in so many has this; each counts from a place of its own."""

    CUSTOMER = 3
    NAMED = 4
    LEFT_BEHIND = 5
    """Owned by somebody who left."""
    DEAL = 6
    SISTER = 12
    SUBSIDIARY = 13

    def has(self, index: int) -> bool:
        """Whether the account of this index is one of them."""
        return index % self == self - 2


@dataclass(frozen=True, slots=True)
class Company:
    """A company as it really is."""

    name: str
    """With its legal form."""
    domain: str
    country: Country
    city: City
    industry: str
    employees: int


@dataclass(frozen=True, slots=True)
class Account:
    """A Salesforce account of a company."""

    id: str
    company: Company
    owner: str
    """E-mail address."""
    is_named: bool = False
    is_customer: bool = False
    has_open_opportunity: bool = False
    is_sister: bool = False
    """The second account of a domain."""
    is_subsidiary: bool = False


def ascii_of(text: str) -> str:
    """Text in ASCII as mail systems write it: ü becomes ue, é becomes e."""
    for letter, spelled in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("ø", "o")):
        text = text.replace(letter, spelled).replace(letter.upper(), spelled.capitalize())
    text = text.replace("œ", "oe").replace("Ø", "O")
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def found_companies(world: World, count: int) -> list[Company]:
    """Make up `count` companies with distinct names and domains; let the providers know them."""
    rng = world.rng
    names = list(product(COMPANY_FIRST.split(), COMPANY_SECOND.split()))
    rng.shuffle(names)
    founded: list[Company] = []
    for index in range(count):
        first, second = names[index % len(names)]
        number = str(index) if index >= len(names) else ""
        country = rng.choices(COUNTRIES, [each.weight for each in COUNTRIES])[0]
        founded.append(
            Company(
                name=f"{first}{number} {second} {rng.choice(LEGAL_FORMS[country.code])}",
                domain=f"{first}{number}{second}.example".lower(),
                country=country,
                city=rng.choice(country.cities),
                industry=INDUSTRIES[second],
                employees=rng.choices(SIZES, SIZE_WEIGHTS)[0] + rng.randint(0, 7),
            )
        )
    for company in founded:
        add_company(world, _entry(rng, company, founded))
    return founded


def open_accounts(world: World, companies: Sequence[Company]) -> list[Account]:
    """Make a third of the companies accounts: customers, prospects, named ones, open deals.

    Some belong to somebody who left; some share their domain with a second account abroad, some
    have a subsidiary.
    """
    accounts: list[Account] = []
    for index, company in enumerate(companies[: len(companies) // 3]):
        account = _open(world, company, index)
        accounts.append(account)
        if Every.SISTER.has(index):
            sister = _open(world, _sister(world.rng, company), index)
            accounts.append(replace(sister, is_sister=True))
        if Every.SUBSIDIARY.has(index):
            below = _open(world, _subsidiary(world.rng, company), index, account.id)
            accounts.append(replace(below, is_subsidiary=True))
    return accounts


def _entry(rng: Random, company: Company, all_companies: Sequence[Company]) -> Row:
    others: dict[str, str] = {
        provider: rng.choice(all_companies).domain
        for provider in PROVIDERS
        if rng.random() < MISTAKE
    }
    return {
        "domain": company.domain,
        "name": company.name,
        "industry": company.industry,
        "employees": company.employees,
        "country": company.country.code,
        "country_name": company.country.name,
        "region": company.city.state or None,
        "city": company.city.name,
        "founded": rng.randint(1950, 2022),
        "unknown_to": [provider for provider in PROVIDERS if rng.random() < GAP],
        "mistaken_by": others,
    }


def _sister(rng: Random, company: Company) -> Company:
    """The same company's second account: the same domain, another country."""
    country = rng.choice([each for each in COUNTRIES if each != company.country])
    name = f"{company.name.split(' ', maxsplit=1)[0]} {country.name}"
    return replace(company, name=name, country=country, city=country.cities[0])


def _subsidiary(rng: Random, company: Company) -> Company:
    sister = _sister(rng, company)
    return replace(sister, domain=f"{company.country.code.lower()}-{company.domain}")


def _owner(company: Company, index: int) -> str:
    if company.country.region == "AMER" and Every.LEFT_BEHIND.has(index):
        return next(each.address for each in COLLEAGUES if each.name == LEFT)
    owners = colleagues("account_owner", company.country.region)
    return owners[index % len(owners)].address


def _open(world: World, company: Company, index: int, parent: str | None = None) -> Account:
    owner = _owner(company, index)
    is_customer, is_named = Every.CUSTOMER.has(index), Every.NAMED.has(index)
    owner_id = user_id(world, owner)
    account_id = records.insert(
        world,
        "Account",
        {
            "Name": company.name,
            "Website": f"https://www.{company.domain}",
            "BillingCountry": company.country.name,
            "BillingState": company.city.state or None,
            "BillingCity": company.city.name,
            "Industry": company.industry,
            "NumberOfEmployees": company.employees,
            "Type": "Customer" if is_customer else "Prospect",
            "OwnerId": owner_id,
            "ParentId": parent,
            "Named_Account__c": is_named,
            "Territory__c": company.country.region,
        },
        by=owner_id,
        assign=False,
    )
    has_deal = Every.DEAL.has(index)
    if has_deal:
        sellers = colleagues("account_owner", company.country.region)
        _open_deal(world, company, account_id, user_id(world, sellers[-1].address))
    return Account(account_id, company, owner, is_named, is_customer, has_deal)


def _open_deal(world: World, company: Company, account_id: str, owner_id: str) -> None:
    records.insert(
        world,
        "Opportunity",
        {
            "Name": f"{company.name} - platform",
            "AccountId": account_id,
            "OwnerId": owner_id,
            "StageName": "Proposal/Price Quote",
            "CloseDate": (world.now + timedelta(days=40)).date().isoformat(),
        },
        by=owner_id,
        assign=False,
    )


def of_region(companies: Iterable[Company], region: str) -> list[Company]:
    """The companies of one region."""
    return [company for company in companies if company.country.region == region]
