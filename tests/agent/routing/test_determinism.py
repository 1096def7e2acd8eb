"""The same inputs give the same bytes: on any machine, with any hash seed, in any time zone."""

import os
import random
import subprocess
import sys
from collections import Counter

from agent.policy.file import load_policy
from domain.decision.cases import RouteCase
from domain.decision.replay import decide
from domain.gate.verdict import Ready
from domain.intake.normalization.fields import normalize
from domain.lead.crm_records import Candidates
from domain.matching.rules import match
from domain.values import canonical_json
from tests.support.generated_leads import candidates, decisions, raw_lead, roster
from tests.support.repository import ROOT

LEADS = 3_000


def fingerprint(hash_seed: str, zone: str) -> str:
    """The fingerprint as another process computes it."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.support.generated_leads", str(LEADS), "7"]
    done = subprocess.run(  # noqa: S603  (our own module)
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_thousands_of_leads_come_out_byte_for_byte_the_same() -> None:
    """Two processes with other hash seeds and time zones decide alike, to the byte."""
    assert fingerprint("0", "Asia/Kolkata") == fingerprint("4711", "America/Los_Angeles")


def test_the_generated_leads_reach_every_verdict() -> None:
    """They are no monoculture: every kind of verdict and many rules are among them."""
    policy = load_policy(ROOT / "policy.yaml")
    outcomes = [outcome for _, outcome in decisions(2000, 7, policy)]
    kinds = Counter(outcome.verdict.kind for outcome in outcomes)
    rules = {outcome.routed.decision.rule for outcome in outcomes if outcome.routed}
    assert {"READY", "WAIT", "PARK", "REJECT"} == set(kinds)
    assert {"Stays with its owner", "Open opportunity", "Territory"} <= rules


def test_what_a_decision_keeps_is_enough_to_compute_it_again() -> None:
    """The people and pools that were consulted are all that the route depended on."""
    policy = load_policy(ROOT / "policy.yaml")
    for case, outcome in decisions(1000, 3, policy):
        assert canonical_json(outcome) == canonical_json(decide(case, policy))


def test_the_gate_never_says_ready_with_a_failing_check() -> None:
    """Ready means that no check failed or waits, for every generated lead."""
    policy = load_policy(ROOT / "policy.yaml")
    ready = [outcome for _, outcome in decisions(3000, 11, policy) if outcome.routed is not None]
    outcomes = {check.outcome.value for one in ready for check in one.verdict.checks}
    assert {"pass", "not_applicable"} >= outcomes
    assert all(isinstance(one.verdict, Ready) for one in ready)


def test_nobody_who_is_away_is_given_a_lead() -> None:
    """An absent person or one who left owns nothing new, whatever the rule."""
    policy = load_policy(ROOT / "policy.yaml")
    for case, outcome in decisions(3000, 5, policy):
        if isinstance(case, RouteCase) and outcome.routed is not None:
            decision = outcome.routed.decision
            target = decision.target if decision.kind == "route" else None
            name = getattr(target, "name", "")
            assert name not in ("Ella Novak", "Rob Diaz")


def test_matching_does_not_depend_on_the_order_of_candidates() -> None:
    """However the CRM sorts its answer, the match is the same."""
    policy = load_policy(ROOT / "policy.yaml")
    members, chance = roster(policy), random.Random(1)
    for number in range(500):
        raw = raw_lead(number, chance)
        found = candidates(raw, members, chance)
        turned = Candidates(records=found.records[::-1], accounts=found.accounts[::-1])
        lead = normalize(raw)
        assert match(lead, found, policy.matching) == match(lead, turned, policy.matching)
