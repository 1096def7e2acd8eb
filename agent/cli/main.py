"""The command line. `routeready --help` names the commands; each says what to do when it fails.

Imports of the heavy libraries are inside the commands, so that help and lint answer at once.
"""

# ruff: noqa: PLC0415  (see above)

import json
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli import reports
from agent.cli.policy import policy_cli
from agent.cli.setup import setup_cli
from domain.errors import RoutereadyError

if TYPE_CHECKING:
    from agent.run.context import RunContext
    from agent.worker.tick import Report

cli = typer.Typer(
    name="routeready",
    help="Makes sure that no qualified lead dies between Marketo and a sales rep.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(policy_cli, name="policy")
console_cli = typer.Typer(help="The console: one screen that says whether leads are worked.")
cli.add_typer(console_cli, name="console")
prompts_cli = typer.Typer(
    help="The prompts: their versions, and what changed.", no_args_is_help=True
)
cli.add_typer(prompts_cli, name="prompts")

cli.add_typer(setup_cli, name="setup")

PLUGINS = "routeready.commands"
"""Entry points that add commands: the evals are above this layer, and an extra of their own."""

ApprovalId = Annotated[str, typer.Argument(help="As `routeready approvals` lists it.")]
Approver = Annotated[str, typer.Option(help="Your e-mail address, for the record.")]
Asker = Annotated[str, typer.Option("--by", help="Your e-mail address, as the policy has it.")]
Port = Annotated[int, typer.Option(help="Which port the console is served at.")]
PromptName = Annotated[str, typer.Argument(help="As `routeready prompts list` names it.")]
Revision = Annotated[str, typer.Option("--base", help="A commit, branch or tag.")]
JsonPath = Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON.")]


def main() -> None:
    """Run a command; what went wrong is one sentence and a non-zero exit code."""
    for plugin in entry_points(group=PLUGINS):
        cli.add_typer(plugin.load(), name=plugin.name)
    try:
        cli()
    except RoutereadyError as error:
        sys.stderr.write(f"routeready: {error}\n")
        raise SystemExit(1) from None


@cli.command()
def run() -> None:
    """Work without end: a tick every ROUTEREADY_TICK_SECONDS, until stopped."""
    from agent.settings import read_settings
    from agent.worker.scheduler import run_forever

    run_forever(read_settings())


@cli.command()
def route() -> None:
    """Work one tick: route everything that is due now."""
    from agent.app import open_app
    from agent.settings import read_settings
    from agent.worker.tick import Worker

    _tell(Worker.of(open_app(read_settings())).route())


@cli.command()
def follow() -> None:
    """Work one tick: look after every handed-off lead that is due now."""
    from agent.app import open_app
    from agent.settings import read_settings
    from agent.worker.tick import Worker

    _tell(Worker.of(open_app(read_settings())).follow())


def _tell(report: "Report") -> None:
    if report.paused:
        raise RoutereadyError(report.paused)
    if report.busy:
        raise RoutereadyError("another instance is at work; try again when it is done")
    if report.error:
        raise RoutereadyError(report.error)
    counts = sorted([*report.verdicts.items(), *report.steps.items()])
    typer.echo(", ".join(f"{count} {kind}" for kind, count in counts) or "nothing was due")


@cli.command()
def why(who: Annotated[str, typer.Argument(help="An e-mail address, or a Marketo id.")]) -> None:
    """Tell the whole story of a lead: why it went where it went, and what was written."""
    from agent.app import open_app
    from agent.settings import read_settings

    stories = open_app(read_settings()).stories(who)
    if not stories:
        raise RoutereadyError(f"nothing is known of {who}: it was never triggered")
    typer.echo("\n\n".join(str(story) for story in stories))


@cli.command()
def ask(
    question: Annotated[str, typer.Argument(help="As you would write it in Slack.")],
    by: Asker,
    *,
    yes: Annotated[bool, typer.Option(help="Approve what is proposed without asking.")] = False,
    plain: Annotated[bool, typer.Option(help="Do without the language model.")] = False,
) -> None:
    """Ask the worker what you would ask in Slack; changes are shown before they are made."""
    from agent.app import open_app
    from agent.conversation.desk import Desk
    from agent.conversation.memory import NoMemory
    from agent.settings import read_settings
    from domain.conversation.permissions import principal

    app = open_app(read_settings())
    who = principal(by, app.policy)
    if who is None:
        raise RoutereadyError(f"the policy names no user {by}")
    desk = Desk(app.context(), NoMemory())
    shown = desk.respond(question, who, f"terminal/{by}", plain=plain)
    typer.echo(shown.text())
    for one in shown.answers:
        if one.proposal is not None:
            agreed = yes or typer.confirm("Do it?")
            typer.echo(desk.word(one.proposal, yes=agreed, who=who).text())
    app.close()


@cli.command()
def pause(
    by: Asker,
    because: Annotated[str, typer.Option(help="Why; everybody who asks reads it.")],
    scope: Annotated[str, typer.Argument(help="`worker`, or a segment's name.")] = "worker",
) -> None:
    """Stop every write, of the worker or of one segment, until somebody resumes it."""
    ask(f"pause {scope}, {because}", by, yes=True, plain=True)


@cli.command()
def resume(
    by: Asker,
    scope: Annotated[str, typer.Argument(help="`worker`, or a segment's name.")] = "worker",
) -> None:
    """End a pause."""
    ask(f"resume {scope}", by, yes=True, plain=True)


@cli.command()
def replay() -> None:
    """Compute every stored decision again; each must come out the same, byte for byte."""
    from agent.ledger import open_ledger
    from agent.rollout.replay import replay as recompute
    from agent.settings import read_settings

    found = recompute(open_ledger(read_settings().routeready_database))
    for one in found.differences:
        typer.echo(f"decision {one.decision} of lead {one.lead} differs:")
        typer.echo(f"  recorded {one.recorded}\n  computed {one.computed}")
    typer.echo(f"{found.decisions} decisions computed again, {len(found.differences)} differ")
    if found.differences:
        raise typer.Exit(1)


for command in reports.ALL:
    cli.command()(command)


@cli.command()
def doctor() -> None:
    """Check credentials, permissions, fields, queues, campaign and clocks; each with its fix."""
    from agent.app import open_app
    from agent.cli.terminal import show_findings
    from agent.settings import read_settings

    findings = open_app(read_settings()).examine()
    show_findings(findings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@cli.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    from agent.ledger.engine import migrate as bring_up
    from agent.ledger.engine import open_engine
    from agent.settings import read_settings

    bring_up(open_engine(read_settings().routeready_database))
    typer.echo("the database is up to date")


@cli.command()
def approvals() -> None:
    """List the writes that wait for a person's word."""
    from agent.ledger import open_ledger
    from agent.settings import read_settings

    waiting = open_ledger(read_settings().routeready_database).approvals.pending()
    for one in waiting:
        typer.echo(f"{one.id}  {one.requested_at:%Y-%m-%d %H:%M} UTC  {one.sentence}")
    typer.echo(f"{len(waiting)} waiting")


@cli.command()
def approve(approval: ApprovalId, by: Approver) -> None:
    """Let a write happen in the next tick."""
    from agent.routing.approvals import approve as let_happen

    _answer(approval, by, let_happen)


@cli.command()
def deny(approval: ApprovalId, by: Approver) -> None:
    """Refuse a write; its lead is put aside."""
    from agent.routing.approvals import deny as refuse

    _answer(approval, by, refuse)


@cli.command()
def disputes(json_file: JsonPath = None) -> None:
    """List what owners refused and how it was ruled; as JSON also with its evidence."""
    from agent.ledger import open_ledger
    from agent.metrics.disputes import cases
    from agent.settings import read_settings

    found = cases(open_ledger(read_settings().routeready_database))
    for one in found:
        ruled = f"{one.state} by {one.ruled_by}" if one.ruled_by else one.state
        typer.echo(f"{one.id}  {one.opened_at:%Y-%m-%d %H:%M} UTC  {one.reason}: {ruled}")
    if not found:
        typer.echo("nothing was disputed")
    if json_file is not None:
        rows = [one.model_dump(mode="json") for one in found]
        json_file.write_text(json.dumps(rows, indent=2, ensure_ascii=False), encoding="utf-8")


def _answer(approval: str, by: str, answer: "Callable[[str, str, RunContext], bool]") -> None:
    from agent.app import open_app
    from agent.routing.approvals import may_answer
    from agent.settings import read_settings

    context = open_app(read_settings()).context()
    if not may_answer(approval, by, context):
        raise RoutereadyError(f"{by} may not answer {approval}, or nothing waits under this id")
    if not answer(approval, by, context):
        raise RoutereadyError(f"{approval} is not waiting: answered before, or no such approval")
    typer.echo(f"{approval}: noted, by {by}")


@cli.command()
def demo(
    json_file: JsonPath = None,
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 7,
    days: Annotated[int, typer.Option(help="Simulated business days.", min=1, max=5)] = 3,
    *,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then serve the console, while the company lives on.")
    ] = False,
    port: Port = 8750,
) -> None:
    """Run a made-up company's inbound leads through the worker, against a local sandbox."""
    from agent.cli.demo import run_demo, serve_demo

    if serve and json_file is not None:
        raise RoutereadyError("--serve goes on until it is stopped; leave --json away")
    if serve:
        serve_demo(seed=seed, days=days, port=port)
        return
    result = run_demo(seed=seed, days=days)
    if json_file is not None:
        json_file.write_text(json.dumps(result, indent=2, ensure_ascii=False), encoding="utf-8")


@console_cli.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="What to listen on.")] = "127.0.0.1",
    port: Port = 8750,
    by: Annotated[
        str | None, typer.Option("--by", help="Whom it is for, where nobody signs in.")
    ] = None,
) -> None:
    """Serve the console until stopped. Beyond this machine people sign in."""
    if context.invoked_subcommand is not None:
        return
    from agent.app import open_app
    from agent.console.door import Address
    from agent.console.web.server import serve
    from agent.settings import read_settings

    settings = read_settings()
    address = Address(host, port, settings.routeready_console_url)
    app = open_app(settings)
    serve(app, address, default=by, tell=typer.echo)
    app.close()


@console_cli.command("token")
def console_token(
    email: Annotated[str, typer.Argument(help="Whom it is for, as the policy has it.")],
) -> None:
    """Make a token that lets a person sign in once, within ten minutes."""
    from agent.app import open_app
    from agent.console.door import make_token
    from agent.settings import read_settings

    app = open_app(read_settings())
    if email not in app.policy.users:
        raise RoutereadyError(f"the policy names no user {email}")
    typer.echo(make_token(app.ledger.visits, email, app.clock.now()))


@console_cli.command("expel")
def console_expel(
    email: Annotated[str, typer.Argument(help="Whose sessions and tokens end.")],
) -> None:
    """Sign somebody out everywhere."""
    from agent.ledger import open_ledger
    from agent.settings import read_settings

    ended = open_ledger(read_settings().routeready_database).visits.expel(email)
    typer.echo(f"{ended} sessions and tokens ended")


@prompts_cli.command("list")
def prompts_list() -> None:
    """List the prompts: version, settings, and what each is for."""
    from prompts import load
    from prompts.history import names

    for prompt in map(load, names()):
        wants = ", ".join(prompt.settings.variables)
        typer.echo(f"{prompt.name}  {prompt.version}  {prompt.settings.purpose}")
        settings = prompt.settings
        typer.echo(f"    given: {wants}; answers: {settings.output}, {settings.max_tokens} tokens")


@prompts_cli.command("diff")
def prompts_diff(name: PromptName, base: Revision = "main") -> None:
    """Show what changed in a prompt since a commit, branch or tag."""
    from prompts import load
    from prompts.history import at, difference

    typer.echo(difference(at(name, base), load(name), base) or f"{name} is as it was at {base}")


@prompts_cli.command("history")
def prompts_history(name: PromptName) -> None:
    """Tell when a prompt was changed, and to which version: as decisions name it."""
    from prompts import load
    from prompts.history import history

    now = load(name)
    changes = history(name)
    if not changes or changes[0].version != now.version:
        typer.echo(f"{now.version}  not committed yet")
    for one in changes:
        version = one.version or "no prompt      "
        typer.echo(f"{version}  {one.at:%Y-%m-%d}  {one.commit}  {one.subject}")
