"""How the HTTP server is run: uvicorn with our figures, told when to stop by whoever wires the rooms together."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

import uvicorn

from adapters.web.reception import Reception

WS_MAX_SIZE: Final = 64 * 1024


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers; `ready` is set when it listens."""

    def __init__(self, app: Callable[..., Any], ws: type[asyncio.Protocol], **more: Any) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                ws=ws,
                http=Reception,
                loop="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                ws_max_size=WS_MAX_SIZE,
                ws_per_message_deflate=False,
                ws_ping_interval=None,  # the protocol has pings of its own, which also find a page that hangs
                timeout_keep_alive=15,
                timeout_graceful_shutdown=3,
                **more,
            )
        )
        self.ready = asyncio.Event()

    async def run_on(self, listening: socket.socket) -> None:
        """Serve on this socket until `stop`; the socket is closed at the end."""
        await self._serve([listening])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def stop(self) -> None:
        self.should_exit = True
