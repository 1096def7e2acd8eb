"""Decisions of 0.1.0, computed again from their case, with the same outcome in codes.

What was decided must come out the same: verdict, checks, owner, rule, draws and clocks. Else the
migration stops and names the decision.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, TypeAdapter

from agent.ledger.migrations.sentences import facts, follow_through
from agent.ledger.migrations.sentences.patterns import Json, UnreadableError, first, quoted, rule
from domain.decision.cases import AnyCase, FollowCase, Outcome, ReassignCase
from domain.decision.replay import decide_any
from domain.decision.said import SAID, Said
from domain.follow_through.escalation import Climb, End, Pass, Rest
from domain.follow_through.reasons import ByHand, ByRequest, Rotated
from domain.follow_through.reassignment import Reassigned
from domain.gate.verdict import in_short
from domain.policy.model import Policy
from domain.routing.basis import RoutedBy
from domain.routing.route import why
from domain.values import Quoted, canonical_json

_CASES: TypeAdapter[AnyCase] = TypeAdapter(AnyCase)


@dataclass(frozen=True)
class Old:
    """A decision as 0.1.0 kept it."""

    id: str
    cycle: str
    kind: str
    policy_version: str
    inputs: str
    outcome: str
    sentence: str


@dataclass(frozen=True)
class New:
    """The same decision in codes."""

    inputs: str
    outcome: str
    said: Said


@dataclass
class Converter:
    """Converts decisions in the order in which they were made."""

    policies: Mapping[str, Policy]
    told: dict[tuple[str, str], Said] = field(default_factory=dict[tuple[str, str], Said])
    """What each sentence says, by its cycle: rows and handoffs quote decisions."""
    _callable: dict[str, bool] = field(default_factory=dict[str, bool])
    """Whether the lead of a cycle had a phone number when it was routed."""

    def decision(self, old: Old) -> New:
        """One decision; raises UnreadableError when it does not come out as it was."""
        try:
            new = self._converted(old)
        except (KeyError, StopIteration, ValueError) as error:
            raise UnreadableError(f"decision {old.id} can't be converted: {error}") from error
        self.told.setdefault((old.cycle, old.sentence), new.said)
        return new

    def said(self, cycle: str, sentence: str) -> Said | None:
        """What a row of a cycle says; quoted where no decision says so."""
        if not sentence:
            return None
        known = self.told.get((cycle, sentence))
        return known or SAID.validate_python(first(sentence, _SAID) or quoted(sentence))

    def why_owner(self, cycle: str, reason: str) -> Json | None:
        """Why an owner has a lead, as a handoff or a write told it."""
        said = self.said(cycle, reason)
        if said is None:
            return None
        if not isinstance(said, RoutedBy | Rotated | ByHand | ByRequest | Quoted):
            said = Quoted(text=reason)
        return said.model_dump(mode="json")

    def handoff(self, old: Mapping[str, Json]) -> Json:
        """A handoff, wherever it is kept."""
        why = self.why_owner(old["cycle"], old["reason"])
        return follow_through.handoff(old, why, by_phone=self._callable.get(old["cycle"], True))

    def brief(self, cycle: str, old: Mapping[str, Json]) -> Json:
        """What a rep should know of a cycle's lead."""
        return facts.brief(old, by_phone=self._callable.get(cycle, True))

    def _converted(self, old: Old) -> New:
        inputs, outcome = json.loads(old.inputs), old.outcome
        match old.kind:
            case "gate":
                return self._computed(
                    old, {**inputs, "snapshot": facts.snapshot(inputs["snapshot"])}
                )
            case "route":
                fields = inputs["snapshot"]["lead"]["fields"]
                self._callable[old.cycle] = "phone" in fields
                case = {
                    **inputs,
                    "snapshot": facts.snapshot(inputs["snapshot"]),
                    "inputs": facts.route_inputs(inputs["inputs"]),
                }
                return self._computed(old, case)
            case "follow":
                return self._computed(old, self._follow(inputs))
            case "reassign":
                handoff = self.handoff(inputs["handoff"])
                return self._computed(old, follow_through.reassign_case(inputs, handoff))
            case "explained":
                case = FollowCase.model_validate(self._follow(inputs))
                return New(canonical_json(case), outcome, _looked_closer(json.loads(outcome)))
            case "said":
                said = _need(self.said(old.cycle, old.sentence))
                return New(_dumped(self.handoff(inputs)), canonical_json(said), said)
            case "directed":
                return New(old.inputs, outcome, _directed(old.sentence, json.loads(outcome)))
            case _:
                return New(old.inputs, outcome, _need(self.said(old.cycle, old.sentence)))

    def _follow(self, inputs: Mapping[str, Json]) -> Json:
        return follow_through.case(inputs, self.handoff(inputs["handoff"]))

    def _computed(self, old: Old, case: Json) -> New:
        read = _CASES.validate_python(case)
        outcome = decide_any(read, self.policies[old.policy_version])
        before, after = json.loads(old.outcome), json.loads(canonical_json(outcome))
        compare = _COMPARED[old.kind]
        if compare(before) != compare(after):
            raise UnreadableError("it comes out differently")
        return New(canonical_json(read), canonical_json(outcome), _short(read, outcome))


def _need(said: Said | None) -> Said:
    return Quoted(text="") if said is None else said


def _dumped(value: Json) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _short(case: AnyCase, outcome: BaseModel) -> Said:
    match outcome:
        case Outcome():
            routed = outcome.routed
            return in_short(outcome.verdict) if routed is None else why(routed.decision)
        case Reassigned() if isinstance(case, ReassignCase):
            return outcome.why(case.because)
        case End():
            return outcome
        case Rest() | Pass() | Climb():
            return outcome.why
        case _:
            raise UnreadableError(f"no outcome of a decision: {type(outcome).__name__}")


def _looked_closer(chosen: Mapping[str, Json]) -> Said:
    told = {name: chosen[name] for name in ("model", "prompt", "move", "reason")}
    return SAID.validate_python({"kind": "looked_closer", **told})


_DIRECTED = re.compile(
    r"(?P<by>.+?) decided(?:, asked for by (?P<asked>.+?))?: (?P<what>.*)", re.DOTALL
)


def _directed(sentence: str, change: Mapping[str, Json]) -> Said:
    found = _DIRECTED.fullmatch(sentence)
    if found is None:
        return Quoted(text=sentence)
    told = {"by": found["by"], "asked_by": found["asked"], "what": change["after"]}
    return SAID.validate_python({"kind": "directed", **told})


def _kind(kind: str, *names: str) -> Callable[[re.Match[str]], Json]:
    return lambda found: {"kind": kind, **dict(zip(names, found.groups(), strict=True))}


_SAID = (
    follow_through.BY_HAND,
    rule(r"Salesforce's assignment rules gave it to (.+)\.", _kind("by_assignment_rules", "owner")),
    rule(
        r"(.+?) gave it to (.+) by hand before the worker's write; a person's change stays\.",
        _kind("overtaken", "by", "owner"),
    ),
    rule(
        r"It came up again and is followed in its newer cycle\.",
        lambda _: {"kind": "happened", "what": "SUPERSEDED"},
    ),
    rule(
        r"Marketo no longer has this person: deleted, or merged into another\.",
        lambda _: {"kind": "happened", "what": "GONE_FROM_MARKETO"},
    ),
    rule(r"Nothing is due\.", lambda _: {"kind": "nothing_due"}),
    rule(r"(.+) snoozed it\.", _kind("snoozed_by", "owner")),
    rule(r"Paused by (.+?): (.+)", _kind("paused", "by", "reason")),
    rule(r"The ladder can't judge it: (.+)", _kind("unjudged", "error")),
    rule(r"Salesforce refused the write: (.*) \[(.*)\]", _kind("write_refused", "words", "code")),
    rule(
        r"Decided (\d+) times, refused each time; lately: (.*)",
        lambda one: {"kind": "gave_up", "times": int(one[1]), "words": one[2]},
    ),
    rule(r"Decided again: (.*)", _kind("decided_again", "words")),
    rule(r"It could not be given on: (.*) \[(.*)\]", _kind("not_reassigned", "words", "code")),
    rule(r"(.+) said: I'm on it\.", _kind("accepted", "by")),
    rule(r"(.+?) logged a call: (.*)\.", _kind("call_logged", "by", "outcome")),
    rule(r'(.+?) said: not mine \("(.*)"\)\.', _kind("disputed", "by", "reason")),
    rule(
        r'(.+?) (accepted|refused) the dispute "(.*)"\.', _kind("ruled", "by", "ruling", "reason")
    ),
    rule(r"(.+) denied the assignment\.", _kind("denied", "by")),
    rule(
        r"(.+?) said it is not theirs: (.+)",
        lambda one: follow_through.disowned(one[0]),
    ),
    rule(
        r"(.+?) accepted that it is not (.+?)'s: (.+)", lambda one: follow_through.disowned(one[0])
    ),
    follow_through.BY_REQUEST,
)
"""Sentences of rows that no decision repeats. A snooze told the reader's clock without its day:
it stays as it was said."""


def _checks(outcome: Mapping[str, Json]) -> Json:
    verdict = outcome["verdict"]
    checks = [(one["code"], one["outcome"], one["look_at"]) for one in verdict["checks"]]
    missing: list[Json] = [
        (one.get("mend") or one.get("remedy") or {}).get("missing") for one in verdict["checks"]
    ]
    told = [verdict.get(name) for name in ("kind", "segment", "look_at", "deadline", "overdue")]
    return checks, missing, told


def _judged(outcome: Mapping[str, Json]) -> Json:
    routed = outcome["routed"]
    if routed is None:
        return _checks(outcome), None
    decision = {
        name: value
        for name, value in routed["decision"].items()
        if name not in ("reason", "basis", "skipped")
    }
    return _checks(outcome), routed["consulted"], decision, len(routed["decision"]["skipped"])


def _step(outcome: Mapping[str, Json]) -> Json:
    names = (
        "kind until how at in_time owner by rung moves may passed to manager puzzles".split()
        if outcome["kind"] != "end"
        else "kind how at in_time".split()
    )
    return {name: outcome.get(name) for name in names}


def _given(outcome: Mapping[str, Json]) -> Json:
    return outcome["target"], outcome["draw"], [one["who"] for one in outcome["skipped"]]


_COMPARED: Mapping[str, Callable[[Mapping[str, Json]], Json]] = {
    "gate": _judged,
    "route": _judged,
    "follow": _step,
    "reassign": _given,
}
"""What of an outcome is no words."""
