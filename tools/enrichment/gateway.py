"""The waterfall: providers in the policy's order, asked only for what is still lacking.

One lookup serves all leads of a company; what is known is never asked again; and nothing a
provider does can stop the batch: what it didn't tell is missing, with the reason.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, cast

from domain.errors import RequestError, ToolError
from domain.lead.model import FieldName
from domain.policy.model import Enrichment as Rules
from domain.ports import Clock, Enriched, Finding, Sought
from domain.values import LeadKey, content_hash
from tools.enrichment import examination
from tools.enrichment.cache import EnrichmentCache, Kept
from tools.enrichment.cases import COMPANY, PERSON, Canonical, Case, Fact, Stage, same_company
from tools.enrichment.circuit_breaker import Breaker
from tools.enrichment.provider import HTTP, ErasedError, Found, PendingError, Provider

AT_ONCE = 4
"""At most so many lookups at the same time."""
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Until when it is remembered that a person asked to be erased."""

_ERASED = "this person asked to be erased"


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came of one lookup."""

    fact: Fact | None = None
    note: str = ""
    """Why there is no fact, or why a fact must not be used."""
    is_answer: bool = False
    """The provider really answered: its answer is kept."""
    is_paid: bool = False
    is_erased: bool = False


@dataclass
class _Desk:
    """One provider with its budget and its circuit."""

    provider: Provider
    credits_per_day: int
    breaker: Breaker = field(default_factory=Breaker)

    @property
    def name(self) -> str:
        """The provider's name in the policy."""
        return self.provider.source.value


class EnrichmentGateway:
    """Implements `Enrichment`. Safe to share between threads, one batch at a time."""

    def __init__(
        self,
        rules: Rules,
        providers: Sequence[Provider],
        cache: EnrichmentCache,
        clock: Clock,
        canonical: Canonical,
    ) -> None:
        """Take providers that have a key; those that the policy doesn't name are never asked."""
        given = {provider.source.value: provider for provider in providers}
        self._rules = rules
        self._cache = cache
        self._clock = clock
        self._canonical = canonical
        self._lock = threading.Lock()
        self._desks = [
            _Desk(given[one.name], one.credits_per_day)
            for one in rules.providers
            if one.name in given
        ]

    def look_up(
        self, sought: Sequence[Sought], time_budget: timedelta
    ) -> Mapping[LeadKey, Enriched]:
        """What the providers know; every lead is in the answer, degraded but never blocking.

        A lookup begins only within the time budget, and bears no longer a silence than is left.
        """
        with self._lock:
            deadline = self._clock.now() + time_budget
            cases = [Case(one, self._rules.min_confidence, self._canonical) for one in sought]
            self._recall_erased(cases)
            for stage in (COMPANY, PERSON):
                self._run(stage, cases, deadline)
            return {case.lead.key: case.result() for case in cases}

    def examine(self) -> list[Finding]:
        """Check keys and budgets; what is asked for nobody knows, so it costs nothing."""
        with self._lock:
            off = [one.name for one in self._rules.providers if one.name not in self._names()]
            spent = {desk.name: self._spent(desk) for desk in self._desks}
            budgets = {desk.name: desk.credits_per_day for desk in self._desks}
        providers = [desk.provider for desk in self._desks]
        return examination.examine(providers, off, spent, budgets)

    def _names(self) -> set[str]:
        return {desk.name for desk in self._desks}

    def _recall_erased(self, cases: Sequence[Case]) -> None:
        """Nobody who asked one provider to be erased is named to any of them again."""
        keys = [_erased_key(case.lead.text(FieldName.EMAIL) or "") for case in cases]
        kept = self._fresh(keys)
        for case, key in zip(cases, keys, strict=True):
            if key in kept:
                case.forget(_ERASED)

    def _run(self, stage: Stage, cases: Sequence[Case], deadline: datetime) -> None:
        for case in cases:
            if case.lacking(stage.fields) and stage.subject(case.lead) is None:
                case.note(stage.without)
        for desk in self._desks:
            waiting: dict[str, list[Case]] = defaultdict(list)
            for case in cases:
                subject = stage.subject(case.lead)
                if subject is not None and case.lacking(stage.fields):
                    waiting[subject].append(case)
            if waiting:
                self._consult(desk, stage, waiting, deadline)

    def _consult(
        self, desk: _Desk, stage: Stage, waiting: Mapping[str, list[Case]], deadline: datetime
    ) -> None:
        """One provider, one kind of question: first what is kept, then what must be asked."""
        keys = {subject: _key(desk.name, stage, subject) for subject in waiting}
        kept = self._fresh(list(keys.values()))
        replies = {
            subject: _recalled(kept[key], desk.name) for subject, key in keys.items() if key in kept
        }
        unknown = [subject for subject in waiting if subject not in replies]
        if unknown:
            replies |= self._ask(desk, stage, unknown, deadline)
        for subject, cases in waiting.items():
            for case in cases:
                _settle(case, replies[subject], desk, stage)

    def _ask(
        self, desk: _Desk, stage: Stage, subjects: Sequence[str], deadline: datetime
    ) -> dict[str, _Reply]:
        """Ask within the day's credits: only as many at a time as could all be paid for."""
        replies: dict[str, _Reply] = {}
        spent, rest = self._spent(desk), list(subjects)
        while rest and (left := desk.credits_per_day - spent) > 0:
            some, rest = rest[:left], rest[left:]
            answered = self._ask_at_once(desk, stage, some, deadline)
            spent += sum(reply.is_paid for reply in answered.values())
            self._keep(desk, stage, answered, spent)
            replies |= answered
        budget = f"{desk.name}: today's {desk.credits_per_day} credits are used up"
        return replies | {subject: _Reply(note=budget) for subject in rest}

    def _ask_at_once(
        self, desk: _Desk, stage: Stage, subjects: Sequence[str], deadline: datetime
    ) -> dict[str, _Reply]:
        with ThreadPoolExecutor(min(AT_ONCE, len(subjects)), "enrichment") as pool:
            ask = partial(self._ask_one, desk, stage, deadline)
            return dict(zip(subjects, pool.map(ask, subjects), strict=True))

    def _ask_one(self, desk: _Desk, stage: Stage, deadline: datetime, subject: str) -> _Reply:
        now, name = self._clock.now(), desk.name
        if objection := desk.breaker.objection(now):
            return _Reply(note=f"{name}: {objection}")
        seconds = min((deadline - now).total_seconds(), HTTP.timeouts.read)
        if seconds <= 0:
            return _Reply(note=f"{name}: no time was left to ask")
        ask = desk.provider.company if stage is COMPANY else desk.provider.person
        try:
            found = ask(subject, seconds)
        except ErasedError:
            desk.breaker.succeeded()
            return _Reply(note=f"{name}: {_ERASED}", is_erased=True)
        except (PendingError, RequestError) as error:
            return _Reply(note=f"{name}: {error.detail}")
        except ToolError as error:
            desk.breaker.failed(error, self._clock.now())
            return _Reply(note=f"{name}: {error.detail}")
        desk.breaker.succeeded()
        return self._judged(found, subject, name)

    def _judged(self, found: Found | None, subject: str, name: str) -> _Reply:
        if found is None:
            return _Reply(note=f"{name}: not found", is_answer=True)
        if not same_company(found.domain, subject.rpartition("@")[2]):
            note = f"{name}: answered for another company"
            return _Reply(note=note, is_answer=True, is_paid=True)
        fact = Fact(found.values, found.confidence, self._clock.now())
        return _Reply(fact, is_answer=True, is_paid=True)

    def _keep(self, desk: _Desk, stage: Stage, replies: Mapping[str, _Reply], spent: int) -> None:
        now = self._clock.now()
        kept: dict[str, Kept] = {
            _key(desk.name, stage, subject): _kept(reply, now, self._rules)
            for subject, reply in replies.items()
            if reply.is_answer
        }
        for subject in (one for one, reply in replies.items() if reply.is_erased):
            kept[_erased_key(subject)] = ({}, False, FOREVER)
            kept |= {_key(one.name, stage, subject): ({}, False, FOREVER) for one in self._desks}
        kept[_credits_key(desk.name, now)] = ({"spent": spent}, True, _end_of_day(now))
        self._cache.put(kept)

    def _spent(self, desk: _Desk) -> int:
        """The day's credits (UTC), as all processes on the same cache have spent them."""
        key = _credits_key(desk.name, self._clock.now())
        kept = self._fresh([key])
        return int(kept[key][0]["spent"]) if key in kept else 0

    def _fresh(self, keys: Sequence[str]) -> dict[str, Kept]:
        now = self._clock.now()
        return {key: kept for key, kept in self._cache.get(keys).items() if kept[2] > now}


def _settle(case: Case, reply: _Reply, desk: _Desk, stage: Stage) -> None:
    if reply.is_erased:
        case.forget(reply.note)
        return
    if reply.fact is None:
        case.note(reply.note)
        return
    case.take(reply.fact, desk.provider.source)
    if lacking := case.lacking(stage.fields):
        names = ", ".join(name.value.replace("_", " ") for name in lacking)
        case.note(f"{desk.name}: does not surely know {names}")


def _key(name: str, stage: Stage, subject: str) -> str:
    return f"{name}:{stage.name}:{content_hash(subject) if stage is PERSON else subject}"


def _erased_key(email: str) -> str:
    return f"erased:{content_hash(email)}"


def _credits_key(name: str, now: datetime) -> str:
    return f"{name}:credits:{now.astimezone(UTC).date().isoformat()}"


def _end_of_day(now: datetime) -> datetime:
    day = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(day, time(), UTC)


def _kept(reply: _Reply, now: datetime, rules: Rules) -> Kept:
    fact = reply.fact
    if fact is None:
        return {"note": reply.note}, False, now + rules.cache_not_found_for
    fields = {
        "values": {name.value: value for name, value in fact.values.items()},
        "confidence": fact.confidence,
        "at": fact.at.isoformat(),
    }
    return fields, True, now + rules.cache_for


def _recalled(kept: Kept, name: str) -> _Reply:
    fields, is_found, _ = kept
    if not is_found:
        return _Reply(note=str(fields.get("note") or f"{name}: not found"))
    values = cast("Mapping[str, Any]", fields["values"])
    fact = Fact(
        {FieldName(field): value for field, value in values.items()},
        float(fields["confidence"]),
        datetime.fromisoformat(fields["at"]),
    )
    return _Reply(fact)
