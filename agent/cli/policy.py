"""`routeready policy ...`: check a policy, publish it to some leads, take it back, compare two."""

# ruff: noqa: PLC0415  (imports are inside the commands, so that help and lint answer at once)

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import PublishingError

if TYPE_CHECKING:
    from agent.app import App
    from domain.policy.model import Policy

policy_cli = typer.Typer(
    help="The policy: check, compare, publish to some leads, roll back.", no_args_is_help=True
)

PolicyPath = Annotated[Path, typer.Argument(help="A policy file; territories.csv beside it.")]
PolicyName = Annotated[
    str, typer.Argument(help="A file, a version, `file` (what ROUTEREADY_POLICY is) or `live`.")
]
By = Annotated[str, typer.Option("--by", help="Your e-mail address, as the policy has it.")]
Because = Annotated[str, typer.Option("--because", help="Why, for the record.")]
To = Annotated[
    list[str] | None, typer.Option("--to", help="segment=NAME, share=10%, or one of each.")
]


@policy_cli.command("check")
def check(path: PolicyPath = Path("policy.yaml")) -> None:
    """Say what is wrong with a policy: file, line, what, and what to do."""
    from agent.policy.file import read_policy

    reading = read_policy(path)
    for one in reading.complaints:
        typer.echo(str(one))
    errors = len(reading.errors)
    warnings = len(reading.complaints) - errors
    version = f", version {reading.policy.version}" if reading.policy else ""
    typer.echo(f"{path}: {errors} errors, {warnings} warnings{version}")
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
    """Print the JSON Schema of a policy file, for editors that complete and check."""
    from domain.policy.model import Policy

    typer.echo(json.dumps(Policy.model_json_schema(), indent=2))


@policy_cli.command("publish")
def publish(path: PolicyPath, by: By, because: Because, to: To = None) -> None:
    """Let a policy decide some of the leads; the policy file decides the others."""
    from agent.policy.file import load_policy
    from agent.rollout import publications
    from domain.rollout.canary import State, read_scope

    app = _app()
    wanted = publications.Request(load_policy(path), read_scope(to or []), by, because)
    made = publications.publish(wanted, app.context())
    typer.echo(f"{made.id}: {made.sentence}")
    if made.state is State.PROPOSED:
        typer.echo(f"somebody else of operations must agree: routeready policy agree {made.id}")
    app.close()


@policy_cli.command("agree")
def agree(
    publication: Annotated[str, typer.Argument(help="As `routeready policy history` lists it.")],
    by: By,
) -> None:
    """Say the second person's yes to a published policy: from then on it decides."""
    from agent.rollout import publications

    app = _app()
    made = publications.agree(publication, by, app.context())
    typer.echo(f"{made.id}: {made.sentence}")
    app.close()


@policy_cli.command("rollback")
def rollback(by: By, because: Because) -> None:
    """Take the published policy back; what it gave away stays where it is."""
    from agent.rollout import publications

    app = _app()
    ended = publications.roll_back(by, because, app.context())
    typer.echo(f"{ended.id}: {ended.sentence}")
    app.close()


@policy_cli.command("history")
def history() -> None:
    """List what was published, and how the one on trial does beside the policy file."""
    from agent.rollout import publications
    from domain.rollout.canary import State

    app = _app()
    for one in app.ledger.publications.all():
        who = f"{one.by}, agreed by {one.agreed_by}" if one.agreed_by else one.by
        ended = f", ended {one.ended_at:%Y-%m-%d %H:%M} by {one.ended_by}" if one.ended_at else ""
        typer.echo(f"{one.id}  {one.asked_at:%Y-%m-%d %H:%M} UTC by {who}{ended}")
        typer.echo(f"    {one.sentence}\n    because: {one.because}")
        if one.state is State.LIVE:
            found = publications.trial_of(one, app.context())
            for compared in found.compared:
                typer.echo(f"    {compared.sentence}")
            typer.echo(f"    {found.reason or 'Nothing speaks against it so far.'}")
    typer.echo(f"the policy file is {app.policy.version}")
    app.close()


@policy_cli.command("diff")
def diff(before: PolicyName, after: PolicyName = "file") -> None:
    """Show what the second policy says otherwise than the first."""
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
            raise PublishingError("no policy is published; the policy file decides alone")
    if Path(name).is_file():
        return app.ledger.publications.named(load_policy(Path(name)))
    found = app.ledger.publications.policy(name)
    if found is None:
        raise PublishingError(f"{name} is neither a file nor a version that the ledger knows")
    return found


def _app() -> "App":
    from agent.app import open_app
    from agent.settings import read_settings

    return open_app(read_settings())
