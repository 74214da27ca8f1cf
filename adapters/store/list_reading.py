"""Reads the lists for those who keep them in memory: all of them, or what changed since; in a thread of its own.

A million rows are seconds of work: they are read in small pieces with a breath in between, so that calls go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final, TypeVar

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta
from adapters.store.database import Database
from adapters.store.directory import now
from adapters.store.entry_tables import list_removals
from adapters.store.lists import EVERYTHING, REVISION
from adapters.store.tables import list_entries, tenants
from cti.entry.lists import Lists, Rule
from cti.ids import Instant, TenantId
from cti.targets import ENDS, Target, target

T = TypeVar("T")

_PIECE: Final = 1000
_BREATH: Final = 0.001
_READ_SECONDS: Final = 300.0
_MOST_BEHIND: Final = 5000
"""Revisions; marks of what has gone are kept for twice as many."""


class Stopped(Exception):
    """The server ends, and what was being read is not needed any more."""


@dataclass(slots=True)
class Changes:
    """What became of one tenant's lists: they are `whole` new, or some entries went and others came."""

    whole: Lists | None = None
    gone: list[tuple[str, str, str]] = field(default_factory=list)
    come: list[tuple[str, str, str, Rule]] = field(default_factory=list)


async def apart(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Do something long with the database in a thread of its own, with a loop and connections of its own."""

    async def go() -> T:
        database = Database(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return await asyncio.to_thread(lambda: asyncio.run(go()))


async def read_lists(database: Database, since: int | None, stop: Event) -> tuple[int, dict[TenantId, Changes]]:
    """The revision, and what changed after `since`, by tenant; None: everything. Raises `StoreAway`."""
    async with database.reading(_READ_SECONDS) as connection:
        revision = int(await meta.read(connection, REVISION) or 0)
        if since is not None and not 0 <= revision - since <= _MOST_BEHIND:
            since = None
        found: dict[TenantId, Changes] = {}
        for name in (await connection.scalars(select(tenants.c.tenant).order_by(tenants.c.tenant))).all():
            changes = await _changes(connection, TenantId(name), since, stop)
            if changes.whole is not None or changes.gone or changes.come:
                found[TenantId(name)] = changes
    return revision, found


async def _changes(connection: AsyncConnection, tenant: TenantId, since: int | None, stop: Event) -> Changes:
    if since is None:
        return Changes(whole=await _whole(connection, tenant, stop))
    mark = list_removals.c
    marks = select(mark.kind, mark.match, mark.number).where(mark.tenant == tenant, mark.revision > since)
    gone = [(row.kind, row.match, row.number) for row in await connection.execute(marks.order_by(mark.revision))]
    if any(match == EVERYTHING for _, match, _ in gone):
        return Changes(whole=await _whole(connection, tenant, stop))
    changes, shared = Changes(gone=gone), Lists()
    async for rows in _pieces(connection, _columns(tenant).where(list_entries.c.revision > since), stop):
        changes.come += [(row[0], row[1], row[2], _rule(shared, row)) for row in rows]
    return changes


async def _whole(connection: AsyncConnection, tenant: TenantId, stop: Event) -> Lists:
    """The lists as they are, without what has run out."""
    lists, ends = Lists(), list_entries.c.expires_at
    query = _columns(tenant).where(or_(ends.is_(None), ends > now()))
    async for rows in _pieces(connection, query, stop):
        for row in rows:
            lists.put_rule(row[0], row[1], row[2], _rule(lists, row))
    return lists


def _columns(tenant: TenantId) -> Select[Any]:
    mine = list_entries.c
    columns = (mine.kind, mine.match, mine.number, mine.target, mine.priority, mine.expires_at, mine.reason)
    return select(*columns).where(mine.tenant == tenant)


async def _pieces(connection: AsyncConnection, query: Select[Any], stop: Event) -> AsyncIterator[Sequence[Any]]:
    result = await connection.stream(query.execution_options(yield_per=_PIECE))
    async for rows in result.partitions(_PIECE):
        if stop.is_set():
            raise Stopped
        yield rows
        await asyncio.sleep(_BREATH)


def _rule(lists: Lists, row: Any) -> Rule:
    _, _, _, to, priority, expires_at, reason = row
    return lists.rule(Rule(_target(to), priority, None if expires_at is None else Instant(expires_at), reason))


def _target(text: str | None) -> Target | None:
    return None if text is None else target(text, ENDS)
