"""`routeready eval`: whether a changed prompt or model is better, in figures.

It needs the `evals` extra, and no key: without `--model` a built-in stand-in answers.
"""

# ruff: noqa: PLC0415  (help answers at once; the libraries of statistics load in the commands)

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from agent.cli.help import Commands
from domain.errors import RoutereadyError
from domain.grammar import counted

if TYPE_CHECKING:
    from evals.comparison.gate import Setup
    from evals.run.runner import Effort
    from prompts import Prompt
    from tools.llm import LlmSettings

eval_cli = Commands("Evaluate prompts and models: run cases, compare, judge.", name="eval")

EXIT = {"PROMOTE": 0, "REJECT": 1, "HOLD": 2}
UNDECIDED = 3
"""Nothing was compared: a key, a server or a commit is missing. That condemns no prompt."""

Model = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Model to run, at OPENAI_BASE_URL with OPENAI_API_KEY. Without it a built-in stand-in "
        "answers, and no key is needed.",
    ),
]
SplitName = Annotated[
    str, typer.Option("--split", metavar="SPLIT", help="Set of cases: dev, gate or sealed.")
]
TaskName = Annotated[
    str | None,
    typer.Option(
        "--task", metavar="PROMPT", help="Run only the cases of one prompt, such as nudge."
    ),
]
Trials = Annotated[int, typer.Option(metavar="N", help="Number of trials per case.", min=1, max=16)]
Workers = Annotated[
    int, typer.Option(metavar="N", help="Number of cases to run at once.", min=1, max=32)
]
Tokens = Annotated[
    int | None, typer.Option(metavar="N", help="Stop after this many tokens.", min=1)
]
Folder = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Folder for reports and trials.")
]


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
    """Run the current prompts on a set of cases, and list what failed."""
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
        f"{passed} of {counted(len(scored), 'trial')} passed, {len(found) - len(scored)} without "
        f"a score, {counted(violations, 'policy violation')}"
    )
    if violations:
        raise typer.Exit(1)


@eval_cli.command("compare", examples="routeready eval compare --base main --task nudge")
def compare_command(  # noqa: PLR0913, PLR0917  (a command's options)
    base: Annotated[
        str, typer.Option(metavar="REVISION", help="Commit, branch or tag to compare with.")
    ] = "main",
    split: SplitName = "gate",
    task: TaskName = None,
    trials: Trials = 4,
    model: Model = None,
    workers: Workers = 2,
    max_tokens: Tokens = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Model that judges which wording is better, where code can't."
        ),
    ] = None,
    out: Folder = Path("var/evals"),
) -> None:
    """Compare the current prompts with those of a commit. Exit code: 0 PROMOTE, 1 REJECT, 2 HOLD.

    It is 3 when nothing could be compared. Writes report.html, report.json and report.md, and both
    runs for `inspect view`.
    """
    _require_extra()
    from rich.console import Console

    from evals.comparison.gate import at_revision, compare
    from evals.report.page import as_html
    from evals.report.summary import as_json, as_markdown, show
    from evals.run.runner import Effort

    try:
        effort = Effort(trials, workers, max_tokens)
        setup = replace(
            _only(_setup(at_revision(base), split, effort, model, out), task),
            judge=None if judge is None else _endpoint(judge),
        )
        found = compare(setup, datetime.now(UTC))
    except RoutereadyError as error:
        _undecided(str(error))
    except ValueError as error:
        _undecided(f"There is nothing to compare: {error}.")
    out.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("report.html", as_html(found)),
        ("report.json", as_json(found)),
        ("report.md", as_markdown(found)),
    ):
        (out / name).write_text(text, encoding="utf-8")
    show(found, Console(soft_wrap=True))
    typer.echo(f"{out / 'report.html'}")
    raise typer.Exit(EXIT[found.judgment.verdict])


def _undecided(why: str) -> NoReturn:
    """End a comparison that never was one, with a code that is no verdict's."""
    typer.echo(f"routeready: {why}", err=True)
    raise typer.Exit(UNDECIDED)


@eval_cli.command("baseline")
def baseline_command(
    trials: Trials = 2,
    model: Model = None,
    workers: Workers = 2,
    out: Folder = Path("var/evals"),
) -> None:
    """Run the current prompts on the gate cases, and save the results as the baseline.

    Writes evals/comparison/baselines; commit it with the prompts.
    """
    _require_extra()
    from evals.comparison.baseline import keep, summed
    from evals.comparison.gate import CANDIDATE, current, run_one
    from evals.run.runner import Effort

    setup = _setup(current(), "gate", Effort(trials, workers), model, out)
    found = run_one(setup, datetime.now(UTC))
    if any(one.passed is None for one in found):
        raise RoutereadyError(
            "Some trials have no score, and a baseline needs a score for each. Run it again."
        )
    baseline = summed(setup.scenarios, found, setup.candidate, CANDIDATE, trials)
    typer.echo(f"{keep(baseline)}: {baseline.passed:.1%} of trials passed")


@eval_cli.command("judge")
def judge_command(model: Model = None, workers: Workers = 2) -> None:
    """Measure how well a judge of wordings agrees with people, on labeled pairs.

    Without --model the built-in stand-in judges: that tests the judging, not a model.
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
        f"kappa {found.kappa:.2f} ({found.low:.2f} to {found.high:.2f}) on "
        f"{counted(found.scored, 'pair')}, {found.unscored} without a ruling; "
        f"{found.flips:.0%} of votes changed with the order"
    )
    if not found.is_trusted:
        typer.echo(f"Advisory only: this judge counts from kappa {TRUSTED} on {ENOUGH} pairs.")


@eval_cli.command("routing")
def routing_command() -> None:
    """Route the gold set; check owners, availability and invented values. Needs no model."""
    from evals.gold.routing import load_gold, run_gold

    gold = load_gold()
    found = run_gold(gold)
    for one in found:
        if not one.is_right or one.violations or one.unsupported:
            wrong = "; ".join([*one.violations, *one.unsupported])
            typer.echo(f"{one.lead.id}: routed to {one.got}, expected {one.lead.owner}. {wrong}")
    right = sum(one.is_right for one in found)
    broken = sum(bool(one.violations) for one in found)
    made_up = sum(bool(one.unsupported) for one in found)
    typer.echo(
        f"{right} of {counted(len(found), 'lead')} ({gold.hard} hard) routed as expected, "
        f"{counted(broken, 'violation')}, {made_up} with invented values"
    )
    if right < len(found) or broken or made_up:
        raise typer.Exit(1)


@eval_cli.command("export")
def export_command(
    since: Annotated[
        str, typer.Option(metavar="PERIOD", help="How far to look back, such as 24h or 7d.")
    ] = "7d",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the drafts.")] = Path(
        "var/evals/drafts"
    ),
) -> None:
    """Export what happened in production as draft cases, with all names replaced."""
    from agent.app import open_app
    from agent.settings import read_settings
    from domain.time.durations import read_duration
    from evals.drafts.export import FEWEST, Exporter

    try:
        length = read_duration(since)
    except ValueError as error:
        raise RoutereadyError(f"--since: {error}") from None
    app = open_app(read_settings())
    try:
        messenger = app.messenger
        if messenger is None:
            said = "Slack is not connected, so conversations are left out. Set SLACK_BOT_TOKEN."
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
            drafted = counted(one.cases, "draft")
            typer.echo(f"{out / one.name}: {drafted}; add the expected result to each")
        else:
            typer.echo(f"{one.name}: not written, {one.cases} found and at least {FEWEST} needed")


def _setup(
    base: "dict[str, Prompt]", split: str, effort: "Effort", model: str | None, out: Path
) -> "Setup":
    from evals.cases.scenario import Split, load_scenarios
    from evals.comparison.gate import Setup, current

    try:
        wanted = Split(split)
    except ValueError:
        raise RoutereadyError(f'Unknown --split "{split}". Use dev, gate or sealed.') from None
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
        raise RoutereadyError(f'Unknown --task "{task}". Use one of: {", ".join(tasks)}.')
    return replace(setup, scenarios=[one for one in setup.scenarios if one.task == task])


def _endpoint(model: str) -> "LlmSettings":
    from agent.settings import read_settings
    from tools.llm import LlmSettings

    settings = read_settings()
    if settings.openai_api_key is None:
        raise RoutereadyError("--model needs OPENAI_API_KEY. Set it, or leave --model out.")
    return LlmSettings(
        api_key=settings.openai_api_key, model=model, base_url=settings.openai_base_url, timeout=60
    )


def _require_extra() -> None:
    try:
        import scipy  # noqa: F401  # pyright: ignore[reportUnusedImport]
        import statsmodels  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError:
        said = "Evals need extra packages. Run: pip install 'routeready[evals]'"
        raise RoutereadyError(said) from None


if __name__ == "__main__":
    eval_cli()
