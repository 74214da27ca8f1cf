"""Watches how much room is left, so that new recordings are refused before a full disk cuts running ones short."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from adapters.recordings.spool import Spool, is_fit
from adapters.recordings.storage import Storage

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
REMIND_SECONDS: Final = 60.0
MEGABYTE: Final = 1_000_000
_AGAIN: Final = 1.05  # so much more than the floor must be free before it is all right again


class Room:
    def __init__(self, spool: Spool, storage: Storage, floor: int, changed: Callable[[str], None]) -> None:
        self.trouble = ""
        """Why new recordings are refused; empty when they are not."""
        self.free = 0
        self._spool = spool
        self._storage = storage
        self._floor = floor
        self._changed = changed
        self._reminded = 0.0

    async def run(self) -> None:
        """For a TaskGroup; never raises."""
        while True:
            self._judge(await asyncio.to_thread(self._find))  # a disk on the network may take its time
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Look now."""
        self._judge(self._find())

    def _judge(self, trouble: str) -> None:
        if bool(trouble) != bool(self.trouble):
            self._changed(trouble)
            if not trouble:
                log.warning("there is room for recordings again: %d MB", self.free // MEGABYTE)
        if trouble and (not self.trouble or time.monotonic() - self._reminded > REMIND_SECONDS):
            self._reminded = time.monotonic()
            log.error("NO NEW CALL IS RECORDED: %s", trouble)
        self.trouble = trouble

    def _find(self) -> str:
        if not is_fit(self._spool.folder):
            return "the folder of recordings has a sign in its name that the dialplan cannot be trusted with"
        try:
            kept = self._storage.free()
            self.free = min(self._spool.free(), self._spool.free() if kept is None else kept)
        except OSError as failure:
            self.free = 0
            return f"the folder of recordings cannot be used: {failure.strerror}"
        if self.free >= self._floor * (_AGAIN if self.trouble else 1):
            return ""
        floor = self._floor // MEGABYTE
        return f"{self.free // MEGABYTE} MB are free for recordings, less than the {floor} to be kept free"
