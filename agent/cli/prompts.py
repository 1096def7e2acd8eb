"""`routeready prompts ...`: the prompts and their versions."""

# ruff: noqa: PLC0415  (imports are inside the commands, so that help answers at once)

from typing import Annotated

import typer

from agent.cli.help import Commands

prompts_cli = Commands("List prompts and their versions.")

PromptName = Annotated[
    str,
    typer.Argument(
        metavar="PROMPT", help="The prompt's name, as listed by `routeready prompts list`."
    ),
]
Revision = Annotated[
    str, typer.Option("--base", metavar="REVISION", help="Commit, branch or tag to compare with.")
]


@prompts_cli.command("list")
def prompts_list() -> None:
    """List prompts with their version, purpose and settings."""
    from prompts import load
    from prompts.history import names

    for prompt in map(load, names()):
        wants = ", ".join(prompt.settings.variables)
        typer.echo(f"{prompt.name}  {prompt.version}  {prompt.settings.purpose}")
        settings = prompt.settings
        typer.echo(
            f"    variables: {wants}; output: {settings.output}, at most "
            f"{settings.max_tokens} tokens"
        )


@prompts_cli.command("diff")
def prompts_diff(name: PromptName, base: Revision = "main") -> None:
    """Show what changed in a prompt since a commit, branch or tag."""
    from prompts import load
    from prompts.history import at, difference

    typer.echo(
        difference(at(name, base), load(name), base) or f"{name} has not changed since {base}."
    )


@prompts_cli.command("history")
def prompts_history(name: PromptName) -> None:
    """List a prompt's versions by date. Decisions name the version that they used."""
    from prompts import load
    from prompts.history import history

    now = load(name)
    changes = history(name)
    if not changes or changes[0].version != now.version:
        typer.echo(f"{now.version}  not committed")
    for one in changes:
        version = one.version or "no prompt"
        typer.echo(f"{version:<16}  {one.at:%Y-%m-%d}  {one.commit}  {one.subject}")
