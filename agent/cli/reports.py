"""What is measured, compared and tried, from a terminal: `agent.cli.main` makes them commands."""

# ruff: noqa: PLC0415  (imports are inside the commands, so that help and lint answer at once)

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import RoutereadyError

Since = Annotated[
    str, typer.Option(metavar="PERIOD", help="How far to look back, such as 12h, 30d or 2w.")
]
SegmentName = Annotated[
    str | None, typer.Option(metavar="SEGMENT", help="Only leads of this segment.")
]
FormatName = Annotated[
    str,
    typer.Option(
        "--format", metavar="FORMAT", help="Output format: text, html, csv or md (Markdown)."
    ),
]
FormName = Annotated[
    str,
    typer.Option(
        "--format", metavar="FORMAT", help="Output format: text, html, md (Markdown) or json."
    ),
]
JsonPath = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Also write the result to this file as JSON."),
]


def report(
    form: FormatName = "text",
    since: Since = "30d",
    segment: SegmentName = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATE",
            help="Only leads triggered on or after this date (YYYY-MM-DD), instead of --since.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Only leads triggered before this date (YYYY-MM-DD)."),
    ] = None,
    *,
    outcomes: Annotated[
        bool,
        typer.Option(
            "--outcomes", help="Load outcomes from Salesforce: SQLs, meetings, opportunities, wins."
        ),
    ] = False,
) -> None:
    """Report speed to lead, SLA attainment, routing quality and leakage."""
    from agent.app import open_app
    from agent.metrics import report as metrics_report
    from agent.metrics.rendering import Format, render
    from agent.settings import read_settings

    if form not in set(Format):
        raise RoutereadyError(f'Unknown --format "{form}". Use one of: {", ".join(Format)}.')
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
    policy: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="Policy file to try. Its territories.csv is in the same folder."
        ),
    ],
    since: Since = "30d",
    lead: Annotated[
        str | None,
        typer.Option(
            metavar="LEAD", help="Also show one lead's result, by email address or Marketo ID."
        ),
    ] = None,
    form: FormName = "text",
    json_file: JsonPath = None,
) -> None:
    """Simulate a policy on past leads: which would be routed differently, and why."""
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
    typer.echo(
        simulation_tables.render(found, written, simulation_tables.called(app.policy, changed))
    )
    if json_file is not None:
        json_file.write_text(found.model_dump_json(indent=2), encoding="utf-8")


def cohorts(
    after: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Compare leads triggered on or after this date (YYYY-MM-DD) with those before.",
        ),
    ] = None,
    treated: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD=VALUE",
            help="Compare leads with FIELD=VALUE, such as territory=DACH, with all others.",
        ),
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(
            metavar="VALUE", help="With --treated: compare only with this value of the same field."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=VALUE", help="Only leads with FIELD=VALUE. Can be used more than once."
        ),
    ] = None,
    since: Since = "90d",
    form: FormName = "text",
) -> None:
    """Compare two groups of leads, before/after or treated/control, with confidence intervals."""
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
    """Compare the owners that the policy would choose with the actual owners in Salesforce."""
    from agent.app import open_app
    from agent.metrics import cohort_comparison, shadow_agreement
    from agent.settings import read_settings
    from agent.tables.table import form_of

    form_wanted, length = form_of(form), _back(since)
    app = open_app(read_settings())
    start = app.clock.now() - length
    found = shadow_agreement.shadowed(app.context(), start)
    found += shadow_agreement.by_salesforce(app.ledger, app.policy, start)
    title = "Shadow mode: policy vs. actual owners"
    typer.echo(cohort_comparison.render_agreements(title, found, form_wanted))


def alerts() -> None:
    """List alerts: silent lead sources, unmatched rules, full queues and drift, with what to do."""
    from agent.app import open_app
    from agent.metrics.alerts import current
    from agent.settings import read_settings
    from domain.grammar import counted

    app = open_app(read_settings())
    found = current(app.ledger, app.policy, app.clock.now())
    for one in found:
        typer.echo(f"{one.sentence}\n    {one.todo}")
        if one.leads:
            typer.echo(f"    Leads (Marketo IDs): {' '.join(one.leads)}")
    typer.echo(counted(len(found), "alert"))


def _back(since: str) -> timedelta:
    """How far back a person wants to look."""
    from domain.time.durations import read_duration

    try:
        return read_duration(since)
    except ValueError as error:
        raise RoutereadyError(f"--since: {error}") from None


ALL: dict[Callable[..., None], str | None] = {
    report: "routeready report --since 7d --segment Enterprise\n"
    "routeready report --format html > report.html",
    simulate: "routeready simulate --policy my-policy.yaml\n"
    "routeready simulate --policy my-policy.yaml --lead dana.fox@globex.example",
    cohorts: "routeready cohorts --after 2026-11-01\n"
    "routeready cohorts --treated territory=DACH --control territory=Nordics",
    shadow: None,
    alerts: None,
}
"""Each command with its examples for `--help`."""
"""Every command here."""
