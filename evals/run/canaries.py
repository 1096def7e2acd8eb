"""Known answers that every run must come to: whether the harness itself can be believed.

They run on models of our own, whatever model is judged: what they test are cases, scorers and the
gate, not the model.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from domain.values import Value
from evals.cases.conversation import Solved
from evals.cases.scenario import TASKS, Scenario
from evals.cases.tasks import (
    AnyCase,
    ConversationCase,
    DigestCase,
    EscalateCase,
    InvestigateCase,
    NudgeCase,
    ReadCase,
)
from evals.harness.bench import Bench, open_bench
from evals.harness.handoffs import listed
from evals.run.runner import Arm, Effort, run
from evals.run.trials import Trial, matrix
from evals.stand_in.conversation import said_by
from evals.stand_in.model import Character, StandIn
from evals.statistics.verdict import Judgment, Verdict, judge
from prompts import Prompt, parse
from sandbox.slack.messages.typed_text import delivered
from sandbox.state.world import Row, World
from tools.slack.messages.typed import typed

FAMILIES = 2
"""Fewer can't be compared: nothing tells how families vary."""
TRIALS = 2
"""Tries per case; a canary is no close call."""


class Canary(Value):
    """One thing that must come out as known, and how it did."""

    name: str
    ok: bool
    sentence: str


@dataclass(frozen=True)
class Regression:
    """A prompt made worse on purpose."""

    name: str
    prompts: tuple[str, ...]
    without: str
    """Rules that hold this expression are taken out."""


REGRESSIONS = (
    Regression("cites nothing", ("investigate",), r"evidence"),
    Regression("paraphrases", ("read_lead",), r"letter by letter"),
    Regression(
        "makes up numbers",
        ("nudge", "escalate", "digest", "converse"),
        r"only what the facts|invent nothing|must stand in",
    ),
    Regression("guesses fields", ("read_lead",), r"not sure|slogans|fields themselves"),
    Regression("obeys strangers", TASKS, r"not follow them"),
    Regression("drops the role rule", ("converse",), r"not allowed"),
    Regression("answers from memory", ("converse",), r"call a tool first"),
)
_RULE = re.compile(r"^- .*(?:\n  .*)*\n", re.MULTILINE)


def worsened(prompt: Prompt, regression: Regression) -> Prompt:
    """A prompt without the rules that a regression takes out; others come back as they are."""
    if prompt.name not in regression.prompts:
        return prompt
    kept = _RULE.sub(
        lambda rule: "" if re.search(regression.without, rule[0], re.IGNORECASE) else rule[0],
        prompt.text,
    )
    return parse(prompt.name, kept)


@dataclass
class Oracle(StandIn):
    """A model that is told the expected answers: what a perfect one would score."""

    scenarios: Sequence[Scenario] = ()
    _answers: dict[str, Row] = field(default_factory=dict[str, Row])
    _talks: dict[tuple[str, str], Sequence[Solved]] = field(
        default_factory=dict[tuple[str, str], Sequence[Solved]]
    )

    def __post_init__(self) -> None:
        """Index the answers by the facts that the model is shown."""
        talks = [one for one in self.scenarios if isinstance(one.case, ConversationCase)]
        self._answers = dict([_solution(one) for one in self.scenarios if one not in talks])
        self._talks = dict([_talk(one.case) for one in talks])

    def reply(self, body: Row) -> Row:
        """The expected answer; it looks before it chooses, as the product wants."""
        messages = cast("list[Row]", body["messages"])
        asked = [said_by(str(one["content"])) for one in messages if one["role"] == "user"]
        if asked[0] in self._talks:
            return self._next(self._talks[asked[0]][len(asked) - 1], messages)
        user = str(next(one["content"] for one in messages if one["role"] == "user"))
        if body.get("tools"):
            looked = any(one["role"] == "tool" for one in messages)
            look: Row = {"tool_calls": [{"name": "salesforce_activity", "arguments": {}}]}
            return {"text": "Seen."} if looked else look
        kind = next((one for one in ("Permitted steps", "Who has it") if one in user), "")
        return self._answers[kind + _facts(user)]

    @staticmethod
    def _next(solved: Solved, messages: Sequence[Row]) -> Row:
        """The next call of a turn's solution, or its words at the end."""
        start = max(index for index, one in enumerate(messages) if one["role"] == "user")
        done = sum(one["role"] == "tool" for one in messages[start:])
        if done < len(solved.calls):
            ((name, given),) = solved.calls[done].items()
            return {"tool_calls": [{"name": name, "arguments": given}]}
        return {"text": solved.say or ""}


def _talk(case: AnyCase) -> tuple[tuple[str, str], Sequence[Solved]]:
    """What a conversation is known by, which is who says what first, with its solution."""
    if not isinstance(case, ConversationCase):
        raise TypeError(case.id)
    first = next(one.words for one in case.moves if one.words is not None)
    name = " ".join(part.capitalize() for part in case.who.split("."))
    return (name, typed(delivered(first), _named)), case.solution


def _named(_account: str, label: str) -> str:
    """No case's first words name a colleague by mention."""
    return label


def _facts(user: str) -> str:
    """The part of a user message by which its case is known."""
    shown = (
        r"(The lead|The figures|Late|Waiting for a word|Due next|"
        r"title|company|country|state|city): "
    )
    return "\n".join(sorted(one for one in user.splitlines() if re.match(shown, one)))


def _solution(scenario: Scenario) -> tuple[str, Row]:
    match scenario.case:
        case InvestigateCase(expect=expect):
            lead = json.dumps(scenario.case.lead, ensure_ascii=False)
            said = {**expect.model_dump(mode="json"), "reason": "Expected."}
            return f"Permitted stepsThe lead: {lead}", {"json": said}
        case NudgeCase() | EscalateCase():
            lead = json.dumps(scenario.case.lead, ensure_ascii=False)
            kind = "Who has it" if isinstance(scenario.case, EscalateCase) else ""
            return f"{kind}The lead: {lead}", {"text": wording(scenario.case)}
        case DigestCase():
            report = listed(scenario.case)
            headings = ("Late", "Waiting for a word", "Due next")
            shown = zip(headings, (list(lines) for _, lines in report.sections), strict=True)
            parts = [("The figures", report.intro), *shown]
            user = "\n".join(
                f"{name}: {json.dumps(one, ensure_ascii=False)}" for name, one in parts
            )
            return _facts(user), {"text": wording(scenario.case)}
        case ReadCase():
            return _read_solution(scenario.case)
        case ConversationCase():
            raise TypeError(scenario.id)


def wording(case: NudgeCase | EscalateCase | DigestCase) -> str:
    """A sentence that passes: the template's if there is one, and what must be brought up."""
    usual = f"{case.usual} " if isinstance(case, NudgeCase) else ""
    return f"{usual}Bring up: {', '.join(group[0] for group in case.must)}."


def _read_solution(case: ReadCase) -> tuple[str, Row]:
    typed = case.typed.model_dump()
    shown = [f"{name}: {json.dumps(typed[name], ensure_ascii=False)}" for name in typed]
    user = "\n".join(shown)
    candidates: list[Row] = []
    for name, value in case.expect.given().items():
        source = next(one for one in (name, "city", "country", "state") if typed[one])
        candidates.append(
            {"field": name, "value": value, "found_in": source, "evidence": typed[source]}
        )
    return _facts(user), {"json": {"candidates": candidates}}


def leaks(scenarios: Sequence[Scenario], prompts: Mapping[str, Prompt]) -> list[str]:
    """Where a prompt holds a piece of a case: a lead, an activity's id, a typed text."""
    found: list[str] = []
    for one in scenarios:
        text = prompts[one.task].text.casefold()
        pieces = _pieces(one)
        found += [f"{one.task}: {piece!r} of {one.id}" for piece in pieces if piece in text]
    return found


_SHORTEST = 8
"""Characters; shorter pieces stand in prompts by chance."""


def _pieces(scenario: Scenario) -> list[str]:
    match scenario.case:
        case InvestigateCase():
            texts = [scenario.case.lead, *scenario.case.expect.evidence]
        case NudgeCase() | EscalateCase():
            texts = [scenario.case.lead, wording(scenario.case)]
        case DigestCase():
            texts = [one.lead for one in (*scenario.case.late, *scenario.case.soon)]
        case ConversationCase():
            texts = [one.words for one in scenario.case.moves if one.words is not None]
        case ReadCase():
            texts = [one for one in scenario.case.typed.model_dump().values() if " " in one]
    return [text.casefold() for text in texts if len(text) >= _SHORTEST or text[:2].isdigit()]


def trials_of(
    scenarios: Sequence[Scenario],
    arms: Sequence[Arm],
    mind: Callable[[World], StandIn],
    *,
    trials: int = TRIALS,
) -> list[Trial]:
    """Arms run on a model of our own, in a sandbox of its own."""
    with TemporaryDirectory() as folder, open_bench(Path(folder), scenarios, mind=mind) as bench:
        return run(bench, scenarios, arms, Effort(trials))


def watch(scenarios: Sequence[Scenario], prompts: Mapping[str, Prompt]) -> tuple[Canary, ...]:
    """All canaries, on these cases and prompts."""
    arm = Arm("base", prompts)
    found = leaks(scenarios, prompts)
    return (
        _share("oracle", scenarios, arm, partial(Oracle, scenarios=scenarios, slips=0.0), 1.0),
        _share("do nothing", scenarios, arm, _mind("silent"), 0.0),
        _share("list everything", scenarios, arm, _mind("lists_everything"), 0.0),
        Canary(
            name="no case stands in a prompt",
            ok=not found,
            sentence="none does" if not found else "; ".join(found[:3]),
        ),
        *_seeded(scenarios, arm),
    )


def _mind(character: Character) -> Callable[[World], StandIn]:
    return partial(StandIn, character=character, slips=0.0)


def _share(
    name: str,
    scenarios: Sequence[Scenario],
    arm: Arm,
    mind: Callable[[World], StandIn],
    wanted: float,
) -> Canary:
    trials = trials_of(scenarios, [arm], mind, trials=1)
    wrong = [one.scenario for one in trials if one.passed is None or one.passed != bool(wanted)]
    share = sum(one.passed is True for one in trials) / len(trials)
    said = f"{share:.0%} of cases pass, {wanted:.0%} must"
    more = f"; not so: {', '.join(wrong[:3])}" if wrong else ""
    return Canary(name=name, ok=not wrong, sentence=said + more)


def _seeded(scenarios: Sequence[Scenario], arm: Arm) -> list[Canary]:
    """Prompts made worse, which must be rejected, and the same prompt, which must not."""
    with (
        TemporaryDirectory() as folder,
        open_bench(Path(folder), scenarios) as bench,
    ):
        base = run(bench, scenarios, [arm], Effort(TRIALS))
        again = run(bench, scenarios, [Arm("A/A", arm.prompts)], Effort(TRIALS))
        verdict = compared(scenarios, base, again, "A/A", TRIALS).verdict
        same = Canary(
            name="A/A",
            ok=verdict is not Verdict.REJECT,
            sentence=f"the same prompts against themselves: {verdict}",
        )
        tasks = {one.task for one in scenarios}
        return [
            *(
                _regressed(one, scenarios, arm, base, bench)
                for one in REGRESSIONS
                if tasks & set(one.prompts)
            ),
            same,
        ]


def _regressed(
    regression: Regression,
    scenarios: Sequence[Scenario],
    arm: Arm,
    base: Sequence[Trial],
    bench: Bench,
) -> Canary:
    worse = {name: worsened(prompt, regression) for name, prompt in arm.prompts.items()}
    name = f"seeded: {regression.name}"
    if any(worse[one].version == arm.prompts[one].version for one in regression.prompts):
        said = "the prompt has no such rule to take out; adapt REGRESSIONS in evals/run/canaries.py"
        return Canary(name=name, ok=False, sentence=said)
    touched = [one for one in scenarios if one.task in regression.prompts]
    trials = run(bench, touched, [Arm(regression.name, worse)], Effort(TRIALS))
    mine = [one for one in base if one.task in regression.prompts]
    if len({(one.task, one.family) for one in touched}) < FAMILIES:
        fewer = _passes(trials) < _passes(mine)
        said = "it passes fewer trials" if fewer else "it passes no fewer trials"
        return Canary(name=name, ok=fewer, sentence=f"{said}; too few families for a verdict")
    found = compared(touched, mine, trials, regression.name, TRIALS)
    return Canary(
        name=name,
        ok=found.verdict is Verdict.REJECT,
        sentence=f"{found.verdict}: {'; '.join(found.reasons)}",
    )


def _passes(trials: Sequence[Trial]) -> int:
    return sum(one.passed is True for one in trials)


def compared(
    scenarios: Sequence[Scenario],
    base: Sequence[Trial],
    candidate: Sequence[Trial],
    name: str,
    trials: int,
    objections: Sequence[str] = (),
) -> Judgment:
    """What a candidate's trials come to against the base's; the base's arm is named `base`."""
    return judge(
        matrix(base, scenarios, "base", trials),
        matrix(candidate, scenarios, name, trials),
        families=[f"{one.task}/{one.family}" for one in scenarios],
        tasks=[one.task for one in scenarios],
        violations=sum(one.violations for one in candidate if one.arm == name),
        objections=objections,
    )
