"""What endpoints ask for by type: who is asking, their tenant's board and desk. No token, no answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer
from starlette.responses import Response

from adapters.web import firewall, problems
from adapters.web.ports import BoardView, Desk, Ports
from adapters.web.problems import NotSignedIn
from adapters.web.settings import WebSettings
from adapters.web.tokens import Tokens
from cti.errors import NotAllowed
from cti.people import Principal
from cti.permissions import ROUTINE

PREFIX: Final = "/api/v1"
_MOST_NOTED: Final = 8192
_NOTED_READS: Final = (".play", ".download", ".export")
_PROBLEM: Final[dict[int | str, dict[str, Any]]] = {
    code: {"description": words, "content": {problems.MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for code, words in (("422", "Not as described here"), ("default", "Any refusal"))
}
_bearer = OAuth2PasswordBearer(tokenUrl=f"{PREFIX}/auth/token", auto_error=False)

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
    """A route that nobody enters without a good token: it is asked for before a byte of the body is read.

    Nobody passes without the permission the route names, no number that may not be seen, and no privileged deed
    without going on record.
    """

    @property
    def permission(self) -> str:
        """What this route asks for; every route asks for something."""
        found = [getattr(one.dependency, "permission", None) for one in self.dependencies]
        return next((one for one in found if one is not None), "")

    @property
    def noun(self) -> str:
        return str(self.tags[0]) if self.tags else ""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        behind = super().get_route_handler()

        async def door(request: Request) -> Response:
            me = request.state.me = _check(request)
            ports: Ports = request.app.state.ports
            if not me.may(self.permission):
                raise NotAllowed(f"this needs the permission {self.permission}")
            request = await firewall.inwards(request, me, ports.numbers, self.noun)
            response = await behind(request)
            if self._is_privileged(request) and response.status_code < 300:
                self._note(request, me, ports)
            return firewall.outwards(response, me, ports.numbers)

        return door

    def _is_privileged(self, request: Request) -> bool:
        """Whether this goes on record; what concerns tokens does so by itself, and nobody records its own desk."""
        if self.permission in ROUTINE or self.noun == firewall.TOKENS:
            return False
        if getattr(request.state, "noted", False):
            return False  # by the route itself, which knows more about it
        return request.method not in ("GET", "HEAD") or self.permission.endswith(_NOTED_READS)

    def _note(self, request: Request, me: Principal, ports: Ports) -> None:
        body = _said(getattr(request.state, "said", b""))
        ports.audit.note(
            me.tenant,
            me.username,
            f"{self.noun}.{self.name}",
            request.url.path.removeprefix(f"{PREFIX}/{self.noun}").removeprefix("/") or _named(body),
            reason=str(body.get("reason") or ""),
            origin=origin_of(request),
            data=firewall.redacted(body),
        )


def _said(body: bytes) -> dict[str, Any]:
    """What a body says, when it is JSON of a size that fits on record."""
    if not body or len(body) > _MOST_NOTED:
        return {}
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {"items": said}


def _named(body: dict[str, Any]) -> str:
    """What somebody made is called."""
    return next((str(body[word]) for word in ("username", "agent_no", "name", "code", "number", "id") if word in body), "")


def origin_of(request: Request) -> str:
    """The address a request came from."""
    return request.client.host if request.client is not None else ""


def unguarded(path: str, tag: str) -> APIRouter:
    """A router whose routes anybody may ask."""
    return APIRouter(prefix=path, tags=[tag], responses=_PROBLEM)


def guarded(noun: str) -> APIRouter:
    """The router of a noun: every route of it wants a token."""
    return APIRouter(prefix=f"{PREFIX}/{noun}", tags=[noun], route_class=Guarded, responses=_PROBLEM)


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


class _Permitted:
    """Checked at the door, before the body; a dependency only so that the route tells it."""

    def __init__(self, permission: str) -> None:
        self.permission = permission

    async def __call__(self) -> None:
        return None


def permitted(permission: str) -> Any:
    """Names what a route asks for: everybody is refused who may not do this, however far it reaches."""
    return Depends(_Permitted(permission))
