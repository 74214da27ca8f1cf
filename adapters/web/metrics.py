"""What Prometheus reads. No number, name or agent is ever a label; the queues of a tenant are."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.ports import Ports, Shape


class Measured:
    """Counts and times requests by route, not by path."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        labels = ("method", "route", "status")
        self._requests = Counter("cti_http_requests", "HTTP requests.", labels, registry=registry)
        self._seconds = Histogram("cti_http_seconds", "Time to answer.", ("route",), registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began = time.perf_counter()
        status = "500"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in ("GET", "POST", "PUT", "PATCH", "DELETE") else "other"
            self._requests.labels(method, route, status).inc()
            self._seconds.labels(route).observe(time.perf_counter() - began)
        return None


class BoardCollector:
    """Queues and agents as they stand when Prometheus asks."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("cti_queue_waiting", "Callers in the queue.", labels=("tenant", "queue"))
        oldest = GaugeMetricFamily(
            "cti_queue_oldest_wait_seconds", "How long the first has waited.", labels=("tenant", "queue")
        )
        agents = GaugeMetricFamily("cti_agents", "Agents by state.", labels=("tenant", "state"))
        calls = GaugeMetricFamily("cti_calls_live", "Calls that have not ended.", labels=("tenant",))
        for tenant in self._ports.tenants():
            board = self._ports.board(tenant)
            for queue in board.queues():
                waiting.add_metric((tenant, str(queue["name"])), float(str(queue["waiting_count"])))
                oldest.add_metric((tenant, str(queue["name"])), _age(queue["longest_since"]))
            for state, count in Tally(_state(agent) for agent in board.agents()).items():
                agents.add_metric((tenant, state), count)
            calls.add_metric((tenant,), len(board.live_calls()))
        yield from (waiting, oldest, agents, calls)


def _state(agent: Shape) -> str:
    return str(agent["status"] if agent["work"] == "idle" else agent["work"])


def _age(since: object) -> float:
    if since is None:
        return 0.0
    return max((datetime.now(UTC) - datetime.fromisoformat(str(since))).total_seconds(), 0.0)


async def metrics(request: Request) -> Response:
    registry: CollectorRegistry = request.app.state.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
