"""What waits to be written to one client: written in one piece as soon as the client takes it, and measured."""

from __future__ import annotations

import asyncio

from adapters.desktop.door import Wire


class Outbox:
    """Events count towards the limits; answers do not, for a client is not read from before it has taken its answer."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._frames: list[bytes] = []
        self._empty = asyncio.Event()
        self._shut = False
        self.events = 0
        self.bytes = 0
        self.written = 0

    def put(self, frame: bytes) -> None:
        if not self._shut:
            self._frames.append(frame)

    def put_event(self, frame: bytes) -> None:
        self.put(frame)
        self.events += 1
        self.bytes += len(frame)

    def flush(self) -> None:
        """Write everything, unless the client does not keep up."""
        if self._wire.paused:
            return
        if self._frames:
            frames, self._frames = self._frames, []
            self.written += self.events
            self.events = self.bytes = 0
            self._wire.write(frames[0] if len(frames) == 1 else b"".join(frames))
        if not self._wire.paused:
            self._empty.set()

    def shut(self) -> None:
        """Write what can be written and take nothing more."""
        self.flush()
        self._shut = True
        self._frames.clear()
        self._empty.set()

    async def drained(self, patience: float) -> bool:
        """Wait until all is written and the client takes more; False when it took nothing for so long."""
        self.flush()
        await asyncio.sleep(0)
        while not self._shut and (self._frames or self._wire.paused):
            self._empty.clear()
            try:
                async with asyncio.timeout(patience):
                    await self._empty.wait()
            except TimeoutError:
                return False
        return True
