"""What Prometheus reads of the engine, the link and the store. No number, name or agent is ever a label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from adapters.asterisk.pbx import Pbx
from adapters.store.store import Store
from cti.engine import Engine
from cti.news import Published

WAITS = (0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600)


class CallMetrics:
    """How calls came out and how long callers waited, counted as it is published."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter("cti_calls", "Ended calls by how they came out.", ("result",), registry=registry)
        self._offers = Counter("cti_offers", "Offers by how they ended.", ("result",), registry=registry)
        self._answer = Histogram(
            "cti_answer_seconds", "From joining the queue to the answer.", buckets=WAITS, registry=registry
        )

    def heard(self, news: Iterable[Published]) -> None:
        for one in news:
            match one.type:
                case "call.ended":
                    self._calls.labels(one.data["result"]).inc()
                case "call.offer_ended":
                    offer = one.data["offer"]
                    assert isinstance(offer, dict)
                    self._offers.labels(offer["result"]).inc()
                case "call.answered":
                    waited = one.data["waited"]
                    assert isinstance(waited, float)
                    self._offers.labels("accepted").inc()
                    self._answer.observe(waited)


@dataclass(frozen=True, slots=True)
class ServerMetrics(Collector):
    """How the parts stand when Prometheus asks."""

    pbx: Pbx
    engine: Engine
    store: Store

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        events = self.pbx.link.events.counts
        yield GaugeMetricFamily(
            "cti_ami_connected", "1 while the link is up and the board corrected.", int(self.pbx.up)
        )
        yield CounterMetricFamily("cti_ami_events", "Events that were looked at.", events.events)
        yield CounterMetricFamily(
            "cti_ami_odd", "Messages that were not what they should be.", self.pbx.odd + events.odd
        )
        yield CounterMetricFamily(
            "cti_turns", "Lines written to the journal; a fact that makes a phone ring takes two.", self.engine.turns
        )
        yield CounterMetricFamily("cti_faults", "Facts that could not be taken in: bugs.", self.engine.faults)
        backlog = self.store.drain.backlog_bytes
        yield GaugeMetricFamily("cti_spool_backlog_bytes", "Journal not yet in the database.", backlog)
        away = int(self.store.drain.behind_since is not None)
        yield GaugeMetricFamily("cti_database_away", "1 while the database does not take what is written.", away)
