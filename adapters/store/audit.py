"""The record of who did what, as a chain per tenant: entries are added and read, nothing here changes or removes one.

The newest id and hash stand in `meta` too, in the same transaction, so that a chain cut short at its end is noticed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta
from adapters.store.columns import clean, from_json, to_json
from adapters.store.database import Database
from adapters.store.pages import Page, cursor_of, key_of, page_size
from adapters.store.role_tables import audit
from cti.audit import FIRST, Deed, Entry, broken_at, sealed
from cti.ids import Instant, TenantId

_READ_AT_ONCE: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which entries of a list. `since` is included, `until` not; `object` is where the object's name begins."""

    search: str = ""
    who: str | None = None
    action: str | None = None
    object: str | None = None
    since: Instant | None = None
    until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What reading a whole chain came to; `broken` says where it does not hold."""

    entries: int
    head: str
    broken: str | None


class AuditStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, tenant: TenantId, deeds: Iterable[Deed]) -> None:
        """Put these on record, in order and all together. Raises `StoreAway`."""
        async with self._database.writing() as connection:
            n, head = await _head(connection, tenant)
            rows = []
            for deed in deeds:
                entry = sealed(n + 1, head, _storable(deed))
                rows.append(_row(entry))
                n, head = entry.id, entry.hash
            await connection.execute(insert(audit), rows)
            await meta.write(connection, _key(tenant), f"{n} {head}")

    async def entries(
        self, tenant: TenantId, sought: Sought = Sought(), *, limit: int = 50, cursor: str | None = None
    ) -> Page[Entry]:
        """Newest first."""
        size = page_size(limit)
        matching = and_(*_conditions(tenant, sought))
        query = select(audit).where(matching).order_by(audit.c.id.desc()).limit(size + 1)
        if cursor is not None:
            query = query.where(audit.c.id < key_of(cursor, int)[0])
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(audit).where(matching)) or 0
            found = [_entry(row) for row in await connection.execute(query)]
        more = len(found) > size
        return Page(found[:size], total, cursor_of(found[size - 1].id) if more else None)

    async def verify(self, tenant: TenantId) -> Proof:
        """Read the whole chain and say whether it holds."""
        async with self._database.reading() as connection:
            last, head = await _head(connection, tenant)
        n, seal = 0, FIRST
        async for part in self._parts(tenant, last):
            if (broken := broken_at(part, n, seal)) is not None:
                return Proof(entries=n, head=seal, broken=broken)
            n, seal = part[-1].id, part[-1].hash
        if (n, seal) != (last, head):
            return Proof(entries=n, head=seal, broken=f"entry {n + 1} is missing: there were {last}")
        return Proof(entries=n, head=seal, broken=None)

    async def has(self, tenant: TenantId, head: str) -> bool:
        """Whether an entry with this hash is in the chain."""
        query = select(audit.c.id).where(audit.c.tenant == tenant, audit.c.hash == head).limit(1)
        async with self._database.reading() as connection:
            return await connection.scalar(query) is not None

    async def _parts(self, tenant: TenantId, last: int) -> AsyncIterator[Sequence[Entry]]:
        """The chain from its beginning, a part at a time; what is written meanwhile is for the next time."""
        after = -1
        while True:
            query = select(audit).where(audit.c.tenant == tenant, audit.c.id > after, audit.c.id <= max(last, 0))
            async with self._database.reading() as connection:
                rows = await connection.execute(query.order_by(audit.c.id).limit(_READ_AT_ONCE))
                part = [_entry(row) for row in rows]
            if not part:
                return
            yield part
            after = part[-1].id


def _key(tenant: TenantId) -> str:
    return f"audit:{tenant}"


async def _head(connection: AsyncConnection, tenant: TenantId) -> tuple[int, str]:
    text = await meta.read(connection, _key(tenant), lock=True)
    if text is None:
        return 0, FIRST
    n, _, seal = text.partition(" ")
    return int(n), seal


def _storable(deed: Deed) -> Deed:
    """As the database will give it back, for the seal is over that."""
    return replace(
        deed,
        who=clean(deed.who)[:200],
        origin=clean(deed.origin)[:200],
        action=clean(deed.action)[:200],
        object=clean(deed.object),
        reason=clean(deed.reason),
        data=from_json(to_json(dict(deed.data))),
    )


def _row(entry: Entry) -> dict[str, Any]:
    deed = entry.deed
    return {
        "tenant": deed.tenant,
        "id": entry.id,
        "at": deed.at,
        "who": deed.who,
        "origin": deed.origin,
        "action": deed.action,
        "object": deed.object,
        "reason": deed.reason,
        "data": dict(deed.data),
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    }


def _entry(row: Any) -> Entry:
    deed = Deed(
        tenant=TenantId(row.tenant),
        at=Instant(row.at),
        who=row.who,
        origin=row.origin,
        action=row.action,
        object=row.object,
        reason=row.reason,
        data=row.data,
    )
    return Entry(id=row.id, deed=deed, prev_hash=row.prev_hash, hash=row.hash)


def _conditions(tenant: TenantId, sought: Sought) -> list[ColumnElement[bool]]:
    its = audit.c
    found: list[ColumnElement[bool]] = [its.tenant == tenant]
    if sought.who is not None:
        found.append(its.who == sought.who)
    if sought.action is not None:
        found.append(its.action == sought.action)
    if sought.object is not None:
        found.append(its.object.startswith(sought.object, autoescape=True))
    if sought.since is not None:
        found.append(its.at >= sought.since)
    if sought.until is not None:
        found.append(its.at < sought.until)
    if sought.search:
        words = sought.search
        columns = (its.who, its.action, its.object, its.reason, its.origin)
        found.append(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    return found
