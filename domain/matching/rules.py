"""Which CRM record a lead is, and which account its company is.

One matcher for everything that asks. Candidates are looked at in the order of their creation, so
the answer never depends on the order in which the CRM gave them; every candidate that was not
taken has its reason.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from rapidfuzz import fuzz

from domain.intake.normalization.companies import company_key
from domain.lead.crm_records import Account, Candidates, CrmRecord, RecordKind
from domain.lead.match import (
    AccountMatch,
    Loser,
    ManyAccounts,
    ManyRecords,
    Match,
    NoAccount,
    NoRecord,
    OneAccount,
    OneRecord,
    PersonMatch,
)
from domain.lead.model import FieldName, Lead
from domain.policy.model import Matching, TieBreaker
from domain.values import RecordId

SAME_EMAIL = 1.0
LINKED = 1.0
SAME_DOMAIN = 0.95


def match(lead: Lead, candidates: Candidates, matching: Matching) -> Match:
    """Both answers for one lead."""
    records = sorted(candidates.records, key=lambda one: (one.created_at, one.id))
    accounts = sorted(candidates.accounts, key=lambda one: (one.created_at, one.id))
    by_company = _company(lead, accounts, matching)
    person = _person(lead, records, by_company)
    return Match(person=person, account=_account(person, by_company, accounts))


def _person(lead: Lead, records: Sequence[CrmRecord], company: AccountMatch) -> PersonMatch:
    linked = _linked(lead, records)
    if linked is not None:
        return _one(linked, "linked by Marketo's own sync", LINKED, records)
    email = lead.text(FieldName.EMAIL)
    same = [one for one in records if one.email is not None and one.email.lower() == email]
    if not same:
        return NoRecord()
    live = [one for one in same if not one.is_converted]
    if not live:
        return ManyRecords(
            records=tuple(same),
            sentence="Salesforce has only a converted lead whose contact is not to be seen.",
        )
    if len(live) == 1:
        return _one(live[0], "same e-mail address", SAME_EMAIL, records)
    contact = _contact_of_company(live, company)
    if contact is not None:
        by = "same e-mail address; the contact of the matched account"
        return _one(contact, by, SAME_EMAIL, records)
    kinds = ", ".join(f"{one.kind} {one.id}" for one in live)
    sentence = f"Salesforce has this e-mail address {len(live)} times: {kinds}."
    return ManyRecords(records=tuple(live), sentence=sentence)


def _linked(lead: Lead, records: Sequence[CrmRecord]) -> CrmRecord | None:
    """The record that Marketo's sync links; a converted lead leads on to its contact."""
    if lead.link is None:
        return None
    by_id = {one.id: one for one in records}
    found = by_id.get(lead.link.record_id)
    if found is not None and found.is_converted and found.converted_contact_id is not None:
        found = by_id.get(found.converted_contact_id)
    return None if found is None or found.is_converted else found


def _contact_of_company(records: Sequence[CrmRecord], company: AccountMatch) -> CrmRecord | None:
    """The only contact among the records, when it belongs to the lead's own company."""
    contacts = [one for one in records if one.kind is RecordKind.CONTACT]
    if len(contacts) != 1 or not isinstance(company, OneAccount):
        return None
    return contacts[0] if contacts[0].account_id == company.account.id else None


def _one(record: CrmRecord, by: str, confidence: float, records: Sequence[CrmRecord]) -> OneRecord:
    losers = tuple(
        Loser(name=f"{one.kind} {one.id}", why=_why_not(one, record))
        for one in records
        if one.id != record.id
    )
    return OneRecord(record=record, by=by, confidence=confidence, losers=losers)


def _why_not(loser: CrmRecord, winner: CrmRecord) -> str:
    if loser.is_converted:
        return "converted"
    return "another record of the same person" if loser.email == winner.email else "another e-mail"


def _company(lead: Lead, accounts: Sequence[Account], matching: Matching) -> AccountMatch:
    companies = [one for one in accounts if not one.is_person_account]
    people = tuple(
        Loser(name=f"Account {one.name}", why="a person account, not a company")
        for one in accounts
        if one.is_person_account
    )
    domain = lead.text(FieldName.DOMAIN)
    same = [one for one in companies if domain is not None and one.domain == domain]
    if same:
        others = tuple(_loser(one, "another domain") for one in companies if one not in same)
        return _settle(
            lead, same, f"same domain {domain}", SAME_DOMAIN, (*others, *people), matching
        )
    return _by_name(lead, companies, people, matching)


def _by_name(
    lead: Lead, companies: Sequence[Account], losers: tuple[Loser, ...], matching: Matching
) -> AccountMatch:
    name = lead.text(FieldName.COMPANY)
    if name is None:
        return NoAccount(losers=losers)
    alike: list[tuple[float, Account]] = []
    for one in companies:
        ratio = similarity(name, one.name)
        why = _why_no_name(lead, one, ratio, matching)
        if why is None:
            alike.append((ratio, one))
        else:
            losers = (*losers, _loser(one, why))
    if not alike:
        return NoAccount(losers=losers)
    best = max(ratio for ratio, _ in alike)
    top = [one for ratio, one in alike if ratio == best]
    losers = (*losers, *(_loser(one, f"only {r:.2f} alike") for r, one in alike if r < best))
    country = " and same country" if matching.name_needs_country else ""
    return _settle(lead, top, f"company name {best:.2f} alike{country}", best, losers, matching)


def _why_no_name(lead: Lead, account: Account, ratio: float, matching: Matching) -> str | None:
    if ratio < matching.company_similarity:
        return f"name only {ratio:.2f} alike"
    country = lead.text(FieldName.COUNTRY)
    if matching.name_needs_country and (country is None or account.country != country):
        return f"name alike, but in {account.country or 'an unknown country'}"
    domain = lead.text(FieldName.DOMAIN)
    if domain is not None and account.domain is not None and ratio < 1:
        return f"name alike, but the domain is {account.domain}"
    return None


@lru_cache(maxsize=65536)
def similarity(one: str, other: str) -> float:
    """How alike two company names are, from 0 to 1, legal forms and word order aside."""
    return fuzz.token_sort_ratio(company_key(one), company_key(other)) / 100


def _settle(
    lead: Lead,
    equal: Sequence[Account],
    by: str,
    confidence: float,
    losers: tuple[Loser, ...],
    matching: Matching,
) -> AccountMatch:
    """One of several equal accounts by the policy's tie-breakers, or none of them."""
    left = list(equal)
    decided: list[str] = []
    for breaker in matching.tie_breakers:
        if len(left) == 1:
            break
        kept = _PREFERRED[breaker](left, lead, matching)
        if kept and len(kept) < len(left):
            word = breaker.value.replace("_", " ")
            decided.append(word)
            losers = (*losers, *(_loser(one, f"not {word}") for one in left if one not in kept))
            left = kept
    if len(left) > 1:
        names = ", ".join(f"{one.name} ({one.id})" for one in left)
        sentence = f"{len(left)} accounts fit equally ({by}): {names}."
        return ManyAccounts(accounts=tuple(left), sentence=sentence)
    told = f"{by}; tie broken by {', '.join(decided)}" if decided else by
    return OneAccount(account=left[0], by=told, confidence=confidence, losers=losers)


Preference = Callable[[list[Account], Lead, Matching], list[Account]]

_PREFERRED: dict[TieBreaker, Preference] = {
    TieBreaker.OPEN_OPPORTUNITY: lambda some, _, __: [one for one in some if one.opportunities],
    TieBreaker.CUSTOMER: lambda some, _, rules: [
        one for one in some if one.type in rules.customer_types
    ],
    TieBreaker.NAMED: lambda some, _, __: [one for one in some if one.is_named],
    TieBreaker.SAME_COUNTRY: lambda some, lead, _: [
        one for one in some if one.country == lead.text(FieldName.COUNTRY)
    ],
    TieBreaker.MOST_CONTACTS: lambda some, _, __: [
        one for one in some if one.contacts == max(each.contacts for each in some)
    ],
    TieBreaker.OLDEST: lambda some, _, __: [
        one for one in some if one.created_at == min(each.created_at for each in some)
    ],
}


def _loser(account: Account, why: str) -> Loser:
    return Loser(name=f"Account {account.name} ({account.id})", why=why)


def _account(
    person: PersonMatch, by_company: AccountMatch, accounts: Sequence[Account]
) -> AccountMatch:
    """A matched contact's own account; else what the company's name and domain say."""
    own: RecordId | None = None
    if isinstance(person, OneRecord) and person.record.kind is RecordKind.CONTACT:
        own = person.record.account_id
    found = next((one for one in accounts if one.id == own), None)
    if found is None:
        return by_company
    return OneAccount(account=found, by="the contact's own account", confidence=1.0)
