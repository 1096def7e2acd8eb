"""Leads: searched, filtered, sorted, page by page, and as a spreadsheet."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse

from agent.console import labels, words
from agent.console.visit import SOON, NotThereError, Visit, address, name_of, person_of
from agent.ledger.stores.conversations import Known
from agent.ledger.views.lead_lists import Order, Standing, Wanted
from agent.metrics.rendering import safe_cell
from domain.conversation.permissions import Ability, may
from domain.language import operations

PER_PAGE = 50
LAST_PAGE = 1_000_000
MOST_EXPORTED = 100_000
AT_ONCE = 1_000
_HURRY = (Standing.LATE, Standing.SOON, Standing.UNTOUCHED, Standing.LISTED)


@dataclass(frozen=True)
class Filter:
    """What was asked for, as the address has it."""

    standing: Standing | None
    segment: str | None
    owner: str | None
    """Key of a person."""
    search: str
    """Key of a search."""
    order: Order
    page: int
    behind: str
    """Key of the list behind a number."""
    days: int
    of: str | None
    """The segment that the list's figures are of."""

    def query(self, **more: str | int | None) -> str:
        """The query of an address that asks for the same, but for some parts."""
        found: dict[str, str | int | None] = {
            "standing": self.standing,
            "segment": self.segment,
            "owner": self.owner,
            "search": self.search,
            "order": self.order,
            "behind": self.behind,
            "days": self.days if self.behind else None,
            "of": self.of,
        }
        return address("", {**found, **more})


@dataclass(frozen=True)
class Listed:
    """One page of a list."""

    title: str
    total: int
    rows: Sequence[Known]
    note: str = ""


def show(visit: Visit) -> Response:
    """A page of the list."""
    asked = read(visit)
    listed = behind(visit, asked) if asked.behind else _listed(visit, asked)
    pages = max(1, -(-listed.total // PER_PAGE))
    return visit.page(
        "leads.html",
        asked=asked,
        listed=listed,
        pages=pages,
        searched=visit.office.searches.text(visit.who.email, asked.search) or "",
        people=_people(visit),
        first=(asked.page - 1) * PER_PAGE + 1,
    )


def search(visit: Visit) -> Response:
    """Words to look for come by a form, so that no address ever holds a name."""
    text = visit.asked("words")[:200]
    key = visit.office.searches.keep(visit.who.email, text) if text else None
    asked = read(visit)
    return visit.go(
        "/leads",
        standing=asked.standing,
        segment=asked.segment,
        owner=asked.owner,
        order=asked.order,
        search=key,
    )


def read(visit: Visit) -> Filter:
    """What the address asks for; what it can't mean is left out."""
    standing = visit.asked("standing")
    order, page = visit.asked("order"), visit.asked("page")
    found = Standing(standing) if standing in set(Standing) else None
    usual = Order.DUE if found in _HURRY else Order.NEWEST
    return Filter(
        standing=found,
        segment=visit.segment(),
        owner=visit.asked("owner") or None,
        search=visit.asked("search"),
        order=Order(order) if order in set(Order) else usual,
        page=max(1, min(int(page), LAST_PAGE)) if page.isdecimal() else 1,
        behind=visit.asked("behind"),
        days=visit.days(),
        of=visit.asked("of") or None,
    )


def _people(visit: Visit) -> list[str]:
    owners = visit.circle(Ability.FIND)
    users = visit.policy.users
    return [email for email in users if owners is None or email in owners]


def _wanted(visit: Visit, asked: Filter) -> tuple[Wanted, str]:
    """What is meant, and what must be told of it."""
    note, sought = "", ()
    if asked.search:
        text = visit.office.searches.text(visit.who.email, asked.search)
        if text is None:
            note = "This search has expired. Search again."
        sought = tuple((text or "").replace(",", " ").split())
    owner = None if asked.owner is None else person_of(asked.owner, _people(visit))
    if asked.owner is not None and owner is None:
        raise NotThereError("No such person, or you don't have access to their leads.")
    wanted = Wanted(
        now=visit.now,
        soon=visit.now + SOON,
        owners=visit.circle(Ability.FIND),
        standing=asked.standing,
        segment=asked.segment,
        owner=owner,
        words=sought,
    )
    return wanted, note


def _listed(visit: Visit, asked: Filter) -> Listed:
    wanted, note = _wanted(visit, asked)
    visit.about = " ".join(part for part in (asked.standing, asked.search) if part)
    skip = (asked.page - 1) * PER_PAGE
    total, rows = visit.ledger.lists.found(wanted, asked.order, skip=skip, limit=PER_PAGE)
    title = labels.LISTS[asked.standing] if asked.standing else "All leads"
    return Listed(title, total, rows, note)


def behind(visit: Visit, asked: Filter, *, whole: bool = False) -> Listed:
    """The leads behind a number of the figures."""
    segment = visit.policy.segment(asked.of)
    board = visit.board(asked.days, None if segment is None else segment.name)
    visit.about = asked.behind
    if board is None:
        return Listed("Leads behind a number", 0, (), "Calculating. Reload the page in a moment.")
    found = board.behind(asked.behind)
    if found is None:
        return Listed("Leads behind a number", 0, (), "No leads are behind this number anymore.")
    title, leads = found
    start = (asked.page - 1) * PER_PAGE
    some = leads if whole else leads[start : start + PER_PAGE]
    rows: list[Known] = []
    for begin in range(0, len(some), AT_ONCE):
        rows += visit.ledger.lists.of_leads(some[begin : begin + AT_ONCE])
    seen = [one for one in rows if may(visit.who, Ability.FIND, one.owner)]
    hidden = len(rows) - len(seen)
    note = f"As of {words.at(board.at, visit.who.timezone)}, last {asked.days} days."
    if hidden:
        note += (
            f" {words.plural(hidden, 'lead')} now {'belongs' if hidden == 1 else 'belong'} to "
            "other owners and can't be shown to you."
        )
    return Listed(title, len(leads), seen, note)


COLUMNS = (
    "marketo_id",
    "cycle",
    "lead",
    "status",
    "segment",
    "territory",
    "owner",
    "owner_email",
    "came_up",
    "assigned",
    "due",
    "touched",
    "in_time",
    "salesforce_id",
    "latest",
)


def export(visit: Visit) -> Response:
    """The same list as a spreadsheet, whole."""
    asked = read(visit)
    if asked.behind:
        rows: Iterator[Known] = iter(behind(visit, asked, whole=True).rows)
    else:
        rows = _all(visit, asked)
    headers = {"Content-Disposition": 'attachment; filename="leads.csv"'}
    return StreamingResponse(_written(rows, visit), media_type="text/csv", headers=headers)


def _all(visit: Visit, asked: Filter) -> Iterator[Known]:
    wanted, _ = _wanted(visit, asked)
    for skip in range(0, MOST_EXPORTED, AT_ONCE):
        rows = visit.ledger.lists.page(wanted, asked.order, skip=skip, limit=AT_ONCE)
        yield from rows
        if len(rows) < AT_ONCE:
            return


def _written(rows: Iterator[Known], visit: Visit) -> Iterator[str]:
    yield _line(COLUMNS)
    for one in rows:
        yield _line(
            (
                one.lead,
                one.cycle,
                one.title,
                one.status,
                one.segment,
                one.territory or "",
                one.owner_name or name_of(one.owner, visit.policy) if one.owner else "",
                one.owner or "",
                *(
                    "" if instant is None else instant.isoformat(timespec="seconds")
                    for instant in (one.opened_at, one.assigned_at, one.target_at, one.touched_at)
                ),
                {True: "yes", False: "no", None: ""}[one.in_time],
                one.record_id or "",
                operations.said(one.said, visit.zone),
            )
        )


def _line(texts: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([safe_cell(text) for text in texts])
    return written.getvalue()
