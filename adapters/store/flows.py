"""Flows as people edit them: a draft each, versions that were published, and the one that callers hear.

What a flow is and whether it may be published is `cti.ivr`'s to say; every version stays, so that any can come back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta, rules
from adapters.store.columns import to_json
from adapters.store.database import Database, insert_new
from adapters.store.directory import now
from adapters.store.entry_tables import schedules
from adapters.store.flow_tables import flow_versions, flows
from adapters.store.leading import HEARD, leading_to
from adapters.store.pages import Page, cursor_of, key_of, page_size
from adapters.store.tables import agents, queues, tenants
from cti.errors import Conflict, NotFound, Outdated
from cti.ids import Instant, TenantId
from cti.ivr.check import Known, check
from cti.ivr.flow import Flow, from_dict, to_dict
from cti.ivr.problems import BadFlow, Problem

VERSION: Final = "flows_version"

Names: TypeAlias = Callable[[AsyncConnection, TenantId], Awaitable[Mapping[str, Any]]]
"""More fields of `Known` for the check: what there is besides queues, agents, schedules and flows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """`revision` rises with every change of the draft; `published` is the version that callers hear."""

    name: str
    title: str
    draft: Mapping[str, Any]
    revision: int
    published: int | None
    changed_at: Instant
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    version: int
    published_at: Instant
    published_by: str
    note: str


class FlowStore:
    def __init__(self, database: Database, *, names: Sequence[Names] = ()) -> None:
        self._database = database
        self._names = names

    async def version(self) -> int:
        """Rises whenever what callers hear changes, by whomever."""
        async with self._database.reading() as connection:
            return int(await meta.read(connection, VERSION) or 0)

    async def published(self, tenant: TenantId) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """Version and document of every flow that callers hear."""
        query = select(flow_versions.c.version, flow_versions.c.document).join(flows, HEARD)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.where(flows.c.tenant == tenant, flow_versions.c.tenant == tenant))
            return [(row.version, row.document) for row in rows]

    # --- looking ---

    async def list(
        self, tenant: TenantId, *, limit: int = 50, cursor: str | None = None, search: str = ""
    ) -> Page[Stored]:
        """By name."""
        size, conditions = page_size(limit), [flows.c.tenant == tenant]
        if search:
            words = flows.c.name.icontains(search, autoescape=True) | flows.c.title.icontains(search, autoescape=True)
            conditions.append(words)
        query = select(flows).where(*conditions).order_by(flows.c.name)
        if cursor is not None:
            query = query.where(flows.c.name > key_of(cursor, str)[0])
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(flows).where(*conditions)) or 0
            found = [_stored(row) for row in await connection.execute(query.limit(size + 1))]
        more = len(found) > size
        return Page(found[:size], total, cursor_of(found[size - 1].name) if more else None)

    async def get(self, tenant: TenantId, name: str) -> Stored:
        async with self._database.reading() as connection:
            return await _get(connection, tenant, name)

    async def versions(self, tenant: TenantId, name: str) -> Sequence[Version]:
        """All that were ever published, newest first."""
        version = flow_versions.c
        columns = (version.version, version.published_at, version.published_by, version.note)
        query = select(*columns).where(*_its(flow_versions, tenant, name)).order_by(version.version.desc())
        async with self._database.reading() as connection:
            await _get(connection, tenant, name)
            return [Version(**row._mapping) for row in await connection.execute(query)]

    async def document(self, tenant: TenantId, name: str, version: int) -> Mapping[str, Any]:
        async with self._database.reading() as connection:
            return await _document(connection, tenant, name, version)

    async def check(self, tenant: TenantId, flow: Flow) -> Sequence[Problem]:
        """What keeps this flow from being published, beside all that the tenant has."""
        async with self._database.reading() as connection:
            return check(flow, await self._known(connection, tenant))

    # --- changing ---

    async def save(self, tenant: TenantId, flow: Flow, *, by: str, revision: int | None = None) -> Stored:
        """Make this the draft of the flow of its name.

        `revision` is the one that was changed, 0 for a new flow; raises `Outdated` when somebody was faster. None
        takes the place of whatever is there; when that is this very flow, nothing changes.
        """
        title = rules.words(flow.title or flow.name, "the title", 200)
        draft = to_dict(flow)
        values = {"title": title, "draft": draft, "changed_at": now(), "changed_by": by}
        async with self._database.writing() as connection:
            old = await _find(connection, tenant, flow.name, lock=True)
            if revision is not None and revision != (0 if old is None else old.revision):
                raise Outdated(_outdated(flow.name, old))
            if old is None:
                await self._add(connection, {"tenant": tenant, "name": flow.name, "revision": 1, **values})
            elif revision is not None or _differ(old.draft, draft):
                its = _its(flows, tenant, flow.name)
                await connection.execute(update(flows).where(*its).values(revision=old.revision + 1, **values))
            return await _get(connection, tenant, flow.name)

    async def _add(self, connection: AsyncConnection, row: Mapping[str, Any]) -> None:
        if await connection.scalar(select(tenants.c.tenant).where(tenants.c.tenant == row["tenant"])) is None:
            raise NotFound(f"there is no tenant {row['tenant'][:40]}")
        done = await connection.execute(insert_new(connection.dialect.name, flows), {**row, "published": None})
        if done.rowcount != 1:
            raise Outdated(f"somebody else has just made the flow {row['name']}")

    async def publish(
        self, tenant: TenantId, name: str, *, by: str, note: str = "", revision: int | None = None
    ) -> Stored:
        """Let the next callers hear the draft, as a new version. Raises `BadFlow`; `revision` is as for `save`.

        A draft that is what callers hear already makes no new version.
        """
        note = rules.words(note, "the note", 200, needed=False)
        async with self._database.writing() as connection:
            old = await self._for_change(connection, tenant, name)
            if revision is not None and revision != old.revision:
                raise Outdated(_outdated(name, old))
            await self._may_be_published(connection, tenant, old.draft)
            return await self._publish(connection, tenant, old, by, note)

    async def publish_all(self, tenant: TenantId, names: Sequence[str], *, by: str, note: str = "") -> Sequence[Stored]:
        """Publish drafts that may lead to one another: all of them or, where one is broken, none."""
        note = rules.words(note, "the note", 200, needed=False)
        async with self._database.writing() as connection:
            drafts = [await self._for_change(connection, tenant, name) for name in names]
            problems: list[Problem] = []
            for one in drafts:
                try:
                    await self._may_be_published(connection, tenant, one.draft, names)
                except BadFlow as wrong:
                    problems += [replace(problem, node=f"{one.name}/{problem.node}") for problem in wrong.problems]
            if problems:
                raise BadFlow(problems)
            return [await self._publish(connection, tenant, one, by, note) for one in drafts]

    async def _publish(
        self, connection: AsyncConnection, tenant: TenantId, draft: Stored, by: str, note: str
    ) -> Stored:
        name = draft.name
        if draft.published is not None:
            heard = await _document(connection, tenant, name, draft.published)
            if not _differ(heard, draft.draft):
                return draft
        last = select(func.max(flow_versions.c.version)).where(*_its(flow_versions, tenant, name))
        version = (await connection.scalar(last) or 0) + 1
        row = {"tenant": tenant, "name": name, "version": version, "document": draft.draft}
        told = {"published_at": now(), "published_by": by, "note": note}
        await connection.execute(insert(flow_versions), {**row, **told})
        return await self._let_hear(connection, tenant, name, version, by)

    async def roll_back(self, tenant: TenantId, name: str, version: int, *, by: str) -> Stored:
        """Let the next callers hear a version that was published before; the draft stays. Raises `BadFlow`."""
        async with self._database.writing() as connection:
            await self._for_change(connection, tenant, name)
            await self._may_be_published(connection, tenant, await _document(connection, tenant, name, version))
            return await self._let_hear(connection, tenant, name, version, by)

    async def delete(self, tenant: TenantId, name: str) -> None:
        """Remove the flow and its versions; refused while a number, a schedule or another flow leads to it."""
        async with self._database.writing() as connection:
            await self._for_change(connection, tenant, name)
            if (who := await leading_to(connection, tenant, "flow", name)) is not None:
                raise Conflict(f"{who} leads to the flow {name}")
            await connection.execute(delete(flow_versions).where(*_its(flow_versions, tenant, name)))
            await connection.execute(delete(flows).where(*_its(flows, tenant, name)))

    async def _for_change(self, connection: AsyncConnection, tenant: TenantId, name: str) -> Stored:
        """The flow, which nobody else changes meanwhile; whoever keeps flows in memory will look again."""
        await meta.bump(connection, VERSION)
        return await _get(connection, tenant, name, lock=True)

    async def _let_hear(
        self, connection: AsyncConnection, tenant: TenantId, name: str, version: int, by: str
    ) -> Stored:
        values = {"published": version, "changed_at": now(), "changed_by": by}
        await connection.execute(update(flows).where(*_its(flows, tenant, name)).values(**values))
        return await _get(connection, tenant, name)

    async def _may_be_published(
        self, connection: AsyncConnection, tenant: TenantId, document: Mapping[str, Any], beside: Sequence[str] = ()
    ) -> None:
        if problems := check(from_dict(document), await self._known(connection, tenant, beside)):
            raise BadFlow(problems)

    async def _known(self, connection: AsyncConnection, tenant: TenantId, beside: Sequence[str] = ()) -> Known:
        heard = select(flows.c.name).where(flows.c.tenant == tenant, flows.c.published.is_not(None))
        more: dict[str, Any] = {}
        for names in self._names:
            more |= await names(connection, tenant)
        return Known(
            queues=await _all(connection, select(queues.c.name).where(queues.c.tenant == tenant)),
            agents=await _all(connection, select(agents.c.agent_no).where(agents.c.tenant == tenant)),
            flows=await _all(connection, heard) | set(beside),
            schedules=await _all(connection, select(schedules.c.name).where(schedules.c.tenant == tenant)),
            **more,
        )


def _its(table: Any, tenant: TenantId, name: str) -> tuple[Any, ...]:
    return table.c.tenant == tenant, table.c.name == name


async def _all(connection: AsyncConnection, query: Select[Any]) -> frozenset[str]:
    return frozenset((await connection.scalars(query)).all())


async def _find(connection: AsyncConnection, tenant: TenantId, name: str, *, lock: bool = False) -> Stored | None:
    query = select(flows).where(*_its(flows, tenant, name))
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else _stored(row)


async def _get(connection: AsyncConnection, tenant: TenantId, name: str, *, lock: bool = False) -> Stored:
    found = await _find(connection, tenant, name, lock=lock)
    if found is None:
        raise NotFound(f"there is no flow {name[:40]}")
    return found


async def _document(connection: AsyncConnection, tenant: TenantId, name: str, version: int) -> Mapping[str, Any]:
    its = (*_its(flow_versions, tenant, name), flow_versions.c.version == version)
    found: Mapping[str, Any] | None = await connection.scalar(select(flow_versions.c.document).where(*its))
    if found is None:
        raise NotFound(f"there is no version {version} of the flow {name[:40]}")
    return found


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two documents differ for people too, who see the order of nodes."""
    return to_json(one) != to_json(other)


def _outdated(name: str, old: Stored | None) -> str:
    if old is None:
        return f"the flow {name} is no longer there"
    return f"the flow {name} was changed by {old.changed_by} meanwhile; its revision is {old.revision}"


def _stored(row: Any) -> Stored:
    return Stored(**{key: value for key, value in row._mapping.items() if key != "tenant"})
