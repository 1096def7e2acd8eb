"""Leads that somebody tries, in words: what was read, why a row can't be judged, and the notes."""

from collections.abc import Sequence
from typing import assert_never

from domain.grammar import counted
from domain.intake.typed_leads import (
    BadQuotes,
    BelowThreshold,
    Defect,
    NotATrigger,
    RowProblem,
    TooLong,
    TooManyCells,
    UnknownTrigger,
)
from domain.values import Source

ALONE = (
    "Each row was judged as if it were the only one, so round robins did not move on between rows. "
    "To judge the rows one after another, use --in-order."
)
IN_ORDER = "Rows were judged one after another: round robins and open leads moved on between rows."
OFFLINE = (
    "Offline: everyone in the policy counts as at work, round robins are at their start, and "
    "Salesforce was not asked."
)
NEW_RECORD = (
    "A lead that Salesforce doesn't have is treated as synced. Enrichment providers were not asked."
)
NOTHING_READ = "No value could be read."


def row_problem(one: RowProblem) -> str:
    """Why a row can't be judged, in one or two sentences."""
    match one:
        case TooManyCells():
            return (
                f"This row has {one.cells} cells, and there are {one.columns} columns. Put text "
                "that contains the delimiter in quotes."
            )
        case BadQuotes():
            return (
                "The quotes in this row don't match. Close the quote, or double a quote inside a "
                "cell."
            )
        case TooLong():
            return f"A cell or line of this row is longer than {one.most:,} characters."
        case NotATrigger():
            named = f' "{one.name}"' if one.name else ""
            return (
                f"No trigger in the policy matches {one.activity}{named}, so this lead would not "
                "be routed."
            )
        case UnknownTrigger():
            return f'The policy has no trigger "{one.said}". Use one of: {", ".join(one.known)}.'
        case BelowThreshold():
            return (
                f'The score of {one.value:g} is below the threshold of trigger "{one.trigger}" '
                f"({one.enough:g}), so this lead would not be routed."
            )
        case Defect():
            return f"This row could not be judged because of an internal error ({one.error})."
        case _:
            assert_never(one)


def source(one: Source) -> str:  # noqa: C901, PLR0911, PLR0912  (one case per source)
    """Where a value came from."""
    match one:
        case Source.PERSON:
            return "entered by a person"
        case Source.FORM:
            return "form"
        case Source.MARKETO:
            return "this row"
        case Source.SALESFORCE:
            return "Salesforce"
        case Source.ACCOUNT:
            return "account"
        case Source.PDL:
            return "People Data Labs"
        case Source.APOLLO:
            return "Apollo"
        case Source.HUNTER:
            return "Hunter"
        case Source.PHONE:
            return "phone number"
        case Source.DOMAIN:
            return "email domain"
        case Source.DERIVED:
            return "calculated"
        case Source.MODEL:
            return "model"
        case _:
            assert_never(one)


def unknown_column(name: str, nearest: str | None) -> str:
    """A column that is no field."""
    told = f'Column "{name}" is not a known field and was ignored.'
    return f'{told} Did you mean "{nearest}"?' if nearest else told


def nameless_column(number: int) -> str:
    """A column without a name whose cells have text."""
    return f"Column {number} has no name and was ignored."


def same_field(name: str, used: str) -> str:
    """Two columns with the same field."""
    if name == used:
        return f'Column "{name}" appears twice. The first one was used.'
    return f'Columns "{used}" and "{name}" are the same field. "{used}" was used.'


def not_utf8(encoding: str) -> str:
    """A file in an older encoding."""
    return (
        f"The file is not UTF-8 and was read as {encoding}. If letters look wrong, save it as "
        '"CSV UTF-8", or name its encoding with --encoding.'
    )


def totals(verdicts: Sequence[tuple[str, int]], count: int) -> str:
    """How many rows came out how: `3 leads: 2 ready to route, 1 needs review`."""
    told = ", ".join(f"{many:,} {name.lower()}" for name, many in verdicts)
    return f"{counted(count, 'lead')}: {told}" if told else counted(count, "lead")
