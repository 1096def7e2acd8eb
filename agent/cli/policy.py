"""`routeready policy ...`: check a policy, publish it to some leads, take it back, compare two."""

# ruff: noqa: PLC0415  (imports are inside the commands, so that help and lint answer at once)

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.help import Commands
from domain.errors import PublishingError

if TYPE_CHECKING:
    from agent.app import App
    from domain.policy.model import Policy

policy_cli = Commands("Check, compare, publish and roll back policies.")

PolicyPath = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="Policy file. Its territories.csv is in the same folder."),
]
NAMES_A_POLICY = (
    "A policy file, a version, `file` (the file at ROUTEREADY_POLICY) or `live` "
    "(the published policy)."
)
Before = Annotated[str, typer.Argument(metavar="BEFORE", help=NAMES_A_POLICY)]
After = Annotated[str, typer.Argument(metavar="AFTER", help=NAMES_A_POLICY)]
By = Annotated[
    str, typer.Option("--by", metavar="EMAIL", help="Your email address, as in the policy's users.")
]
Because = Annotated[
    str, typer.Option("--because", metavar="REASON", help="The reason, for the audit log.")
]
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="LEADS",
        help="Which leads: segment=NAME or share=10%. Use it twice for a share of a segment; "
        "without it, all leads.",
    ),
]


@policy_cli.command("check")
def check(path: PolicyPath = Path("policy.yaml")) -> None:
    """Check a policy file, and list its errors and warnings with what to do."""
    from agent.policy.file import read_policy
    from domain.grammar import counted

    reading = read_policy(path)
    for one in reading.complaints:
        typer.echo(str(one))
    errors = len(reading.errors)
    warnings = len(reading.complaints) - errors
    version = f", version {reading.policy.version}" if reading.policy else ""
    told = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    typer.echo(f"{path}: {told}{version}")
    if errors:
        raise typer.Exit(1)


@policy_cli.command("upgrade")
def upgrade(
    path: PolicyPath = Path("policy.yaml"),
    *,
    write: Annotated[
        bool,
        typer.Option("--write/--check", help="Write the file, or only show what would change."),
    ] = True,
) -> None:
    """Rename old keys of a policy file; comments, order and quotes stay as they are."""
    from agent.policy.upgrade import upgrade as upgraded

    found = upgraded(path)
    keys = "1 old key" if found.renamed == 1 else f"{found.renamed} old keys"
    if not found.renamed:
        typer.echo(f"{path}: up to date, no old keys")
        return
    typer.echo(found.diff, nl=False)
    if not write:
        typer.echo(f"{path}: {keys}. To rename: routeready policy upgrade {path}")
        raise typer.Exit(1)
    found.write()
    typer.echo(f"{path}: {keys} renamed")


@policy_cli.command("schema")
def schema() -> None:
    """Print the JSON Schema of the policy file, for completion and checks in your editor."""
    from domain.policy.model import Policy

    typer.echo(json.dumps(Policy.model_json_schema(), indent=2))


@policy_cli.command(
    "publish",
    examples="routeready policy publish my-policy.yaml --to share=10% \\\n"
    '    --by quinn@acme.example --because "new DACH territories"',
)
def publish(path: PolicyPath, by: By, because: Because, to: To = None) -> None:
    """Publish a policy to some or all leads. The policy file applies to the others."""
    from agent.cli.person import note, person
    from agent.policy.file import load_policy
    from agent.rollout import publications
    from domain.language import names
    from domain.rollout.canary import State, read_scope

    app = _app()
    scope, who = read_scope(to or []), person(by, app)
    wanted = publications.Request(load_policy(path), scope, by, because, who.asserted_by)
    made = publications.publish(wanted, app.context())
    note(app, by, "policy publish", "published", made.id)
    typer.echo(f"{made.id}: {names.publication(made)}")
    if made.state is State.PROPOSED:
        typer.echo(
            "Pending approval by another RevOps admin, who signs in to the console and approves it "
            "under Policy."
        )
    app.close()


@policy_cli.command("agree")
def agree(
    publication: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="The publication's id, as listed by `routeready policy history`."
        ),
    ],
    by: By,
) -> None:
    """Approve a published policy as the second person; it applies from then on."""
    from agent.cli.person import note, person
    from agent.rollout import publications
    from domain.language import names

    app = _app()
    who = person(by, app)
    made = publications.agree(publication, by, app.context(), asserted_by=who.asserted_by)
    note(app, by, "policy agree", "agreed", made.id)
    typer.echo(f"{made.id}: {names.publication(made)}")
    app.close()


@policy_cli.command("rollback")
def rollback(by: By, because: Because) -> None:
    """Roll back the published policy. Leads that it assigned keep their owners."""
    from agent.cli.person import note
    from agent.rollout import publications
    from domain.language import names

    app = _app()
    ended = publications.roll_back(by, because, app.context())
    note(app, by, "policy rollback", "rolled back", ended.id)
    typer.echo(f"{ended.id}: {names.publication(ended)}")
    app.close()


@policy_cli.command("history")
def history() -> None:
    """List published policies, and how the live one compares with the policy file."""
    from agent.rollout import publications
    from domain.language import names
    from domain.rollout.canary import State

    app = _app()
    for one in app.ledger.publications.all():
        who = f"{one.by}, approved by {one.agreed_by}" if one.agreed_by else one.by
        ended = (
            f", ended {one.ended_at:%Y-%m-%d %H:%M} UTC by {one.ended_by}" if one.ended_at else ""
        )
        typer.echo(f"{one.id}  {one.asked_at:%Y-%m-%d %H:%M} UTC by {who}{ended}")
        typer.echo(f"    {names.publication(one)}\n    Reason: {one.because}")
        if one.state is State.LIVE:
            found = publications.trial_of(one, app.context())
            for compared in found.compared:
                typer.echo(f"    {compared.sentence}")
            typer.echo(f"    {found.reason or 'No problem found so far.'}")
    typer.echo(f"Policy file: version {app.policy.version}")
    app.close()


@policy_cli.command("diff", examples="routeready policy diff policy.yaml my-policy.yaml")
def diff(before: Before, after: After = "file") -> None:
    """Show what differs between two policies."""
    from domain.policy.diff import diff as differences

    app = _app()
    one, other = _named(before, app), _named(after, app)
    for found in differences(one, other):
        typer.echo(found.sentence)
    typer.echo(f"{one.version} -> {other.version}")
    app.close()


def _named(name: str, app: "App") -> "Policy":
    """A policy by its file, by its version, or by what it is now."""
    from agent.policy.file import load_policy

    if name == "file":
        return app.policy
    if name == "live":
        current = app.ledger.publications.current()
        name = current.version if current is not None else ""
        if current is None:
            raise PublishingError("No policy is published; the policy file applies to all leads.")
    if Path(name).is_file():
        return app.ledger.publications.named(load_policy(Path(name)))
    found = app.ledger.publications.policy(name)
    if found is None:
        raise PublishingError(
            f"No policy {name}: there is no such file and no such version. "
            "See: routeready policy history"
        )
    return found


def _app() -> "App":
    from agent.app import open_app
    from agent.settings import read_settings

    return open_app(read_settings())
