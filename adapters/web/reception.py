"""The HTTP port's patience: how long a peer may take over a request, and how long its headers may be.

uvicorn has neither limit: a peer that sends half a request, or headers without end, would be kept for ever.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 30.0
HEAD_BYTES: Final = 64 * 1024


class Reception(HttpToolsProtocol):
    _patience: asyncio.TimerHandle | None = None
    _head: int = 0
    _in_head: bool = True

    def _wait_at_most(self, seconds: float | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_at_most(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_at_most(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("Request header too large.")

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        self._wait_at_most(HEAD_SECONDS)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._wait_at_most(BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._wait_at_most(None)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._wait_at_most(None)
        super().handle_websocket_upgrade()
