"""Metrics for Prometheus and traces for OpenTelemetry: both off unless a setting asks for them."""

import asyncio
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from agent import server
from agent.app import App
from agent.ledger.views.gauges import Gauges
from agent.logs import alert, defect, log
from agent.server import Bounded, Message, Receive, Send
from domain.errors import (
    AuthError,
    QuotaError,
    RateLimitError,
    RetryableError,
    SettingsError,
    ToolError,
    UnknownOutcomeError,
)
from domain.health import State

if TYPE_CHECKING:
    from agent.worker.service import Service

THREADS = 2
"""Counts of the ledger at once."""
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
def watching(app: App, service: "Service") -> Generator[None]:
    """Watch a worker as its settings say, for as long as it runs.

    Raises SettingsError when traces are wanted and the `otel` extra is not installed.
    """
    settings = app.settings
    with ExitStack() as stack:
        watch = Watch()
        if settings.routeready_otel_endpoint is not None:
            watch.tracer = stack.enter_context(_tracing(settings.routeready_otel_endpoint))
        if settings.routeready_metrics_port is not None:
            stack.enter_context(_serving(app, service, watch, settings.routeready_metrics_port))
        if watch.tracer is not None or settings.routeready_metrics_port is not None:
            app.watch = watch
        yield


@contextmanager
def _serving(app: App, service: "Service", watch: "Watch", port: int) -> Generator[None]:
    watch.registry.register(LedgerCollector(app))
    host = app.settings.routeready_metrics_host
    socket = server.bound(host, port, "ROUTEREADY_METRICS_PORT")
    with ThreadPoolExecutor(THREADS, "metrics") as pool:
        pages = Bounded(_Pages(watch, service, pool), most_bytes=0)
        with server.serving(pages, socket, "metrics"):
            log("metrics_served", f"Metrics served at http://{host}:{port}/metrics.")
            yield


class _Pages:
    """What tools ask a worker: its figures, whether it is alive, and what is wrong with it."""

    def __init__(self, watch: "Watch", service: "Service", pool: ThreadPoolExecutor) -> None:
        self._registry, self._service, self._pool = watch.registry, service, pool

    async def __call__(self, scope: Message, _: Receive, send: Send) -> None:
        """Answer one request; `live` never waits for the ledger."""
        if scope["method"] not in ("GET", "HEAD"):
            await server.refuse(send, HTTPStatus.METHOD_NOT_ALLOWED)
        elif scope["path"] == "/live":
            is_live = self._service.is_live
            status = HTTPStatus.OK if is_live else HTTPStatus.SERVICE_UNAVAILABLE
            await _tell(send, status, "text/plain", "live" if is_live else "no progress")
        elif scope["path"] == "/health":
            look = self._service.look()
            is_failed = look.state is State.FAILED
            status = HTTPStatus.SERVICE_UNAVAILABLE if is_failed else HTTPStatus.OK
            await _tell(send, status, "application/json", self._service.text(look))
        elif scope["path"] in ("/", "/metrics"):
            await self._counted(send)
        else:
            await server.refuse(send, HTTPStatus.NOT_FOUND)

    async def _counted(self, send: Send) -> None:
        """Figures are counted in the ledger, which may take its time: on a thread of their own."""
        loop = asyncio.get_running_loop()
        try:
            body = await loop.run_in_executor(self._pool, self._figures)
        except Exception as error:  # noqa: BLE001  (a ledger that is gone is told by /health)
            alert("metrics_failed", f"Metrics could not be counted: {defect(error)}")
            await server.refuse(send, HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            await _tell(send, HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, body)

    def _figures(self) -> str:
        return generate_latest(self._registry).decode()


async def _tell(send: Send, status: HTTPStatus, content: str, said: str) -> None:
    body = said.encode()
    headers = [
        (b"content-type", content.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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
