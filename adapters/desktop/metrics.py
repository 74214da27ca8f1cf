"""What Prometheus reads of the event stream: clients, events, cuts, and how long a screen pop takes to its socket."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from adapters.desktop.hub import Hub
from adapters.desktop.softphone import Softphones

BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class StreamMetrics(Collector):
    def __init__(self, hub: Hub, softphones: Softphones, registry: CollectorRegistry) -> None:
        self._hub = hub
        self._softphones = softphones
        pops = Histogram(
            "cti_screenpop_seconds", "From the decision to the agent's socket.", buckets=BUCKETS, registry=registry
        )
        hub.on_pop = pops.observe
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        hub = self._hub
        yield GaugeMetricFamily("cti_ws_clients", "Clients of the event stream.", hub.clients)
        yield GaugeMetricFamily("cti_softphones", "Pages with a line to Asterisk's SIP.", self._softphones.open)
        yield CounterMetricFamily("cti_ws_events", "Events written to clients.", hub.written)
        yield CounterMetricFamily("cti_ws_dropped", "Clients cut because they were too slow or silent.", hub.counts.cut)
