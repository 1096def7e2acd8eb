"""Metrics for Prometheus and traces for OpenTelemetry: both off unless a setting asks for them."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agent.app import App
from agent.ledger.views.gauges import Gauges
from agent.logs import log
from domain.errors import (
    AuthError,
    QuotaError,
    RateLimitError,
    RetryableError,
    SettingsError,
    ToolError,
    UnknownOutcomeError,
)

LOOPBACK = "127.0.0.1"
NAME = "routeready"
_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Seconds."""
_OUTCOMES: tuple[tuple[type[ToolError], str], ...] = (
    (RateLimitError, "rate_limited"),
    (QuotaError, "quota"),
    (RetryableError, "unavailable"),
    (UnknownOutcomeError, "unknown"),
    (AuthError, "auth"),
    (ToolError, "refused"),
)
"""The first that fits."""
_MORE_THAN_VENDORS = frozenset({"tick", "node"})


@contextmanager
def watching(app: App) -> Generator[None]:
    """Watch a worker as its settings say, for as long as it runs.

    Raises SettingsError when traces are wanted and the `otel` extra is not installed.
    """
    settings = app.settings
    with ExitStack() as stack:
        watch = Watch()
        if settings.routeready_otel_endpoint is not None:
            watch.tracer = stack.enter_context(_tracing(settings.routeready_otel_endpoint))
        if settings.routeready_metrics_port is not None:
            stack.enter_context(_serving(app, watch, settings.routeready_metrics_port))
        if watch.tracer is not None or settings.routeready_metrics_port is not None:
            app.watch = watch
        yield


@contextmanager
def _serving(app: App, watch: "Watch", port: int) -> Generator[None]:
    watch.registry.register(LedgerCollector(app))
    try:
        server, thread = start_http_server(port, LOOPBACK, watch.registry)
    except OSError as error:
        raise SettingsError(
            f"Can't listen on ROUTEREADY_METRICS_PORT {port}: {error.strerror}"
        ) from None
    log("metrics_served", f"Metrics served at http://{LOOPBACK}:{port}/metrics.")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _tracing(endpoint: str) -> Generator[Any]:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise SettingsError(
            "ROUTEREADY_OTEL_ENDPOINT is set, but the otel extra is not installed: "
            "pip install 'routeready[otel]'"
        ) from None
    provider: Any = TracerProvider(resource=Resource.create({"service.name": NAME}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    try:
        yield provider.get_tracer(NAME)
    finally:
        provider.shutdown()


class Watch:
    """Counts and times what is done, and traces it; a `domain.ports.Watch`."""

    def __init__(self, tracer: Any = None) -> None:  # noqa: ANN401  (OpenTelemetry may be absent)
        self.tracer = tracer
        """None traces nothing."""
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "routeready_vendor_calls",
            "Calls to vendors and models, by outcome.",
            ("vendor", "outcome"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "routeready_seconds",
            "Duration of ticks, graph nodes and vendor calls, in seconds.",
            ("kind", "name"),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def __call__(self, kind: str, name: str) -> AbstractContextManager[None]:
        """Around one piece of work."""
        return self._watched(kind, name)

    @contextmanager
    def _watched(self, kind: str, name: str) -> Generator[None]:
        began, outcome = time.monotonic(), "ok"
        with ExitStack() as stack:
            if self.tracer is not None:
                # The SDK's own record of an exception carries its text: ours says only its kind.
                span: Any = stack.enter_context(
                    self.tracer.start_as_current_span(
                        f"{kind} {name}", record_exception=False, set_status_on_exception=False
                    )
                )
            else:
                span = None
            try:
                yield
            except Exception as error:
                outcome = outcome_of(error)
                raise
            finally:
                if span is not None:
                    span.set_attribute("routeready.outcome", outcome)
                self._seconds.labels(kind, name).observe(time.monotonic() - began)
                if kind not in _MORE_THAN_VENDORS:
                    self._calls.labels(kind, outcome).inc()


def outcome_of(error: Exception) -> str:
    """What an exception says of a call, in one word."""
    return next((word for kind, word in _OUTCOMES if isinstance(error, kind)), "failed")


class LedgerCollector(Collector):
    """What the ledger holds, counted when somebody asks."""

    def __init__(self, app: App) -> None:
        self._app = app

    def collect(self) -> Iterable[Metric]:
        """Every metric with its present values."""
        app, now = self._app, self._app.clock.now()
        found = app.ledger.watching.gauges(now)
        yield from _of_leads(found)
        yield from _of_runs(found)
        age = _ages(now.timestamp())
        lag = 0.0 if found.overdue_since is None else age(found.overdue_since)
        yield _gauge(
            "lag_seconds", "How long the oldest overdue work has been waiting, in seconds.", lag
        )
        if found.oldest_unworked_at is not None:
            yield _gauge(
                "oldest_unworked_seconds",
                "Age of the oldest assigned lead without a first touch, in seconds.",
                age(found.oldest_unworked_at),
            )
        feeds = GaugeMetricFamily(
            f"{NAME}_feed_age_seconds",
            "Time since each data feed was last read, in seconds.",
            labels=["feed"],
        )
        for feed, at in sorted(found.read_at.items()):
            feeds.add_metric([feed], age(at))
        yield feeds
        left = GaugeMetricFamily(
            f"{NAME}_vendor_quota_left", "API calls left in the vendor's quota.", labels=["vendor"]
        )
        for vendor, count in app.quotas_left().items():
            left.add_metric([vendor], count)
        yield left
        yield from _of_models(found, app.settings.openai_price_per_million)
        canary = app.ledger.publications.current()
        policy = GaugeMetricFamily(
            f"{NAME}_policy",
            "Version of the policy in force, and of the one on trial.",
            labels=["version", "published"],
        )
        policy.add_metric([app.policy.version, "" if canary is None else canary.version], 1)
        yield policy


def _ages(now: float) -> Callable[[Any], float]:
    return lambda at: max(0.0, now - at.timestamp())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{NAME}_{name}", text, value=value)


def _of_leads(found: Gauges) -> Iterator[Metric]:
    leads = GaugeMetricFamily(
        f"{NAME}_leads",
        "Leads by status; a lead counts once per trigger that opened a cycle.",
        labels=["status"],
    )
    for status, count in sorted(found.leads.items()):
        leads.add_metric([status], count)
    yield leads
    handoffs = GaugeMetricFamily(
        f"{NAME}_handoffs", "Assigned leads by state of the handoff.", labels=["state"]
    )
    for state, count in sorted(found.handoffs.items()):
        handoffs.add_metric([state], count)
    yield handoffs
    effects = GaugeMetricFamily(
        f"{NAME}_effects",
        "Updates to Salesforce, Marketo and Slack, by kind and state.",
        labels=["kind", "state"],
    )
    for labels, count in sorted(found.effects.items()):
        effects.add_metric(labels, count)
    yield effects


def _of_runs(found: Gauges) -> Iterator[Metric]:
    runs = CounterMetricFamily(
        f"{NAME}_ticks", "Worker runs by kind and outcome.", labels=["kind", "outcome"]
    )
    for labels, count in sorted(found.runs.items()):
        runs.add_metric(labels, count)
    yield runs
    last = GaugeMetricFamily(
        f"{NAME}_last_tick_timestamp_seconds",
        "When the last worker run began, as a Unix time.",
        labels=["kind"],
    )
    for kind, at in sorted(found.last_run_at.items()):
        last.add_metric([kind], at.timestamp())
    yield last


def _of_models(found: Gauges, price: float | None) -> Iterator[Metric]:
    names = ["purpose", "model"]
    calls = CounterMetricFamily(f"{NAME}_model_calls", "Model calls.", labels=names)
    tokens = CounterMetricFamily(f"{NAME}_model_tokens", "Model tokens.", labels=names)
    cost = CounterMetricFamily(
        f"{NAME}_model_cost",
        "Cost of model tokens at OPENAI_PRICE_PER_MILLION, in its currency.",
        labels=names,
    )
    for labels, count in sorted(found.calls.items()):
        calls.add_metric(labels, count)
    for labels, count in sorted(found.tokens.items()):
        tokens.add_metric(labels, count)
        if price is not None:
            cost.add_metric(labels, count * price / 1_000_000)
    yield from (calls, tokens, *([cost] if price is not None else []))
