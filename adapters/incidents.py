"""Incidents for callers, from memory, and for the web; an edit by whomever is heard within a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from adapters.store.failures import StoreAway, StoreFailure
from adapters.store.incidents import Incidents, Known
from adapters.web.ports import Shape
from cti.ids import CallId, TenantId
from cti.incidents import Incident, concerning
from cti.shapes import stamp

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 5.0


class IncidentBoard:
    """The web's `Incidents`, and what callers are told."""

    def __init__(self, store: Incidents, refuse_silence: Callable[[TenantId, Sequence[str]], Awaitable[None]]) -> None:
        self._store = store
        self._refuse_silence = refuse_silence
        self._active: Mapping[TenantId, Sequence[Incident]] = {}
        self._version = -1
        self._counting: set[asyncio.Task[None]] = set()

    def concerning(self, tenant: TenantId, number: str) -> list[Incident]:
        """What a caller of this number is told before anything else."""
        return list(concerning(number, self._active.get(tenant, ())))

    def heard(self, tenant: TenantId, incident: Incident, call: CallId, number: str, wants_word: bool) -> None:
        """Count the caller; the call does not wait for it."""
        task = asyncio.create_task(self._count(tenant, incident.id, call, number, wants_word))
        self._counting.add(task)
        task.add_done_callback(self._counting.discard)

    async def _count(self, tenant: TenantId, incident: str, call: CallId, number: str, wants_word: bool) -> None:
        while True:
            try:
                await self._store.heard(tenant, incident, call, number, wants_word)
                return
            except StoreFailure:
                await asyncio.sleep(RETRY_SECONDS)

    async def refresh(self) -> None:
        """Read anew what has changed. Raises `StoreAway`."""
        version = await self._store.version()
        if version != self._version:
            self._active = await self._store.active()
            self._version = version

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.refresh()
            except StoreAway:
                pass  # callers go on hearing what is known

    # --- the web's port ---

    async def list(self, tenant: TenantId) -> Sequence[Shape]:
        return [_shape(one) for one in await self._store.list(tenant)]

    async def begin(self, tenant: TenantId, title: str, prompt: str, prefixes: Sequence[str], offer: bool) -> Shape:
        await self._refuse_silence(tenant, [prompt])
        known = await self._store.begin(tenant, title=title, prompt=prompt, prefixes=prefixes, offer=offer)
        await self.refresh()
        log.info("incident %s of %s has begun", known.incident.id, tenant)
        return _shape(known)

    async def end(self, tenant: TenantId, incident: str) -> Shape:
        known = await self._store.end(tenant, incident)
        await self.refresh()
        return _shape(known)

    async def get(self, tenant: TenantId, incident: str) -> Shape:
        return _shape(await self._store.get(tenant, incident))

    async def callers(self, tenant: TenantId, incident: str, wanting: bool) -> Sequence[Shape]:
        return [
            {
                "call": one.call,
                "number": one.number,
                "heard_at": stamp(one.heard_at),
                "wants_word": one.wants_word,
                "told_at": stamp(one.told_at),
            }
            for one in await self._store.callers(tenant, incident, wanting=wanting)
        ]

    async def told(self, tenant: TenantId, incident: str, call: CallId) -> None:
        await self._store.told(tenant, incident, call)


def _shape(known: Known) -> Shape:
    incident = known.incident
    return {
        "id": incident.id,
        "title": incident.title,
        "prompt": incident.prompt,
        "prefixes": list(incident.prefixes),
        "offer": incident.offer,
        "active": known.active,
        "began_at": stamp(known.began_at),
        "ended_at": stamp(known.ended_at),
        "heard": known.heard,
        "want_word": known.want_word,
    }
