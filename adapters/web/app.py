"""Puts the HTTP interface together. Every route under `/api/v1` wants a token, but for the few that are named here."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from adapters.web import (
    agents,
    audit,
    auth,
    calendars,
    callbacks,
    calls,
    control,
    devices,
    dispositions,
    events,
    flows,
    health,
    incidents,
    lists,
    metrics,
    models,
    number_tokens,
    numbers,
    pages,
    problems,
    prompts,
    queues,
    reasons,
    recordings,
    roles,
    schedules,
    skills,
    supervision,
    teams,
    trunks,
    users,
    voicemails,
)
from adapters.web.asking import PREFIX
from adapters.web.auth import LoginGuard
from adapters.web.guards import Guards
from adapters.web.once import Memory
from adapters.web.ports import Ports
from adapters.web.settings import WebSettings
from adapters.web.tokens import Tokens

OPEN: Final = frozenset(
    {
        "/api/v1/auth/token",
        "/api/v1/openapi.json",
        "/api/v1/asyncapi.yaml",
        "/healthz",
        "/readyz",
        "/metrics",
        "/docs",
        "/docs/{name}",
        "/",
    }
)
"""All that may be had without a token."""

_ROUTERS: Final = (
    auth.open_router,
    auth.router,
    agents.router,
    queues.router,
    skills.router,
    reasons.router,
    dispositions.router,
    calls.router,
    devices.router,
    trunks.router,
    users.router,
    events.router,
    incidents.router,
    callbacks.router,
    voicemails.router,
    flows.router,
    prompts.router,
    numbers.router,
    schedules.router,
    calendars.router,
    lists.router,
    recordings.router,
    recordings.calls_router,
    roles.router,
    teams.router,
    audit.router,
    number_tokens.router,
    control.router,
    control.wrap_up,
    supervision.router,
    dispositions.calls_router,
    health.router,
)


class Interface(FastAPI):
    """FastAPI documents its own shape of errors; ours take their place."""

    def openapi(self) -> dict[str, Any]:
        known = self.openapi_schema is not None
        schema = super().openapi()
        if not known:
            parts = schema["components"]["schemas"]
            parts["Problem"] = models.Problem.model_json_schema()
            for name in ("HTTPValidationError", "ValidationError"):
                parts.pop(name, None)
        return schema


def create_app(
    ports: Ports, settings: WebSettings, registry: CollectorRegistry | None = None, asyncapi: str = ""
) -> FastAPI:
    """The application. `registry` holds what others measure; `asyncapi` is the description of the event stream."""
    app = Interface(
        title="CTI server",
        description="Telephony control for call centres on Asterisk.",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        redirect_slashes=False,
    )
    app.state.ports = ports
    app.state.settings = settings
    app.state.registry = registry if registry is not None else CollectorRegistry()
    app.state.tokens = Tokens(settings.token_key, settings.token_seconds, ports.directory.current)
    app.state.once = Memory()
    app.state.logins = LoginGuard(settings.failed_logins_a_minute)
    app.state.hearings = recordings.Hearings()
    app.state.registry.register(metrics.BoardCollector(ports))
    problems.install(app, settings.away)
    _routes(app, ports, asyncapi)
    pages.install(app, settings.pages)
    app.add_middleware(metrics.Measured, registry=app.state.registry)
    app.add_middleware(
        Guards,
        origins=settings.origins,
        most_body=settings.most_body,
        most_upload=settings.most_upload,
        most_sheet=settings.most_sheet,
    )
    return app


def _routes(app: FastAPI, ports: Ports, asyncapi: str) -> None:
    # As they are, not included: FastAPI would read every signature again, at the start and in the first request.
    for router in _ROUTERS:
        app.router.routes.extend(router.routes)

    async def stream(websocket: WebSocket) -> None:
        await ports.stream(websocket)

    async def sip(websocket: WebSocket) -> None:
        await ports.softphone(websocket)

    async def described(_request: Request) -> Response:
        return Response(asyncapi, media_type="application/yaml")

    app.add_api_websocket_route(f"{PREFIX}/ws", stream)
    app.add_api_websocket_route(f"{PREFIX}/softphone", sip)
    app.add_route(f"{PREFIX}/asyncapi.yaml", described, ["GET"], include_in_schema=False)
    app.add_route("/metrics", metrics.metrics, ["GET"], include_in_schema=False)
