"""The enrichment waterfall over real HTTP, against the sandbox's three providers."""

import random
import socket
import time
from collections import Counter
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from domain.intake.normalization.fields import normalize
from domain.lead.model import FieldName, Lead, RawLead
from domain.policy.model import Enrichment as Rules
from domain.policy.model import Provider as ProviderRule
from domain.ports import Enriched, Enrichment, Sought
from domain.values import LeadKey, Scalar, Source, Sourced
from sandbox import enrichment
from sandbox.http.message import Handler, Request, Response
from sandbox.server.http_server import Server
from sandbox.state.world import World
from tools.enrichment import (
    HTTP,
    Apollo,
    EnrichmentGateway,
    Hunter,
    MemoryCache,
    Pdl,
    ProviderAccess,
)
from tools.http import Transport

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BUDGET = timedelta(seconds=8)
KEYS = {"pdl": "pdl-key", "apollo": "apollo-key", "hunter": "hunter-key"}
ALL = ("pdl", "apollo", "hunter")
COMPANY = (FieldName.COUNTRY, FieldName.INDUSTRY, FieldName.EMPLOYEES)


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        """The time so far."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.time += timedelta(seconds=seconds)


def canonical(values: Mapping[FieldName, Scalar]) -> Mapping[FieldName, Scalar]:
    """What the composition root gives the gateway: the domain's own normalizing."""
    raw = RawLead(
        key=LeadKey("0"), values=values, link=None, created_at=NOW, updated_at=NOW, read_at=NOW
    )
    return {name: one.value for name, one in normalize(raw).fields.items()}


class Providers:
    """The three providers of a small world, and what becomes of a provider's next answers."""

    def __init__(self) -> None:
        self.world = World(now=NOW)
        self.answers: dict[str, Response] = {}
        """Provider to the answer that it gives in place of its own."""
        for name, key in KEYS.items():
            enrichment.add_account(self.world, name, key)
        faces = {
            "/pdl": self._face("pdl", enrichment.pdl(self.world)),
            "/apollo": self._face("apollo", enrichment.apollo(self.world)),
            "/hunter": self._face("hunter", enrichment.hunter(self.world)),
        }
        self.transports: list[Transport] = []
        self.asked = Counter[str]()
        self.paths: list[str] = []
        self.server = Server(self.world, faces)
        self.server.start()
        self.port = self.server.port
        self.clock = Clock()
        self.cache = MemoryCache()

    def _face(self, name: str, face: Handler) -> Handler:
        def answer(request: Request) -> Response:
            self.asked[name] += 1
            self.paths.append(f"{name} {request.path}")
            return self.answers.get(name) or face(request)

        return answer

    def gateway(self, *names: str, **rules: Any) -> EnrichmentGateway:  # noqa: ANN401  (as Rules)
        """A gateway that asks these providers in this order."""
        given = rules.pop("credits_per_day", 500)
        named: list[Any] = [ProviderRule.model_validate({"name": name}) for name in names]
        providers = tuple(one.model_copy(update={"credits_per_day": given}) for one in named)
        return EnrichmentGateway(
            Rules(providers=providers, **rules),
            [
                Pdl(self._access("pdl"), self._transport("pdl"), self.clock),
                Apollo(self._access("apollo"), self._transport("apollo"), self.clock),
                Hunter(self._access("hunter"), self._transport("hunter"), self.clock),
            ],
            self.cache,
            self.clock,
            canonical,
        )

    def _access(self, name: str) -> ProviderAccess:
        url = f"http://127.0.0.1:{self.port}/{name}"
        return ProviderAccess(url, SecretStr(KEYS[name]))

    def _transport(self, name: str) -> Transport:
        transport = Transport(name, self.clock, random.Random(1), HTTP)
        self.transports.append(transport)
        return transport

    def stop(self) -> None:
        """Close everything."""
        for transport in self.transports:
            transport.close()
        self.server.stop()

    def company(self, domain: str, **more: object) -> None:
        """Let the providers know a company in Germany with 800 employees."""
        row = {"domain": domain, "name": "Acme GmbH", "industry": "Machinery", "employees": 800}
        row |= {"country": "DE", "country_name": "Germany", "region": "Bayern", "city": "Munich"}
        enrichment.add_company(self.world, row | more)

    def person(self, email: str, **more: object) -> None:
        """Let the providers know a director of sales."""
        row = {"email": email, "first_name": "Anke", "last_name": "Maier", "department": "sales"}
        row |= {"title": "Director of Sales", "seniority": "director", "city": "Munich"}
        row |= {"domain": email.partition("@")[2], "country": "DE", "country_name": "Germany"}
        enrichment.add_person(self.world, row | more)


@pytest.fixture
def providers() -> Generator[Providers]:
    """Three providers that know Acme."""
    providers = Providers()
    providers.company("acme.com")
    yield providers
    providers.stop()


def lead(email: str = "dana@acme.com", key: str = "1", **more: str) -> Lead:
    """A lead with an address and little else."""
    values: dict[FieldName, Scalar] = {FieldName.EMAIL: email}
    values |= {FieldName(name): text for name, text in more.items()}
    return normalize(
        RawLead(
            key=LeadKey(key),
            values=values,
            link=None,
            created_at=NOW,
            updated_at=NOW,
            read_at=NOW,
        )
    )


def look_up(gateway: Enrichment, one: Lead, *fields: FieldName) -> Enriched:
    """What is found for one lead."""
    sought = Sought(lead=one, fields=fields or COMPANY)
    return gateway.look_up([sought], BUDGET)[one.key]


def values(enriched: Enriched) -> dict[str, Scalar]:
    """What was found, without where it came from."""
    return {name.value: one.value for name, one in enriched.fields.items()}


def error(status: int, **headers: str) -> Response:
    """An error of any provider."""
    return Response.of({"error": "as told"}, status, **headers)


def test_the_first_provider_that_knows_all_ends_the_waterfall(providers: Providers) -> None:
    """What is found carries its source, its confidence and the time; nobody else is asked."""
    enriched = look_up(providers.gateway(*ALL), lead())
    assert values(enriched)["country"] == "DE"
    assert enriched.fields[FieldName.INDUSTRY] == Sourced(
        value="manufacturing", source=Source.PDL, confidence=0.8, at=NOW
    )
    assert (enriched.missing, enriched.notes) == ((), ())
    assert {"pdl": 1} == providers.asked


def test_ten_leads_of_one_company_share_one_lookup(providers: Providers) -> None:
    """The domain is looked up once, and every lead gets the answer."""
    leads = [lead(f"person{number}@acme.com", str(number)) for number in range(10)]
    sought = [Sought(lead=one, fields=COMPANY) for one in leads]
    found = providers.gateway("pdl").look_up(sought, BUDGET)
    assert {"pdl": 1} == providers.asked
    assert [values(found[one.key])["country"] for one in leads] == ["DE"] * 10


def test_the_next_provider_is_asked_for_what_is_missing(providers: Providers) -> None:
    """A provider without the company costs nothing and is told in the notes."""
    providers.company("beta.com", unknown_to=["pdl"])
    enriched = look_up(providers.gateway(*ALL), lead("dana@beta.com"))
    assert enriched.fields[FieldName.COUNTRY].source is Source.APOLLO
    assert enriched.notes == ("pdl: not found",)
    assert {"pdl": 1, "apollo": 1} == providers.asked


def test_a_company_nobody_knows_is_missing_with_the_reasons(providers: Providers) -> None:
    """The lead is in the answer all the same."""
    enriched = look_up(providers.gateway(*ALL), lead("dana@unknown.com"))
    expected = ("pdl: not found", "apollo: not found", "hunter: not found")
    assert (enriched.fields, enriched.missing, enriched.notes) == ({}, COMPANY, expected)


def test_an_answer_is_not_paid_for_twice(providers: Providers) -> None:
    """A second batch, and another process on the same cache, make no call."""
    first = look_up(providers.gateway("pdl"), lead())
    providers.clock.sleep(3600)
    second = look_up(providers.gateway("pdl"), lead("another@acme.com", "2"))
    assert first.fields == second.fields
    assert {"pdl": 1} == providers.asked


@pytest.mark.parametrize(("domain", "days"), [("acme.com", 60), ("unknown.com", 7)])
def test_an_answer_is_believed_as_long_as_the_policy_says(
    providers: Providers, domain: str, days: int
) -> None:
    """What was found is kept longer than that nothing was."""
    gateway = providers.gateway("pdl")
    for passed in (0, days * 86_400 - 1, 1):
        providers.clock.sleep(passed)
        look_up(gateway, lead(f"dana@{domain}"))
    assert {"pdl": 2} == providers.asked


@pytest.mark.parametrize("email", ["dana@gmail.com", "dana@mailinator.com", "no address"])
def test_personal_addresses_are_not_looked_up(providers: Providers, email: str) -> None:
    """Without a company's domain nobody is asked."""
    enriched = look_up(providers.gateway(*ALL), lead(email), *COMPANY, FieldName.TITLE)
    assert enriched.notes == ("no company domain to look up", "no work address to look up")
    assert {} == providers.asked


def test_a_person_is_looked_up_only_when_something_personal_is_sought(providers: Providers) -> None:
    """The title is asked for by work address, and seniority follows from it."""
    providers.person("dana@acme.com")
    look_up(providers.gateway("pdl"), lead())
    enriched = look_up(providers.gateway("pdl"), lead(), FieldName.TITLE, FieldName.SENIORITY)
    assert values(enriched) == {"title": "Director of Sales", "seniority": "director"}
    assert providers.paths == ["pdl /v5/company/enrich", "pdl /v5/person/enrich"]


def test_only_what_was_sought_is_handed_on(providers: Providers) -> None:
    """Nothing else that a provider knows is kept on the lead."""
    enriched = look_up(providers.gateway("pdl"), lead(), FieldName.COUNTRY)
    assert values(enriched) == {"country": "DE"}


def test_another_company_is_refused(providers: Providers) -> None:
    """An answer about another domain fills nothing, and isn't paid for again."""
    providers.company("gamma.com", mistaken_by={"apollo": "acme.com"})
    gateway = providers.gateway("apollo")
    for _ in range(2):
        enriched = look_up(gateway, lead("dana@gamma.com"))
        assert enriched.fields == {}
        assert enriched.notes == ("apollo: answered for another company",)
    assert {"apollo": 1} == providers.asked


def test_a_weak_match_is_not_bought(providers: Providers) -> None:
    """People Data Labs is asked to leave out what is less sure than the policy wants."""
    providers.company("gamma.com", mistaken_by={"pdl": "acme.com"})
    enriched = look_up(providers.gateway("pdl"), lead("dana@gamma.com"))
    assert enriched.notes == ("pdl: not found",)
    assert providers.world.table("enrichment.account")["pdl"]["credits_spent"] == 0


def test_a_state_counts_only_within_the_leads_own_country(providers: Providers) -> None:
    """The seat of a company abroad says nothing about the lead's state."""
    gateway = providers.gateway("pdl")
    there = look_up(gateway, lead(country="Germany"), FieldName.STATE)
    elsewhere = look_up(gateway, lead(country="US"), FieldName.STATE)
    assert values(there) == {"state": "BY"}
    assert values(elsewhere) == {}


def test_an_erased_person_is_forgotten_and_never_named_again(providers: Providers) -> None:
    """451 from one provider ends the matter with all of them, for ever."""
    providers.person("dana@acme.com", erased=True, unknown_to=["apollo"])
    first = look_up(providers.gateway("apollo", "hunter"), lead(), FieldName.TITLE)
    providers.clock.sleep(400 * 86_400)
    again = look_up(providers.gateway(*ALL), lead(), *COMPANY, FieldName.TITLE)
    assert (first.must_forget, again.must_forget) == (True, True)
    assert (first.fields, again.fields) == ({}, {})
    assert {"apollo": 1, "hunter": 1} == providers.asked
    assert again.notes == ("this person asked to be erased",)


def test_what_another_provider_told_of_an_erased_person_is_deleted(providers: Providers) -> None:
    """The cache keeps nothing of them, and no address."""
    providers.person("dana@acme.com", erased=True, title="")
    look_up(providers.gateway("apollo", "hunter"), lead(), FieldName.TITLE)
    assert "Anke" not in str(vars(providers.cache))
    assert "dana" not in str(vars(providers.cache))


def test_three_failures_in_a_row_open_the_circuit_for_a_minute(providers: Providers) -> None:
    """The provider is left alone, then tried once; the others go on."""
    providers.answers["pdl"] = error(503)
    for number in range(4):
        providers.company(f"company{number}.com")
    gateway = providers.gateway("pdl", "apollo")
    found = [look_up(gateway, lead(f"dana@company{number}.com")) for number in range(4)]
    assert {"pdl": 3, "apollo": 4} == providers.asked
    assert found[3].notes == ("pdl: 3 failures in a row; not asked until 12:01 UTC",)
    assert found[3].fields[FieldName.COUNTRY].source is Source.APOLLO
    providers.clock.sleep(60)
    providers.answers.clear()
    assert look_up(gateway, lead()).fields[FieldName.COUNTRY].source is Source.PDL


@pytest.mark.parametrize(
    ("name", "answer", "until"),
    [
        ("pdl", error(429, retry_after="30"), "12:00"),
        ("pdl", error(402), "13:00"),
        ("pdl", error(401), "12:10"),
        ("pdl", error(403), "12:10"),
        ("apollo", error(429), "12:01"),
        ("apollo", Response.of({"error": "You have insufficient credits!"}, 422), "13:00"),
        ("apollo", error(401), "12:10"),
        ("hunter", error(403), "12:01"),
        ("hunter", error(429), "12:00"),
        ("hunter", error(401), "12:10"),
    ],
)
def test_a_provider_that_asks_for_a_pause_gets_it(
    providers: Providers, name: str, answer: Response, until: str
) -> None:
    """Too fast, no credits and a refused key each mean what that provider means by them."""
    providers.answers[name] = answer
    gateway = providers.gateway(name)
    look_up(gateway, lead())
    enriched = look_up(gateway, lead("dana@other.com"))
    assert {name: 1} == providers.asked
    assert enriched.notes[0].endswith(f"not asked until {until} UTC")


@pytest.mark.parametrize(
    ("name", "answer", "note"),
    [
        ("hunter", error(202), "hunter: still looking"),
        ("pdl", error(400), "pdl: the question was not understood"),
        ("pdl", Response(200, b"<html>"), "pdl: the answer is not a JSON object"),
        ("apollo", Response.of([1]), "apollo: the answer is not a JSON object"),
    ],
)
def test_an_answer_that_is_none_is_asked_for_again_next_time(
    providers: Providers, name: str, answer: Response, note: str
) -> None:
    """It is not kept, and the provider is not left alone for it."""
    providers.answers[name] = answer
    gateway = providers.gateway(name)
    assert look_up(gateway, lead()).notes == (note,)
    providers.answers.clear()
    assert look_up(gateway, lead()).notes == ()


@pytest.mark.parametrize(
    "row",
    [
        {"likelihood": "high", "location": [], "name": 7, "website": 5, "employee_count": True},
        {"likelihood": 8, "location": {"country": {}}, "industry": "x" * 1000},
        {},
    ],
)
def test_a_malformed_answer_fills_nothing(providers: Providers, row: dict[str, object]) -> None:
    """Values of the wrong type or size are no values."""
    providers.answers["pdl"] = Response.of(row)
    assert look_up(providers.gateway("pdl"), lead()).fields == {}


def test_the_days_credits_are_a_limit_for_all_processes(providers: Providers) -> None:
    """What a first process has spent, a second one on the same cache can't spend again."""
    for number in range(4):
        providers.company(f"company{number}.com")
    sought = [
        Sought(lead=lead(f"dana@company{number}.com", str(number)), fields=COMPANY)
        for number in range(4)
    ]
    first = providers.gateway("pdl", credits_per_day=3).look_up(sought, BUDGET)
    look_up(providers.gateway("pdl", credits_per_day=3), lead())
    assert {"pdl": 3} == providers.asked
    assert first[LeadKey("3")].notes == ("pdl: today's 3 credits are used up",)
    providers.clock.sleep(86_400)
    look_up(providers.gateway("pdl", credits_per_day=3), lead())
    assert {"pdl": 4} == providers.asked


def test_what_is_not_found_costs_no_credit(providers: Providers) -> None:
    """Misses leave the budget to the others."""
    domains = ["a.com", "b.com", "c.com", "acme.com"]
    sought = [Sought(lead=lead(f"dana@{domain}", domain), fields=COMPANY) for domain in domains]
    found = providers.gateway("pdl", credits_per_day=1).look_up(sought, BUDGET)
    assert values(found[LeadKey("acme.com")])["country"] == "DE"


def test_a_batch_without_time_asks_nobody(providers: Providers) -> None:
    """What is not known by then is missing, and told."""
    sought = Sought(lead=lead(), fields=COMPANY)
    found = providers.gateway("pdl").look_up([sought], timedelta(0))
    assert found[LeadKey("1")].notes == ("pdl: no time was left to ask",)
    assert {} == providers.asked


def test_a_silent_provider_is_waited_for_no_longer_than_the_budget(providers: Providers) -> None:
    """The rest of the budget bounds the silence that one call may bear."""
    sought = Sought(lead=lead(), fields=COMPANY)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        providers.port = silent.getsockname()[1]
        found = providers.gateway("pdl").look_up([sought], timedelta(seconds=0.2))
    assert time.monotonic() - began < 2
    assert found[LeadKey("1")].notes == (
        "pdl: GET /v5/company/enrich: no whole answer (ReadTimeout)",
    )


def test_examination_costs_nothing_and_names_the_fix(providers: Providers) -> None:
    """A refused key is found, a provider without one is off, and nobody is charged."""
    providers.answers["apollo"] = error(401)
    gateway = providers.gateway("pdl", "apollo")
    findings = {one.subject: one for one in gateway.examine()}
    assert findings["People Data Labs"].sentence == ("The key works; 0 of 500 credits used today.")
    assert (findings["Apollo"].ok, "APOLLO_API_KEY" in (findings["Apollo"].fix or "")) == (
        False,
        True,
    )
    assert providers.world.table("enrichment.account")["pdl"]["credits_spent"] == 0
