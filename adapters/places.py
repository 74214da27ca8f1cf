"""Where callers are from, from memory: what the library knows, and before it what each tenant does; for screen pops.

Both come after the start, without a call having to wait, and an import by whomever is noticed within a second. Until
they are there a caller is from nowhere, and so they stay when they cannot be had: that is worth a line in the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any, Final

from adapters.geodata.failures import NoPlaces
from adapters.geodata.known import known
from adapters.store.database import Database
from adapters.store.failures import StoreAway
from adapters.store.list_reading import Stopped, apart
from adapters.store.places import PlaceStore, read_places
from cti.effects import News
from cti.entry.places import Places, place_of
from cti.ids import TenantId

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
POP: Final = "screen_pop.requested"
_NONE: Final = Places()


class CallerPlaces:
    """`folder` is where what the library knows is kept."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._url = database.url.render_as_string(hide_password=False)
        self._store = PlaceStore(database)
        self._folder = folder
        self._known = _NONE
        self._own: Mapping[TenantId, Places] = {}
        self._revision: int | None = None
        self.stop = Event()
        """Set when the server ends: what is being read is left there."""

    # --- what pops ask ---

    def place(self, tenant: TenantId, number: str) -> str | None:
        return place_of(number, self._own.get(tenant, _NONE), self._known)

    def complete(self, tenant: TenantId, news: News) -> Mapping[str, object]:
        """What a screen pop tells, and where its caller is from."""
        caller: Any = news.data["caller"]
        place = self.place(tenant, caller["number"])
        return news.data if place is None else {**news.data, "caller": {**caller, "place": place}}

    # --- keeping up ---

    async def run(self) -> None:
        """Get what the library knows, then follow the tenants' imports."""
        await self.learn()
        while True:
            try:
                await self.refresh()
            except (StoreAway, Stopped):
                pass  # the store says so itself; callers go on being from where they are known to be
            await asyncio.sleep(LOOK_SECONDS)

    async def learn(self) -> None:
        """Take in what the library knows; without it, go on."""
        try:
            self._known = await known(self._folder)
            log.info("places of %d beginnings of numbers are known", len(self._known))
        except NoPlaces as why:
            log.warning("it is not known where callers are from: %s", why)

    async def refresh(self) -> None:
        """Read what tenants have imported since the last look. Raises `StoreAway`."""
        if await self._store.revision() != self._revision:
            stop = self.stop
            self._revision, self._own = await apart(self._url, lambda database: read_places(database, stop))

    def close(self) -> None:
        self.stop.set()
