"""A judge of wordings: asked in both orders, believed as far as it agrees with people."""

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from evals.cases.scenario import load_scenarios
from evals.harness.bench import open_stand_in
from evals.judge.rulings import (
    CHOICES,
    Agreement,
    Asking,
    Better,
    Pair,
    agree,
    judge_with,
    labelled,
    measure,
    prefer,
    rule,
)
from evals.judge.wordings import agreement, pairs_of
from evals.run.trials import Trial, Turn
from tools.llm import LlmSettings

LABELS = labelled()
TOLD: Mapping[tuple[str, str], Better] = {
    (one.pair.first, one.pair.second): one.better for one in LABELS
}


def person(pair: Pair) -> Better:
    """A judge that says what people said, in whichever order it is asked."""
    if (pair.first, pair.second) in TOLD:
        return TOLD[pair.first, pair.second]
    turned: dict[Better, Better] = {"first": "second", "second": "first", "neither": "neither"}
    return turned[TOLD[pair.second, pair.first]]


def first_come(pair: Pair) -> Better:
    """A judge that likes what stands first."""
    del pair
    return "first"


def test_people_labelled_enough_pairs_of_every_kind() -> None:
    """At least 100, none twice, and no answer that could be guessed."""
    kinds = Counter(one.pair.kind for one in LABELS)
    labels = Counter(one.better for one in LABELS)
    assert len(TOLD) == len(LABELS) >= 100
    assert {"nudge", "escalation", "morning list"} == set(kinds)
    assert max(labels.values()) < len(LABELS) / 2
    assert min(labels.values()) > len(LABELS) / 5


def test_a_judge_that_agrees_with_people_counts() -> None:
    """Nothing but agreement is a kappa of 1."""
    found = measure(person)
    assert (1.0, True, 0.0, 0) == (found.kappa, found.is_trusted, found.flips, found.unscored)


def test_a_judge_that_goes_by_the_order_is_advice() -> None:
    """Every vote flips, each comes to neither, and the agreement is chance."""
    found = measure(first_come)
    assert (0.0, False, 1.0) == (found.kappa, found.is_trusted, found.flips)


def test_a_judge_that_guesses_is_advice() -> None:
    """Kappa is near 0 whatever share it gets right by luck."""
    chance = random.Random(3)
    found = measure(lambda _: chance.choice(CHOICES))
    assert (True, False) == (abs(found.kappa) < 0.2, found.is_trusted)


def test_what_has_no_answer_has_no_score() -> None:
    """No ruling is neither a tie nor a zero, and too few rulings are no agreement."""
    found = measure(lambda _: None)
    assert (0, len(LABELS), False) == (found.scored, found.unscored, found.is_trusted)
    assert rule(LABELS[0].pair, lambda _: None).better is None


def test_the_majority_of_three_votes_decides() -> None:
    """Two of three; a single vote that could be had decides nothing."""
    pair = LABELS[0].pair

    def answering(*straight: Better | None) -> Better | None:
        said = iter(straight)
        turned = {"first": "second", "second": "first", "neither": "neither", None: None}
        last: list[Better | None] = []

        def ask(asked: Pair) -> Better | None:
            if asked == pair:
                last.append(next(said))
                return last[-1]
            return turned[last[-1]]  # pyright: ignore[reportReturnType]

        return rule(pair, ask).better

    assert "first" == answering("first", "second", "first")
    assert "neither" == answering("first", "second", "neither")
    assert "second" == answering("second", None, "second")
    assert answering("first", None, None) is None


def test_agreement_is_cohens() -> None:
    """20 and 15 of 50 agreed upon, with the margins of Cohen's formula: 0.4."""
    labels = LABELS[:50]
    counts: Mapping[tuple[Better, Better], int] = {
        ("first", "first"): 20,
        ("first", "second"): 5,
        ("second", "first"): 10,
        ("second", "second"): 15,
    }
    says = [pair for pair, count in counts.items() for _ in range(count)]
    wanted = [
        one.model_copy(update={"better": better})
        for one, (better, _) in zip(labels, says, strict=True)
    ]
    rulings = [
        rule(one.pair, lambda _: None).model_copy(update={"better": said})
        for one, (_, said) in zip(labels, says, strict=True)
    ]
    assert pytest.approx(0.4) == agree(rulings, wanted).kappa


TRUSTED = Agreement(kappa=0.8, low=0.7, high=0.9, scored=104, unscored=0, flips=0.0, table=())


def test_only_a_trusted_judge_speaks_against_a_candidate() -> None:
    """Below the kappa the same preferences are advice."""
    pairs = [one.pair for one in LABELS[:12]]
    bad = prefer(pairs, _likes({one.first for one in pairs}), "judge", TRUSTED)
    untrusted = TRUSTED.model_copy(update={"kappa": 0.59})
    advice = bad.model_copy(update={"agreement": untrusted})
    assert (12, True, False) == (bad.base, bad.is_worse, advice.is_worse)


def _likes(texts: set[str]) -> Asking:
    def ask(pair: Pair) -> Better:
        return "first" if pair.first in texts else "second"

    return ask


def test_a_judge_is_asked_over_http_and_measured_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in answers by the rubric; what it agreed on is known the next time."""
    monkeypatch.setattr("evals.judge.rulings.labelled", lambda: LABELS[:6])
    with open_stand_in() as settings:
        judge = judge_with(settings)
        found = agreement(judge, "stand-in", tmp_path, workers=1)
        judge.llm.close()
    assert (6, 0) == (found.scored, found.unscored)
    assert found == agreement(judge, "stand-in", tmp_path, workers=1)


def test_a_server_that_is_away_gives_no_ruling() -> None:
    """Its silence is no opinion."""
    judge = judge_with(
        LlmSettings(
            api_key=SecretStr("sk"), model="m", base_url="http://127.0.0.1:9/v1", attempts=1
        )
    )
    found = rule(LABELS[0].pair, judge)
    judge.llm.close()
    assert (None, ()) == (found.better, found.votes)


def test_only_wordings_that_passed_and_differ_are_judged() -> None:
    """What code objects to needs no judge, and the same words no opinion."""
    nudges = [one for one in load_scenarios() if one.task == "nudge"][:4]
    said = [("a", "b", True), ("a", "a", True), ("a", "b", False), ("c", "d", True)]
    trials = [
        _said(scenario.id, arm, text, passed=passed or arm == "base")
        for scenario, (base, candidate, passed) in zip(nudges, said, strict=True)
        for arm, text in (("base", base), ("candidate", candidate))
    ]
    pairs = pairs_of(nudges, trials, "base", "candidate")
    assert [(nudges[0].id, "a", "b"), (nudges[3].id, "c", "d")] == [
        (one.id, one.first, one.second) for one in pairs
    ]


def _said(scenario: str, arm: str, text: str, *, passed: bool) -> Trial:
    return Trial(
        scenario=scenario,
        case="c",
        task="nudge",
        family="f",
        arm=arm,
        trial=0,
        prompt="p",
        model="m",
        passed=passed,
        fault=None,
        sentence="",
        violations=0,
        unsupported=0,
        tokens=1,
        seconds=0.1,
        turns=(Turn(heard=(), said=text),),
    )
