"""What is measured, compared and tried, from a terminal: `agent.cli.main` makes them commands."""

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
    from agent.app import open_app
    from agent.metrics import report as metrics_report
    from agent.metrics.rendering import Format, render
    from agent.settings import read_settings

    if form not in set(Format):
        raise RoutereadyError(f'there is no format "{form}"; there are: {", ".join(Format)}')
    length = _back(since)
    app = open_app(read_settings())
    now = app.clock.now()
    zone = app.policy.timezone
    question = metrics_report.Question(
        since=now - length if start is None else metrics_report.read_date(start, zone),
        now=now,
        segment=segment,
        until=None if until is None else metrics_report.read_date(until, zone),
    )
    journeys = metrics_report.read(app.ledger, question, app.policy)
    if outcomes:
        journeys = metrics_report.with_outcomes(journeys, app.context())
    typer.echo(render(metrics_report.report(journeys, question, app.policy), Format(form)))


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
    from agent.app import open_app
    from agent.policy.file import load_policy
    from agent.rollout import simulation_tables
    from agent.rollout.simulation import Trying, what_if
    from agent.settings import read_settings
    from agent.tables.table import form_of

    written = form_of(form)
    length, changed = _back(since), load_policy(policy)
    app = open_app(read_settings())
    now = app.clock.now()
    asked = () if lead is None else tuple(app.keys(lead))
    found = what_if(app.ledger, Trying(now - length, now, app.policy, changed, asked))
    typer.echo(simulation_tables.render(found, written))
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
    from agent.app import open_app
    from agent.metrics import cohort_comparison
    from agent.metrics import report as metrics_report
    from agent.settings import read_settings
    from agent.tables.table import form_of

    form_wanted, length = form_of(form), _back(since)
    app = open_app(read_settings())
    now = app.clock.now()
    which = cohort_comparison.Which(
        now=now,
        cut=None if after is None else metrics_report.read_date(after, app.policy.timezone),
        treated=None if treated is None else cohort_comparison.read_value(treated),
        control=control,
        only=tuple(cohort_comparison.read_value(one) for one in only or ()),
    )
    question = metrics_report.Question(since=now - length, now=now)
    found = cohort_comparison.cohorts(metrics_report.read(app.ledger, question, app.policy), which)
    typer.echo(cohort_comparison.render_cohorts(found, form_wanted))


def shadow(
    since: Since = "30d",
    form: FormName = "text",
) -> None:
    """Compare whom the policy would have chosen with whom people and Salesforce's rules chose."""
    from agent.app import open_app
    from agent.metrics import cohort_comparison, shadow_agreement
    from agent.settings import read_settings
    from agent.tables.table import form_of

    form_wanted, length = form_of(form), _back(since)
    app = open_app(read_settings())
    start = app.clock.now() - length
    found = shadow_agreement.shadowed(app.context(), start)
    found += shadow_agreement.by_salesforce(app.ledger, app.policy, start)
    title = "What the policy would have done"
    typer.echo(cohort_comparison.render_agreements(title, found, form_wanted))


def alerts() -> None:
    """List what has gone quiet or drifts, each with what to do about it."""
    from agent.app import open_app
    from agent.metrics.alerts import current
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
