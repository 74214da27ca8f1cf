"""One FastAGI connection as lines: bounded, and never trusted. It knows lines, not commands.

Asterisk speaks first (a header ending in an empty line), then only when asked, but for one line `HANGUP`.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from adapters.asterisk.failures import HungUp

MOST_UNREAD: Final = 16 * 2**10
HANGUP: Final = b"HANGUP"


class AgiPeer(asyncio.Protocol):
    """Collects lines for one reader. Whatever goes wrong ends it, and then every wait is HungUp."""

    def __init__(self, welcome: Callable[["AgiPeer"], bool]) -> None:
        self._welcome = welcome
        self._transport: asyncio.Transport | None = None
        self._lines: deque[bytes] = deque()
        self._tail = b""
        self._unread = 0
        self._waiter: asyncio.Future[None] | None = None
        self.over = ""
        """Why nothing more can be said; empty while the line is good."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask to be let in."""
        self._transport = cast(asyncio.Transport, transport)
        if not self._welcome(self):
            self.end("too many lines")

    def data_received(self, data: bytes) -> None:
        """Cut into lines; too much unread means it is not Asterisk."""
        if self.over:
            return
        *lines, self._tail = (self._tail + data).split(b"\n")
        self._lines.extend(lines)
        self._unread += len(data)
        if self._unread > MOST_UNREAD:
            self.end("too much unread")
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, if it was not known yet."""
        self.over = self.over or "the connection was closed"
        self._wake()

    def end(self, why: str) -> None:
        """Cut it off now."""
        self.over = self.over or why
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def close(self) -> None:
        """Say goodbye: what was written still goes out, unless the peer does not even take that."""
        if self._transport is None or self.over:
            return
        self.over = "ended by us"
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    def write(self, line: bytes) -> None:
        """Send a line, if all that came before has been read: an answer to no question means we lost count."""
        if not self.over and self._lines:
            self.end("hung up" if HANGUP in self._lines else "an answer to nothing")
        if self.over or self._transport is None:
            raise HungUp(self.over)
        self._transport.write(line)

    async def line(self) -> bytes:
        """Return the next line without its end, or raise HungUp when there will be none. Deadlines are the caller's."""
        while not self._lines:
            if self.over:
                raise HungUp(self.over)
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        line = self._lines.popleft()
        self._unread -= len(line) + 1
        return line

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
