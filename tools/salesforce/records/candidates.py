"""Who in Salesforce might be these leads, and which accounts might be their companies.

For a whole batch: leads, contacts and accounts by website are searched in one composite call;
accounts by name, for leads whose website told none, and what was found points to (a contact's
account, an account's parent, open opportunities) are fetched in one or two more.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from domain.errors import UnreadableError
from domain.intake.normalization.written import spellings
from domain.lead.crm_records import Account, Candidates, CrmRecord
from domain.lead.model import FieldName, Lead
from domain.values import LeadKey, RecordId
from tools.salesforce.connection.answers import Row
from tools.salesforce.connection.errors import VENDOR
from tools.salesforce.records import wire
from tools.salesforce.records.fields import SObject
from tools.salesforce.records.reader import Reader, Wanted
from tools.salesforce.records.shapes import has
from tools.salesforce.soql.query import Query, Term, finding
from tools.salesforce.soql.spellings import company_forms, website_forms

SPELLINGS = 8
"""A website or a company's name is looked for in about so many ways."""


def find(leads: Sequence[Lead], reader: Reader) -> dict[LeadKey, Candidates]:
    """Candidates of every lead, each in the order of their ids.

    Raises:
        UnreadableError: rows that concern some of the leads can't be understood.
        ValueError: such a row may concern any of them; ask for fewer.
    """
    search = _Search(reader)
    search.look_for(leads)
    search.follow(leads)
    search.expect_readable(leads)
    return {lead.key: search.candidates(lead) for lead in leads}


class _Search:
    """What one batch has found so far."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._odd: list[tuple[Row, str]] = []
        """Rows that can't be understood, and why."""
        self._records: dict[RecordId, CrmRecord] = {}
        self._accounts: dict[RecordId, Row] = {}
        self._found: set[RecordId] = set()
        """Accounts that were searched for or that a record names: their parents count too."""
        self._asked: set[RecordId] = set()
        """Ids that were asked for already, whether or not anything came."""
        self._opportunities: dict[RecordId, list[Row]] = defaultdict(list)
        self._contacts: dict[RecordId, int] = {}
        self._built: dict[RecordId, Account] = {}
        self._records_by_email: dict[str, list[CrmRecord]] = defaultdict(list)
        self._accounts_by_domain: dict[str, list[RecordId]] = defaultdict(list)
        self._accounts_by_name: dict[str, list[RecordId]] = defaultdict(list)

    def look_for(self, leads: Sequence[Lead]) -> None:
        """Search by email address, by Marketo's link and by website."""
        people = [
            Term("Email", spelled)
            for lead in leads
            if (email := _email(lead))
            for spelled in spellings(email)
        ]
        links = [Term("Id", linked) for lead in leads if (linked := _link(lead))]
        sites = [Term("Website", site) for lead in leads for site in _sites(lead)]
        leads_found, contacts_found, accounts_found = self._reader.rows(
            [
                Wanted(SObject.LEAD, [*people, *links]),
                Wanted(SObject.CONTACT, [*people, *links]),
                Wanted(SObject.ACCOUNT, sites, spellings=SPELLINGS),
            ]
        )
        self._odd += [*leads_found.odd, *contacts_found.odd, *accounts_found.odd]
        self._keep_records(map(wire.lead_record, leads_found))
        self._keep_records(map(wire.contact_record, contacts_found))
        self._keep_accounts(accounts_found)
        self._found |= self._accounts.keys()

    def follow(self, leads: Sequence[Lead]) -> None:
        """Search by name; fetch what was found points to, until nothing new is pointed to."""
        names = [
            Term("Name", name)
            for lead in leads
            if _domain(lead) not in self._accounts_by_domain
            for name in _names(lead)
        ]
        detailed: set[RecordId] = set()
        while True:
            contacts, accounts = self._pointed_to()
            undetailed = (self._accounts.keys() | accounts) - detailed
            if not (names or contacts or accounts or undetailed):
                return
            self._asked |= contacts | accounts
            detailed |= undetailed
            self._found |= self._fetch(contacts, accounts, undetailed, names)
            names = []

    def _pointed_to(self) -> tuple[set[RecordId], set[RecordId]]:
        """Contacts and accounts that are referred to and not known yet."""
        records = self._records.values()
        contacts = {one.converted_contact_id for one in records if one.converted_contact_id}
        named = {one.account_id for one in records if one.account_id}
        self._found |= named
        parents = {
            row["ParentId"]
            for row in (self._accounts.get(found) for found in self._found)
            if row is not None and row["ParentId"]
        }
        return (
            contacts - self._records.keys() - self._asked,
            (named | parents) - self._accounts.keys() - self._asked,
        )

    def _fetch(
        self,
        contacts: set[RecordId],
        accounts: set[RecordId],
        undetailed: set[RecordId],
        names: Sequence[Term],
    ) -> set[RecordId]:
        """Read one round; returns the accounts that were found by name."""
        owned = [Term("AccountId", account) for account in undetailed]
        contacts_found, accounts_found, named, open_deals, counts = self._reader.rows(
            [
                Wanted(SObject.CONTACT, [Term("Id", one) for one in contacts]),
                Wanted(SObject.ACCOUNT, [Term("Id", one) for one in accounts]),
                Wanted(SObject.ACCOUNT, names, spellings=SPELLINGS),
                Wanted(SObject.OPPORTUNITY, owned, rest="AND IsClosed = false"),
                _counts(owned),
            ]
        )
        for rows in (contacts_found, accounts_found, named, open_deals):
            self._odd += rows.odd
        self._keep_records(map(wire.contact_record, contacts_found))
        self._keep_accounts([*accounts_found, *named])
        for row in sorted(open_deals, key=lambda one: (one["CreatedDate"], one["Id"])):
            self._opportunities[row["AccountId"]].append(row)
        self._contacts |= {
            row["AccountId"]: row["people"] for row in counts if has(row, AccountId=str, people=int)
        }
        return {RecordId(row["Id"]) for row in named}

    def _keep_records(self, records: Iterable[CrmRecord]) -> None:
        for record in records:
            self._records[record.id] = record
            if record.email:
                self._records_by_email[record.email.lower()].append(record)

    def _keep_accounts(self, rows: Iterable[Row]) -> None:
        for row in rows:
            account_id = RecordId(row["Id"])
            if account_id in self._accounts:
                continue
            self._accounts[account_id] = row
            self._accounts_by_name[row["Name"].casefold()].append(account_id)
            domain = wire.domain_of(row["Website"])
            if domain is not None:
                self._accounts_by_domain[domain].append(account_id)

    def expect_readable(self, leads: Sequence[Lead]) -> None:
        """Find out whom the rows concern that can't be understood.

        Raises:
            UnreadableError: these leads; which record they are can't be known.
            ValueError: any of them.
        """
        if not self._odd:
            return
        found: dict[str, str] = {}
        marks = {lead.key: self._marks(lead) for lead in leads}
        for row, why in self._odd:
            texts = {str(one).strip().casefold() for one in row.values()}
            concerned = [key for key, known in marks.items() if known & texts]
            if not concerned and len(leads) > 1:
                raise ValueError(why)
            found |= dict.fromkeys(concerned or marks, why)
        raise UnreadableError(VENDOR, found)

    def _marks(self, lead: Lead) -> set[str]:
        """By what a row may be recognized as one of a lead's."""
        records = self._records_of(lead)
        texts = (_email(lead), _link(lead), _domain(lead), *_sites(lead), *_names(lead))
        known = (*texts, *self._accounts_of(lead, records), *(one.id for one in records))
        return {one.casefold() for one in known if one}

    def candidates(self, lead: Lead) -> Candidates:
        """What the batch found for one of its leads."""
        records = self._records_of(lead)
        accounts = self._accounts_of(lead, records)
        parents = {self._accounts[one]["ParentId"] for one in accounts}
        with_parents = sorted((accounts | parents) & self._accounts.keys())
        return Candidates(
            records=tuple(records), accounts=tuple(self._account(one) for one in with_parents)
        )

    def _records_of(self, lead: Lead) -> list[CrmRecord]:
        found = {one.id: one for one in self._records_by_email.get(_email(lead) or "", [])}
        linked = self._records.get(_link(lead) or RecordId(""))
        if linked is not None:
            found[linked.id] = linked
        for record in list(found.values()):
            became = self._records.get(record.converted_contact_id or RecordId(""))
            if became is not None:
                found[became.id] = became
        return [found[one] for one in sorted(found)]

    def _accounts_of(self, lead: Lead, records: Sequence[CrmRecord]) -> set[RecordId]:
        found = set(self._accounts_by_domain.get(_domain(lead) or "", []))
        if not found:
            for name in _names(lead):
                found.update(self._accounts_by_name.get(name.casefold(), []))
        found.update(one.account_id for one in records if one.account_id)
        return found & self._accounts.keys()

    def _account(self, account_id: RecordId) -> Account:
        if account_id not in self._built:
            parts = wire.AccountParts(
                self._accounts[account_id],
                self._opportunities[account_id],
                self._contacts.get(account_id, 0),
            )
            self._built[account_id] = wire.account(parts)
        return self._built[account_id]


def _email(lead: Lead) -> str | None:
    email = lead.text(FieldName.EMAIL)
    return email.lower() if email else None


def _link(lead: Lead) -> RecordId | None:
    """The record that Marketo names; None also when what it names is no id."""
    if lead.link is None or not wire.is_record_id(lead.link.record_id):
        return None
    return wire.record_id(lead.link.record_id)


def _domain(lead: Lead) -> str | None:
    domain = lead.text(FieldName.DOMAIN)
    return domain.lower() if domain else None


def _sites(lead: Lead) -> Sequence[str]:
    domain = _domain(lead)
    return website_forms(domain) if domain else ()


def _names(lead: Lead) -> Sequence[str]:
    company = lead.text(FieldName.COMPANY)
    return company_forms(company, lead.text(FieldName.COUNTRY)) if company else ()


def _counts(owned: Sequence[Term]) -> Sequence[Query]:
    """How many contacts each account has. An aggregate has at most 2,000 groups and no pages."""
    columns = ("AccountId", "COUNT(Id) people")
    return finding(columns, SObject.CONTACT, owned, rest="GROUP BY AccountId")
