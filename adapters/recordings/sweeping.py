"""Removes the sound of recordings that were erased or have been kept long enough."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from adapters.recordings.failures import StorageFailure
from adapters.recordings.ports import Ports
from adapters.recordings.storage import Storage
from cti.ids import Instant

log = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 60.0
DAY_MS: Final = 24 * 3600 * 1000


class Sweeper:
    def __init__(self, storage: Storage, ports: Ports) -> None:
        self._storage = storage
        self._ports = ports
        self._failures: tuple[type[Exception], ...] = (StorageFailure, *ports.away)
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Something has been erased: its sound need not wait."""
        self._nudged.set()

    async def run(self) -> None:
        """For a TaskGroup; never raises."""
        while True:
            try:
                await self.retire()
                await self.sweep()
            except self._failures as failure:
                log.warning("recordings could not be removed yet: %s", failure)
            self._nudged.clear()
            try:
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._nudged.wait()
            except TimeoutError:
                pass

    async def retire(self) -> None:
        """Forget what is older than its tenant keeps it."""
        for tenant, rules in (await self._ports.ledger.rules()).items():
            before = Instant(self._ports.now() - rules.keep_days * DAY_MS)
            while rules.keep_days and (old := await self._ports.ledger.older_than(tenant, before)):
                gone = await self._ports.ledger.forget(tenant, old)
                self._ports.forgotten(tenant, gone, rules.keep_days)

    async def sweep(self) -> None:
        """Remove the sound of everything that is forgotten; what cannot be removed now stays on the list."""
        failed = False
        while not failed and (some := await self._ports.ledger.leaving()):
            for tenant, recording, place in some:
                try:
                    await self._storage.remove(place)
                except StorageFailure as failure:
                    failed = True
                    log.warning("recording %s could not be removed yet: %s", recording, failure)
                else:
                    await self._ports.ledger.gone(tenant, recording)
