"""Keeps the record of who did what: taken down at once, written in order a moment later, however long the database is
away. What would not fit into memory any more is told to the log, loudly, rather than to nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from itertools import groupby, islice
from typing import Final

from adapters.store.audit import AuditStore
from adapters.store.failures import StoreFailure
from cti.audit import Deed
from cti.ids import Instant, TenantId

log: Final = logging.getLogger(__name__)

MOST_WAITING: Final = 10_000
_BATCH: Final = 200
_RETRY_SECONDS: Final = 1.0


class AuditLog:
    """The `cti.audit.Audit` of a running server."""

    def __init__(self, store: AuditStore, now: Callable[[], Instant]) -> None:
        self._store = store
        self._now = now
        self._waiting: deque[Deed] = deque()
        self._any = asyncio.Event()
        self._written = asyncio.Condition()
        self._noted = self._done = 0

    def note(
        self,
        tenant: TenantId,
        who: str,
        action: str,
        object: str = "",
        *,
        reason: str = "",
        origin: str = "",
        data: Mapping[str, object] | None = None,
    ) -> None:
        deed = Deed(
            tenant=tenant,
            at=self._now(),
            who=who,
            action=action,
            object=object,
            reason=reason,
            origin=origin,
            data=data or {},
        )
        if len(self._waiting) >= MOST_WAITING:
            log.error("not on record, the database is away: %s did %s to %s: %s", who, action, object, reason)
            return
        self._waiting.append(deed)
        self._noted += 1
        self._any.set()

    async def kept(self, seconds: float) -> bool:
        """Wait until everything noted before now is on record; False when that takes too long."""
        wanted = self._noted
        try:
            async with asyncio.timeout(seconds), self._written:
                await self._written.wait_for(lambda: self._done >= wanted)
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """For a TaskGroup."""
        told = False
        while True:
            await self._any.wait()
            self._any.clear()
            while self._waiting:
                try:
                    await self._write()
                    told = False
                except StoreFailure as failure:
                    if not told:
                        log.error("the record of who did what waits in memory: %s", failure)
                        told = True
                    await asyncio.sleep(_RETRY_SECONDS)

    async def close(self, seconds: float = 3.0) -> None:
        """After `run` was cancelled: write the rest if the database takes it in time."""
        try:
            async with asyncio.timeout(seconds):
                while self._waiting:
                    await self._write()
        except (TimeoutError, StoreFailure):
            for deed in self._waiting:
                log.error("not on record: %s did %s to %s: %s", deed.who, deed.action, deed.object, deed.reason)

    async def _write(self) -> None:
        """A batch; what is not known to be written stays where it is."""
        batch = list(islice(self._waiting, _BATCH))
        for tenant, deeds in groupby(batch, lambda deed: deed.tenant):
            mine = list(deeds)
            await self._store.append(tenant, mine)
            for _ in mine:
                self._waiting.popleft()
            async with self._written:
                self._done += len(mine)
                self._written.notify_all()
