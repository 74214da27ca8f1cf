"""What endpoints ask for by type: who is asking, their tenant's board and desk. No token, no answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer
from starlette.responses import Response

from adapters.web.ports import BoardView, Desk, Ports
from adapters.web.problems import NotSignedIn
from adapters.web.settings import WebSettings
from adapters.web.tokens import Tokens
from cti.errors import NotAllowed
from cti.people import Principal

_bearer = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)

# Dependencies are coroutines: FastAPI would run plain functions in threads, away from the one writer of the board.


async def ports_of(request: Request) -> Ports:
    ports: Ports = request.app.state.ports
    return ports


async def settings_of(request: Request) -> WebSettings:
    settings: WebSettings = request.app.state.settings
    return settings


async def tokens_of(request: Request) -> Tokens:
    tokens: Tokens = request.app.state.tokens
    return tokens


PortsOf = Annotated[Ports, Depends(ports_of)]
SettingsOf = Annotated[WebSettings, Depends(settings_of)]
TokensOf = Annotated[Tokens, Depends(tokens_of)]


def _check(request: Request) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("sign in first")
    tokens: Tokens = request.app.state.tokens
    return tokens.check(token.strip())[0]


class Guarded(APIRoute):
    """A route that nobody enters without a good token: it is asked for before a byte of the body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        behind = super().get_route_handler()

        async def door(request: Request) -> Response:
            request.state.me = _check(request)
            return await behind(request)

        return door


def guarded(noun: str) -> APIRouter:
    """The router of a noun: every route of it wants a token."""
    return APIRouter(prefix=f"/{noun}", tags=[noun], route_class=Guarded)


async def signed_in(request: Request, _documented: Annotated[str | None, Depends(_bearer)]) -> Principal:
    """Who is asking."""
    me: Principal = request.state.me
    return me


Me = Annotated[Principal, Depends(signed_in)]


async def board_of(me: Me, ports: PortsOf) -> BoardView:
    return ports.board(me.tenant)


async def desk_of(me: Me, ports: PortsOf) -> Desk:
    return ports.desk(me.tenant)


BoardOf = Annotated[BoardView, Depends(board_of)]
DeskOf = Annotated[Desk, Depends(desk_of)]


def permitted(permission: str) -> Any:
    """A dependency that refuses everybody who may not do this."""

    async def check(me: Me) -> None:
        if not me.may(permission):
            raise NotAllowed(f"this needs the permission {permission}")

    checked: Callable[[Principal], Awaitable[None]] = check
    return Depends(checked)
