"""One lead's whole story: what was decided and why, why not the others, what was written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from starlette.responses import Response

from agent.console import labels, words
from agent.console.visit import NotThereError, Visit, name_of
from agent.conversation.changes.proposals import UNROUTED
from agent.ledger.records import Posted
from agent.ledger.stores.conversations import Known
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import DisputeRow, HandoffRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import CycleStatus, EffectState, TriggerOutcome
from agent.metrics.lead_history import update, vendor_words
from domain.conversation.permissions import Ability, may
from domain.decision.cases import Case, Outcome
from domain.gate.verdict import CheckResult, Verdict
from domain.gate.verdict import Outcome as CheckOutcome
from domain.language import checks, names, operations, routes
from domain.language.facts import occurrence
from domain.lead.model import Activity, FieldName, Lead, Trigger
from domain.policy.model import Policy
from domain.routing.route import Routed, why
from domain.values import CycleId, LeadKey, Source

_CASES: TypeAdapter[Case] = TypeAdapter(Case)
ACTIVITIES = timedelta(days=60)
JUDGED = ("gate", "route")


@dataclass(frozen=True)
class Moment:
    """Something that happened to a lead."""

    at: datetime
    what: str
    sentence: str
    mark: str = ""
    """`big` for what decided, `bad` for what went wrong."""
    verdict: Verdict | None = None
    checks: Sequence[CheckResult] = ()
    routed: Routed | None = None
    source: str = ""
    turn: int = 1
    """Orders what happened at one instant: decisions, the owner's write, other writes."""


@dataclass(frozen=True)
class Chapter:
    """One cycle of a lead."""

    cycle: CycleRow
    trigger: Trigger
    handoff: HandoffRow | None
    routed: Routed | None
    """The latest route."""
    verdict: Verdict | None
    moments: Sequence[Moment]


def show(visit: Visit) -> Response:
    """The story of the lead in the address."""
    lead = LeadKey(visit.path("lead"))
    one = known(visit, lead, Ability.WHY)
    history = visit.ledger.history
    cycles = history.cycles(lead)
    chapters = [_chapter(visit, cycle) for cycle in reversed(cycles)]
    activities = visit.ledger.cycles.activities([lead], visit.now - ACTIVITIES).get(lead, ())
    return visit.page(
        "story.html",
        one=one,
        chapters=chapters,
        facts=_facts(visit, one),
        triggers=[
            row for row in history.triggers(lead) if row.outcome is not TriggerOutcome.OPENED
        ],
        activities=list(_newest(activities)),
        held=visit.ledger.conversations.held([lead]).get(lead),
        can=_can(visit, one),
        people=_receivers(visit),
        fields=_correctable(visit.policy),
        record=_record(visit, one),
    )


def known(visit: Visit, lead: LeadKey, ability: Ability) -> Known:
    """The lead in its newest cycle, if the person may do this with it.

    Raises NotThereError for one that does not exist and for one that is not theirs alike.
    """
    found = visit.ledger.lists.of_leads([lead])
    visit.about = lead
    if not found or not _is_theirs(visit, found[0], ability):
        raise NotThereError("No such lead, or you don't have access to it.")
    return found[0]


def _is_theirs(visit: Visit, one: Known, ability: Ability) -> bool:
    """Their own as everywhere; and whoever may approve an assignment must be able to read why."""
    if may(visit.who, ability, one.owner):
        return True
    waits = one.status is CycleStatus.APPROVAL
    return waits and may(visit.who, Ability.APPROVE, proposed(visit, one))


def proposed(visit: Visit, one: Known) -> str | None:
    """Who would own a lead whose assignment is pending approval."""
    owner = visit.ledger.history.cycles(one.lead)[-1].owner
    return owner if owner in visit.policy.users else None


def _newest(activities: Sequence[Activity]) -> Iterator[Activity]:
    yield from sorted(activities, key=lambda each: each.at, reverse=True)[:20]


def _chapter(visit: Visit, cycle: CycleRow) -> Chapter:
    ledger, key = visit.ledger, CycleId(cycle.id)
    decisions = ledger.history.decisions(cycle.id)
    judged = [_judged(row, visit.zone) for row in decisions if row.kind in JUDGED]
    posted = ledger.handoffs.messages_about([key], "tell_owner")
    moments = [
        *judged,
        *(_decided(row, visit.zone) for row in decisions if row.kind not in JUDGED),
        *(_written(row) for row in ledger.history.effects(cycle.id) if not _is_in(row, posted)),
        *(_told(visit, row) for row in posted),
        *(_disputed(visit, row) for row in ledger.handoffs.disputes(cycle=key)),
    ]
    trigger = Trigger.model_validate(cycle.trigger)
    moments.append(Moment(trigger.at, "Triggered", occurrence(trigger.fact), "big"))
    routes = [one.routed for one in judged if one.routed is not None]
    verdicts = [one.verdict for one in judged if one.verdict is not None]
    return Chapter(
        cycle=cycle,
        trigger=trigger,
        handoff=ledger.handoffs.row(key),
        routed=routes[-1] if routes else None,
        verdict=verdicts[-1] if verdicts else None,
        moments=list(_grouped(sorted(moments, key=lambda one: (one.at, one.turn)))),
    )


def _grouped(moments: Sequence[Moment]) -> Iterator[Moment]:
    """The same thing said again and again is told once, with how often."""
    repeats = 0
    for number, one in enumerate(moments):
        after = moments[number + 1] if number + 1 < len(moments) else None
        if after is not None and (after.what, after.sentence) == (one.what, one.sentence):
            repeats += 1
            continue
        times = f" (repeated {words.plural(repeats, 'time')})" if repeats else ""
        yield replace(one, sentence=one.sentence + times)
        repeats = 0


def _judged(row: DecisionRow, zone: ZoneInfo) -> Moment:
    outcome = Outcome.model_validate_json(row.outcome)
    verdict = outcome.verdict
    mark = {"READY": "big", "REJECT": "bad", "PARK": "bad"}.get(verdict.kind, "")
    what = names.verdict(verdict.kind)
    sentence = checks.verdict(verdict, zone)
    if outcome.routed is not None:
        what, sentence = "Routed", routes.routed(why(outcome.routed.decision), zone)
    source = f"Decision {row.id}, policy version {row.policy_version}"
    weighed = _by_weight(verdict)
    return Moment(row.at, what, sentence, mark, verdict, weighed, outcome.routed, source, 0)


_WEIGHT = {
    CheckOutcome.FAIL: 0,
    CheckOutcome.WAIT: 1,
    CheckOutcome.PASS: 2,
    CheckOutcome.NOT_APPLICABLE: 3,
}


def _by_weight(verdict: Verdict) -> list[CheckResult]:
    return sorted(verdict.checks, key=lambda one: _WEIGHT[one.outcome])


def _decided(row: DecisionRow, zone: ZoneInfo) -> Moment:
    what = labels.DECISIONS.get(row.kind, words.spoken(row.kind).capitalize())
    return Moment(row.at, what, operations.said(row.said, zone), turn=0)


def _written(row: EffectRow) -> Moment:
    mark = "bad" if row.state in (EffectState.DEAD, EffectState.UNKNOWN) else ""
    at = row.settled_at or row.due_at
    source = words.plural(row.attempts, "attempt") if row.attempts > 1 else ""
    turn = 1 if row.kind == "set_owner" else 2
    return Moment(at, update(row), vendor_words(row), mark, source=source, turn=turn)


def _is_in(row: EffectRow, posted: Sequence[Posted]) -> bool:
    """Whether a message stands in the story already, with the name of who got it."""
    is_sent = row.kind == "tell_owner" and row.state == EffectState.APPLIED
    return is_sent and any(one.at == row.settled_at for one in posted)


def _told(visit: Visit, row: Posted) -> Moment:
    return Moment(row.at, f"Slack DM sent to {name_of(row.person, visit.policy)}", "", turn=3)


def _disputed(visit: Visit, row: DisputeRow) -> Moment:
    ruling = "pending"
    if row.ruled_by is not None:
        ruled = "accepted" if row.state == "accepted" else "denied"
        ruling = f"{ruled} by {name_of(row.ruled_by, visit.policy)}"
    note = f" Note: {row.note}" if row.note else ""
    return Moment(
        row.opened_at,
        f"Disputed by {name_of(row.by, visit.policy)} ({words.spoken(row.reason)}), {ruling}",
        note,
        "bad",
    )


SHOWN = (
    FieldName.TITLE,
    FieldName.COMPANY,
    FieldName.COUNTRY,
    FieldName.STATE,
    FieldName.EMPLOYEES,
    FieldName.INDUSTRY,
    FieldName.LEAD_SOURCE,
    FieldName.ICP_TIER,
)


def _facts(visit: Visit, one: Known) -> list[tuple[str, str, str]]:
    """What was known of the lead at the last verdict: name, value, and where it is from."""
    rows = [row for row in visit.ledger.history.decisions(one.cycle) if row.kind in JUDGED]
    if not rows:
        return []
    lead: Lead = _CASES.validate_json(rows[-1].inputs).snapshot.lead
    return [
        (
            words.sentence(words.spoken(name)).replace("Icp", "ICP"),
            str(lead.fields[name].value),
            labels.SOURCES[lead.fields[name].source],
        )
        for name in SHOWN
        if name in lead.fields
    ]


def _record(visit: Visit, one: Known) -> str | None:
    """Where people open the record in Salesforce."""
    if one.record_id is None or visit.office.app.settings.salesforce_domain is None:
        return None
    return visit.office.app.links.url(one.record_id)


def _can(visit: Visit, one: Known) -> frozenset[str]:
    """What the person may do with the lead as it stands."""
    in_hands = one.is_open
    unrouted = one.status in UNROUTED
    possible = {
        Ability.GIVE: in_hands,
        Ability.SNOOZE: in_hands,
        Ability.HOLD: in_hands or unrouted,
        Ability.RELEASE: one.lead in visit.ledger.conversations.held([one.lead]),
        Ability.CORRECT: in_hands or unrouted,
        Ability.GATE_AGAIN: unrouted or one.status is CycleStatus.REJECTED,
        Ability.TRY_AGAIN: bool(visit.ledger.conversations.given_up([one.lead])),
    }
    found = {
        ability for ability, fits in possible.items() if fits and visit.may(ability, one.owner)
    }
    if one.status is CycleStatus.APPROVAL:
        owner = proposed(visit, one)
        found |= {one for one in (Ability.APPROVE, Ability.DENY) if visit.may(one, owner)}
    return frozenset(found)


def _correctable(policy: Policy) -> list[str]:
    """Fields about which the policy believes a person."""
    return [words.spoken(name) for name, who in policy.hygiene.items() if Source.PERSON in who]


def _receivers(visit: Visit) -> list[str]:
    """Whom the person could give a lead to."""
    users = visit.policy.users
    reps = [email for email, user in users.items() if user.role == "rep"]
    return sorted(
        (email for email in reps if visit.may(Ability.GIVE, email)),
        key=lambda email: users[email].name,
    )
