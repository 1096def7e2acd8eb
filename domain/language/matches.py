"""How records and accounts were recognized, in words."""

from typing import assert_never

from domain.lead.match import AccountBasis, PersonBasis


def person_basis(by: PersonBasis) -> str:
    """How a person's record was recognized."""
    match by:
        case PersonBasis.LINKED:
            return "linked by Marketo's sync"
        case PersonBasis.SAME_EMAIL:
            return "same email address"
        case PersonBasis.CONTACT_OF_ACCOUNT:
            return "same email address, contact of the matched account"
        case _:
            assert_never(by)


def account_basis(by: AccountBasis) -> str:
    """How a company's account was recognized."""
    match by.by:
        case "own_account":
            told = "the contact's account"
        case "domain":
            told = f"same domain {by.domain}"
        case "name":
            country = " and same country" if by.same_country else ""
            told = f"company name {by.ratio or 0:.0%} alike{country}"
        case _:
            assert_never(by.by)
    ties = ", ".join(one.replace("_", " ") for one in by.tie_breakers)
    return f"{told}, tie broken by {ties}" if ties else told
