"""Baselines: what the committed prompts came to, and whether they still do."""

from pathlib import Path

import pytest

from domain.errors import RoutereadyError
from evals.cases.scenario import Split, fingerprint, load_scenarios
from evals.comparison.baseline import Baseline, Figures, held_against, keep, known, path_of
from evals.comparison.gate import current
from sandbox.openai import MODEL


def baseline(passed: float, **more: str) -> Baseline:
    """A run of one task."""
    figures = Figures(cases=10, passed=passed, steady=passed, violations=0)
    given = {"model": "m", "cases": "c", **more}
    return Baseline(trials=2, prompts={"nudge": "v"}, tasks={"nudge": figures}, **given)


def test_the_committed_baseline_is_of_these_prompts_and_cases() -> None:
    """A change of either comes with new figures: `routeready eval baseline`."""
    found = known(MODEL)
    versions = {name: one.version for name, one in current().items()}
    assert found is not None
    assert (versions, fingerprint(load_scenarios([Split.GATE]))) == (found.prompts, found.cases)
    assert 0 == sum(one.violations for one in found.tasks.values())


def test_a_base_that_does_as_before_raises_nothing(tmp_path: Path) -> None:
    """What was kept is read again, and a few points are chance."""
    path = keep(baseline(0.9), tmp_path)
    told, objection = held_against(baseline(0.93), known("m", tmp_path))
    assert (tmp_path / "m.json", None) == (path, objection)
    assert "As before: the base passes 93.0%, its baseline says 90.0%." == told


def test_a_base_that_departs_blocks() -> None:
    """A model that changed behind its name makes no promotion."""
    told, objection = held_against(baseline(0.7), baseline(0.9))
    assert ("Not as before", True) == (
        told.partition(":")[0],
        "the model or the harness has changed" in str(objection),
    )


def test_other_cases_are_not_held_against_each_other() -> None:
    """Nor is a model without a baseline."""
    assert held_against(baseline(0.1, cases="d"), baseline(0.9))[1] is None
    assert ("There is no baseline for m.", None) == held_against(baseline(0.1), None)


def test_a_broken_file_says_what_to_do(tmp_path: Path) -> None:
    """And a model's name never leads out of the folder."""
    path_of("m", tmp_path).write_text("{}", encoding="utf-8")
    with pytest.raises(RoutereadyError, match="routeready eval baseline"):
        known("m", tmp_path)
    assert tmp_path == path_of("../../etc/passwd", tmp_path).parent
