"""What people ask of the past: calls, the journal, who called before. Reads only, and always for one tenant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.code_tables import call_dispositions, said_of
from adapters.store.database import Database
from adapters.store.pages import Page, cursor_of, key_of, page_size
from adapters.store.tables import agents, calls, journal, legs, offers, queues, segments
from cti.entry.numbers import international, plain
from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, OfferId, QueueName, TenantId
from cti.news import Published
from cti.people import Reach
from cti.records import Call, Journey, Leg, Offer, OfferResult, Recording, Result, Said, Segment, SegmentKind, State
from cti.shapes import stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which calls of a list. `since` is included, `until` not; `agent_no` took it."""

    search: str = ""
    since: Instant | None = None
    until: Instant | None = None
    queue: str | None = None
    agent_no: str | None = None
    within: Reach | None = None
    result: str | None = None
    number: str | None = None
    direction: str | None = None
    disposition: str | None = None


class Queries:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def calls(
        self, tenant: TenantId, which: Which = Which(), *, limit: int = 50, cursor: str | None = None
    ) -> Page[Call]:
        """Newest first."""
        size = page_size(limit)
        matching = and_(*_conditions(tenant, which))
        query = select(calls).where(matching).order_by(calls.c.started_at.desc(), calls.c.id.desc())
        if cursor is not None:
            query = query.where(tuple_(calls.c.started_at, calls.c.id) < tuple_(*key_of(cursor, int, str)))
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(calls).where(matching)) or 0
            found = await calls_of(connection, tenant, query.limit(size + 1))
        more = len(found) > size
        found = found[:size]
        return Page(found, total, cursor_of(found[-1].started_at, found[-1].id) if more else None)

    async def call(self, tenant: TenantId, call: CallId) -> Call | None:
        query = select(calls).where(calls.c.tenant == tenant, calls.c.id == call)
        async with self._database.reading() as connection:
            found = await calls_of(connection, tenant, query)
        return found[0] if found else None

    async def unknown(self, tenant: TenantId, ids: Collection[CallId]) -> set[CallId]:
        """Those of some calls that are not on record."""
        found = set(ids)
        async with self._database.reading() as connection:
            for start in range(0, len(ids), 500):
                some = list(ids)[start : start + 500]
                query = select(calls.c.id).where(calls.c.tenant == tenant, calls.c.id.in_(some))
                found.difference_update(await connection.scalars(query))
        return found

    async def call_of_offer(self, tenant: TenantId, offer: OfferId) -> Call | None:
        """The call that an offer belonged to."""
        its = select(offers.c.call).where(offers.c.tenant == tenant, offers.c.id == offer).scalar_subquery()
        query = select(calls).where(calls.c.tenant == tenant, calls.c.id == its)
        async with self._database.reading() as connection:
            found = await calls_of(connection, tenant, query)
        return found[0] if found else None

    async def after(self, tenant: TenantId, seq: int, limit: int = 500) -> list[Published]:
        """The journal after `seq`, oldest first."""
        query = select(journal).where(journal.c.tenant == tenant, journal.c.seq > seq).order_by(journal.c.seq)
        async with self._database.reading() as connection:
            return [_published(row) for row in await connection.execute(query.limit(limit))]

    async def newest(self, tenant: TenantId, limit: int = 500, before: int | None = None) -> list[Published]:
        """The journal's end, oldest first."""
        query = select(journal).where(journal.c.tenant == tenant).order_by(journal.c.seq.desc())
        if before is not None:
            query = query.where(journal.c.seq < before)
        async with self._database.reading() as connection:
            found = [_published(row) for row in await connection.execute(query.limit(limit))]
        return found[::-1]

    async def contacts(
        self, tenant: TenantId, numbers: Collection[str], *, limit: int = 6
    ) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """The last calls of each of these numbers, newest first, as a screen pop shows them."""
        call = calls.c
        nth = func.row_number().over(partition_by=call.number, order_by=call.started_at.desc()).label("nth")
        wanted = [number for number in numbers if number]
        columns = (call.number, call.id, call.queue, call.agent_no, call.started_at, call.result)
        ranked = select(*columns, nth).where(call.tenant == tenant, call.number.in_(wanted)).subquery()
        query = select(ranked).where(ranked.c.nth <= limit).order_by(ranked.c.number, ranked.c.nth)
        found: defaultdict[str, list[Mapping[str, object]]] = defaultdict(list)
        if wanted:
            async with self._database.reading() as connection:
                for row in await connection.execute(query):
                    found[row.number].append(_contact(row))
        return found


def _conditions(tenant: TenantId, which: Which) -> list[ColumnElement[bool]]:
    call = calls.c
    found: list[ColumnElement[bool]] = [call.tenant == tenant]
    if which.since is not None:
        found.append(call.started_at >= which.since)
    if which.until is not None:
        found.append(call.started_at < which.until)
    if which.queue is not None:
        found.append(call.queue == which.queue)
    if which.result is not None:
        found.append(call.result == which.result)
    if which.number is not None:
        found.append(call.number.in_({which.number, plain(which.number), international(which.number)}))
    if which.direction is not None:
        found.append(call.direction == which.direction)
    if which.disposition is not None:
        found.append(said_of(tenant, call.id, which.disposition))
    if which.agent_no is not None:
        found.append(_offered(tenant, (which.agent_no,), OfferResult.ACCEPTED))
    if which.within is not None:
        found.append(_within(tenant, which.within))
    if which.search:
        found.append(_looks_like(tenant, which.search))
    return found


def _within(tenant: TenantId, reach: Reach) -> ColumnElement[bool]:
    """Offered to these agents, or of these queues."""
    return or_(_offered(tenant, reach.agents), calls.c.queue.in_(reach.queues))


def _offered(tenant: TenantId, agents: Collection[str], result: OfferResult | None = None) -> ColumnElement[bool]:
    conditions = [offers.c.tenant == tenant, offers.c.call == calls.c.id, offers.c.agent_no.in_(agents)]
    if result is not None:
        conditions.append(offers.c.result == result.value)
    return exists().where(*conditions)


def _looks_like(tenant: TenantId, words: str) -> ColumnElement[bool]:
    """Caller's number or name, agent's number or name, queue's name or title contain these words."""
    call = calls.c
    named = select(agents.c.agent_no).where(agents.c.tenant == tenant, agents.c.name.icontains(words, autoescape=True))
    titled = select(queues.c.name).where(queues.c.tenant == tenant, queues.c.title.icontains(words, autoescape=True))
    return or_(
        call.number.contains(words, autoescape=True),
        call.name.icontains(words, autoescape=True),
        call.agent_no == words,
        call.queue.icontains(words, autoescape=True),
        call.agent_no.in_(named),
        call.queue.in_(titled),
    )


async def calls_of(connection: AsyncConnection, tenant: TenantId, query: Select[*tuple[Any, ...]]) -> list[Call]:
    """The calls that `query` finds in `calls`, in its order, with all that belongs to them."""
    rows = (await connection.execute(query)).all()
    ids = [row.id for row in rows]
    if not ids:
        return []
    its_legs = await _parts(connection, tenant, legs, ids)
    its_segments = await _parts(connection, tenant, segments, ids)
    its_offers = await _parts(connection, tenant, offers, ids)
    its_dispositions = await _parts(connection, tenant, call_dispositions, ids)
    return [
        Call(
            id=CallId(row.id),
            tenant=tenant,
            number=row.number,
            name=row.name,
            dialled=row.dialled,
            queue=QueueName(row.queue),
            started_at=Instant(row.started_at),
            queued_at=Instant(row.queued_at),
            priority=row.priority,
            vip=row.vip,
            direction=row.direction,
            linkedid=row.linkedid,
            state=State(row.state),
            state_since=Instant(row.state_since),
            answered_at=row.answered_at,
            ended_at=row.ended_at,
            result=None if row.result is None else Result(row.result),
            cause=row.cause,
            legs=[_leg(one) for one in its_legs[row.id]],
            segments=[_segment(one) for one in its_segments[row.id]],
            offers=[_offer(one) for one in its_offers[row.id]],
            journey=msgspec.convert(row.journey, Journey),
            skills=row.skills,
            sent_to=row.sent_to,
            recording=msgspec.convert(row.recording, Recording | None),
            dispositions=[_said(one) for one in its_dispositions[row.id]],
        )
        for row in rows
    ]


async def _parts(
    connection: AsyncConnection, tenant: TenantId, table: Table, ids: Sequence[str]
) -> Mapping[str, Sequence[Any]]:
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for start in range(0, len(ids), 500):
        query = select(table).where(table.c.tenant == tenant, table.c.call.in_(ids[start : start + 500]))
        for row in await connection.execute(query.order_by(table.c.call, table.c.n)):
            found[row.call].append(row)
    return found


def _leg(row: Any) -> Leg:
    return Leg(
        id=LegId(row.id),
        channel=row.channel,
        kind=row.kind,
        started_at=row.started_at,
        device=None if row.device is None else DeviceName(row.device),
        agent_no=None if row.agent_no is None else AgentNo(row.agent_no),
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        cause=row.cause,
    )


def _segment(row: Any) -> Segment:
    return Segment(
        kind=SegmentKind(row.kind),
        started_at=row.started_at,
        agent_no=None if row.agent_no is None else AgentNo(row.agent_no),
        queue=None if row.queue is None else QueueName(row.queue),
        ended_at=row.ended_at,
    )


def _offer(row: Any) -> Offer:
    return Offer(
        id=OfferId(row.id),
        n=row.n,
        agent_no=AgentNo(row.agent_no),
        device=DeviceName(row.device),
        queue=QueueName(row.queue),
        strategy=row.strategy,
        reason=row.reason,
        offered_at=row.offered_at,
        ringing_at=row.ringing_at,
        ended_at=row.ended_at,
        result=None if row.result is None else OfferResult(row.result),
        detail=row.detail,
    )


def _said(row: Any) -> Said:
    return Said(
        agent_no=AgentNo(row.agent_no),
        code=row.code,
        note=row.note,
        said_at=Instant(row.said_at),
        said_by=row.said_by,
    )


def _published(row: Any) -> Published:
    return Published(
        seq=row.seq,
        type=row.type,
        at=Instant(row.at),
        data=row.data,
        call=None if row.call is None else CallId(row.call),
        agents=frozenset(AgentNo(one) for one in row.agents),
        queue=None if row.queue is None else QueueName(row.queue),
    )


def _contact(row: Any) -> Mapping[str, object]:
    return {
        "call": row.id,
        "queue": row.queue,
        "agent_no": row.agent_no,
        "started_at": stamp(Instant(row.started_at)),
        "result": row.result,
    }
