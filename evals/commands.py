"""`routeready eval`: whether a change of a prompt or a model is better, in figures.

It needs the `evals` extra, and no key: without `--model` a stand-in of our own answers.
"""

# ruff: noqa: PLC0415  (help answers at once; the libraries of statistics load in the commands)

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import RoutereadyError

if TYPE_CHECKING:
    from evals.comparison.gate import Setup
    from evals.run.runner import Effort
    from prompts import Prompt
    from tools.llm import LlmSettings

eval_cli = typer.Typer(help="Is a changed prompt better? Run cases, compare.", no_args_is_help=True)

EXIT = {"PROMOTE": 0, "REJECT": 1, "HOLD": 2}

Model = Annotated[
    str | None,
    typer.Option(
        help="Ask this model at OPENAI_BASE_URL with OPENAI_API_KEY; without it no key is needed."
    ),
]
SplitName = Annotated[str, typer.Option("--split", help="dev, gate or sealed.")]
TaskName = Annotated[
    str | None, typer.Option("--task", help="Only the cases of one prompt, such as nudge.")
]
Trials = Annotated[int, typer.Option(help="Tries per case and arm.", min=1, max=16)]
Workers = Annotated[int, typer.Option(help="Cases at a time.", min=1, max=32)]
Tokens = Annotated[int | None, typer.Option(help="Spend at most so many tokens.", min=1)]
Folder = Annotated[Path, typer.Option("--out", help="Where reports and trials are kept.")]


@eval_cli.command("run")
def run_command(  # noqa: PLR0913, PLR0917  (a command's options)
    split: SplitName = "gate",
    task: TaskName = None,
    trials: Trials = 1,
    model: Model = None,
    workers: Workers = 2,
    max_tokens: Tokens = None,
    out: Folder = Path("var/evals"),
) -> None:
    """Run the present prompts over a split's cases, and say what passed and what didn't."""
    _require_extra()
    from evals.comparison.gate import current, run_one
    from evals.run.runner import Effort

    setup = _setup(current(), split, Effort(trials, workers, max_tokens), model, out)
    setup = _only(setup, task)
    found = run_one(setup, datetime.now(UTC))
    for one in found:
        if one.passed is not True:
            mark = "no score" if one.passed is None else str(one.fault)
            typer.echo(f"{one.scenario} #{one.trial + 1}  {mark}: {one.sentence}")
    scored = [one for one in found if one.passed is not None]
    passed = sum(one.passed is True for one in scored)
    violations = sum(one.violations for one in found)
    typer.echo(
        f"{passed} of {len(scored)} trials passed, {len(found) - len(scored)} without a score, "
        f"{violations} policy violations"
    )
    if violations:
        raise typer.Exit(1)


@eval_cli.command("compare")
def compare_command(  # noqa: PLR0913, PLR0917  (a command's options)
    base: Annotated[str, typer.Option(help="A commit, branch or tag.")] = "main",
    split: SplitName = "gate",
    task: TaskName = None,
    trials: Trials = 4,
    model: Model = None,
    workers: Workers = 2,
    max_tokens: Tokens = None,
    judge: Annotated[
        str | None,
        typer.Option(help="Let this model say which wording is better, where code can't tell."),
    ] = None,
    out: Folder = Path("var/evals"),
) -> None:
    """Compare the present prompts with those of a commit: 0 PROMOTE, 1 REJECT, 2 HOLD.

    Writes report.html, report.json and report.md, and each arm's run for `inspect view`.
    """
    _require_extra()
    from rich.console import Console

    from evals.comparison.gate import at_revision, compare
    from evals.report.page import as_html
    from evals.report.summary import as_json, as_markdown, show
    from evals.run.runner import Effort

    setup = replace(
        _only(
            _setup(at_revision(base), split, Effort(trials, workers, max_tokens), model, out), task
        ),
        judge=None if judge is None else _endpoint(judge),
    )
    try:
        found = compare(setup, datetime.now(UTC))
    except ValueError as error:
        raise RoutereadyError(f"nothing can be compared: {error}") from None
    out.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("report.html", as_html(found)),
        ("report.json", as_json(found)),
        ("report.md", as_markdown(found)),
    ):
        (out / name).write_text(text, encoding="utf-8")
    show(found, Console(soft_wrap=True))
    typer.echo(f"{out / 'report.html'}")
    raise typer.Exit(EXIT[found.judgement.verdict])


@eval_cli.command("baseline")
def baseline_command(
    trials: Trials = 2,
    model: Model = None,
    workers: Workers = 2,
    out: Folder = Path("var/evals"),
) -> None:
    """Run the present prompts over the gate's cases, and keep the figures for later comparisons.

    Writes evals/comparison/baselines; commit it with the prompts.
    """
    _require_extra()
    from evals.comparison.baseline import keep, summed
    from evals.comparison.gate import CANDIDATE, current, run_one
    from evals.run.runner import Effort

    setup = _setup(current(), "gate", Effort(trials, workers), model, out)
    found = run_one(setup, datetime.now(UTC))
    if any(one.passed is None for one in found):
        raise RoutereadyError("some trials have no score, and a baseline needs all: run it again")
    baseline = summed(setup.scenarios, found, setup.candidate, CANDIDATE, trials)
    typer.echo(f"{keep(baseline)}: {baseline.passed:.1%} of trials passed")


@eval_cli.command("judge")
def judge_command(model: Model = None, workers: Workers = 2) -> None:
    """Measure how far a judge of wordings agrees with people, on labelled pairs.

    Without --model it is our stand-in, which shows that judging works and nothing of a model.
    """
    _require_extra()
    from evals.harness.bench import open_stand_in
    from evals.judge.rulings import ENOUGH, TRUSTED, judge_with, measure

    if model is None:
        with open_stand_in() as settings:
            judge = judge_with(settings)
            found = measure(judge, workers=workers)
    else:
        judge = judge_with(_endpoint(model))
        found = measure(judge, workers=workers)
    judge.llm.close()
    typer.echo(
        f"kappa {found.kappa:.2f} ({found.low:.2f} to {found.high:.2f}) on {found.scored} pairs, "
        f"{found.unscored} without a ruling; {found.flips:.0%} of votes changed with the order"
    )
    if not found.is_trusted:
        typer.echo(f"its word is advice: from {TRUSTED} on {ENOUGH} pairs it would count")


@eval_cli.command("routing")
def routing_command() -> None:
    """Route the gold set, which needs no model: owners, breaches of the roster, made-up values."""
    from evals.gold.routing import load_gold, run_gold

    gold = load_gold()
    found = run_gold(gold)
    for one in found:
        if not one.is_right or one.violations or one.unsupported:
            wrong = "; ".join([*one.violations, *one.unsupported])
            typer.echo(f"{one.lead.id}: {one.got}, the policy says {one.lead.owner}. {wrong}")
    right = sum(one.is_right for one in found)
    broken = sum(bool(one.violations) for one in found)
    made_up = sum(bool(one.unsupported) for one in found)
    typer.echo(
        f"{right} of {len(found)} leads ({gold.hard} hard) go where the policy says, "
        f"{broken} violations, {made_up} with made-up values"
    )
    if right < len(found) or broken or made_up:
        raise typer.Exit(1)


@eval_cli.command("export")
def export_command(
    since: Annotated[str, typer.Option(help="How far back: 7d, 24h.")] = "7d",
    out: Annotated[Path, typer.Option(help="Where the drafts are written.")] = Path(
        "var/evals/drafts"
    ),
) -> None:
    """Write what happened in production as drafts of cases, with everybody's names replaced."""
    from agent.app import open_app
    from agent.settings import read_settings
    from domain.time.durations import read_duration
    from evals.drafts.export import FEWEST, Exporter

    try:
        length = read_duration(since)
    except ValueError as error:
        raise RoutereadyError(str(error)) from None
    app = open_app(read_settings())
    try:
        messenger = app.messenger
        if messenger is None:
            said = "Slack isn't connected: who asked is not known, conversations are left out"
            typer.echo(said)
        exporter = Exporter(
            app.ledger,
            app.policy,
            app.clock.now() - length,
            dict[str, str]().get if messenger is None else messenger.email_of,
        )
        drafts = exporter.drafts()
    finally:
        app.close()
    out.mkdir(parents=True, exist_ok=True)
    for one in drafts:
        if one.text:
            (out / one.name).write_text(one.text, encoding="utf-8")
            typer.echo(f"{out / one.name}: {one.cases} drafts; say what is expected of each")
        else:
            typer.echo(f"{one.name}: {one.cases} found, a family takes {FEWEST}; not written")


def _setup(
    base: "dict[str, Prompt]", split: str, effort: "Effort", model: str | None, out: Path
) -> "Setup":
    from evals.cases.scenario import Split, load_scenarios
    from evals.comparison.gate import Setup, current

    try:
        wanted = Split(split)
    except ValueError:
        raise RoutereadyError(f"there is no split {split!r}: dev, gate or sealed") from None
    return Setup(
        base=base,
        candidate=current(),
        scenarios=load_scenarios([wanted]),
        effort=effort,
        folder=out,
        model=None if model is None else _endpoint(model),
    )


def _only(setup: "Setup", task: str | None) -> "Setup":
    """The same with one prompt's cases alone."""
    if task is None:
        return setup
    tasks = sorted({one.task for one in setup.scenarios})
    if task not in tasks:
        raise RoutereadyError(f"there is no task {task!r}: {', '.join(tasks)}")
    return replace(setup, scenarios=[one for one in setup.scenarios if one.task == task])


def _endpoint(model: str) -> "LlmSettings":
    from agent.settings import read_settings
    from tools.llm import LlmSettings

    settings = read_settings()
    if settings.openai_api_key is None:
        raise RoutereadyError("--model needs OPENAI_API_KEY; without --model no key is needed")
    return LlmSettings(
        api_key=settings.openai_api_key, model=model, base_url=settings.openai_base_url, timeout=60
    )


def _require_extra() -> None:
    try:
        import scipy  # noqa: F401  # pyright: ignore[reportUnusedImport]
        import statsmodels  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError:
        said = "this needs the libraries of statistics: pip install 'routeready[evals]'"
        raise RoutereadyError(said) from None


if __name__ == "__main__":
    eval_cli()
