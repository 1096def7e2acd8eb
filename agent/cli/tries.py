"""`routeready try`: how leads are understood, and who would get them; nothing is written."""

# ruff: noqa: PLC0415  (imports are inside the command, so that help and lint answer at once)

from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from agent.app import App
    from agent.preview.sheet import Sheet
    from agent.preview.situation import Situation
    from agent.preview.verdicts import Entry
    from domain.policy.model import Policy

FORMATS = ("table", "json", "csv")
WRONG_USAGE = 2

Sheets = Annotated[
    str | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        help="Spreadsheet of leads, or - for standard input. Columns are Marketo field names.",
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FIELD=VALUE...",
        help='One lead, such as country=Deutschland title="VP Sales". Fields have the names of '
        "Marketo's REST API.",
    ),
]
Accounts = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="With --offline: spreadsheet of accounts (name, website, owner, ...).",
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Encoding of the spreadsheet, if it is not recognized, such as cp1252.",
    ),
]


def try_leads(  # noqa: PLR0913  (one per option)
    values: Values = None,
    sheet: Sheets = None,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Output format: table, json or csv.")
    ] = "table",
    policy: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Policy file to use instead of the one in effect."),
    ] = None,
    accounts: Accounts = None,
    encoding: Encoding = None,
    *,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline", help="Use only the policy. Needs no credentials, database or network."
        ),
    ] = False,
    in_order: Annotated[
        bool,
        typer.Option(
            "--in-order",
            help="Let round robins move on from row to row. Without it, each row is judged alone.",
        ),
    ] = False,
) -> None:
    """Show how leads are read and checked, and who would get them. Nothing is updated.

    Give one lead as FIELD=VALUE, or many with --csv. The columns form, program, list and trigger
    say what a lead did; without them, it filled out a form.
    """
    from agent.preview.sheet import SheetError

    if form not in FORMATS:
        _refuse(f'Unknown --format "{form}". Use one of: {", ".join(FORMATS)}.')
    if bool(values) == (sheet is not None):
        _refuse("Give one lead as FIELD=VALUE, or many with --csv FILE.")
    if accounts is not None and not offline:
        _refuse("--accounts needs --offline. Without --offline, accounts come from Salesforce.")
    try:
        with _table(values, sheet, encoding) as read:
            situation, notes, app = _situation(policy, accounts, offline=offline)
            try:
                _show(read, situation, notes, form, in_order=in_order, alone=sheet is None)
            finally:
                if app is not None:
                    app.close()
    except SheetError as error:
        _refuse(str(error))


def _refuse(said: str) -> NoReturn:
    typer.echo(f"routeready: {said}", err=True)
    raise typer.Exit(WRONG_USAGE)


def _table(
    values: "list[str] | None", sheet: str | None, encoding: str | None
) -> "AbstractContextManager[Sheet]":
    """The rows of a file, of standard input, or the one that was typed."""
    import sys
    from contextlib import nullcontext
    from pathlib import Path

    from agent.preview import sheet as reading

    if sheet == "-":
        return reading.from_stream(sys.stdin.buffer, encoding)
    if sheet is not None:
        return reading.opened(Path(sheet), encoding)
    pairs = [one.partition("=") for one in values or ()]
    bare = next((name for name, equals, _ in pairs if not equals or not name.strip()), None)
    if bare is not None:
        _refuse(f'"{bare}" is not FIELD=VALUE. Write it as in country=Deutschland.')
    row = reading.Row(1, tuple(value for _, _, value in pairs))
    return nullcontext(reading.Sheet(tuple(name for name, _, _ in pairs), iter([row])))


def _situation(
    path: str | None, accounts: str | None, *, offline: bool
) -> "tuple[Situation, list[str], App | None]":
    from agent.preview.companies import Companies
    from agent.preview.situation import offline as situation_offline
    from agent.preview.situation import present
    from domain.language import tried_leads

    if not offline:
        from agent.app import open_to_read
        from agent.settings import read_settings

        app = open_to_read(read_settings())
        policy = app.policy if path is None else _policy(path)
        return present(app.context(), policy), [tried_leads.NEW_RECORD], app
    from datetime import UTC, datetime

    policy = _policy(path)
    companies, notes = _accounts(accounts, policy)
    now = datetime.now(UTC)
    notes = [*notes, tried_leads.OFFLINE, tried_leads.NEW_RECORD]
    return situation_offline(policy, Companies(companies), now), notes, None


def _policy(path: str | None) -> "Policy":
    from pathlib import Path

    from agent.policy.file import load_policy
    from agent.settings import read_settings

    return load_policy(read_settings().routeready_policy if path is None else Path(path))


def _accounts(path: str | None, policy: "Policy") -> tuple[list[Any], list[str]]:
    from pathlib import Path

    from agent.preview.companies import read_accounts
    from agent.preview.sheet import opened

    if path is None:
        return [], []
    with opened(Path(path)) as sheet:
        return read_accounts(sheet, policy)


def _show(
    sheet: "Sheet",
    situation: "Situation",
    notes: list[str],
    form: str,
    *,
    in_order: bool,
    alone: bool,
) -> None:
    """Write row by row to standard output; what else there is to say goes to standard error."""
    import sys
    from zoneinfo import ZoneInfo

    from agent.app import FIELDS
    from agent.preview import output
    from agent.preview.columns import read_columns
    from agent.preview.verdicts import preview
    from domain.language import tried_leads

    columns = read_columns(sheet.columns, FIELDS)
    if sheet.guessed is not None:
        notes = [tried_leads.not_utf8(sheet.guessed), *notes]
    for note in columns.notes:
        typer.echo(note, err=True)
    if not columns.are_known:
        _refuse(
            "No column is a known field. Use Marketo field names, such as email, company, country."
        )
    zone, counts = ZoneInfo(situation.policy.timezone), output.Counts()
    found = preview(_entries(sheet, columns), situation, in_order=in_order)
    rows = counts.of(output.told(one, zone) for one in found)
    if form == "table" and alone:
        written: Iterable[str] = (output.in_full(row) for row in rows)
    else:
        forms = {"table": output.as_tables, "json": output.as_json, "csv": output.as_csv}
        written = forms[form](rows)
    if hasattr(sys.stdout, "reconfigure"):  # a terminal that can't write a letter shows its number
        sys.stdout.reconfigure(errors="backslashreplace")  # pyright: ignore[reportAttributeAccessIssue]
    for text in written:
        sys.stdout.write(text)
    sys.stdout.flush()
    if not alone:
        notes = [str(counts), tried_leads.IN_ORDER if in_order else tried_leads.ALONE, *notes]
    for note in notes:
        typer.echo(note, err=True)


def _entries(sheet: "Sheet", columns: Any) -> "Iterator[Entry]":  # noqa: ANN401
    for row in sheet.rows:
        if row.problem is not None:
            yield row.line, row.problem
        else:
            yield row.line, columns.lead(row.line, row.cells)
