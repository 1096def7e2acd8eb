"""Where prospects are: countries as people write them, cities, telephone numbers, time zones.

Numbers lie in the ranges that regulators keep for fiction where there is one (Ofcom, BNetzA,
Arcep, ACMA, NANPA 555-01xx).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class City:
    """A city, its state where addresses there carry one, and its area code."""

    name: str
    state: str = ""
    state_code: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class Country:
    """A country with what its prospects type into forms."""

    code: str
    name: str
    region: str
    timezone: str
    weight: int
    """Share of companies."""
    calling: str
    national: str
    """A local number: `{area}` and `{n}` (three digits) are filled in."""
    trunk: str
    cities: tuple[City, ...]
    spellings: tuple[str, ...]
    """Other ways in which people write the country."""
    tongue: str
    """Key of the name pool."""


COUNTRIES = (
    Country(
        "US",
        "United States",
        "AMER",
        "America/Chicago",
        34,
        "+1",
        "{area} 555 0{n}",
        "",
        (
            City("Austin", "Texas", "TX", "512"),
            City("Seattle", "Washington", "WA", "206"),
            City("Boston", "Massachusetts", "MA", "617"),
            City("Chicago", "Illinois", "IL", "312"),
            City("San Jose", "California", "CA", "408"),
            City("Atlanta", "Georgia", "GA", "404"),
            City("New York", "New York", "NY", "212"),
        ),
        ("U.S.A.", "USA", "usa", "United States of America", "US", "Unites States", "America"),
        "english",
    ),
    Country(
        "CA",
        "Canada",
        "AMER",
        "America/Toronto",
        6,
        "+1",
        "{area} 555 0{n}",
        "",
        (
            City("Toronto", "Ontario", "ON", "416"),
            City("Vancouver", "British Columbia", "BC", "604"),
            City("Montréal", "Québec", "QC", "514"),
        ),
        ("CANADA", "Cananda", "CA"),
        "english",
    ),
    Country(
        "BR",
        "Brazil",
        "AMER",
        "America/Sao_Paulo",
        4,
        "+55",
        "{area} 3555 0{n}",
        "0",
        (City("São Paulo", "São Paulo", "SP", "11"), City("Curitiba", "Paraná", "PR", "41")),
        ("Brasil", "BRAZIL", "Brésil"),
        "portuguese",
    ),
    Country(
        "GB",
        "United Kingdom",
        "EMEA",
        "Europe/London",
        10,
        "+44",
        "20 7946 0{n}",
        "0",
        (City("London"), City("Manchester"), City("Edinburgh")),
        ("UK", "U.K.", "England", "Great Britain", "United Kingdon", "uk"),
        "english",
    ),
    Country(
        "IE",
        "Ireland",
        "EMEA",
        "Europe/Dublin",
        2,
        "+353",
        "1 550 0{n}",
        "0",
        (City("Dublin"),),
        ("Republic of Ireland", "Eire", "IRELAND"),
        "english",
    ),
    Country(
        "DE",
        "Germany",
        "EMEA",
        "Europe/Berlin",
        12,
        "+49",
        "30 23125 {n}",
        "0",
        (City("Berlin"), City("München"), City("Hamburg"), City("Köln")),
        ("Deutschland", "GERMANY", "Germnay", "DE", "BRD", "Allemagne"),
        "german",
    ),
    Country(
        "FR",
        "France",
        "EMEA",
        "Europe/Paris",
        7,
        "+33",
        "1 99 00 10 {n}",
        "0",
        (City("Paris"), City("Lyon"), City("Nantes")),
        ("FRANCE", "france", "République française", "Farnce"),
        "french",
    ),
    Country(
        "ES",
        "Spain",
        "EMEA",
        "Europe/Madrid",
        4,
        "+34",
        "910 550 {n}",
        "",
        (City("Madrid"), City("Barcelona")),
        ("España", "SPAIN", "Espana"),
        "spanish",
    ),
    Country(
        "SE",
        "Sweden",
        "EMEA",
        "Europe/Stockholm",
        3,
        "+46",
        "8 465 00{n}",
        "0",
        (City("Stockholm"), City("Göteborg")),
        ("Sverige", "SWEDEN"),
        "nordic",
    ),
    Country(
        "NL",
        "Netherlands",
        "EMEA",
        "Europe/Amsterdam",
        4,
        "+31",
        "20 555 0{n}",
        "0",
        (City("Amsterdam"), City("Utrecht")),
        ("Holland", "The Netherlands", "Nederland", "NL"),
        "nordic",
    ),
    Country(
        "AE",
        "United Arab Emirates",
        "EMEA",
        "Asia/Dubai",
        2,
        "+971",
        "4 555 0{n}",
        "0",
        (City("Dubai"),),
        ("UAE", "U.A.E.", "Dubai"),
        "arabic",
    ),
    Country(
        "JP",
        "Japan",
        "APAC",
        "Asia/Tokyo",
        5,
        "+81",
        "3 5550 0{n}",
        "0",
        (City("Tokyo"), City("Osaka")),
        ("日本", "JAPAN", "Nippon"),
        "japanese",
    ),
    Country(
        "IN",
        "India",
        "APAC",
        "Asia/Kolkata",
        8,
        "+91",
        "80 4955 0{n}",
        "0",
        (City("Bengaluru", "Karnataka", "KA"), City("Pune", "Maharashtra", "MH")),
        ("INDIA", "Bharat", "india"),
        "indian",
    ),
    Country(
        "AU",
        "Australia",
        "APAC",
        "Australia/Sydney",
        5,
        "+61",
        "2 5550 0{n}",
        "0",
        (
            City("Sydney", "New South Wales", "NSW"),
            City("Perth", "Western Australia", "WA"),
        ),
        ("AUSTRALIA", "Austrailia", "AU"),
        "english",
    ),
    Country(
        "SG",
        "Singapore",
        "APAC",
        "Asia/Singapore",
        3,
        "+65",
        "6550 0{n}",
        "",
        (City("Singapore"),),
        ("SINGAPORE", "SG"),
        "chinese",
    ),
)
"""`WA` is a state twice, on purpose."""

BY_CODE = {country.code: country for country in COUNTRIES}
