"""`routeready setup ...`: set up what routeready needs at a vendor."""

# ruff: noqa: PLC0415  (heavy imports are inside, so that help answers at once)

from typing import Annotated

import typer

from agent.cli.help import Commands

setup_cli = Commands("Set up Salesforce for routeready.")


@setup_cli.command("salesforce")
def set_up_salesforce(
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Add what is missing without asking.")
    ] = False,
) -> None:
    """List fields, permissions and rules missing in Salesforce; add them once you confirm."""
    from agent.app import open_app
    from agent.settings import read_settings

    deployer = open_app(read_settings()).deployer()
    steps = deployer.plan()
    if not steps:
        typer.echo("Salesforce has every field, permission and rule that routeready needs.")
        return
    for number, step in enumerate(steps, start=1):
        typer.echo(f"{number:3} {step.sentence}")
    if not yes and not typer.confirm("Add this to Salesforce?"):
        raise typer.Exit(1)
    for number, _ in enumerate(deployer.perform(steps), start=1):
        typer.echo(f"{number:3} done")
    typer.echo("Check the result: routeready doctor")
