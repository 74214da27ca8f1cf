"""What Prometheus reads of recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from adapters.recordings.finisher import Finisher
from adapters.recordings.room import Room

OUTCOMES: Final = ("kept", "nothing", "truncated", "strange", "failed")


@dataclass(frozen=True, slots=True)
class RecordingMetrics(Collector):
    finisher: Finisher
    room: Room

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        finisher = self.finisher
        yield GaugeMetricFamily(
            "cti_recordings_spool_bytes", "Written by Asterisk and not yet stored.", finisher.waiting_bytes
        )
        yield GaugeMetricFamily("cti_recordings_spool_files", "Files of that.", finisher.waiting_files)
        yield GaugeMetricFamily("cti_recordings_free_bytes", "What can still be written.", self.room.free)
        yield GaugeMetricFamily(
            "cti_recordings_refused",
            "1 while new recordings are refused for want of room.",
            int(bool(self.room.trouble)),
        )
        ended = CounterMetricFamily("cti_recordings", "Files by what became of them.", labels=("outcome",))
        for outcome in OUTCOMES:
            ended.add_metric((outcome,), finisher.outcomes[outcome])
        yield ended
