"""Where calls enter, from memory: numbers, schedules, calendars and lists of all tenants. No call waits for a database.

A change is noticed within a second. Lists are read in a thread of their own; a single edit touches that entry alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Event
from types import MappingProxyType
from typing import Final

from adapters.calendars.published import years_of
from adapters.store.database import Database
from adapters.store.entry import Book, EntryStore
from adapters.store.failures import StoreAway
from adapters.store.list_reading import Changes, Stopped, apart, read_lists
from adapters.store.lists import Lists as ListStore
from cti.entry.calendars import PLAIN, Calendar
from cti.entry.decide import Decision, EntryPoint, decide
from cti.entry.lists import Lists
from cti.entry.numbers import plain
from cti.entry.schedules import Period, at
from cti.ids import Instant, TenantId

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
SAFE_QUEUE: Final = "safe_queue"
"""The option of a number that says where callers go when nobody can be asked."""

_SLICE: Final = 500
_NO_BOOK: Final = Book(timezone="Asia/Shanghai", points={}, schedules={}, calendars={})


class Entries:
    """The live copy. `refresh` once before the first call, then `watch`."""

    def __init__(self, database: Database) -> None:
        self._url = database.url.render_as_string(hide_password=False)
        self._store = EntryStore(database)
        self._list_store = ListStore(database)
        self._books: Mapping[TenantId, Book] = {}
        self._owners: Mapping[str, TenantId] = {}
        self._calendars: Mapping[TenantId, Mapping[str, Calendar]] = {}
        self._lists: dict[TenantId, Lists] = {}
        self._version = -1
        self._revision: int | None = None
        self._reading = asyncio.Lock()
        self.stop = Event()
        """Set when the server ends: what is being read or imported is left there."""

    # --- what calls ask ---

    def decide(
        self, dialled: str, caller: str, when: Instant, *, lists: bool = True
    ) -> tuple[TenantId, Decision] | None:
        """Whose number was dialled, where its caller goes, and why; None when it is nobody's. Without `lists`: where
        anybody goes who is on none."""
        number = plain(dialled)
        tenant = self._owners.get(number)
        if tenant is None:
            return None
        point = self._books[tenant].points[number]
        return tenant, self.enter(tenant, point if lists else replace(point, lists=False), caller, when)

    def enter(self, tenant: TenantId, point: EntryPoint, caller: str, when: Instant) -> Decision:
        """Where a caller of this number goes at that moment; the live call and the test of a number ask here."""
        return decide(point, caller, when, self.lists(tenant), self.book(tenant).schedules, self.calendars(tenant))

    def schedule(self, tenant: TenantId, name: str, when: Instant) -> Period | None:
        """What a schedule says of a moment; None when there is no such schedule."""
        found = self.book(tenant).schedules.get(name)
        return None if found is None else at(found, when, self.calendars(tenant).get(found.calendar, PLAIN))

    def period(self, tenant: TenantId, name: str, when: Instant) -> Sequence[str]:
        """The same in names of exits, the narrowest first: (`lunch`, `closed`)."""
        found = self.schedule(tenant, name, when)
        if found is None:
            return ()
        return tuple(dict.fromkeys((found.name, "open" if found.open else "closed")))

    def safe_queues(self) -> Mapping[str, str]:
        """Number -> queue for when nobody can be asked: what the number says, else the queue it leads to anyway."""
        found = {}
        for book in self._books.values():
            for number, point in book.points.items():
                queue = point.options.get(SAFE_QUEUE) or (point.entry.name if point.entry.kind == "queue" else "")
                if queue and number.isdecimal():
                    found[number] = str(queue)
        return found

    # --- what there is ---

    def book(self, tenant: TenantId) -> Book:
        return self._books.get(tenant, _NO_BOOK)

    def calendars(self, tenant: TenantId) -> Mapping[str, Calendar]:
        return self._calendars.get(tenant, {})

    def lists(self, tenant: TenantId) -> Lists:
        return self._lists.setdefault(tenant, Lists())

    # --- keeping up ---

    async def refresh(self) -> None:
        """Read what has changed since the last look. Raises `StoreAway`."""
        async with self._reading:
            await self.read_books()
            if await self._list_store.revision() != self._revision:
                await self._read_lists()

    async def read_books(self) -> None:
        """The same without the lists: enough for whoever asks schedules alone."""
        version = await self._store.version()
        if version != self._version:
            self._take(await self._store.read())
            self._version = version

    def _take(self, books: Mapping[TenantId, Book]) -> None:
        self._calendars = {
            tenant: MappingProxyType(
                {one.name: Calendar(one.name, years_of(one.country), one.overrides) for one in book.calendars.values()}
            )
            for tenant, book in books.items()
        }
        self._owners = {number: tenant for tenant, book in books.items() for number in book.points}
        self._books = books

    async def _read_lists(self) -> None:
        since, stop = self._revision, self.stop
        try:
            revision, found = await apart(self._url, lambda database: read_lists(database, since, stop))
        except Stopped:
            return
        for tenant, changes in found.items():
            await self._follow(tenant, changes)
        self._revision = revision

    async def _follow(self, tenant: TenantId, changes: Changes) -> None:
        if changes.whole is not None:
            before, self._lists[tenant] = self.lists(tenant), changes.whole
            log.info("lists of %s: %d entries", tenant, len(changes.whole))
            await asyncio.to_thread(before.let_go)
            return
        lists = self.lists(tenant)
        for kind, match, number in changes.gone:
            lists.drop(kind, match, number)
        for n, (kind, match, number, rule) in enumerate(changes.come, 1):
            lists.put_rule(kind, match, number, lists.rule(rule))
            if n % _SLICE == 0:
                await asyncio.sleep(0)  # calls go on while a long list comes in

    async def watch(self) -> None:
        """Notice within a second what the command line or another server edits."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.refresh()
            except StoreAway:
                pass  # the store says so itself; calls go on entering as is known

    def close(self) -> None:
        self.stop.set()
