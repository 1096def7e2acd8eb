"""Metrics beside the sandbox's journal, and traces of a tick: what an operator's tools see."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from agent.worker import telemetry
from agent.worker.service import Service
from agent.worker.telemetry import Watch
from domain.errors import RateLimitError, SettingsError
from tests.support.follow_through import call, live
from tests.support.worlds import Town

Samples = dict[tuple[str, ...], float]


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def scraped(port: int) -> Samples:
    """Every sample by its name and its label values, in the order of the labels' names."""
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def watched(here: Town, **settings: object) -> None:
    """Give the worker other settings."""
    here.app.settings = here.app.settings.model_copy(update=settings)


@pytest.fixture
def port(here: Town) -> Iterator[int]:
    """The worker watched at a port."""
    found = free_port()
    watched(here, routeready_metrics_port=found)
    with telemetry.watching(here.app, Service(here.app)):
        yield found


def test_metrics_agree_with_the_journal(here: Town, port: int) -> None:
    """Three leads, one called: counts of leads, writes and calls as the vendors saw them."""
    here.pass_time(hours=4)
    people = [
        here.arrive(
            lastName=f"Number{number}",
            email=f"lead{number}@company{number}.example",
            company=f"Company {number}",
        )
        for number in range(3)
    ]
    here.tick()
    began = here.world.now
    call(here, people[0])
    live(here, minutes=10)
    found = scraped(port)
    assert (1, 2) == (
        found[("routeready_leads", "touched")],
        found[("routeready_leads", "assigned")],
    )
    owners = here.owner_writes()
    assert owners.total() == found[("routeready_effects", "set_owner", "applied")]
    posts = [one for one in here.world.journal if one.name == "message.post"]
    told = [one for key, one in found.items() if key[:2] == ("routeready_effects", "tell_owner")]
    assert (True, 3) == (bool(posts), sum(told))
    for vendor in ("marketo", "slack"):
        assert here.requests()[vendor] <= found[("routeready_vendor_calls_total", "ok", vendor)]
    waits = (here.world.now - began).total_seconds()
    assert waits == found[("routeready_oldest_unworked_seconds",)]
    assert found[("routeready_ticks_total", "routing", "ok")] >= 3
    assert found[("routeready_vendor_quota_left", "salesforce")] > 0
    assert 1 == found[("routeready_policy", "", here.app.policy.version)]
    assert found[("routeready_seconds_count", "node", "gate")] >= 3


def test_what_became_of_a_call_is_counted() -> None:
    """A vendor's 429 is told apart from an answer and from a bug of ours."""
    watch = Watch()
    with watch("slack", "chat.postMessage"):
        pass
    with pytest.raises(RateLimitError), watch("slack", "chat.postMessage"):
        raise RateLimitError("slack", "too fast", retry_after=timedelta(seconds=1))
    with pytest.raises(ZeroDivisionError), watch("slack", "chat.postMessage"):
        raise ZeroDivisionError
    counts = [
        watch.registry.get_sample_value(
            "routeready_vendor_calls_total", {"vendor": "slack", "outcome": outcome}
        )
        for outcome in ("ok", "rate_limited", "failed")
    ]
    assert [1, 1, 1] == counts


def test_a_port_that_is_taken_is_told(here: Town) -> None:
    """The setting is named; the worker doesn't start unwatched."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        watched(here, routeready_metrics_port=taken.getsockname()[1])
        with (
            pytest.raises(SettingsError, match="ROUTEREADY_METRICS_PORT"),
            telemetry.watching(here.app, Service(here.app)),
        ):
            pass


def test_without_a_setting_nothing_is_watched(here: Town) -> None:
    """No server, no counters, no spans: the usual run costs nothing."""
    before = here.app.watch
    with telemetry.watching(here.app, Service(here.app)):
        assert before is here.app.watch


def test_a_tick_is_traced_down_to_each_vendor_call(here: Town) -> None:
    """The spans of a tick contain its nodes, and those the calls that they made; no lead's data."""
    pytest.importorskip("opentelemetry.sdk", reason="the otel extra is not installed")
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415
        InMemorySpanExporter,
    )

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    here.app.watch = Watch(provider.get_tracer("test"))
    here.pass_time(hours=4)
    here.arrive()
    here.tick()
    spans = {one.context.span_id: one for one in exporter.get_finished_spans() if one.context}
    parents = {
        (one.name, spans[one.parent.span_id].name)
        for one in spans.values()
        if one.parent is not None
    }
    assert {
        ("node gate", "tick routing"),
        ("salesforce write", "node stamp"),
        ("slack chat.postMessage", "node notify"),
    } <= parents
    words = " ".join(f"{one.name} {dict(one.attributes or {})}" for one in spans.values())
    assert (False, False) == ("Fox" in words, "acme" in words)
