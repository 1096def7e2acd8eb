"""Which of two wordings serves its reader better, by a model with a rubric: where code can't tell.

A judge is asked in both orders, three times. It is believed only as far as it agreed with people
on pairs that they labelled; below that its word is advice. What it doesn't answer has no score.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa  # pyright: ignore[reportUnknownVariableType]

from agent.app import WallClock
from domain.errors import ToolError
from domain.values import Value, canonical_json, content_hash
from evals.statistics.differences import ALPHA
from prompts import Prompt, parse
from tools.llm import LlmGateway, LlmSettings

FOLDER = Path(__file__).parent / "rubric"
VOTES = 3
"""Each is two questions: the pair in either order."""
TRUSTED = 0.6
"""Cohen's kappa from which a judge's word counts."""
ENOUGH = 100
"""Labelled pairs that must have a ruling before a judge is trusted."""

Better = Literal["first", "second", "neither"]
CHOICES: tuple[Better, ...] = ("first", "second", "neither")
_SWAPPED: Mapping[Better, Better] = {"first": "second", "second": "first", "neither": "neither"}


class Pair(Value):
    """Two wordings of the same facts for the same reader."""

    id: str
    kind: str
    """What they were written for: `nudge`, `escalation` or `morning list`."""
    facts: tuple[str, ...]
    first: str
    second: str


class Labelled(Value):
    """A pair and what a person said of it."""

    pair: Pair
    better: Better
    why: str


class Preferring(BaseModel):
    """What the judge answers with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    better: Better
    reason: str = Field(max_length=400)


class Ruling(Value):
    """What a judge came to on one pair."""

    pair: str
    better: Better | None
    """None when too few of its votes could be had: no score, and not `neither`."""
    votes: tuple[Better, ...]
    flips: int
    """Votes that changed with the order."""


Asking = Callable[[Pair], Better | None]
"""Answers one question about a pair, in the order given; None when there was no answer."""


class Agreement(Value):
    """How far a judge agrees with people."""

    kappa: float
    low: float
    high: float
    """The 95% interval."""
    scored: int
    unscored: int
    flips: float
    """Share of votes that changed with the order."""
    table: tuple[tuple[int, ...], ...]
    """People's labels by the judge's: rows and columns are first, second, neither."""

    @property
    def is_trusted(self) -> bool:
        """Whether the judge's word counts; else it is advice."""
        return self.scored >= ENOUGH and self.kappa >= TRUSTED


class Preferred(Value):
    """What a judge made of two arms' wordings of the same cases."""

    judge: str
    agreement: Agreement
    base: int
    candidate: int
    """How often the arm's wording was the better one."""
    neither: int
    unscored: int
    flips: float

    @property
    def is_worse(self) -> bool:
        """Whether a judge that can be trusted prefers the base's wordings beyond chance."""
        return self.agreement.is_trusted and self.p_worse < ALPHA

    @property
    def p_worse(self) -> float:
        """Of the base being preferred so much more by chance: the exact sign test, one-sided."""
        told = self.base + self.candidate
        return float(stats.binom.sf(self.base - 1, told, 0.5))


@cache
def rubric() -> Prompt:
    """The judge's prompt."""
    return parse("wording", (FOLDER / "wording.md").read_text(encoding="utf-8"))


@cache
def labelled() -> tuple[Labelled, ...]:
    """The pairs that people judged."""
    text = (FOLDER / "labelled.yaml").read_text(encoding="utf-8")
    groups = cast("Sequence[Mapping[str, Any]]", YAML(typ="safe", pure=True).load(text)["groups"])
    found: list[Labelled] = []
    for number, group in enumerate(groups, 1):
        for index, (first, second, better, why) in enumerate(group["pairs"], 1):
            pair = Pair(
                id=f"{number}.{index}",
                kind=group["kind"],
                facts=tuple(group["facts"]),
                first=first,
                second=second,
            )
            found.append(Labelled(pair=pair, better=better, why=why))
    return tuple(found)


def labels_version() -> str:
    """A hash of the labelled pairs."""
    return content_hash("\n".join(canonical_json(one) for one in labelled()))


@dataclass(frozen=True)
class ModelJudge:
    """Asks a model with the rubric."""

    llm: LlmGateway

    def __call__(self, pair: Pair) -> Better | None:
        """The better one; None when the model gave no answer of the form asked for."""
        prompt = rubric()
        facts = list(pair.facts)
        messages = prompt.messages(
            kind=pair.kind, facts=facts, first=pair.first, second=pair.second
        )
        try:
            said = self.llm.complete(
                messages,
                schema=Preferring,
                max_tokens=prompt.settings.max_tokens,
                prompt=prompt.version,
            )
        except ToolError:
            return None
        return None if said.parsed is None else said.parsed.better


def judge_with(settings: LlmSettings) -> ModelJudge:
    """A judge on a model; whoever asks closes its `llm`."""
    return ModelJudge(LlmGateway(settings, WallClock(), random.Random(1)))  # noqa: S311  (jitter)


def rule(pair: Pair, ask: Asking) -> Ruling:
    """Three votes, each in both orders; a vote that depends on the order says `neither`."""
    other = pair.model_copy(update={"first": pair.second, "second": pair.first})
    votes: list[Better] = []
    flips = 0
    for _ in range(VOTES):
        straight, swapped = ask(pair), ask(other)
        if straight is None or swapped is None:
            continue
        agrees = straight == _SWAPPED[swapped]
        flips += not agrees
        votes.append(straight if agrees else "neither")
    return Ruling(pair=pair.id, better=_majority(votes), votes=tuple(votes), flips=flips)


def _majority(votes: Sequence[Better]) -> Better | None:
    """What more than half of the votes wanted say; None when not so many were had."""
    half = VOTES // 2
    if len(votes) <= half:
        return None
    most, count = Counter(votes).most_common(1)[0]
    return most if count > half else "neither"


def rule_all(pairs: Sequence[Pair], ask: Asking, *, workers: int = 1) -> list[Ruling]:
    """A ruling on each pair, in their order."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(partial(rule, ask=ask), pairs))


def agree(rulings: Sequence[Ruling], labels: Sequence[Labelled]) -> Agreement:
    """How far rulings agree with labels beyond chance (Cohen 1960), by statsmodels.

    Without a ruling there is no agreement, and a judge that always says the same has a kappa of 0.
    """
    wanted = {one.pair.id: one.better for one in labels}
    table = np.zeros((3, 3), dtype=np.int64)
    for one in rulings:
        if one.better is not None:
            table[CHOICES.index(wanted[one.pair]), CHOICES.index(one.better)] += 1
    kappa, low, high = 0.0, 0.0, 0.0
    if (table.sum(axis=0) > 0).sum() > 1:
        with np.errstate(invalid="ignore"):  # a perfect table's variance may come to -1e-17
            found = cast("Any", cohens_kappa(table))
        kappa = float(found.kappa)
        bounds = np.nan_to_num([found.kappa_low, found.kappa_upp], nan=kappa)
        low, high = map(float, bounds)
    scored = int(table.sum())
    return Agreement(
        kappa=kappa,
        low=low,
        high=high,
        scored=scored,
        unscored=len(rulings) - scored,
        flips=_flip_rate(rulings),
        table=tuple(tuple(int(cell) for cell in row) for row in table),
    )


def _flip_rate(rulings: Sequence[Ruling]) -> float:
    return sum(one.flips for one in rulings) / max(1, sum(len(one.votes) for one in rulings))


def measure(ask: Asking, *, workers: int = 1) -> Agreement:
    """How far a judge agrees with the labelled pairs; six questions for each."""
    labels = labelled()
    return agree(rule_all([one.pair for one in labels], ask, workers=workers), labels)


def prefer(
    pairs: Sequence[Pair],
    ask: Asking,
    judge: str,
    agreement: Agreement,
    *,
    workers: int = 1,
) -> Preferred:
    """Which arm words better: `first` of each pair is the base's, `second` the candidate's."""
    rulings = rule_all(pairs, ask, workers=workers)
    count = Counter(one.better for one in rulings)
    return Preferred(
        judge=judge,
        agreement=agreement,
        base=count["first"],
        candidate=count["second"],
        neither=count["neither"],
        unscored=count[None],
        flips=_flip_rate(rulings),
    )
