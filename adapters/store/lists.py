"""The lists that callers may stand on: VIP and deny 黑白名单. Every edit raises their revision.

Each row has the revision of its last change: those who keep the lists in memory read what is newer than what they know
(`list_reading.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Executable, delete, func, insert, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta, rules
from adapters.store.database import Database
from adapters.store.directory import now
from adapters.store.entry_tables import list_removals
from adapters.store.fresh import new_id
from adapters.store.pages import Page, cursor_of, key_of, page_size
from adapters.store.references import refuse_dangling
from adapters.store.tables import list_entries
from cti.entry.entries import PATTERN, VIP, ListEntry, checked, kind_of
from cti.entry.lists import refuse_more_patterns
from cti.entry.numbers import plain
from cti.errors import NotFound
from cti.ids import TenantId
from cti.targets import ENDS, target

REVISION: Final = "lists_version"
EVERYTHING: Final = "everything"
"""Instead of a way to match: more went at once than is worth telling one by one."""

SLICE: Final = 1000
"""Entries written in one transaction: others write in between."""

_MARKS_KEPT: Final = 10_000


class Lists:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, tenant: TenantId, entry: ListEntry) -> ListEntry:
        """Add the entry, or change the one of this number; returns it as it is compared with callers."""
        await self.put_many(tenant, [entry])
        entry = checked(entry)
        mine = list_entries.c
        these = (mine.tenant == tenant, mine.kind == entry.kind, mine.match == entry.match, mine.number == entry.number)
        async with self._database.reading() as connection:
            return _entry((await connection.execute(select(list_entries).where(*these))).one())

    async def put_many(self, tenant: TenantId, entries: Iterable[ListEntry]) -> None:
        """Add or change up to SLICE entries, all of them or none."""
        at = now()
        rows = [_row(tenant, entry, at) for entry in entries]
        try:
            async with self._database.writing() as connection:
                revision = await _touch(connection, any(row["kind"] == VIP for row in rows))
                targets = {row["target"] for row in rows if row["target"] is not None}
                await refuse_dangling(connection, tenant, [target(one, ENDS) for one in sorted(targets)])
                for row in rows:
                    row["revision"] = revision
                await connection.execute(_put(connection.dialect.name), rows)
                for kind in {row["kind"] for row in rows if row["match"] == PATTERN}:
                    refuse_more_patterns(await _count(connection, tenant, kind, list_entries.c.match == PATTERN))
        except IntegrityError:
            raise NotFound(f"there is no tenant {tenant[:40]}") from None

    async def get(self, tenant: TenantId, entry: str) -> ListEntry:
        async with self._database.reading() as connection:
            return await _find(connection, tenant, entry)

    async def remove(self, tenant: TenantId, entry: str) -> None:
        async with self._database.writing() as connection:
            gone = await _find(connection, tenant, entry)
            revision = await _touch(connection, gone.kind == VIP)
            await connection.execute(delete(list_entries).where(*_this(tenant, entry)))
            await _mark(connection, tenant, revision, gone.kind, gone.match, gone.number)

    async def remove_older(self, tenant: TenantId, kind: str, revision: int | None = None) -> int:
        """Remove the whole list, or what nobody touched since `revision`; returns how many entries went."""
        mine = list_entries.c
        these = [mine.tenant == tenant, mine.kind == kind_of(kind)]
        if revision is not None:
            these.append(mine.revision <= revision)
        async with self._database.writing(seconds=120) as connection:
            new = await _touch(connection, kind == VIP)
            gone = (await connection.execute(delete(list_entries).where(*these))).rowcount
            if gone:
                await _mark(connection, tenant, new, kind, EVERYTHING, "")
        return gone

    async def revision(self) -> int:
        """Rises with every edit, by whomever."""
        async with self._database.reading() as connection:
            return int(await meta.read(connection, REVISION) or 0)

    async def list(
        self, tenant: TenantId, kind: str | None = None, *, limit: int = 50, cursor: str | None = None, search: str = ""
    ) -> Page[ListEntry]:
        """Newest first; of one list or of both."""
        size, mine = page_size(limit), list_entries.c
        conditions = [mine.tenant == tenant]
        if kind is not None:
            conditions.append(mine.kind == kind_of(kind))
        if search:
            conditions.append(_mentions(search))
        query = select(list_entries).where(*conditions).order_by(mine.added_at.desc(), mine.id.desc())
        if cursor is not None:
            query = query.where(tuple_(mine.added_at, mine.id) < tuple_(*key_of(cursor, int, str)))
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(list_entries).where(*conditions)) or 0
            found = [_entry(row) for row in await connection.execute(query.limit(size + 1))]
        more = len(found) > size
        found = found[:size]
        return Page(found, total, cursor_of(found[-1].added_at, found[-1].id) if more else None)

    async def everything(self, tenant: TenantId, kind: str) -> AsyncIterator[Sequence[ListEntry]]:
        """The whole list by number, some at a time: a read that is not held open while somebody downloads it."""
        mine, after = list_entries.c, ("", "")
        these = (mine.tenant == tenant, mine.kind == kind_of(kind))
        query = select(list_entries).where(*these).order_by(mine.match, mine.number).limit(SLICE)
        while True:
            async with self._database.reading() as connection:
                rows = await connection.execute(query.where(tuple_(mine.match, mine.number) > tuple_(*after)))
                found = [_entry(row) for row in rows]
            if not found:
                return
            yield found
            after = found[-1].match, found[-1].number


def _this(tenant: TenantId, entry: str) -> tuple[ColumnElement[bool], ...]:
    return list_entries.c.tenant == tenant, list_entries.c.id == entry


def _mentions(search: str) -> ColumnElement[bool]:
    mine, number = list_entries.c, plain(search)
    words = [mine.number.contains(search, autoescape=True), mine.number.contains(number, autoescape=True)]
    words += [column.icontains(search, autoescape=True) for column in (mine.name, mine.reason)]
    return or_(*words)


async def _find(connection: AsyncConnection, tenant: TenantId, entry: str) -> ListEntry:
    row = (await connection.execute(select(list_entries).where(*_this(tenant, entry)))).one_or_none()
    if row is None:
        raise NotFound("no such entry")
    return _entry(row)


async def _count(connection: AsyncConnection, tenant: TenantId, kind: str, *which: ColumnElement[bool]) -> int:
    mine = list_entries.c
    query = select(func.count()).select_from(list_entries).where(mine.tenant == tenant, mine.kind == kind, *which)
    return await connection.scalar(query) or 0


async def _touch(connection: AsyncConnection, vips: bool) -> int:
    """Raise the revision; the directory's too where VIPs change, since boards have them from there."""
    if vips:
        await meta.bump(connection)
    return await meta.bump(connection, REVISION)


async def _mark(
    connection: AsyncConnection, tenant: TenantId, revision: int, kind: str, match: str, number: str
) -> None:
    """Leave a mark of what has gone; very old ones are forgotten, and whoever knows only those reads all anew."""
    row = {"tenant": tenant, "revision": revision, "kind": kind, "match": match, "number": number}
    await connection.execute(insert(list_removals), row)
    old = (list_removals.c.tenant == tenant, list_removals.c.revision < revision - _MARKS_KEPT)
    await connection.execute(delete(list_removals).where(*old))


def _put(dialect: str) -> Executable:
    """Insert; where the number is on the list already, change everything but what the interface calls it."""
    kept = {"id", *(column.name for column in list_entries.primary_key)}
    statement = sqlite.insert(list_entries) if dialect == "sqlite" else postgresql.insert(list_entries)
    rest = {column.name: statement.excluded[column.name] for column in list_entries.columns if column.name not in kept}
    return statement.on_conflict_do_update(index_elements=list(list_entries.primary_key), set_=rest)


def _row(tenant: TenantId, entry: ListEntry, at: int) -> dict[str, Any]:
    entry = checked(entry)
    return {
        "tenant": tenant,
        "kind": entry.kind,
        "match": entry.match,
        "number": entry.number,
        "target": None if entry.target is None else str(entry.target),
        "priority": entry.priority,
        "name": rules.words(entry.name, "the name", needed=False),
        "reason": rules.words(entry.reason, "the reason", 200, needed=False),
        "expires_at": entry.expires_at,
        "added_by": entry.added_by,
        "added_at": entry.added_at or at,
        "id": new_id(),
    }


def _entry(row: Any) -> ListEntry:
    fields = {key: value for key, value in row._mapping.items() if key not in ("tenant", "revision")}
    found = ListEntry(**{**fields, "target": None})
    return found if row.target is None else replace(found, target=target(row.target, ENDS))
