"""Both arms' wordings of the same cases before a judge, as far as code has nothing against them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from evals.cases.scenario import Scenario
from evals.cases.tasks import DigestCase, EscalateCase, NudgeCase
from evals.judge.rulings import (
    Agreement,
    ModelJudge,
    Pair,
    Preferred,
    judge_with,
    labels_version,
    measure,
    prefer,
    rubric,
)
from evals.run.trials import Trial
from evals.score.outcomes import shown
from tools.llm import LlmSettings

KINDS: Mapping[str, str] = {"nudge": "nudge", "escalate": "escalation", "digest": "morning list"}
"""What the rubric calls each task."""


def pairs_of(
    scenarios: Sequence[Scenario], trials: Sequence[Trial], base: str, candidate: str
) -> list[Pair]:
    """The arms' first wordings where both passed and they differ; the base's is `first`."""
    said = {
        (one.scenario, one.arm): one.turns[-1].said
        for one in trials
        if one.trial == 0 and one.passed and one.turns
    }
    pairs: list[Pair] = []
    for one in scenarios:
        ours, theirs = said.get((one.id, base)), said.get((one.id, candidate))
        if not isinstance(one.case, NudgeCase | EscalateCase | DigestCase):
            continue
        if ours is not None and theirs is not None and ours != theirs:
            facts = tuple(shown(one.case))
            kind = KINDS[one.task]
            pairs.append(Pair(id=one.id, kind=kind, facts=facts, first=ours, second=theirs))
    return pairs


def preferred(
    pairs: Sequence[Pair], settings: LlmSettings, folder: Path, *, workers: int
) -> Preferred:
    """What a judge says of the pairs; its agreement with people is measured once and kept."""
    judge = judge_with(settings)
    try:
        known = agreement(judge, settings.model, folder, workers=workers)
        return prefer(pairs, judge, settings.model, known, workers=workers)
    finally:
        judge.llm.close()


def agreement(judge: ModelJudge, model: str, folder: Path, *, workers: int) -> Agreement:
    """How far a judge agrees with people: asked once per model, rubric and set of labels."""
    path = folder / "judges.json"
    kept: dict[str, object] = {}
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
    key = f"{model} {rubric().version} {labels_version()}"
    if key in kept:
        return Agreement.model_validate(kept[key])
    found = measure(judge, workers=workers)
    if not found.unscored:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(kept | {key: found.model_dump(mode="json")}, indent=2)
        path.write_text(text, encoding="utf-8")
    return found
