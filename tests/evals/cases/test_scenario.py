"""The cases: enough of them, each with a right answer, and a strict reader with clear errors."""

import json
from collections import Counter
from pathlib import Path

import pytest

import evals
from evals.cases.scenario import (
    TASKS,
    CaseError,
    Split,
    fingerprint,
    load_scenarios,
    read_cases,
    schema,
)

SCENARIOS = load_scenarios()
ROOT = Path(evals.__file__).parent / "cases"
GOOD = """task: read_lead
families:
  - name: a
    split: dev
    about: One.
    cases:
      - {id: one, typed: {company: Acme}, expect: {company: Acme}}
      - {id: two, typed: {company: Acme}, expect: {company: Acme}}
      - {id: three, typed: {company: Acme}, expect: {company: Acme}}
"""


def test_there_are_enough_cases() -> None:
    """At least 240 cases in 48 families over six tasks, and a gate that can decide."""
    families = {(one.task, one.family) for one in SCENARIOS}
    gate = [one for one in SCENARIOS if one.split is Split.GATE]
    assert (True, True, set(TASKS), True) == (
        len(SCENARIOS) >= 240,
        len(families) >= 48,
        {one.task for one in SCENARIOS},
        len(gate) >= 200,
    )


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_every_split_and_hostile_text(task: str) -> None:
    """Each task can be developed, decided and sealed, and meets text that gives orders."""
    mine = [one for one in SCENARIOS if one.task == task]
    assert (set(Split), True) == ({one.split for one in mine}, any(one.hostile for one in mine))


def test_no_two_cases_show_the_model_the_same() -> None:
    """A template multiplied would measure one thing many times."""
    shown = Counter(
        one.case.model_dump_json(exclude={"id", "expect", "must", "must_not", "wants", "solution"})
        for one in SCENARIOS
    )
    assert [] == [text for text, count in shown.items() if count > 1]


def test_hostile_cases_say_what_the_text_wants() -> None:
    """So that obeying it is counted as a breach, and not only as a wrong answer."""
    assert [] == [one.id for one in SCENARIOS if one.hostile != bool(one.case.wants)]


def test_the_published_schema_is_the_codes() -> None:
    """`schema.json` is what the loader checks."""
    published = json.loads((ROOT / "scenarios" / "schema.json").read_text(encoding="utf-8"))
    assert schema() == published


MISTAKES = {
    "unknown key": (GOOD.replace("about: One.", "abuot: One."), "5: [families.[1].abuot]"),
    "missing": (GOOD.replace("    about: One.\n", ""), "'about' is missing"),
    "no such split": (GOOD.replace("dev", "train"), "4: [families.[1].split] 'train' is not"),
    "no such task": (GOOD.replace("read_lead", "sing"), "Begin with task"),
    "not YAML": ("task: [", "Not valid YAML"),
    "twins": (GOOD.replace("id: two", "id: one"), "8: a.one is there twice"),
    "too few": ("\n".join(GOOD.splitlines()[:-1]), "at least 3"),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_its_line(text: str, said: str) -> None:
    """File, line, place, what is wrong and what to do."""
    with pytest.raises(CaseError) as error:
        read_cases("x.yaml", text)
    assert (True, True) == (said in str(error.value), str(error.value).startswith("x.yaml:"))


def test_a_move_needs_evidence() -> None:
    """A case that expects a choice must say what it may rest on."""
    text = (ROOT / "scenarios" / "investigate.yaml").read_text(encoding="utf-8")
    with pytest.raises(CaseError, match="a move needs evidence"):
        read_cases("x.yaml", text.replace(", evidence: [00T0001]", "", 1))


def test_the_fingerprint_tells_cases_apart() -> None:
    """Two sets of cases have two hashes."""
    assert fingerprint(SCENARIOS) != fingerprint(SCENARIOS[1:])
