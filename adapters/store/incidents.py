"""Incidents 突发事件: what is known, whom it concerns, and who has heard of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select, update

from adapters.store import meta, rules
from adapters.store.database import Database, insert_new
from adapters.store.directory import now
from adapters.store.fresh import new_id
from adapters.store.journey_tables import incident_callers, incidents
from cti.entry.numbers import plain_start
from cti.errors import BadRequest, NotFound
from cti.ids import CallId, Instant, TenantId
from cti.incidents import Incident

VERSION: Final = "incidents_version"
_PREFIX: Final = re.compile(r"\+?[0-9]{1,15}")
_PROMPT: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An incident with its story: when it began and ended, how many heard of it and how many want word."""

    incident: Incident
    active: bool
    began_at: Instant
    ended_at: Instant | None
    heard: int
    want_word: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    call: CallId
    number: str
    heard_at: Instant
    wants_word: bool
    told_at: Instant | None


class Incidents:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        """Rises whenever what callers hear changes."""
        async with self._database.reading() as connection:
            return int(await meta.read(connection, VERSION) or 0)

    async def active(self) -> Mapping[TenantId, Sequence[Incident]]:
        """What callers are told of now."""
        found: dict[TenantId, list[Incident]] = {}
        query = select(incidents).where(incidents.c.active)
        async with self._database.reading() as connection:
            for row in await connection.execute(query.order_by(incidents.c.tenant, incidents.c.began_at)):
                found.setdefault(TenantId(row.tenant), []).append(_incident(row))
        return found

    async def list(self, tenant: TenantId) -> Sequence[Known]:
        """Newest first."""
        heard = (
            select(
                incident_callers.c.incident,
                func.count().label("heard"),
                func.count().filter(incident_callers.c.wants_word).label("want_word"),
            )
            .where(incident_callers.c.tenant == tenant)
            .group_by(incident_callers.c.incident)
            .subquery()
        )
        query = (
            select(incidents, heard.c.heard, heard.c.want_word)
            .outerjoin(heard, heard.c.incident == incidents.c.id)
            .where(incidents.c.tenant == tenant)
            .order_by(incidents.c.began_at.desc(), incidents.c.id)
        )
        async with self._database.reading() as connection:
            return [_known(row) for row in await connection.execute(query)]

    async def get(self, tenant: TenantId, incident: str) -> Known:
        """Raises `NotFound`."""
        found = next((one for one in await self.list(tenant) if one.incident.id == incident), None)
        if found is None:
            raise NotFound("no such incident")
        return found

    async def begin(self, tenant: TenantId, *, title: str, prompt: str, prefixes: Sequence[str], offer: bool) -> Known:
        """Switch the announcement on."""
        if not _PROMPT.fullmatch(prompt):
            raise BadRequest("the prompt is the name of one")
        bad = [one for one in prefixes if not _PREFIX.fullmatch(one)]
        if bad:
            raise BadRequest(f"{bad[0][:20]!r} is no beginning of a number")
        row = {
            "tenant": tenant,
            "id": new_id(),
            "title": rules.words(title, "the title", 200),
            "prefixes": [plain_start(one) for one in prefixes],
            "prompt": prompt,
            "offer": offer,
            "active": True,
            "began_at": now(),
            "ended_at": None,
        }
        async with self._database.writing() as connection:
            await connection.execute(incidents.insert(), [row])
            await meta.bump(connection, VERSION)
        return await self.get(tenant, str(row["id"]))

    async def end(self, tenant: TenantId, incident: str) -> Known:
        """Switch it off; those who want word can be called from now on."""
        its = (incidents.c.tenant == tenant, incidents.c.id == incident, incidents.c.active)
        async with self._database.writing() as connection:
            await connection.execute(update(incidents).where(*its).values(active=False, ended_at=now()))
            await meta.bump(connection, VERSION)
        return await self.get(tenant, incident)

    async def heard(self, tenant: TenantId, incident: str, call: CallId, number: str, wants_word: bool) -> None:
        """Count a caller, once; who has asked for word once is told, in whatever order the two are written."""
        row = {
            "tenant": tenant,
            "incident": incident,
            "call": call,
            "number": number,
            "heard_at": now(),
            "wants_word": wants_word,
            "told_at": None,
        }
        async with self._database.writing() as connection:
            await connection.execute(insert_new(connection.dialect.name, incident_callers), [row])
            if wants_word:
                c = incident_callers.c
                it = (c.tenant == tenant, c.incident == incident, c.call == call)
                await connection.execute(update(incident_callers).where(*it).values(wants_word=True))

    async def callers(self, tenant: TenantId, incident: str, *, wanting: bool = False) -> Sequence[Heard]:
        """Who heard of it; with `wanting`, only those who asked to be told and were not yet."""
        c = incident_callers.c
        query = select(incident_callers).where(c.tenant == tenant, c.incident == incident)
        if wanting:
            query = query.where(c.wants_word, c.told_at.is_(None))
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(c.heard_at))
            return [
                Heard(
                    call=CallId(row.call),
                    number=row.number,
                    heard_at=row.heard_at,
                    wants_word=row.wants_word,
                    told_at=row.told_at,
                )
                for row in rows
            ]

    async def told(self, tenant: TenantId, incident: str, call: CallId) -> None:
        """A caller who wanted word has been called."""
        c = incident_callers.c
        its = (c.tenant == tenant, c.incident == incident, c.call == call)
        async with self._database.writing() as connection:
            if (await connection.execute(update(incident_callers).where(*its).values(told_at=now()))).rowcount == 0:
                raise NotFound("no such caller")


def _incident(row: Any) -> Incident:
    return Incident(id=row.id, title=row.title, prompt=row.prompt, prefixes=tuple(row.prefixes), offer=row.offer)


def _known(row: Any) -> Known:
    return Known(
        incident=_incident(row),
        active=row.active,
        began_at=row.began_at,
        ended_at=row.ended_at,
        heard=row.heard or 0,
        want_word=row.want_word or 0,
    )
