"""Sample values of every code the domain speaks in, with every member of its unions and enums.

Names and words in them have no underscores, so that a code that leaks into a sentence is seen.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, get_args

from domain.decision import said
from domain.follow_through import reasons as follow
from domain.follow_through.escalation import End
from domain.follow_through.first_touch import Code, Found
from domain.follow_through.handoff import Closing
from domain.gate import reasons as gate
from domain.gate.verdict import Fix, Judged, Remedy, Team
from domain.lead import absences, match, model
from domain.lead.brief import Opener
from domain.lead.crm_records import ActivityKind, RecordKind
from domain.policy.facts import Known
from domain.policy.follow_through import Move
from domain.routing import basis
from domain.values import LeadKey, Quoted, RecordId, Value

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ZONE = "America/New_York"
_QUOTED = Quoted(text="Said by somebody")


def members(union: Any) -> tuple[type[Value], ...]:  # noqa: ANN401  (a union, annotated or not)
    """The classes of a union, whatever it is nested in."""
    return tuple(dict.fromkeys(_members(union)))


def _members(union: Any) -> Iterator[type[Value]]:  # noqa: ANN401  (as above)
    if isinstance(union, type) and issubclass(union, Value):
        yield union
    else:
        for one in get_args(union):
            yield from _members(one)


def samples(union: Any) -> list[Any]:  # noqa: ANN401  (as above)
    """The samples of each member of a union; of one that has none, none."""
    return [one for member in members(union) for one in SAMPLES.get(member, ())]


def literals(of: type[Value], field: str) -> tuple[Any, ...]:
    """What a field can be that is a choice among words."""
    return get_args(of.model_fields[field].annotation)


OCCURRENCES = (
    model.Reached(what="Lead Score", value=120, enough=100),
    model.Reached(what="", value=0.5, enough=0.25),
    model.Did(type="Fill Out Form", name="Demo Request"),
    model.Did(type="Visit Webpage"),
    model.Did(type="Attend Webinar", name="Routing in practice"),
    _QUOTED,
)
KNOWN = (
    Known(fact="employees", value=1200),
    Known(fact="lead_source", value=None),
    Known(fact="do_not_call", value=False),
    Known(fact="trigger", value="mql_threshold"),
    Known(fact="region", value="EMEA"),
)
BY_DOMAIN = match.AccountBasis(by="domain", domain="acme.example")
ACCOUNT_BASES = (
    match.AccountBasis(by="own_account"),
    BY_DOMAIN,
    match.AccountBasis(by="domain", domain="acme.example", tie_breakers=("open_opportunity",)),
    match.AccountBasis(by="name", ratio=0.94),
    match.AccountBasis(by="name", ratio=0.94, same_country=True, tie_breakers=("is_named", "age")),
)
PROBLEMS = tuple(
    model.Problem(field=model.FieldName.STATE, value="Nowhere", why=why, country="US")
    for why in model.Misread
)
_LEAD = gate.RecordRef(object=RecordKind.LEAD, id=RecordId("00Q1"))
_CONTACT = gate.RecordRef(object=RecordKind.CONTACT, id=RecordId("0031"))
_ACCOUNTS = tuple(gate.AccountRef(id=RecordId(one), name="Acme") for one in ("0011", "0012"))

REASONS: Mapping[type[Value], tuple[Value, ...]] = {
    gate.Plain: tuple(gate.Plain(code=code) for code in gate.PlainCode),
    gate.Triggered: tuple(gate.Triggered(fact=one) for one in OCCURRENCES),
    gate.CoolingDown: (gate.CoolingDown(until=AT),),
    gate.ValidEmail: tuple(
        gate.ValidEmail(email_kind=kind) for kind in ("business", "free", "role", None)
    ),
    gate.AllRequired: (gate.AllRequired(count=1), gate.AllRequired(count=5)),
    gate.MissingFields: (
        gate.MissingFields(fields=("last_name",)),
        gate.MissingFields(fields=("last_name", "state"), problems=PROBLEMS),
    ),
    gate.NoConsentBasis: (gate.NoConsentBasis(place="DE"), gate.NoConsentBasis(place=None)),
    gate.ExcludedDomain: tuple(
        gate.ExcludedDomain(domain="rival.example", is_own=own) for own in (True, False)
    ),
    gate.TestWord: (gate.TestWord(field="last_name", text="TEST"),),
    gate.Student: (gate.Student(title="PhD Student"), gate.Student(title=None)),
    gate.DoNotRoute: tuple(
        gate.DoNotRoute(system=one) for one in literals(gate.DoNotRoute, "system")
    ),
    gate.Qualified: tuple(
        gate.Qualified(
            rule="asked", facts=facts, tier=tier, intent=intent, window=window, trigger=trigger
        )
        for (facts, tier, intent, window), trigger in product(
            (
                ((), None, 0, DAY),
                (KNOWN, "B", 1, timedelta(hours=1)),
                (KNOWN[:1], "B", 3, 7 * DAY),
            ),
            OCCURRENCES,
        )
    ),
    gate.Unqualified: (
        gate.Unqualified(rules=("asked", "enterprise"), intent=0),
        gate.Unqualified(
            rules=("asked", "enterprise"), intent=2, nearest="asked", unknown=("employee_band",)
        ),
    ),
    gate.DoublePeople: (
        gate.DoublePeople(people=(LeadKey("7"),)),
        gate.DoublePeople(people=(LeadKey("7"), LeadKey("8"))),
    ),
    gate.SeveralRecords: (gate.SeveralRecords(records=(_LEAD, _CONTACT)),),
    gate.SeveralAccounts: tuple(
        gate.SeveralAccounts(accounts=_ACCOUNTS, by=by) for by in ACCOUNT_BASES
    ),
    gate.Matched: (
        gate.Matched(),
        gate.Matched(account="Acme", account_by=BY_DOMAIN),
        *(gate.Matched(record=_LEAD, record_by=by) for by in match.PersonBasis),
        *(
            gate.Matched(
                record=_CONTACT,
                record_by=match.PersonBasis.LINKED,
                account="Acme",
                account_by=by,
            )
            for by in ACCOUNT_BASES
        ),
    ),
    gate.CannotSync: (
        gate.CannotSync(fields=("last_name",)),
        gate.CannotSync(fields=("last_name", "company")),
    ),
    gate.Hidden: (gate.Hidden(object="Lead", id=RecordId("00Q9")),),
    gate.SyncRequested: (gate.SyncRequested(at=AT),),
    gate.StillDiffers: (
        gate.StillDiffers(fields=("country", "company"), waited=timedelta(minutes=10)),
    ),
    gate.NotCopied: (gate.NotCopied(fields=("state",), changed_at=AT),),
    gate.Held: (
        gate.Held(by="Marta", reason="Legal asks first"),
        gate.Held(by="Marta", reason="Is it a duplicate?"),
    ),
}
ABSENCES: Mapping[type[Value], tuple[Value, ...]] = {
    absences.NoUser: (absences.NoUser(),),
    absences.Inactive: (absences.Inactive(),),
    absences.OutOfOffice: tuple(
        absences.OutOfOffice(source=source, until=until, note=note)
        for source in literals(absences.OutOfOffice, "source")
        for until in (None, AT)
        for note in ("", "Back on Monday")
    ),
    absences.AtCap: tuple(
        absences.AtCap(leads=12, cap=10, of=of) for of in literals(absences.AtCap, "of")
    ),
    absences.Holiday: (absences.Holiday(name="Thanksgiving Day"),),
    absences.OffHours: (absences.OffHours(until=AT),),
}
WHY_NOT: Mapping[type[Value], tuple[Value, ...]] = {
    basis.Passed: tuple(basis.Passed(code=code) for code in basis.PassedOver),
    basis.NoQueue: (basis.NoQueue(developer_name="Ops Review"),),
    basis.NoTerritory: tuple(
        basis.NoTerritory(segment="Enterprise", country=country) for country in ("DE", None)
    ),
}
SKIPPED = tuple(
    basis.Skipped(what=what, who="Ben", why=absences.Inactive())
    for what in literals(basis.Skipped, "what")
)
ORIGINS = (
    basis.FromFacts(),
    basis.FromFacts(facts=KNOWN),
    basis.FromTerritory(territory="West", line=2, country="US", state="CA"),
    basis.FromTerritory(territory="Banks", line=3, segment="Enterprise", industry="Banking"),
)
BASES: Mapping[type[Value], tuple[Value, ...]] = {
    basis.SegmentLeaves: (basis.SegmentLeaves(segment="Enterprise"),),
    basis.SalesforceDecides: (
        basis.SalesforceDecides(),
        basis.SalesforceDecides(facts=KNOWN),
    ),
    basis.AlreadyOwns: (basis.AlreadyOwns(owner="Ana"),),
    basis.OpportunityOwned: (
        basis.OpportunityOwned(
            account="Acme", opportunity="Renewal", stage="Proposal", owner="Ana"
        ),
    ),
    basis.AccountOwned: tuple(
        basis.AccountOwned(account="Acme", standing=standing, owner="Ana", manager=manager)
        for standing in ("customer", "named", "prospect")
        for manager in ("Marta", None)
    ),
    basis.ForPerson: tuple(basis.ForPerson(origin=one, owner="Lena") for one in ORIGINS),
    basis.Drawn: tuple(
        basis.Drawn(origin=one, pool="west", owner="Ana", weight=1, whole=3) for one in ORIGINS
    ),
    basis.Queued: tuple(basis.Queued(origin=one, queue="review") for one in ORIGINS),
    basis.FellBack: tuple(
        basis.FellBack(
            origin=origin, wanted_queue=wanted, ending=ending, queue="review", owner="Quinn"
        )
        for ending, origin, wanted in product(basis.Ending, (None, *ORIGINS), (None, "partners"))
    ),
}
ROUTED = tuple(
    basis.RoutedBy(rule="Territory", basis=BASES[basis.AlreadyOwns][0], skipped=skipped)
    for skipped in ((), SKIPPED[:1], SKIPPED)
)
CAUSES: Mapping[type[Value], tuple[Value, ...]] = {
    follow.OwnerLeft: (follow.OwnerLeft(owner="Ana"),),
    follow.Disowned: tuple(
        follow.Disowned(owner="Ana", reason="Not my territory", accepted_by=by)
        for by in (None, "Marta")
    ),
    follow.NoTouch: tuple(
        follow.NoTouch(after=timedelta(minutes=minutes), sla=timedelta(minutes=30))
        for minutes in (15, 30, 90)
    ),
    follow.Unheard: (
        follow.Unheard(owner="Ana", waited=timedelta(minutes=45), sla=timedelta(minutes=30)),
    ),
    Quoted: (_QUOTED,),
}
_LATE = follow.NoTouch(after=timedelta(minutes=30), sla=timedelta(minutes=30))
_COVERED = tuple(
    follow.Cover(owner="Ana", absence=absence, asked="Ben")
    for some in ABSENCES.values()
    for absence in some
)
_AWAY = (None, *_COVERED)
ESCALATED = (
    *(
        follow.Escalated(cause=_LATE, moves=(move,), cover=cover)
        for move in Move
        for cover in _AWAY
    ),
    *(
        follow.Escalated(cause=cause, moves=(Move.NUDGE, Move.ESCALATE))
        for some in CAUSES.values()
        for cause in some
    ),
    follow.Escalated(cause=_LATE, moves=tuple(Move)),
)
_MOVED = follow.Escalated(cause=_LATE, moves=(Move.REASSIGN,))
FOUND = tuple(
    Found(
        activity="a1",
        code=code,
        kind=kind,
        who="Ana Torres",
        is_inbound=inbound,
        disposition="No answer",
        seconds=9,
    )
    for code, kind, inbound in product(Code, (*ActivityKind, None), (False, True))
)
SAYINGS: Mapping[type[Value], tuple[Value, ...]] = {
    Judged: tuple(
        Judged(verdict=verdict, why=(gate.Plain(code=gate.PlainCode.NO_DUPLICATE), *held))
        for verdict in literals(Judged, "verdict")
        for held in ((), REASONS[gate.Held])
    ),
    basis.RoutedBy: ROUTED,
    follow.NothingDue: (follow.NothingDue(),),
    follow.SnoozedBy: (follow.SnoozedBy(owner="Ana"),),
    follow.Paused: (follow.Paused(by="Quinn", reason="Migration today."),),
    follow.Unjudged: (follow.Unjudged(error="No such calendar."),),
    End: tuple(
        End(how=how, at=AT, in_time=True, touch=FOUND[0], by="Ana", status="Closed")
        for how in Closing
    ),
    follow.Escalated: ESCALATED,
    follow.Rotated: tuple(
        follow.Rotated(because=because, pool=pool, to=to, skipped=SKIPPED)
        for because in (_MOVED, _QUOTED)
        for pool, to in ((None, None), ("west", None), ("west", "Ben"))
    ),
    follow.ByHand: (follow.ByHand(by="Marta", former="Ana", owner="Ben"),),
    follow.ByRequest: (follow.ByRequest(by="Marta", owner="Ben", reason="Ana is out."),),
    said.LookedCloser: (
        said.LookedCloser(model="m", prompt="p1", move="nudge", reason="They tried."),
    ),
    said.ByAssignmentRules: (said.ByAssignmentRules(owner="Tom"),),
    said.Overtaken: (said.Overtaken(by="Marta", owner="Ben"),),
    said.Happened: tuple(said.Happened(what=what) for what in said.Event),
    said.MergedInto: (said.MergedInto(lead=LeadKey("7")),),
    said.WriteRefused: tuple(
        said.WriteRefused(words="No such owner.", code="INVALID", needs=needs)
        for needs in (None, *said.Needs)
    ),
    said.GaveUp: tuple(said.GaveUp(times=times, words="No such owner.") for times in (1, 5)),
    said.DecidedAgain: (said.DecidedAgain(words="No such owner."),),
    said.NotReassigned: (said.NotReassigned(words="No such owner.", code="INVALID"),),
    said.Accepted: (said.Accepted(by="Ana"),),
    said.Snoozed: (said.Snoozed(by="Ana", until=AT),),
    said.CallLogged: (said.CallLogged(by="Ana", outcome="Left voicemail"),),
    said.Disputed: (said.Disputed(by="Ana", reason="Not my territory"),),
    said.Ruled: tuple(
        said.Ruled(by="Marta", ruling=ruling, reason="Not my territory")
        for ruling in literals(said.Ruled, "ruling")
    ),
    said.Directed: tuple(
        said.Directed(by="Marta", asked_by=asked, what="Reassigned to Ben.")
        for asked in (None, "Ana")
    ),
    said.Denied: (said.Denied(by="Quinn"),),
    said.SetAside: tuple(
        said.SetAside(error="KeyError at domain/gate/checks.py:12", tries=tries) for tries in (1, 3)
    ),
}
SAMPLES: Mapping[type[Value], tuple[Value, ...]] = {
    **REASONS,
    **ABSENCES,
    **WHY_NOT,
    **BASES,
    **CAUSES,
    **SAYINGS,
    model.Reached: OCCURRENCES[:2],
    model.Did: OCCURRENCES[2:5],
    Quoted: (_QUOTED,),
}
"""Every member of every union of codes, with each way in which it can be told."""
OPENERS = tuple(
    Opener(trigger=kind, by_phone=by_phone)
    for kind, by_phone in product(model.TriggerKind, (True, False))
)
REMEDIES = tuple(
    Remedy(
        what=fix,
        team=team,
        person="Marta" if team is None else None,
        missing=("last_name", "state"),
        ids=("0011", "0012"),
    )
    for fix, team in product(Fix, (*Team, None))
)
