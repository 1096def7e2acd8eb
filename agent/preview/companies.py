"""The accounts of a file, where Salesforce isn't asked: whose leads might be theirs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from agent.preview.columns import read_columns
from agent.preview.sheet import Sheet, SheetError
from domain import border
from domain.intake.normalization.companies import company_key
from domain.intake.normalization.fields import normalize
from domain.lead.crm_records import Account, Candidates, Owner, OwnerKind
from domain.lead.model import FieldName, Lead, RawLead
from domain.policy.model import Policy
from domain.values import LeadKey, RecordId

MOST = 200_000
"""Accounts that are kept in memory."""
_ALIKE = 3
"""Names whose words begin alike by so many letters are compared."""
_AGES_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_YES = frozenset({"true", "1", "yes", "y", "x", "on"})
_OTHERS = {
    "name": "name",
    "accountname": "name",
    "owner": "owner",
    "accountowner": "owner",
    "owneremail": "owner",
    "type": "type",
    "accounttype": "type",
    "iscustomer": "customer",
    "customer": "customer",
    "named": "named",
    "isnamed": "named",
    "namedaccount": "named",
}
"""Columns of accounts that leads don't have."""
_READ = (FieldName.WEBSITE, FieldName.COUNTRY, FieldName.INDUSTRY, FieldName.EMPLOYEES)
_NAMES = {name: name.value for name in _READ} | {FieldName.EMPLOYEES: "numberOfEmployees"}


class Companies:
    """Accounts by domain and by how their names begin."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._by_domain: dict[str, list[Account]] = defaultdict(list)
        self._by_beginning: dict[str, list[Account]] = defaultdict(list)
        for one in accounts:
            if one.domain is not None:
                self._by_domain[one.domain].append(one)
            for beginning in _beginnings(one.name):
                self._by_beginning[beginning].append(one)

    def candidates(self, leads: Sequence[Lead]) -> Mapping[LeadKey, Candidates]:
        """The accounts that may be these leads' companies; matching decides which is."""
        return {one.key: Candidates(accounts=self._of(one)) for one in leads}

    def _of(self, lead: Lead) -> tuple[Account, ...]:
        domain, name = lead.text(FieldName.DOMAIN), lead.text(FieldName.COMPANY)
        found = {one.id: one for one in self._by_domain.get(domain or "", ())}
        for beginning in _beginnings(name or ""):
            found |= {one.id: one for one in self._by_beginning.get(beginning, ())}
        return tuple(found.values())


def _beginnings(name: str) -> set[str]:
    return {word[:_ALIKE] for word in company_key(name).split()} if name else set()


def read_accounts(sheet: Sheet, policy: Policy) -> tuple[list[Account], list[str]]:
    """The accounts of a table, and notes on what was ignored; raises SheetError."""
    others = [_OTHERS.get(_key(name)) for name in sheet.columns]
    if "name" not in others:
        raise SheetError(
            "The file of accounts has no column name. Columns: name, website, owner, type, "
            "is customer, named, country, industry, numberOfEmployees."
        )
    mine = [(at, name) for at, name in enumerate(sheet.columns) if others[at] is None]
    columns = read_columns([name for _, name in mine], _NAMES)
    people = _people(policy)
    accounts: list[Account] = []
    unread = 0
    for row in islice(sheet.rows, MOST):
        told = {
            other: border.text(cell).strip()
            for other, cell in zip(others, row.cells, strict=False)
            if other is not None and cell.strip()
        }
        if row.problem is not None or "name" not in told:
            unread += 1
            continue
        typed = columns.lead(row.line, [row.cells[at] for at, _ in mine])
        accounts.append(_account(row.line, told, typed.values, policy, people))
    notes = [f"Accounts: {note}" for note in columns.notes]
    if unread:
        notes.append(f"Accounts: {unread:,} rows without a name, or that can't be read, ignored.")
    if next(sheet.rows, None) is not None:
        notes.append(f"Accounts: only the first {MOST:,} rows were read.")
    return accounts, notes


def _account(
    line: int,
    told: Mapping[str, str],
    typed: Mapping[FieldName, str],
    policy: Policy,
    people: Mapping[str, Owner],
) -> Account:
    """One account; its values are read as a lead's are."""
    raw = RawLead(
        key=LeadKey(str(line)),
        values={name: text for name, text in typed.items() if name in _READ},
        link=None,
        created_at=_AGES_AGO,
        updated_at=_AGES_AGO,
        read_at=_AGES_AGO,
    )
    lead = normalize(raw)
    size = lead.number(FieldName.EMPLOYEES)
    is_customer = told.get("customer", "").casefold() in _YES
    types = policy.matching.customer_types
    owner = told.get("owner", "")
    return Account(
        id=RecordId(f"account on line {line}"),
        name=told["name"],
        domain=lead.text(FieldName.DOMAIN),
        country=lead.text(FieldName.COUNTRY),
        industry=lead.text(FieldName.INDUSTRY),
        employees=None if size is None else int(size),
        owner=people.get(owner.casefold()) or _stranger(owner),
        type=types[0] if is_customer and types else told.get("type"),
        is_named=told.get("named", "").casefold() in _YES,
        created_at=_AGES_AGO,
    )


def _people(policy: Policy) -> dict[str, Owner]:
    """The policy's users by e-mail address and by name."""
    found: dict[str, Owner] = {}
    for email, user in policy.users.items():
        owner = Owner(id=RecordId(email), kind=OwnerKind.USER, name=user.name, email=email)
        found |= {user.name.casefold(): owner, email.casefold(): owner}
    return found


def _stranger(name: str) -> Owner:
    return Owner(id=RecordId(name or "nobody"), kind=OwnerKind.USER, name=name or "nobody")


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()
