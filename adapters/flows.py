"""Flows for everybody: what callers hear, from memory, so that no call waits for the database; and edits, for the web.

A call that holds a mapping of `live` goes on with those very versions, whatever is published meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any, Final

from adapters.store.directory import DirectoryStore
from adapters.store.failures import StoreAway, StoreFailure
from adapters.store.flow_text import read, write_json, write_yaml
from adapters.store.flows import FlowStore, Stored
from adapters.store.pages import Page
from adapters.trials import Script, tried
from adapters.web.ports import Shape
from cti.errors import NotFound
from cti.ids import TenantId
from cti.ivr.flow import Flow, from_dict
from cti.ivr.ports import Ports
from cti.ivr.problems import BadFlow
from cti.shapes import stamp

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
MET_SECONDS: Final = 1.0
_NONE: Final[Mapping[str, Flow]] = MappingProxyType({})


class Flows:
    """The web's `Flows`, and the flows of live calls. `ports`: what flows of a tenant ask besides other flows."""

    def __init__(self, store: FlowStore, directory: DirectoryStore, ports: Callable[[TenantId], Ports]) -> None:
        self._store = store
        self._directory = directory
        self._ports = ports
        self._live: Mapping[TenantId, Mapping[str, Flow]] = {}
        self._version = -1
        self._reading = asyncio.Lock()

    # --- what callers hear ---

    def flow(self, tenant: TenantId, name: str) -> Flow | None:
        """The published flow of that name, as the next caller hears it."""
        return self.live(tenant).get(name)

    def live(self, tenant: TenantId) -> Mapping[str, Flow]:
        """All published flows of a tenant; what is published later is in another mapping."""
        return self._live.get(tenant, _NONE)

    async def versions(self, tenant: TenantId, met: Collection[tuple[str, int]]) -> Mapping[str, Flow]:
        """Flows in the versions that a call has met; one that cannot be read in time is left out."""
        found: dict[str, Flow] = {}
        for name, version in met:
            try:
                async with asyncio.timeout(MET_SECONDS):
                    found[name] = replace(from_dict(await self._store.document(tenant, name, version)), version=version)
            except (TimeoutError, StoreFailure, NotFound, BadFlow) as why:
                log.warning("flow %s, version %d, cannot be had: %s", name, version, why)
        return found

    async def refresh(self) -> None:
        """Read anew when something was published since the last look. Raises `StoreAway`."""
        async with self._reading:
            version = await self._store.version()
            if version == self._version:
                return
            self._live = {one.name: await self._read(one.name) for one in await self._directory.tenants()}
            self._version = version

    async def _read(self, tenant: TenantId) -> Mapping[str, Flow]:
        old, found = self.live(tenant), dict[str, Flow]()
        for version, document in await self._store.published(tenant):
            name = str(document.get("name"))
            before = old.get(name)
            if before is not None and before.version == version:
                found[name] = before
                continue
            try:
                found[name] = replace(from_dict(document), version=version)
            except BadFlow as wrong:  # written by another version of this program
                log.error("flow %s, version %d, cannot be read: %s", name, version, wrong)
                if before is not None:
                    found[name] = before
        return MappingProxyType(found)

    async def watch(self) -> None:
        """Notice within a second what the command line or another server publishes."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.refresh()
            except StoreAway:
                pass  # the store says so itself; callers go on hearing the flows that are known

    # --- the web's port ---

    async def list(self, tenant: TenantId, limit: int, cursor: str | None, search: str) -> Page[Shape]:
        found = await self._store.list(tenant, limit=limit, cursor=cursor, search=search)
        return Page([_brief(one) for one in found.items], found.total, found.next)

    async def get(self, tenant: TenantId, name: str) -> Shape:
        return await self._whole(tenant, await self._store.get(tenant, name))

    async def document(self, tenant: TenantId, name: str, version: int | None) -> Mapping[str, Any]:
        """A version's document, or the draft's."""
        if version is None:
            return (await self._store.get(tenant, name)).draft
        return await self._store.document(tenant, name, version)

    async def save(
        self, tenant: TenantId, document: Mapping[str, Any], *, by: str, revision: int | None, anyway: bool = False
    ) -> Shape:
        """`anyway`: over whatever is there; else `revision` is the draft that was changed, or None for a new flow."""
        expected = None if anyway else revision or 0
        return await self._whole(tenant, await self._store.save(tenant, from_dict(document), by=by, revision=expected))

    async def check(self, tenant: TenantId, name: str, document: Mapping[str, Any] | None) -> Sequence[Shape]:
        """The problems of this document, else of the draft."""
        if document is None:
            document = await self.document(tenant, name, None)
        try:
            problems = await self._store.check(tenant, from_dict(document))
        except BadFlow as wrong:
            problems = wrong.problems
        return [asdict(one) for one in problems]

    async def publish(self, tenant: TenantId, name: str, *, by: str, note: str, revision: int | None) -> Shape:
        stored = await self._store.publish(tenant, name, by=by, note=note, revision=revision)
        await self.refresh()
        log.info("flow %s of %s: version %s published by %s", name, tenant, stored.published, by)
        return await self._whole(tenant, stored)

    async def roll_back(self, tenant: TenantId, name: str, version: int, *, by: str) -> Shape:
        stored = await self._store.roll_back(tenant, name, version, by=by)
        await self.refresh()
        log.info("flow %s of %s: back to version %d by %s", name, tenant, version, by)
        return await self._whole(tenant, stored)

    async def remove(self, tenant: TenantId, name: str) -> None:
        await self._store.delete(tenant, name)
        await self.refresh()

    async def rehearse(
        self, tenant: TenantId, name: str, version: int | None, document: Mapping[str, Any] | None, **script: Any
    ) -> Shape:
        """A scripted caller walks this document, else the version, else the draft; `script` fills a `Script`."""
        if document is None:
            document = await self.document(tenant, name, version)
        flow = replace(from_dict(document), version=version or 0)
        return await tried(flow, Script(**script), self._ports(tenant), {**self.live(tenant), flow.name: flow})

    def read(self, text: str) -> Mapping[str, Any]:
        return read(text)

    def write(self, document: Mapping[str, Any], as_json: bool) -> str:
        return write_json(dict(document)) if as_json else write_yaml(dict(document))

    async def _whole(self, tenant: TenantId, stored: Stored) -> Shape:
        versions = await self._store.versions(tenant, stored.name)
        heard = None if stored.published is None else await self.document(tenant, stored.name, stored.published)
        return {
            **_brief(stored),
            "draft": stored.draft,
            "published": heard,
            "versions": [{**asdict(one), "published_at": stamp(one.published_at)} for one in versions],
        }


def _brief(stored: Stored) -> Shape:
    return {
        "name": stored.name,
        "title": stored.title,
        "revision": stored.revision,
        "version": stored.published,
        "changed_at": stamp(stored.changed_at),
        "changed_by": stored.changed_by,
    }
