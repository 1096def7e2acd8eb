"""One routing run: due leads go in, owned leads come out.

State is a table. Rows are leads, columns are channels; each node fills its columns for the whole
batch. One writer per column, so no reducers; a lead's branch is the type of its verdict, so there
is no status to disagree with it. What must outlive the run is in the ledger before anything is
sent, so the graph needs no checkpointer: a crash is repaired by the next run.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from agent.effects import outbox
from agent.handoff.set_owner import SET_OWNER
from agent.ledger.records import Step
from agent.logs import alert
from agent.marketo_updates.activity import MIRROR_ACTIVITY
from agent.marketo_updates.correction import CORRECT_FIELD
from agent.marketo_updates.fields import MIRROR_FIELDS
from agent.marketo_updates.sync import REQUEST_SYNC
from agent.notifications.owner import TELL_OWNER
from agent.rollout import publications
from agent.routing import decisions, enrichment, feeds, merges, roster, unsent
from agent.routing.batch import Batch, Update, V
from agent.run.context import RunContext
from agent.run.node_watch import watched
from domain.gate.checks import judge
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import Park, Ready, Reject, Verdict, Wait
from domain.grammar import counted
from domain.intake.field_precedence import merge
from domain.intake.normalization.fields import normalize as canonical
from domain.intake.normalization.fields import with_title_read
from domain.intake.vocabulary.compiled import compiled
from domain.lead.model import Conditions
from domain.matching.rules import match as best_match
from domain.policy.facts import with_icp_tier, without_tier
from domain.values import LeadKey

Branch = Literal["assign", "wait", "park", "reject", "stamp"]

BRANCHES: dict[type[Verdict], Branch] = {
    Ready: "assign",
    Wait: "wait",
    Park: "park",
    Reject: "reject",
}


def intake(state: Batch, runtime: Runtime[RunContext]) -> Update:  # noqa: ARG001  (a node's form)
    """Read what happened in Marketo, then take the cycles that are due."""
    context = runtime.context
    unsent.decide_again(context)
    feeds.refill(context)
    feeds.wake_changed(context)
    merges.look(context)
    claimed = context.ledger.cycles.claim(
        context.run, context.now, context.batch_size, context.only
    )
    people = context.marketing.people([one.cycle.trigger.lead for one in claimed])
    if len(people) < len(claimed):
        moved = merges.follow(context)
        claimed = [one for one in claimed if one.cycle.trigger.lead not in moved]
    since = context.now - context.policy.gate.intent_window
    return {
        "claimed": {one.cycle.trigger.lead: one for one in claimed},
        "raw": people,
        "activities": context.ledger.cycles.activities(list(people), since),
        "doubles": feeds.doubles(context, people),
    }


def normalize(state: Batch, runtime: Runtime[RunContext]) -> Update:
    """Bring every field into its canonical form, with its provenance; add what people set right."""
    context = runtime.context
    said = context.ledger.cycles.corrections(list(state.raw))
    words = compiled(context.policy.vocabulary)
    leads = {key: canonical(raw, words) for key, raw in state.raw.items()}
    right = {
        key: merge(leads[key], [with_title_read(said[key], words)], context.policy.hygiene)
        for key in said
    }
    return {"leads": {**leads, **right}}


def enrich(state: Batch, runtime: Runtime[RunContext]) -> Update:
    """Ask the CRM once for the whole batch, then the providers for what is still lacking."""
    context = runtime.context
    candidates = context.crm.candidates(list(state.leads.values()))
    known = enrichment.from_crm(state.leads, candidates, context.policy)
    return {
        "candidates": candidates,
        "enriched": {
            key: with_icp_tier(lead, context.policy)
            for key, lead in enrichment.from_providers(known, context).items()
        },
    }


def match(state: Batch, runtime: Runtime[RunContext]) -> Update:
    """Say which record and which account each lead is."""
    matching = runtime.context.policy.matching
    return {
        "matches": {
            key: best_match(lead, state.candidates[key], matching)
            for key, lead in state.enriched.items()
        }
    }


def gate(state: Batch, runtime: Runtime[RunContext]) -> Update:
    """Judge whether each lead is route-ready."""
    context = runtime.context
    snapshots = {
        key: Snapshot(
            cycle=state.claimed[key].cycle,
            lead=lead,
            activities=state.activities.get(key, ()),
            match=state.matches[key],
            conditions=Conditions(
                held=state.claimed[key].held,
                previous_trigger_at=state.claimed[key].previous_trigger_at,
                sync_requested_at=state.claimed[key].sync_requested_at,
                given=state.claimed[key].given,
                other_people=state.doubles.get(key, ()),
            ),
            at=context.now,
        )
        for key, lead in state.enriched.items()
    }
    verdicts = {key: judge(snapshot, context.policy) for key, snapshot in snapshots.items()}
    tried = on_trial(snapshots, verdicts, context)
    return {
        "snapshots": {key: tried[key][0] if key in tried else snapshots[key] for key in snapshots},
        "verdicts": {key: tried[key][1] if key in tried else verdicts[key] for key in verdicts},
        "tried": frozenset(tried),
    }


def on_trial(
    snapshots: Mapping[LeadKey, Snapshot], verdicts: Mapping[LeadKey, Verdict], context: RunContext
) -> Mapping[LeadKey, tuple[Snapshot, Verdict]]:
    """What the published policy says of the leads that it decides.

    A policy that fails on one of them is taken back at once, and the file decides all.
    """
    canary = context.canary
    if canary is None:
        return {}
    found: dict[LeadKey, tuple[Snapshot, Verdict]] = {}
    try:
        for key, verdict in verdicts.items():
            if canary.takes(key, verdict.segment):
                lead = with_icp_tier(without_tier(snapshots[key].lead), canary.policy)
                snapshot = snapshots[key].model_copy(update={"lead": lead})
                found[key] = (snapshot, judge(snapshot, canary.policy))
    except publications.FAILURES as error:
        publications.end_trial(f"It failed to judge a lead: {error!r}.", context)
        return {}
    return found


def by_policy(
    state: Batch, kind: type[V], context: RunContext
) -> list[tuple[RunContext, list[decisions.Judged[V]]]]:
    """The leads of one kind of verdict, parted by the policy that judged them."""
    canary = None if context.canary is None else context.canary.policy.version
    judged = [
        (state.claimed[key], state.snapshots[key], verdict)
        for key, verdict in state.judged(kind).items()
    ]
    return context.parted(judged, lambda one: canary if one[1].lead.key in state.tried else None)


def open_branches(state: Batch) -> list[Branch]:
    """Open every branch that has a lead in it; `stamp` at least finishes what was left undone."""
    branches: set[Branch] = {BRANCHES[type(verdict)] for verdict in state.verdicts.values()}
    if state.claimed.keys() - state.raw.keys():
        branches.add("reject")
    if "assign" not in branches:
        branches.add("stamp")
    return sorted(branches)


def _record(step: Step, context: RunContext) -> None:
    """Write what was decided; what another instance took meanwhile is that one's to decide."""
    lost = context.ledger.cycles.record(step, context.run)
    if lost:
        said = f"{counted(len(lost), 'lead')} taken over by another instance; left to it."
        alert("claim_lost", said, run=context.run)


def assign(state: Batch, runtime: Runtime[RunContext]) -> None:
    """Choose one owner for each ready lead, and write it down before anything is sent."""
    context = runtime.context
    judged = state.judged(Ready)
    ready = sorted(judged, key=lambda key: (state.claimed[key].cycle.trigger.at, key))
    inputs = roster.route_inputs(context)
    cases = [(state.claimed[key], state.snapshots[key], judged[key]) for key in ready]
    try:
        step = decisions.assigned(cases, inputs, context, state.tried)
    except publications.FAILURES as error:
        if not state.tried:
            raise
        # What it failed on waits for the next run, in which the file decides.
        publications.end_trial(f"It failed to route a lead: {error!r}.", context)
        left = [one for one in cases if one[1].lead.key not in state.tried]
        step = decisions.assigned(left, inputs, context)
    _record(step, context)


def stamp(state: Batch, runtime: Runtime[RunContext]) -> None:  # noqa: ARG001  (a node's form)
    """Set owners in Salesforce, with the reason in the same write."""
    outbox.perform(SET_OWNER, runtime.context)


def wait(state: Batch, runtime: Runtime[RunContext]) -> None:
    """Look again later; ask for the sync where the policy says so."""
    context = runtime.context
    for under, waiting in by_policy(state, Wait, context):
        _record(decisions.waiting(waiting, under), context)


def park(state: Batch, runtime: Runtime[RunContext]) -> None:
    """Put aside what somebody must fix, saying who and what."""
    context = runtime.context
    for under, parked in by_policy(state, Park, context):
        _record(decisions.parked(parked, under), context)


def reject(state: Batch, runtime: Runtime[RunContext]) -> None:
    """Close what nothing can fix, and what Marketo no longer has."""
    context = runtime.context
    for under, rejected in by_policy(state, Reject, context):
        _record(decisions.rejected(rejected, [], under), context)
    gone = [one for key, one in state.claimed.items() if key not in state.raw]
    _record(decisions.rejected([], gone, context), context)


def mirror(state: Batch, runtime: Runtime[RunContext]) -> None:  # noqa: ARG001  (a node's form)
    """Tell Marketo what was decided, and ask it for the syncs that are wanted."""
    kinds = (REQUEST_SYNC, CORRECT_FIELD, MIRROR_FIELDS, MIRROR_ACTIVITY)
    outbox.perform_each(kinds, runtime.context)


def notify(state: Batch, runtime: Runtime[RunContext]) -> None:  # noqa: ARG001  (a node's form)
    """Tell owners in Slack, one message each."""
    outbox.perform(TELL_OWNER, runtime.context)


@cache
def build() -> CompiledStateGraph[Batch, RunContext, Batch, Batch]:
    """The routing graph."""
    graph = StateGraph(Batch, context_schema=RunContext)
    graph.add_sequence([*map(watched, (intake, normalize, enrich, match, gate))])
    graph.add_sequence([*map(watched, (assign, stamp))])
    graph.add_node(watched(mirror), defer=True)  # once, after every open branch
    graph.add_node(watched(notify))
    graph.add_edge("mirror", "notify")
    for leaf in (wait, park, reject):
        graph.add_node(watched(leaf))
    graph.add_edge(START, "intake")
    graph.add_conditional_edges("gate", open_branches, [*BRANCHES.values(), "stamp"])
    for leaf in ("stamp", "wait", "park", "reject"):
        graph.add_edge(leaf, "mirror")
    graph.add_edge("notify", END)
    return graph.compile(name="routing")
