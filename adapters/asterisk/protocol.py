"""Bytes from Asterisk, cut into messages and handed on in order, at once.

panoramisk's AMIProtocol is the base and the place in its Manager; everything it does with bytes is replaced, because it
decodes before it cuts, lets a callback's exception close the link, and sends again what was not answered. Events are
looked at by name before anything is parsed: most are nobody's business.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from panoramisk.ami_protocol import AMIProtocol

from adapters.asterisk.asks import Asks
from adapters.asterisk.failures import Down
from adapters.asterisk.wire import Message

log = logging.getLogger(__name__)

BANNER: Final = b"Asterisk Call Manager/"
LONGEST_BANNER: Final = 256
LONGEST_MESSAGE: Final = 4 * 2**20
MOST_UNSENT: Final = 2**20
_END: Final = b"\r\n\r\n"
_EVENT: Final = b"Event: "
_RESPONSE: Final = b"Response: "


@dataclass(slots=True)
class Counts:
    """What came in over a session's whole life, through every reconnect."""

    events: int = 0
    unwanted: int = 0
    responses: int = 0
    odd: int = 0
    oversize: int = 0
    handler_errors: int = 0


class AmiProtocol(AMIProtocol):  # type: ignore[misc]
    """One connection: from its banner to its end, which is told to `on_lost` exactly once."""

    def __init__(
        self,
        *,
        wanted: Mapping[bytes, str],
        asks: Asks,
        counts: Counts,
        on_banner: Callable[[str], None],
        on_event: Callable[[Message], None],
        on_lost: Callable[[Down], None],
    ) -> None:
        self._wanted = wanted
        self._asks = asks
        self._counts = counts
        self._on_banner = on_banner
        self._on_event = on_event
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._tail = b""
        self._skipping = False
        self._over = False
        self.version = ""
        self.heard = False
        """Set by every byte that comes in; whoever watches the line clears it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, unless nobody waits for it any more."""
        self._transport = cast(asyncio.Transport, transport)
        if self._over:
            self._transport.abort()

    def send(self, data: bytes, as_list: bool = False) -> None:
        """Write straight to the transport. A peer that does not read is taken for lost; nothing piles up."""
        if self._over or self._transport is None:
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MOST_UNSENT:
            self.abort(Down.BACKPRESSURE)

    def data_received(self, data: bytes) -> None:
        """Cut, look, hand on. Nothing raised by a handler leaves this method."""
        self.heard = True
        if self._tail:
            data = self._tail + data
        if not self.version:
            data = self._take_banner(data)
            if not self.version:
                self._tail = data
                return
        if self._skipping:
            data = self._skip(data)
        pieces = data.split(_END)
        self._tail = pieces.pop()
        wanted, asks, counts = self._wanted, self._asks, self._counts
        for piece in pieces:
            if self._over:
                return
            try:
                if not piece.startswith(_EVENT):
                    piece = piece.lstrip(b"\r\n")  # an empty line too many is no message
                    if not piece.startswith(_EVENT):
                        self._take_other(piece)
                        continue
                counts.events += 1
                end = piece.find(b"\r\n", 7)
                name = wanted.get(piece[7:end] if end > 0 else piece[7:])
                if asks.lists and asks.listed(piece, name or Message(piece).name):
                    continue
                if name is None:
                    counts.unwanted += 1
                else:
                    self._on_event(Message(piece, name))
            except Exception:
                self._note_fault(piece)
        if len(self._tail) > LONGEST_MESSAGE:
            counts.oversize += 1
            self._skipping, self._tail = True, self._tail[-3:]

    def eof_received(self) -> None:
        """Let the transport close; connection_lost tells."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the peer, or the network, ended it."""
        self._finish(Down.EOF if self.version else Down.CLOSED_EARLY)

    def abort(self, why: Down) -> None:
        """End it now, without waiting for anything still unsent."""
        if self._transport is not None:
            self._transport.abort()
        self._finish(why)

    def close(self) -> None:
        """End it for good, in silence."""
        self._over = True
        if self._transport is not None:
            self._transport.abort()

    def _finish(self, why: Down) -> None:
        if not self._over:
            self._over = True
            self._on_lost(why)

    def _take_banner(self, data: bytes) -> bytes:
        line, end, rest = data.partition(b"\r\n")
        if not line.startswith(BANNER[: len(line)]) or len(line) > LONGEST_BANNER:
            self.abort(Down.NOT_ASTERISK)
        elif end and len(line) > len(BANNER):
            self.version = line[len(BANNER) :].decode("ascii", "replace")
            self._greet()
            return rest
        elif end:
            self.abort(Down.NOT_ASTERISK)
        return data

    def _greet(self) -> None:
        try:
            self._on_banner(self.version)
        except Exception:
            log.exception("the login could not be sent")
            self.abort(Down.FAULT)

    def _skip(self, data: bytes) -> bytes:
        at = data.find(_END)
        if at < 0:
            return data[-3:]
        self._skipping = False
        return data[at + len(_END) :]

    def _take_other(self, piece: bytes) -> None:
        if piece.startswith(_RESPONSE):
            self._counts.responses += 1
            self._asks.answered(piece)
        elif piece:
            self._counts.odd += 1

    def _note_fault(self, piece: bytes) -> None:
        self._counts.handler_errors += 1
        times = self._counts.handler_errors
        if times & (times - 1) == 0:  # 1, 2, 4, 8: a storm of them must not become a storm of lines
            log.exception("handling %r failed (%d times so far)", Message(piece), times)
