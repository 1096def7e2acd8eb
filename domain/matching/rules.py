"""Which CRM record a lead is, and which account its company is.

One matcher for everything that asks. Candidates are looked at in the order of their creation, so
the answer never depends on the order in which the CRM gave them; every candidate that was not
taken has its reason.
"""

from collections.abc import Callable, Sequence

from domain.intake.normalization.companies import similarity
from domain.lead.crm_records import Account, Candidates, CrmRecord, RecordKind
from domain.lead.match import (
    AccountBasis,
    AccountMatch,
    Loser,
    ManyAccounts,
    ManyRecords,
    Match,
    NoAccount,
    NoRecord,
    NotTaken,
    OneAccount,
    OneRecord,
    PersonBasis,
    PersonMatch,
)
from domain.lead.model import FieldName, Lead
from domain.lead.record_ids import canonical
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
        return _one(linked, PersonBasis.LINKED, LINKED, records)
    email = lead.text(FieldName.EMAIL)
    same = [one for one in records if one.email is not None and one.email.lower() == email]
    if not same:
        return NoRecord()
    live = [one for one in same if not one.is_converted]
    if not live:
        return ManyRecords(records=tuple(same), only_converted=True)
    if len(live) == 1:
        return _one(live[0], PersonBasis.SAME_EMAIL, SAME_EMAIL, records)
    contact = _contact_of_company(live, company)
    if contact is not None:
        return _one(contact, PersonBasis.CONTACT_OF_ACCOUNT, SAME_EMAIL, records)
    return ManyRecords(records=tuple(live))


def _linked(lead: Lead, records: Sequence[CrmRecord]) -> CrmRecord | None:
    """The record that Marketo's sync links; a converted lead leads on to its contact."""
    if lead.link is None:
        return None
    by_id = {one.id: one for one in records}
    found = by_id.get(canonical(lead.link.record_id))
    if found is not None and found.is_converted and found.converted_contact_id is not None:
        found = by_id.get(found.converted_contact_id)
    return None if found is None or found.is_converted else found


def _contact_of_company(records: Sequence[CrmRecord], company: AccountMatch) -> CrmRecord | None:
    """The only contact among the records, when it belongs to the lead's own company."""
    contacts = [one for one in records if one.kind is RecordKind.CONTACT]
    if len(contacts) != 1 or not isinstance(company, OneAccount):
        return None
    return contacts[0] if contacts[0].account_id == company.account.id else None


def _one(
    record: CrmRecord, by: PersonBasis, confidence: float, records: Sequence[CrmRecord]
) -> OneRecord:
    losers = tuple(
        Loser(object=one.kind.value, id=one.id, why=_why_not(one, record))
        for one in records
        if one.id != record.id
    )
    return OneRecord(record=record, by=by, confidence=confidence, losers=losers)


def _why_not(loser: CrmRecord, winner: CrmRecord) -> NotTaken:
    if loser.is_converted:
        return NotTaken.CONVERTED
    return NotTaken.SAME_PERSON if loser.email == winner.email else NotTaken.OTHER_EMAIL


def _company(lead: Lead, accounts: Sequence[Account], matching: Matching) -> AccountMatch:
    companies = [one for one in accounts if not one.is_person_account]
    people = tuple(
        _loser(one, NotTaken.PERSON_ACCOUNT) for one in accounts if one.is_person_account
    )
    domain = lead.text(FieldName.DOMAIN)
    same = [one for one in companies if domain is not None and one.domain == domain]
    if same:
        others = tuple(_loser(one, NotTaken.OTHER_DOMAIN) for one in companies if one not in same)
        by = AccountBasis(by="domain", domain=domain)
        return _settle(lead, same, by, SAME_DOMAIN, (*others, *people), matching)
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
        unlike = _unlike(lead, one, ratio, matching)
        if unlike is None:
            alike.append((ratio, one))
        else:
            losers = (*losers, unlike)
    if not alike:
        return NoAccount(losers=losers)
    best = max(ratio for ratio, _ in alike)
    top = [one for ratio, one in alike if ratio == best]
    less = (_loser(one, NotTaken.LESS_ALIKE, ratio) for ratio, one in alike if ratio < best)
    by = AccountBasis(by="name", ratio=best, same_country=matching.name_needs_country)
    return _settle(lead, top, by, best, (*losers, *less), matching)


def _unlike(lead: Lead, account: Account, ratio: float, matching: Matching) -> Loser | None:
    """An account that is not the lead's company, and why; None for one that may be."""
    if ratio < matching.company_similarity:
        return _loser(account, NotTaken.OTHER_NAME, ratio)
    country = lead.text(FieldName.COUNTRY)
    if matching.name_needs_country and (country is None or account.country != country):
        return _loser(account, NotTaken.OTHER_COUNTRY, seen=account.country)
    domain = lead.text(FieldName.DOMAIN)
    if domain is not None and account.domain is not None and ratio < 1:
        return _loser(account, NotTaken.NAME_BUT_OTHER_DOMAIN, seen=account.domain)
    return None


def _settle(
    lead: Lead,
    equal: Sequence[Account],
    by: AccountBasis,
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
            decided.append(breaker.value)
            out = (one for one in left if one not in kept)
            losers = (
                *losers,
                *(_loser(one, NotTaken.TIE_BREAKER, seen=breaker.value) for one in out),
            )
            left = kept
    if len(left) > 1:
        return ManyAccounts(accounts=tuple(left), by=by)
    settled = by.model_copy(update={"tie_breakers": tuple(decided)})
    return OneAccount(account=left[0], by=settled, confidence=confidence, losers=losers)


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


def _loser(
    account: Account, why: NotTaken, ratio: float | None = None, seen: str | None = None
) -> Loser:
    return Loser(
        object="Account", id=account.id, name=account.name, why=why, ratio=ratio, seen=seen
    )


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
    return OneAccount(account=found, by=AccountBasis(by="own_account"), confidence=1.0)
