"""`routeready console ...`: serve the console, and who is let in."""

# ruff: noqa: PLC0415  (heavy imports are inside, so that help answers at once)

from typing import Annotated

import typer

from agent.cli.help import Commands

console_cli = Commands("Serve the console, and manage who is signed in to it.", bare=True)

Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")]
Port = Annotated[int, typer.Option(metavar="PORT", help="Port to serve the console on.")]
Starter = Annotated[
    str | None,
    typer.Option("--by", metavar="EMAIL", help="Who the link signs in, by email address."),
]


@console_cli.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: Port = 8750,
    by: Starter = None,
    *,
    print_only: Annotated[
        bool, typer.Option("--print-only", help="Print the link, and open no browser.")
    ] = False,
) -> None:
    """Serve the console until you stop it. On this machine, a link that works once signs you in."""
    if context.invoked_subcommand is not None:
        return
    from agent.app import open_app
    from agent.console.door import Address
    from agent.console.web.server import serve
    from agent.settings import read_settings

    settings = read_settings()
    address = Address(host, port, settings.routeready_console_url)
    app = open_app(settings)
    serve(app, address, default=by, opens=not print_only, tell=typer.echo)
    app.close()


@console_cli.command("link")
def console_link(host: Host = "127.0.0.1", port: Port = 8750, by: Starter = None) -> None:
    """Print a new link to the console that runs on this machine; it works once, within an hour."""
    from agent.app import open_app
    from agent.cli.person import note
    from agent.console.door import Address
    from agent.console.web.server import new_link, usual
    from agent.settings import read_settings

    settings = read_settings()
    app = open_app(settings)
    link = new_link(app, Address(host, port, settings.routeready_console_url), by)
    note(app, by or usual(app.policy) or "", "console link", "made a link", "")
    typer.echo(link)
    app.close()


@console_cli.command("token")
def console_token(
    email: Annotated[
        str, typer.Argument(metavar="EMAIL", help="The person's email address, as in the policy.")
    ],
) -> None:
    """Create a sign-in token for one person; it works once, within 10 minutes."""
    from agent.app import open_app
    from agent.cli.person import note, unknown_user
    from agent.console.door import make_token
    from agent.settings import read_settings

    app = open_app(read_settings())
    if email not in app.policy.users:
        raise unknown_user(email)
    token = make_token(app.ledger.visits, email, app.clock.now())
    note(app, email, "console token", "made a token", "")
    typer.echo(token)


@console_cli.command("expel")
def console_expel(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's email address.")],
) -> None:
    """Sign a person out everywhere: end all their sessions and tokens."""
    from agent.ledger import open_ledger
    from agent.settings import read_settings
    from domain.grammar import counted

    ended = open_ledger(read_settings().routeready_database).visits.expel(email)
    typer.echo(f"{counted(ended, 'session or token', 'sessions and tokens')} ended for {email}.")
