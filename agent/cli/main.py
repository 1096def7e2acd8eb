"""The command line. `routeready --help` names the commands; each says what to do when it fails.

Imports of the heavy libraries are inside the commands, so that help and lint answer at once.
"""

# ruff: noqa: PLC0415  (see above)

import json
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agent.cli import probes, reports
from agent.cli.console import Port, console_cli
from agent.cli.help import Commands
from agent.cli.policy import policy_cli
from agent.cli.prompts import prompts_cli
from agent.cli.setup import setup_cli
from agent.cli.tries import try_leads
from domain.errors import RoutereadyError, SettingsError

if TYPE_CHECKING:
    from agent.run.context import RunContext
    from agent.worker.tick import Report

cli = Commands(
    "Make sure no qualified lead dies between Marketo and a sales rep.", name="routeready"
)
WORKER, LEADS, REPORTS, MANAGE, SETUP = (
    "Run the worker",
    "Leads and approvals",
    "Reports",
    "Policy, prompts and console",
    "Set up and check",
)
"""The groups of commands in `--help`."""
cli.add_typer(policy_cli, name="policy", rich_help_panel=MANAGE)
cli.add_typer(console_cli, name="console", rich_help_panel=MANAGE)
cli.add_typer(prompts_cli, name="prompts", rich_help_panel=MANAGE)

cli.add_typer(setup_cli, name="setup", rich_help_panel=SETUP)

PLUGINS = "routeready.commands"
"""Entry points that add commands: the evals are above this layer, and an extra of their own."""

FAILED, UNUSABLE = 1, 2
"""Exit codes: it was tried and failed or was refused; settings or words that nothing can be done
with. docs/reference/commands.md has the table."""

ApprovalId = Annotated[
    str,
    typer.Argument(metavar="ID", help="The approval's id, as listed by `routeready approvals`."),
]
Approver = Annotated[
    str, typer.Option(metavar="EMAIL", help="Your email address; recorded in the audit log.")
]
Asker = Annotated[
    str, typer.Option("--by", metavar="EMAIL", help="Your email address, as in the policy's users.")
]
PauseScope = Annotated[
    str,
    typer.Argument(metavar="SEGMENT", help="One segment's name, or `worker` for all of them."),
]
JsonPath = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Also write the result to this file as JSON."),
]


def main() -> None:
    """Run a command; what went wrong is one sentence and a non-zero exit code."""
    for plugin in entry_points(group=PLUGINS):
        cli.add_typer(plugin.load(), name=plugin.name, rich_help_panel=MANAGE)
    try:
        cli()
    except RoutereadyError as error:
        sys.stderr.write(f"routeready: {error}\n")
        raise SystemExit(UNUSABLE if isinstance(error, SettingsError) else FAILED) from None


def _show_version(wanted: bool) -> None:  # noqa: FBT001  (Typer hands the flag over so)
    if wanted:
        typer.echo(f"routeready {installed('routeready')}")
        raise typer.Exit


@cli.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            help="Show the version and exit.",
            is_eager=True,
            callback=_show_version,
        ),
    ] = False,
) -> None:
    """Make sure no qualified lead dies between Marketo and a sales rep."""
    del version


@cli.command(group=WORKER)
def run() -> None:
    """Run the worker continuously: check for due leads every ROUTEREADY_TICK_SECONDS seconds.

    Stop it with Ctrl-C or SIGTERM; it finishes what it is doing first.
    """
    from agent.settings import read_settings
    from agent.worker.scheduler import run_forever

    run_forever(read_settings())


@cli.command(group=WORKER)
def route() -> None:
    """Run once: check and route all leads that are due now."""
    _once("route")


@cli.command(group=WORKER)
def follow() -> None:
    """Run once: follow up on all assigned leads that are due (remind, escalate, reassign)."""
    _once("follow")


def _once(part: Literal["route", "follow"]) -> None:
    """Run one part once; however that ends, the next command finds the lease free."""
    from agent.app import open_app
    from agent.settings import check_complete, read_settings
    from agent.worker.tick import Worker

    settings = read_settings()
    check_complete(settings, listens=False)
    app = open_app(settings)
    worker = Worker.of(app)
    try:
        _tell(worker.route() if part == "route" else worker.follow())
    finally:
        worker.leave()
        app.close()


for command in probes.ALL:
    cli.command(group=WORKER)(command)


def _tell(report: "Report") -> None:
    from domain.language import names

    if report.paused:
        raise RoutereadyError(report.paused)
    if report.busy:
        raise RoutereadyError(
            f"Another instance of the worker is running. {report.busy} Try again when it is done."
        )
    if report.error:
        raise RoutereadyError(report.error)
    counts = sorted([*report.verdicts.items(), *report.steps.items()])
    told = ", ".join(f"{count} {names.TALLIES.get(kind, kind)}" for kind, count in counts)
    typer.echo(f"Leads: {told}" if told else "Nothing was due.")


@cli.command(group=LEADS, examples="routeready why dana.fox@globex.example")
def why(
    who: Annotated[
        str, typer.Argument(metavar="LEAD", help="The lead's email address or Marketo ID.")
    ],
) -> None:
    """Show a lead's full history: why it was routed there, and every update made."""
    from agent.app import open_app
    from agent.settings import read_settings

    stories = open_app(read_settings()).stories(who)
    if not stories:
        raise RoutereadyError(
            f"No lead found for {who}: it never matched a trigger. "
            "Check the email address or Marketo ID."
        )
    typer.echo("\n\n".join(str(story) for story in stories))


@cli.command(
    group=LEADS,
    examples='routeready ask "what is unworked in EMEA?" --by quinn@acme.example\n'
    'routeready ask "hold Acme until Thursday" --by quinn@acme.example',
)
def ask(
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="Your question, as you would ask it in Slack.")
    ],
    by: Asker,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Make the proposed change without asking.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Don't use the language model.")] = False,
) -> None:
    """Ask a question, or request a change, as in Slack. You confirm each change first."""
    from agent.app import open_app
    from agent.cli.person import note, person
    from agent.conversation.desk import Desk
    from agent.conversation.memory import NoMemory
    from agent.settings import read_settings

    app = open_app(read_settings())
    who = person(by, app)
    desk = Desk(app.context(), NoMemory())
    shown = desk.respond(question, who, f"terminal/{by}", plain=plain)
    typer.echo(shown.text())
    for one in shown.answers:
        if one.proposal is not None:
            agreed = yes or typer.confirm("Approve this change?")
            typer.echo(desk.word(one.proposal, yes=agreed, who=who).text())
            note(app, by, "ask", "decided", one.proposal)
    app.close()


cli.command(
    "try",
    group=LEADS,
    examples="routeready try email=ada@acme.example country=Deutschland title=CFO\n"
    "routeready try --offline --csv leads.csv",
)(try_leads)


@cli.command(
    group=WORKER,
    examples='routeready pause --by quinn@acme.example --because "new territories"\n'
    'routeready pause Enterprise --by quinn@acme.example --because "form broken"',
)
def pause(
    by: Asker,
    because: Annotated[
        str,
        typer.Option(
            metavar="REASON", help="The reason; shown to everyone who asks about the pause."
        ),
    ],
    scope: PauseScope = "worker",
) -> None:
    """Stop all updates of the worker, or of one segment, until someone resumes them."""
    ask(f"pause {scope}, {because}", by, yes=True, plain=True)


@cli.command(group=WORKER)
def resume(
    by: Asker,
    scope: PauseScope = "worker",
) -> None:
    """End a pause of the worker, or of one segment."""
    ask(f"resume {scope}", by, yes=True, plain=True)


@cli.command(group=SETUP)
def replay() -> None:
    """Recompute every recorded decision, and list those with a different result."""
    from agent.ledger import open_ledger
    from agent.rollout.replay import replay as recompute
    from agent.settings import read_settings
    from domain.grammar import counted

    found = recompute(open_ledger(read_settings().routeready_database))
    for one in found.differences:
        typer.echo(f"Decision {one.decision} of lead {one.lead} has a different result:")
        typer.echo(f"  recorded   {one.recorded}\n  recomputed {one.computed}")
    typer.echo(
        f"{counted(found.decisions, 'decision')} recomputed, {len(found.differences)} differ"
    )
    if found.differences:
        raise typer.Exit(1)


for command, shown in reports.ALL.items():
    cli.command(group=REPORTS, examples=shown)(command)


@cli.command(group=SETUP)
def doctor() -> None:
    """Check credentials, permissions, fields, queues, the campaign and clocks.

    Each finding comes with its fix. Exits with 1 if there is something to fix.
    """
    from agent.app import open_app
    from agent.cli.terminal import show_findings
    from agent.settings import check_complete, read_settings

    settings = read_settings()
    check_complete(settings, listens=False)
    findings = open_app(settings).examine()
    show_findings(findings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@cli.command(group=SETUP)
def migrate() -> None:
    """Upgrade the database to this version of routeready. Safe to repeat."""
    from agent.ledger.engine import migrate as bring_up
    from agent.ledger.engine import open_engine
    from agent.settings import read_settings

    bring_up(open_engine(read_settings().routeready_database))
    typer.echo("The database is up to date.")


@cli.command(group=LEADS)
def exceptions() -> None:
    """List leads and updates set aside, and records that can't be read. Each is retried."""
    from agent.ledger import open_ledger
    from agent.settings import read_settings
    from domain.grammar import counted

    workings = open_ledger(read_settings().routeready_database).workings
    found = workings.set_aside()
    for one in found:
        tried = counted(one.tries, "try", "tries")
        typer.echo(
            f"{one.lead or '-'}  {one.title or 'no name yet'}  {one.where}: {one.error}, {tried}, "
            f"next {one.again_at:%Y-%m-%d %H:%M} UTC"
        )
    odd = workings.unread()
    for row in odd:
        typer.echo(
            f"{row.lead or 'unknown lead'}  Marketo {row.feed}: {row.why}, "
            f"seen {row.last_at:%Y-%m-%d %H:%M} UTC"
        )
    typer.echo(f"{counted(len(found), 'lead or update', 'leads or updates')} set aside")
    if odd:
        typer.echo(f"{counted(len(odd), 'record')} from Marketo that can't be read")


@cli.command(group=LEADS)
def approvals() -> None:
    """List pending approvals."""
    from zoneinfo import ZoneInfo

    from agent.ledger import open_ledger
    from agent.settings import read_settings
    from domain.grammar import counted
    from domain.language import operations

    zone = ZoneInfo("UTC")
    waiting = open_ledger(read_settings().routeready_database).approvals.pending()
    for one in waiting:
        typer.echo(
            f"{one.id}  {one.requested_at:%Y-%m-%d %H:%M} UTC  {operations.said(one.said, zone)}"
        )
    typer.echo(counted(len(waiting), "pending approval"))


@cli.command(group=LEADS)
def approve(approval: ApprovalId, by: Approver) -> None:
    """Approve an assignment; Salesforce is updated on the worker's next run."""
    from agent.routing.approvals import approve as let_happen

    _answer(approval, by, let_happen, "approved")


@cli.command(group=LEADS)
def deny(approval: ApprovalId, by: Approver) -> None:
    """Deny an assignment; the lead stays unassigned until a new trigger."""
    from agent.routing.approvals import deny as refuse

    _answer(approval, by, refuse, "denied")


@cli.command(group=LEADS)
def disputes(json_file: JsonPath = None) -> None:
    """List leads that owners disputed, and the rulings. The JSON includes the evidence."""
    from agent.ledger import open_ledger
    from agent.metrics.disputes import cases
    from agent.settings import read_settings
    from domain.language import names

    found = cases(open_ledger(read_settings().routeready_database))
    for one in found:
        ruled = names.ruling(one.state)
        by = f" (by the {one.ruled_by})" if one.ruled_by else ""
        reason = one.reason.replace("_", " ")
        typer.echo(f"{one.id}  {one.opened_at:%Y-%m-%d %H:%M} UTC  {reason}: {ruled}{by}")
    if not found:
        typer.echo("No disputes.")
    if json_file is not None:
        rows = [one.model_dump(mode="json") for one in found]
        json_file.write_text(json.dumps(rows, indent=2, ensure_ascii=False), encoding="utf-8")


def _answer(
    approval: str, by: str, answer: "Callable[[str, str, RunContext], bool]", done: str
) -> None:
    from agent.app import open_app
    from agent.cli.person import REFUSED, note
    from agent.routing.approvals import may_answer
    from agent.settings import read_settings

    app = open_app(read_settings())
    context = app.context()
    if not may_answer(approval, by, context):
        note(app, by, "approvals", done, approval, REFUSED)
        raise RoutereadyError(
            f"No pending approval {approval}, or {by} is not allowed to answer it. "
            "See: routeready approvals"
        )
    if not answer(approval, by, context):
        raise RoutereadyError(
            f"Approval {approval} is no longer pending: it was already answered. "
            "See: routeready approvals"
        )
    note(app, by, "approvals", done, approval)
    typer.echo(f"Approval {approval} {done} by {by}.")


@cli.command(group=SETUP)
def demo(
    json_file: JsonPath = None,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Random seed; a different seed gives different leads.")
    ] = 7,
    days: Annotated[
        int, typer.Option(metavar="N", help="Number of simulated business days.", min=1, max=5)
    ] = 3,
    *,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then serve the console while the simulation goes on.")
    ] = False,
    port: Port = 8750,
) -> None:
    """Run the worker on a sample company's inbound leads, in a local sandbox. Needs no keys."""
    from agent.cli.demo import run_demo, serve_demo

    if serve and json_file is not None:
        raise RoutereadyError(
            "--json can't be combined with --serve, which runs until you stop it. Leave one out."
        )
    if serve:
        serve_demo(seed=seed, days=days, port=port)
        return
    result = run_demo(seed=seed, days=days)
    if json_file is not None:
        json_file.write_text(json.dumps(result, indent=2, ensure_ascii=False), encoding="utf-8")
