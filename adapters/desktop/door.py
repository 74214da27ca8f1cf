"""The server's end of a WebSocket, below ASGI: frames written at once and in one piece, and a close that always ends.

Give `Door` to uvicorn as its `ws` protocol. ASGI's `send` waits until a client reads, so one stalled reader would hold
whoever writes to it, and its `close` never gives up on a peer that reads nothing. Knows nothing of what frames say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

WIRE: Final = "cti.wire"
"""Where the wire is found in a connection's `scope["extensions"]`."""


def text_frame(payload: bytes) -> bytes:
    """One unfragmented text frame of a server (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class Wire(Protocol):
    """What a connection needs of its socket."""

    @property
    def paused(self) -> bool:
        """The peer does not keep up: what is written now would only pile up in memory."""
        ...

    def write(self, frames: bytes) -> None: ...

    def close(self, code: int, reason: str, linger: float) -> None:
        """Queue a close frame; drop the connection after `linger` seconds whatever the peer does."""
        ...

    def on_writable(self, call: Callable[[], None]) -> None: ...


class Door(WebSocketsSansIOProtocol):
    """uvicorn's own protocol, which puts itself into the scope as the `Wire` of its connection."""

    _woken: Callable[[], None] | None = None

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[WIRE] = self
        await super().run_asgi()

    @property
    def paused(self) -> bool:
        return not self.writable.is_set()

    def on_writable(self, call: Callable[[], None]) -> None:
        self._woken = call

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._woken is not None:
            self._woken()

    def connection_lost(self, exc: Exception | None) -> None:
        self._woken = None
        super().connection_lost(exc)

    def write(self, frames: bytes) -> None:
        if not self.close_sent and not self.disconnected and not self.transport.is_closing():
            self.transport.write(frames)

    def close(self, code: int, reason: str, linger: float) -> None:
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:  # or the peer's own close frame would never be seen
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(linger, self.transport.abort)

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        # Bytes that the peer never takes would keep a closing transport alive for ever.
        self.loop.call_later(5.0, self.transport.abort)

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and self.close_sent:
            return
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True  # or uvicorn would call each refusal an error of ours
