"""A page's way to Asterisk's SIP: its WebSocket is carried on to Asterisk's own, frame by frame (RFC 7118).

So a page needs one address and one certificate, and Asterisk's port stays on the machine. A line opens with a hello
like the event stream's; who registers on it, and as which phone, is between the page and Asterisk.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from adapters.desktop import messages as ms
from adapters.desktop.door import WIRE, Wire
from adapters.desktop.ports import Tokens
from adapters.desktop.settings import Limits
from cti.errors import Refused
from cti.ids import AgentNo, TenantId
from cti.people import Principal
from cti.permissions import OWN_DESK

log: Final = logging.getLogger(__name__)

PROTOCOL: Final = Subprotocol("sip")
WELCOME: Final = '{"op":"welcome"}'
PING: Final = "\r\n\r\n"
PONG: Final = "\r\n"
"""A page asks whether its line still carries (RFC 5626, 4.4.1); that is answered here."""
MOST_BYTES: Final = 64 * 1024
ANSWER_SECONDS: Final = 3.0
"""How long Asterisk may take to open a line."""


class _Refusal(Exception):
    """No line for this page: the code to close with, and why."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(slots=True, eq=False)
class _Line:
    """One page's line. `bye` says why it ends; what is left of it falls by itself."""

    who: Principal
    token: str
    bye: Callable[[int, str], None]


class Softphones:
    """The lines that are open, one for an agent. `url` is Asterisk's own; empty: there is none."""

    def __init__(
        self, url: str, tokens: Tokens, limits: Limits | None = None, wall: Callable[[], float] = time.time
    ) -> None:
        self.url: Final = url
        self._tokens = tokens
        self._limits = limits or Limits()
        self._wall = wall
        self._lines: dict[tuple[TenantId, AgentNo | None], _Line] = {}
        self._stopping = False

    @property
    def open(self) -> int:
        """How many pages have a line."""
        return len(self._lines)

    async def serve(self, websocket: WebSocket) -> None:
        """The ASGI endpoint; needs the server to run with `door.Door`."""
        offered = websocket.scope.get("subprotocols", ())
        await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        wire: Wire = websocket.scope["extensions"][WIRE]

        def bye(code: int, reason: str) -> None:
            wire.close(code, reason, self._limits.linger)

        try:
            who, token, expires = await self._hello(websocket)
        except _Refusal as no:
            bye(no.code, str(no))
        else:
            await self._open(websocket, _Line(who, token, bye), expires)

    async def _hello(self, websocket: WebSocket) -> tuple[Principal, str, float]:
        """Who it is, by which token, and when that expires; raises `_Refusal`."""
        if self._stopping:
            raise _Refusal(1012, "restart")
        try:
            async with asyncio.timeout(self._limits.hello):
                message = await websocket.receive()
            said = ms.parse(message.get("text"))
        except TimeoutError:
            raise _Refusal(4408, "no hello") from None
        except ms.BadFrame:
            raise _Refusal(4400, "hello comes first") from None
        if not isinstance(said, ms.Hello):
            raise _Refusal(4400, "hello comes first")
        try:
            who, expires = self._tokens.check(said.token)
        except Refused:
            raise _Refusal(4401, "token refused") from None
        if who.desk is None:
            raise _Refusal(4403, "this sign-in has no phone")
        if not self.url:
            raise _Refusal(4403, "no browser phones here")
        return who, said.token, expires

    async def _open(self, websocket: WebSocket, line: _Line, expires: float) -> None:
        key = (line.who.tenant, line.who.desk)
        loop = asyncio.get_running_loop()
        expiry = loop.call_later(max(expires - self._wall(), 0), line.bye, 4401, "token expired")
        older, self._lines[key] = self._lines.get(key), line
        if older is not None:
            older.bye(4409, "opened elsewhere")
        try:
            async with connect(
                self.url,
                subprotocols=[PROTOCOL],
                compression=None,
                proxy=None,
                open_timeout=ANSWER_SECONDS,
                close_timeout=1,
                ping_interval=None,
                max_size=MOST_BYTES,
            ) as asterisk:
                with suppress(WebSocketDisconnect):  # the page has gone, or we have said bye
                    await websocket.send_text(WELCOME)
                    await self._carry(websocket, asterisk)
            line.bye(1012, "Asterisk has closed the line")
        except (OSError, TimeoutError, WebSocketException) as failure:
            log.warning("Asterisk takes no browser phones at %s: %s", self.url, type(failure).__name__)
            line.bye(1013, "Asterisk does not answer")
        finally:
            expiry.cancel()
            if self._lines.get(key) is line:
                del self._lines[key]

    async def _carry(self, websocket: WebSocket, asterisk: ClientConnection) -> None:
        """Both ways, until either end is gone, or a page takes nothing for long."""
        ways = [
            asyncio.create_task(self._up(websocket, asterisk)),
            asyncio.create_task(self._down(websocket, asterisk)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        for way in done:
            if (failure := way.exception()) is not None:
                log.warning("a browser phone's line broke: %r", failure)

    async def _up(self, websocket: WebSocket, asterisk: ClientConnection) -> None:
        with suppress(OSError, WebSocketDisconnect, WebSocketException):
            while (message := await websocket.receive())["type"] != "websocket.disconnect":
                if message.get("text") == PING:
                    await websocket.send_text(PONG)
                else:
                    await asterisk.send(_payload(message))

    async def _down(self, websocket: WebSocket, asterisk: ClientConnection) -> None:
        with suppress(OSError, TimeoutError, WebSocketDisconnect, WebSocketException):
            async for said in asterisk:
                async with asyncio.timeout(self._limits.silence):
                    if isinstance(said, str):
                        await websocket.send_text(said)
                    else:
                        await websocket.send_bytes(said)

    # --- who may what has changed ---

    def principal_changed(self, username: str) -> None:
        """Somebody's role, password or tokens changed: lines of a token that is good no more end."""
        for line in [one for one in self._lines.values() if one.who.username == username]:
            try:
                who, _ = self._tokens.check(line.token)
            except Refused:
                line.bye(4401, "token refused")
                continue
            if not who.may(OWN_DESK) or who.desk != line.who.desk:
                line.bye(4403, "this sign-in has no phone")

    def close(self) -> None:
        """The server goes down."""
        self._stopping = True
        for line in list(self._lines.values()):
            line.bye(1012, "restart")


def _payload(message: Mapping[str, Any]) -> str | bytes:
    text: str | None = message.get("text")
    return text if text is not None else bytes(message.get("bytes") or b"")
