"""Places 归属地 that a tenant knows better than the library: the beginning of a number, and where it is from.

An import is written in pieces, so that others write in between, and its last piece raises the revision: whoever keeps
the places in memory reads them when all of them are there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from threading import Event
from typing import Final, TypeAlias

from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta
from adapters.store.database import Database, upsert
from adapters.store.entry_tables import places
from adapters.store.list_reading import Stopped
from adapters.store.tables import tenants
from cti.entry.places import Places, name_of, start_of
from cti.errors import NotFound
from cti.ids import TenantId

Row: TypeAlias = tuple[str, str]

REVISION: Final = "places_version"
SLICE: Final = 1000
"""Rows written in one transaction, read at once, or written out at once."""

_BREATH: Final = 0.001
_READ_SECONDS: Final = 300.0
_WRITE_SECONDS: Final = 120.0


class PlaceStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, tenant: TenantId, rows: Sequence[Row], *, replace: bool = False) -> int:
        """Add or change these; with `replace` all others go. Returns how many went.

        Raises `StoreAway` when the database goes in the middle; the same import again makes it whole.
        """
        values = [{"tenant": tenant, "prefix": start_of(start), "place": name_of(name)} for start, name in rows]
        last = max(len(values) - SLICE, 0)
        try:
            for at in range(0, last, SLICE):
                async with self._database.writing() as connection:
                    await _put(connection, values[at : min(at + SLICE, last)])
            async with self._database.writing(seconds=_WRITE_SECONDS) as connection:
                await meta.bump(connection, REVISION)
                await _put(connection, values[last:])
                return await _keep_only(connection, tenant, {one["prefix"] for one in values}) if replace else 0
        except IntegrityError:
            raise NotFound(f"there is no tenant {tenant[:40]}") from None

    async def everything(self, tenant: TenantId) -> AsyncIterator[Sequence[Row]]:
        """By beginning, some at a time: a read that is not held open while somebody writes them out."""
        after = ""
        query = select(places.c.prefix, places.c.place).where(places.c.tenant == tenant)
        query = query.order_by(places.c.prefix).limit(SLICE)
        while True:
            async with self._database.reading() as connection:
                found = await connection.execute(query.where(places.c.prefix > after))
                rows = [(row.prefix, row.place) for row in found]
            if not rows:
                return
            yield rows
            after = rows[-1][0]

    async def revision(self) -> int:
        """Rises with every import, by whomever."""
        async with self._database.reading() as connection:
            return int(await meta.read(connection, REVISION) or 0)


async def _put(connection: AsyncConnection, values: Sequence[Mapping[str, str]]) -> None:
    if values:
        await connection.execute(upsert(connection.dialect.name, places), values)


async def _keep_only(connection: AsyncConnection, tenant: TenantId, kept: set[str]) -> int:
    known = await connection.scalars(select(places.c.prefix).where(places.c.tenant == tenant))
    gone = [{"of": tenant, "start": one} for one in known if one not in kept]
    if gone:
        this = (places.c.tenant == bindparam("of"), places.c.prefix == bindparam("start"))
        await connection.execute(delete(places).where(*this), gone)
    return len(gone)


async def read_places(database: Database, stop: Event) -> tuple[int, Mapping[TenantId, Places]]:
    """The revision, and what each tenant knows; in small pieces, for a thread of its own. Raises `Stopped`."""
    found: dict[TenantId, Places] = {}
    async with database.reading(_READ_SECONDS) as connection:
        revision = int(await meta.read(connection, REVISION) or 0)
        for name in (await connection.scalars(select(tenants.c.tenant).order_by(tenants.c.tenant))).all():
            mine = await _mine(connection, TenantId(name), stop)
            if len(mine):
                found[TenantId(name)] = mine
    return revision, found


async def _mine(connection: AsyncConnection, tenant: TenantId, stop: Event) -> Places:
    mine = Places()
    query = select(places.c.prefix, places.c.place).where(places.c.tenant == tenant).order_by(places.c.prefix)
    result = await connection.stream(query.execution_options(yield_per=SLICE))
    async for rows in result.partitions(SLICE):
        if stop.is_set():
            raise Stopped
        for prefix, place in rows:
            try:
                mine.append(prefix, place)
            except ValueError:
                pass  # somebody has written it past us, and it begins no number
        await asyncio.sleep(_BREATH)
    return mine
