"""What every page is made with: the person who looks, what they may see, and the templates."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from agent.app import App
from agent.console import labels, words
from agent.console.boards.content import Board, Scope
from agent.console.boards.policy_trials import Tries
from agent.console.boards.workshop import Figures
from agent.console.door import Door
from agent.conversation.turn import Talk
from agent.ledger import Ledger
from agent.ledger.tables.leads import TriggerRow
from agent.logs import alert
from agent.metrics.lead_history import trigger_outcome
from agent.policy.file import TERRITORIES
from domain.conversation.change_requests import WORKER
from domain.conversation.permissions import Ability, Principal, Reach, circle, may, reach
from domain.decision.said import Said
from domain.errors import PolicyError, RoutereadyError
from domain.gate.reasons import Reason
from domain.gate.verdict import in_short
from domain.language import checks, names, operations, routes
from domain.language.facts import occurrence
from domain.metrics.measures import Dimension
from domain.policy.model import Policy
from domain.routing.basis import Skipped
from domain.routing.route import why
from domain.values import CycleId

PERIODS = (7, 30, 90)
"""Days that figures can be told of."""
USUAL = 30
SOON = timedelta(hours=2)
"""What is due within this time is due soon."""
MISSED, LONGEST_SILENCE = 3, timedelta(minutes=15)
"""Intervals without the end of a check, and a time at the least, after which every page says so."""
MOST_SEARCHES = 500
MOST_REMEMBERED = 8
_T = TypeVar("_T")
_STATIC = Path(__file__).parent / "static"


class NotThereError(RoutereadyError):
    """What was asked for does not exist, or is not this person's to see: both look the same."""


class NotAllowedError(RoutereadyError):
    """The person's role does not reach so far."""


class Searches:
    """Words that people searched for, kept here so that no address holds a name."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, who: str, text: str) -> str:
        """Keep what somebody searched for; returns what the search is called in an address."""
        key = words.person_key(f"{who}\n{text}")
        with self._lock:
            self._kept[who, key] = text
            self._kept.move_to_end((who, key))
            while len(self._kept) > MOST_SEARCHES:
                self._kept.popitem(last=False)
        return key

    def text(self, who: str, key: str) -> str | None:
        """What somebody searched for; None when it was forgotten, or was somebody else's."""
        with self._lock:
            return self._kept.get((who, key))


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("agent.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "lasting": words.length,
        "percent": words.percent,
        "number": words.number,
        "spoken": words.spoken,
        "sentence": words.sentence,
        "parts_of_title": words.parts_of_title,
        "person_key": words.person_key,
    }
    made.filters.update(filters)
    functions: dict[str, Any] = {"plural": words.plural, "static": _static, "labels": labels}
    functions |= {
        "why": why,
        "in_short": in_short,
        "passed_over": routes.name,
        "pool_name": names.pool,
        "queue_name": names.queue,
        "happened": occurrence,
        "fix": checks.fix,
        "fixed_by": checks.who,
        "check_name": names.check,
    }
    made.globals.update(functions)
    return made


def _static(name: str) -> str:
    """The address of a file of ours; another content has another address."""
    return f"/static/{name}?{(_STATIC / name).stat().st_mtime_ns:x}"


@dataclass(frozen=True)
class Place:
    """A page that the menu leads to."""

    path: str
    name: str
    ability: Ability
    least: Reach = Reach.OWN


@dataclass
class Office:
    """What all pages share."""

    app: App
    door: Door
    figures: Figures
    tries: Tries
    searches: Searches = field(default_factory=Searches)
    templates: Environment = field(default_factory=_templates)
    menu: Sequence[Place] = ()
    _read_at: float = 0.0
    _remembered: OrderedDict[str, Any] = field(default_factory=OrderedDict[str, Any])

    def remembered(self, key: str, make: Callable[[], _T]) -> _T:
        """What takes a while to work out and stays the same for the same key."""
        if key not in self._remembered:
            self._remembered[key] = make()
            while len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return self._remembered[key]

    def __post_init__(self) -> None:
        """The application read its policy just now."""
        self._read_at = self._changed_at()

    def places(self, who: Principal) -> list[Place]:
        """The part of the menu that somebody may see."""
        return [one for one in self.menu if reaches(who, one.ability, one.least)]

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return self.app.ledger

    def policy(self) -> Policy:
        """The policy in force; the file is read again when it was changed since."""
        changed = self._changed_at()
        if changed != self._read_at:
            self._read_at = changed
            try:
                self.app.reload_policy()
            except PolicyError as error:
                alert(
                    "policy_refused",
                    f"The policy file has errors; the previous version stays in force: {error}",
                )
        return self.app.policy

    def _changed_at(self) -> float:
        path = self.app.settings.routeready_policy
        files = (path, path.with_name(TERRITORIES))
        return max((one.stat().st_mtime for one in files if one.exists()), default=0.0)


@dataclass
class Visit:
    """One request of a person who was let in."""

    office: Office
    request: Request
    who: Principal
    secret: str
    """What the forms of this session carry."""
    now: datetime
    policy: Policy
    form: FormData | None = None
    may_become_others: bool = False
    """Who started the console on this machine may look at it as anybody."""
    about: str = ""
    """What the look was about, for the record: an id, never a name."""

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return self.office.ledger

    def asked(self, name: str) -> str:
        """A part of the address, or of the form; empty when it is not there."""
        if self.form is not None and name in self.form:
            value = self.form[name]
            return "" if isinstance(value, UploadFile) else value.strip()
        return self.request.query_params.get(name, "").strip()

    def path(self, name: str) -> str:
        """A named part of the path."""
        return str(self.request.path_params[name])

    def days(self, usual: int = USUAL) -> int:
        """The period that figures are asked of."""
        asked = self.asked("days")
        return int(asked) if asked in {str(one) for one in PERIODS} else usual

    def segment(self) -> str | None:
        """The segment that is asked for; None for all."""
        found = self.policy.segment(self.asked("segment"))
        return None if found is None else found.name

    def reach(self, ability: Ability) -> Reach:
        """How far the person's ability goes."""
        return reach(self.who, ability)

    def may(self, ability: Ability, owner: str | None) -> bool:
        """Whether the person may do this with a lead of this owner."""
        return may(self.who, ability, owner)

    def circle(self, ability: Ability) -> frozenset[str] | None:
        """Whose leads the person may see; None for everybody's."""
        return circle(self.who, ability)

    def board(self, days: int, segment: str | None = None) -> Board | None:
        """The figures that the person may see; None while they are being made."""
        scope = Scope(days, segment, self.circle(Ability.NUMBERS))
        return self.office.figures.board(scope, self.policy, self.now)

    def talk(self, *about: CycleId, matter: str = "") -> Talk:
        """The person's turn with the tools of conversations, about these leads."""
        thread = f"console/{self.who.email}/{matter}"
        return Talk(self.office.app.context(), self.who, thread, about)

    @property
    def zone(self) -> ZoneInfo:
        """The reader's own time zone."""
        return ZoneInfo(self.who.timezone)

    def silent_since(self) -> datetime | None:
        """When a check ended last, if that is too long ago; None for a worker that is paused."""
        interval = self.office.app.settings.routeready_tick_seconds
        ended = self.ledger.workings.last_ended()
        patience = max(LONGEST_SILENCE, MISSED * timedelta(seconds=interval))
        if ended is None or self.now - ended <= patience:
            return None
        is_stopped = WORKER in self.ledger.conversations.stops()
        return (
            None if is_stopped or self.office.app.settings.routeready_stop_file.exists() else ended
        )

    def midnight(self) -> datetime:
        """When the business's day began."""
        zone = ZoneInfo(self.policy.timezone)
        return datetime.combine(self.now.astimezone(zone).date(), time(), zone).astimezone(UTC)

    def notice(self) -> str:
        """What came of the form that led here."""
        key = self.asked("said")
        return (self.office.searches.text(self.who.email, key) or "") if key else ""

    def go(self, path: str, said: str = "", **query: str | int | None) -> Response:
        """Send the browser on after a form; what came of it is told on the next page."""
        key = self.office.searches.keep(self.who.email, said) if said else ""
        return RedirectResponse(address(path, {**query, "said": key}), status_code=303)

    def page(self, template: str, *, status: int = 200, **more: Any) -> HTMLResponse:  # noqa: ANN401
        """A page, with what all pages show."""
        shown = {**_shared(self), **more}
        html = self.office.templates.get_template(template).render(shown)
        return HTMLResponse(html, status_code=status)


def _shared(visit: Visit) -> dict[str, Any]:
    def at(instant: datetime | None) -> str:
        return words.at(instant, visit.who.timezone)

    def due(target: datetime | None) -> str:
        return words.due(target, visit.now)

    def ago(instant: datetime | None) -> str:
        return words.ago(instant, visit.now)

    def name(email: str | None) -> str:
        return name_of(email, visit.policy)

    def said(one: Said | None) -> str:
        return operations.said(one, visit.zone)

    def reason(why: Reason) -> str:
        return checks.reason(why, visit.zone)

    def why_not(one: Skipped) -> str:
        return routes.why_not(one.why, visit.zone)

    def outcome(row: TriggerRow) -> str:
        return trigger_outcome(row, visit.zone)

    return {
        "visit": visit,
        "who": visit.who,
        "csrf": visit.secret,
        "here": visit.request.url.path,
        "now": visit.now,
        "policy": visit.policy,
        "at": at,
        "due": due,
        "ago": ago,
        "name": name,
        "said": said,
        "reason": reason,
        "why_not": why_not,
        "outcome": outcome,
        "link": address,
        "notice": visit.notice(),
        "places": visit.office.places(visit.who),
    }


_ORDER = (Reach.NONE, Reach.OWN, Reach.TEAM, Reach.ALL)


def reaches(who: Principal, ability: Ability, least: Reach) -> bool:
    """Whether somebody's ability goes at least so far."""
    return _ORDER.index(reach(who, ability)) >= _ORDER.index(least)


def name_of(email: str | None, policy: Policy) -> str:
    """A person's name, or a queue's; `unassigned` for None."""
    if email is None:
        return "unassigned"
    user = policy.users.get(email)
    return email if user is None else user.name


def group_name(dimension: Dimension, value: str, policy: Policy) -> str:
    """What a group of leads is called: people by name, triggers and weeks in words."""
    return name_of(value, policy) if dimension is Dimension.REP else names.group(dimension, value)


def address(
    path: str, query: Mapping[str, str | int | None] | None = None, **more: str | int | None
) -> str:
    """An address with a query, of which what is empty is left out."""
    parts = {name: value for name, value in {**(query or {}), **more}.items() if value}
    return f"{path}?{urlencode(parts)}" if parts else path


def person_of(key: str, people: Sequence[str]) -> str | None:
    """Email of the person who is meant by a key in an address."""
    return next((email for email in people if words.person_key(email) == key), None)
