"""The lists that callers may stand on: VIP and deny 黑白名单. Edits raise the directory's version."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select, tuple_
from sqlalchemy.exc import IntegrityError

from adapters.store import meta, rules
from adapters.store.database import Database, upsert
from adapters.store.directory import now
from adapters.store.pages import Page, cursor_of, key_of, page_size
from adapters.store.tables import list_entries
from cti.errors import NotFound
from cti.ids import Instant, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`priority` counts for VIPs: higher goes first."""

    kind: str
    number: str
    name: str = ""
    priority: int = 0
    reason: str = ""
    expires_at: Instant | None = None
    added_at: Instant = Instant(0)


class Lists:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, tenant: TenantId, entry: Entry) -> Entry:
        """Add the entry, or change the one of this number; returns it as it is compared with callers."""
        row = _row(tenant, entry)
        try:
            async with self._database.writing() as connection:
                await meta.bump(connection)
                await connection.execute(upsert(connection.dialect.name, list_entries), row)
        except IntegrityError:
            raise NotFound(f"there is no tenant {tenant[:40]}") from None
        return Entry(**{key: value for key, value in row.items() if key != "tenant"})

    async def remove(self, tenant: TenantId, kind: str, number: str) -> None:
        entry = list_entries.c
        these = (entry.tenant == tenant, entry.kind == kind, entry.number == rules.number(number))
        async with self._database.writing() as connection:
            await meta.bump(connection)
            if (await connection.execute(delete(list_entries).where(*these))).rowcount == 0:
                raise NotFound(f"{number[:40]} is not on the list")

    async def list(
        self, tenant: TenantId, kind: str, *, limit: int = 50, cursor: str | None = None, search: str = ""
    ) -> Page[Entry]:
        """Newest first."""
        size, entry = page_size(limit), list_entries.c
        conditions = [entry.tenant == tenant, entry.kind == rules.kind(kind)]
        if search:
            words = (entry.number.contains(search, autoescape=True), entry.name.icontains(search, autoescape=True))
            conditions.append(or_(*words))
        query = select(list_entries).where(*conditions).order_by(entry.added_at.desc(), entry.number.desc())
        if cursor is not None:
            query = query.where(tuple_(entry.added_at, entry.number) < tuple_(*key_of(cursor, int, str)))
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(list_entries).where(*conditions)) or 0
            found = [_entry(row) for row in await connection.execute(query.limit(size + 1))]
        more = len(found) > size
        found = found[:size]
        return Page(found, total, cursor_of(found[-1].added_at, found[-1].number) if more else None)


def _row(tenant: TenantId, entry: Entry) -> dict[str, Any]:
    return {
        "tenant": tenant,
        **asdict(entry),
        "kind": rules.kind(entry.kind),
        "number": rules.number(entry.number),
        "name": rules.words(entry.name, "the name", needed=False),
        "reason": rules.words(entry.reason, "the reason", 200, needed=False),
        "priority": rules.between(entry.priority, 0, 1000, "priority"),
        "added_at": entry.added_at or now(),
    }


def _entry(row: Any) -> Entry:
    return Entry(**{key: value for key, value in row._mapping.items() if key != "tenant"})
