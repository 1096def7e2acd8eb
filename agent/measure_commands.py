"""What is measured, compared and tried, from a terminal: `agent.cli` makes them commands."""

# ruff: noqa: PLC0415  (imports are inside the commands, so that help and lint answer at once)

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import RoutereadyError

Since = Annotated[str, typer.Option(help="How far back, such as 30d, 12h or 2w.")]
SegmentName = Annotated[str | None, typer.Option(help="Only this segment of the policy.")]
FormatName = Annotated[str, typer.Option("--format", help="text, html, csv or md.")]
FormName = Annotated[str, typer.Option("--format", help="text, html, md or json.")]
JsonPath = Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON.")]


def report(
    form: FormatName = "text",
    since: Since = "30d",
    segment: SegmentName = None,
    start: Annotated[
        str | None, typer.Option("--from", help="From this date on, instead of --since.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Only leads triggered before this date.")
    ] = None,
    *,
    outcomes: Annotated[
        bool, typer.Option("--outcomes", help="Ask Salesforce what became of touched leads.")
    ] = False,
) -> None:
    """Measure speed, coverage, quality and leakage of the leads since then."""
    from agent import measuring
    from agent.app import open_app
    from agent.rendering import Format, render
    from agent.settings import read_settings

    if form not in set(Format):
        raise RoutereadyError(f'there is no format "{form}"; there are: {", ".join(Format)}')
    length = _back(since)
    app = open_app(read_settings())
    now = app.clock.now()
    zone = app.policy.timezone
    question = measuring.Question(
        since=now - length if start is None else measuring.read_date(start, zone),
        now=now,
        segment=segment,
        until=None if until is None else measuring.read_date(until, zone),
    )
    journeys = measuring.read(app.ledger, question, app.policy)
    if outcomes:
        journeys = measuring.with_outcomes(journeys, app.context())
    typer.echo(render(measuring.report(journeys, question, app.policy), Format(form)))


def simulate(
    policy: Annotated[Path, typer.Option(help="The policy to try; territories.csv beside it.")],
    since: Since = "30d",
    lead: Annotated[
        str | None, typer.Option(help="Also tell what becomes of one lead: e-mail or Marketo id.")
    ] = None,
    form: FormName = "text",
    json_file: JsonPath = None,
) -> None:
    """Try a policy on the decisions since then: who would have gone elsewhere, and why."""
    from agent import simulated
    from agent.app import open_app
    from agent.policy_file import load_policy
    from agent.settings import read_settings
    from agent.sheets import form_of
    from agent.simulating import Trying, what_if

    written = form_of(form)
    length, changed = _back(since), load_policy(policy)
    app = open_app(read_settings())
    now = app.clock.now()
    asked = () if lead is None else tuple(app.keys(lead))
    found = what_if(app.ledger, Trying(now - length, now, app.policy, changed, asked))
    typer.echo(simulated.render(found, written))
    if json_file is not None:
        json_file.write_text(found.model_dump_json(indent=2), encoding="utf-8")


def cohorts(
    after: Annotated[
        str | None, typer.Option(help="Leads triggered from this date on, beside those before.")
    ] = None,
    treated: Annotated[
        str | None, typer.Option(help="FIELD=VALUE, such as territory=DACH, beside the others.")
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="Beside only these: another value of the same field.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="FIELD=VALUE: only such leads; may be repeated.")
    ] = None,
    since: Since = "90d",
    form: FormName = "text",
) -> None:
    """Compare two groups of leads: before and after, or treated and control, with intervals."""
    from agent import comparing, measuring
    from agent.app import open_app
    from agent.settings import read_settings
    from agent.sheets import form_of

    form_wanted, length = form_of(form), _back(since)
    app = open_app(read_settings())
    now = app.clock.now()
    which = comparing.Which(
        now=now,
        cut=None if after is None else measuring.read_date(after, app.policy.timezone),
        treated=None if treated is None else comparing.read_value(treated),
        control=control,
        only=tuple(comparing.read_value(one) for one in only or ()),
    )
    question = measuring.Question(since=now - length, now=now)
    found = comparing.cohorts(measuring.read(app.ledger, question, app.policy), which)
    typer.echo(comparing.render_cohorts(found, form_wanted))


def shadow(
    since: Since = "30d",
    form: FormName = "text",
) -> None:
    """Compare whom the policy would have chosen with whom people and Salesforce's rules chose."""
    from agent import agreeing, comparing
    from agent.app import open_app
    from agent.settings import read_settings
    from agent.sheets import form_of

    form_wanted, length = form_of(form), _back(since)
    app = open_app(read_settings())
    start = app.clock.now() - length
    found = agreeing.shadowed(app.context(), start)
    found += agreeing.by_salesforce(app.ledger, app.policy, start)
    title = "What the policy would have done"
    typer.echo(comparing.render_agreements(title, found, form_wanted))


def alerts() -> None:
    """List what has gone quiet or drifts, each with what to do about it."""
    from agent.alerting import current
    from agent.app import open_app
    from agent.settings import read_settings

    app = open_app(read_settings())
    found = current(app.ledger, app.policy, app.clock.now())
    for one in found:
        typer.echo(f"{one.sentence}\n    {one.todo}")
        if one.leads:
            typer.echo(f"    leads: {' '.join(one.leads)}")
    typer.echo(f"{len(found)} alerts")


def _back(since: str) -> timedelta:
    """How far back a person wants to look."""
    from domain.time.durations import read_duration

    try:
        return read_duration(since)
    except ValueError as error:
        raise RoutereadyError(f"--since: {error}") from None


ALL = (report, simulate, cohorts, shadow, alerts)
"""Every command here."""
