"""Recordings in the database: what is kept of which call, who may come across it, and what each tenant wants.

Whoever asks says whose calls they may know of; of all others they learn nothing, not even that there is one.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from string import ascii_lowercase
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta
from adapters.store.code_tables import call_dispositions, said_of
from adapters.store.database import Database, upsert
from adapters.store.pages import Page, cursor_of, key_of, page_size
from adapters.store.queries import calls_of
from adapters.store.recording_tables import recording_rules, recordings
from adapters.store.tables import agents, calls, segments, tenants
from cti.entry.numbers import international, plain
from cti.errors import BadRequest
from cti.ids import AgentNo, CallId, Instant, TenantId
from cti.recording.kept import GONE, KEPT, LEAVING, Kept, Sound, Wanted
from cti.recording.policy import RecordingRules, is_rule, is_sound
from cti.records import Call

_TALK: Final = ("talking", "held")
_AT_ONCE: Final = 500
_ID_LETTERS: Final = 28  # letters alone: an id must not look like a number to anybody who masks them
_SOUND: Final = tuple(one.name for one in fields(Sound))
_MOST_RULES: Final = 5_000
_ALL: Final = Wanted()


class Recordings:
    def __init__(self, database: Database) -> None:
        self._database = database

    # --- what people ask ---

    async def list(
        self, tenant: TenantId, which: Wanted = _ALL, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Kept]:
        """Newest first."""
        size = page_size(limit)
        matching = and_(*_conditions(tenant, which))
        query = _rows().where(matching).order_by(recordings.c.began_at.desc(), recordings.c.id.desc())
        if cursor is not None:
            query = query.where(tuple_(recordings.c.began_at, recordings.c.id) < tuple_(*key_of(cursor, int, str)))
        count = select(func.count()).select_from(_joined()).where(matching)
        async with self._database.reading() as connection:
            total = await connection.scalar(count) or 0
            found = await _kept(connection, tenant, query.limit(size + 1))
        more = len(found) > size
        found = found[:size]
        return Page(found, total, cursor_of(found[-1].sound.began_at, found[-1].id) if more else None)

    async def one(self, tenant: TenantId, recording: str, agents: Collection[AgentNo] | None = None) -> Kept | None:
        """The recording, if it can still be heard and is of a call in which one of these talked (None: of any)."""
        matching = and_(recordings.c.id == recording, *_conditions(tenant, Wanted(agents=agents)))
        async with self._database.reading() as connection:
            found = await _kept(connection, tenant, _rows().where(matching))
        return found[0] if found else None

    async def of_calls(
        self, tenant: TenantId, ids: Collection[CallId], agents: Collection[AgentNo] | None = None
    ) -> Mapping[CallId, Sequence[str]]:
        """The recordings of each of these calls in which one of these talked (None: whoever), oldest first."""
        found: defaultdict[CallId, list[str]] = defaultdict(list)
        these = [recordings.c.tenant == tenant, recordings.c.state == KEPT]
        if agents is not None:
            these.append(_talked(tenant, agents))
        query = select(recordings.c.call, recordings.c.id).where(*these).order_by(recordings.c.began_at)
        async with self._database.reading() as connection:
            for start in range(0, len(ids), _AT_ONCE):
                some = list(ids)[start : start + _AT_ONCE]
                for row in await connection.execute(query.where(recordings.c.call.in_(some))):
                    found[row.call].append(row.id)
        return found

    # --- keeping and removing ---

    async def ended(self, ids: Collection[CallId]) -> Mapping[CallId, Call]:
        """Those of some calls, of whatever tenant, that have ended."""
        found: dict[CallId, Call] = {}
        async with self._database.reading() as connection:
            for start in range(0, len(ids), _AT_ONCE):
                some = list(ids)[start : start + _AT_ONCE]
                over = (calls.c.id.in_(some), calls.c.ended_at.is_not(None))
                for tenant in (await connection.scalars(select(calls.c.tenant).where(*over).distinct())).all():
                    mine = select(calls).where(calls.c.tenant == tenant, *over)
                    found.update({call.id: call for call in await calls_of(connection, TenantId(tenant), mine)})
        return found

    async def keep(self, sound: Sound) -> str | None:
        """Put it on record and return its id; None when a sound of this name is on record already."""
        row = {**asdict(sound), "markers": [dict(one) for one in sound.markers]}
        this = (recordings.c.tenant == sound.tenant, recordings.c.name == sound.name)
        async with self._database.writing() as connection:
            if await connection.scalar(select(recordings.c.id).where(*this)) is not None:
                return None
            recording = "".join(secrets.choice(ascii_lowercase) for _ in range(_ID_LETTERS))
            await connection.execute(recordings.insert(), {**row, "id": recording, "state": KEPT})
        return recording

    async def has(self, tenant: TenantId, name: str) -> bool:
        """Whether a sound of this name is on record, be it kept or gone."""
        this = (recordings.c.tenant == tenant, recordings.c.name == name)
        async with self._database.reading() as connection:
            return await connection.scalar(select(recordings.c.id).where(*this)) is not None

    async def forget(self, tenant: TenantId, ids: Collection[str]) -> Sequence[str]:
        """From now on nobody hears these; returns those whose sound is still to be removed."""
        these = (recordings.c.tenant == tenant, recordings.c.id.in_(ids), recordings.c.state == KEPT)
        async with self._database.writing() as connection:
            found = (await connection.scalars(select(recordings.c.id).where(*these))).all()
            await connection.execute(update(recordings).where(*these).values(state=LEAVING))
        return found

    async def of_number(self, tenant: TenantId, number: str) -> Sequence[str]:
        """Everything that can be heard of one customer."""
        these = and_(*_conditions(tenant, Wanted(number=number)))
        async with self._database.reading() as connection:
            return (await connection.scalars(select(recordings.c.id).select_from(_joined()).where(these))).all()

    async def older_than(self, tenant: TenantId, at: Instant, limit: int = _AT_ONCE) -> Sequence[str]:
        these = (recordings.c.tenant == tenant, recordings.c.state == KEPT, recordings.c.began_at < at)
        async with self._database.reading() as connection:
            return (await connection.scalars(select(recordings.c.id).where(*these).limit(limit))).all()

    async def leaving(self, limit: int = 100) -> Sequence[tuple[TenantId, str, str]]:
        """Tenant, id and place of sounds that are to be removed."""
        one = recordings.c
        query = select(one.tenant, one.id, one.place).where(one.state == LEAVING).limit(limit)
        async with self._database.reading() as connection:
            return [(TenantId(row.tenant), row.id, row.place) for row in await connection.execute(query)]

    async def gone(self, tenant: TenantId, recording: str) -> None:
        this = (recordings.c.tenant == tenant, recordings.c.id == recording, recordings.c.state == LEAVING)
        async with self._database.writing() as connection:
            await connection.execute(update(recordings).where(*this).values(state=GONE))

    # --- rules ---

    async def rules(self) -> Mapping[TenantId, RecordingRules]:
        """Of every tenant; who has said nothing has the rules that record nothing."""
        query = select(tenants.c.tenant, recording_rules.c.rules).join_from(
            tenants, recording_rules, tenants.c.tenant == recording_rules.c.tenant, isouter=True
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {TenantId(row.tenant): msgspec.convert(row.rules or {}, RecordingRules) for row in rows}

    async def set_rules(self, tenant: TenantId, rules: RecordingRules) -> None:
        """Raises `BadRequest` for a word that is no rule and a name that is none."""
        _check(rules)
        async with self._database.writing() as connection:
            await meta.bump(connection)
            row = {"tenant": tenant, "rules": asdict(rules)}
            await connection.execute(upsert(connection.dialect.name, recording_rules), row)


def _check(rules: RecordingRules) -> None:
    tables = {"queues": rules.queues, "numbers": rules.numbers, "agents": rules.agents}
    for what, table in tables.items():
        if len(table) > _MOST_RULES:
            raise BadRequest(f"at most {_MOST_RULES} rules for {what}")
        for name, word in table.items():
            if not name or len(name) > 64 or not name.isprintable():
                raise BadRequest(f"{what}: {name[:40]!r} is no name")
            if not is_rule(word):
                raise BadRequest(
                    f"{what} {name}: {word[:40]!r} is no rule; always, never, on_demand or a percentage is"
                )
    if not is_rule(rules.default):
        raise BadRequest(f"{rules.default[:40]!r} is no rule; always, never, on_demand or a percentage is")
    if rules.announcement and not is_sound(rules.announcement):
        raise BadRequest(f"{rules.announcement[:40]!r} is no name of a prompt")
    if not 0 <= rules.keep_days <= 36_500:
        raise BadRequest("keep_days goes from 0 (for ever) to 36500")


def _joined() -> Any:
    return recordings.join(calls, and_(calls.c.tenant == recordings.c.tenant, calls.c.id == recordings.c.call))


def _rows() -> Select[*tuple[Any, ...]]:
    call = calls.c
    said = (call.number, call.name.label("caller"), call.dialled, call.queue, call.direction, call.result)
    return select(recordings, *said).select_from(_joined())


def _conditions(tenant: TenantId, which: Wanted) -> Sequence[ColumnElement[bool]]:
    one, call = recordings.c, calls.c
    found: list[ColumnElement[bool]] = [one.tenant == tenant, one.state == KEPT]
    if which.agents is not None:
        found.append(_talked(tenant, which.agents))
    if which.agent_no is not None:
        found.append(_talked(tenant, (which.agent_no,)))
    if which.number is not None:
        found.append(call.number.in_({which.number, plain(which.number), international(which.number)}))
    for column, value in (
        (call.queue, which.queue),
        (one.call, which.call),
        (one.mode, which.mode),
    ):
        if value is not None:
            found.append(column == value)
    if which.disposition is not None:
        found.append(said_of(tenant, one.call, which.disposition))
    if which.since is not None:
        found.append(one.began_at >= which.since)
    if which.until is not None:
        found.append(one.began_at < which.until)
    if which.search:
        found.append(_looks_like(tenant, which.search))
    return found


def _talked(tenant: TenantId, who: Collection[str]) -> ColumnElement[bool]:
    its = (segments.c.tenant == tenant, segments.c.call == recordings.c.call)
    return exists().where(*its, segments.c.agent_no.in_(who), segments.c.kind.in_(_TALK))


def _looks_like(tenant: TenantId, words: str) -> ColumnElement[bool]:
    """Caller's number or name, agent's number or name, queue contain these words."""
    named = select(agents.c.agent_no).where(agents.c.tenant == tenant, agents.c.name.icontains(words, autoescape=True))
    its = (segments.c.tenant == tenant, segments.c.call == recordings.c.call, segments.c.kind.in_(_TALK))
    return or_(
        calls.c.number.contains(words, autoescape=True),
        calls.c.name.icontains(words, autoescape=True),
        calls.c.queue.icontains(words, autoescape=True),
        exists().where(*its, or_(segments.c.agent_no == words, segments.c.agent_no.in_(named))),
    )


async def _kept(connection: AsyncConnection, tenant: TenantId, query: Select[*tuple[Any, ...]]) -> list[Kept]:
    rows = (await connection.execute(query)).all()
    ids = [row.call for row in rows]
    its = (segments.c.tenant == tenant, segments.c.call.in_(ids), segments.c.kind.in_(_TALK))
    talked: defaultdict[str, list[AgentNo]] = defaultdict(list)
    if ids:
        who = select(segments.c.call, segments.c.agent_no).where(*its).order_by(segments.c.call, segments.c.n)
        for row in await connection.execute(who):
            if row.agent_no is not None and row.agent_no not in talked[row.call]:
                talked[row.call].append(AgentNo(row.agent_no))
    said = await _said(connection, tenant, ids)
    return [
        Kept(
            id=row.id,
            sound=Sound(**{name: row._mapping[name] for name in _SOUND}),
            state=row.state,
            number=row.number,
            caller=row.caller,
            dialled=row.dialled,
            queue=row.queue,
            direction=row.direction,
            result=row.result,
            disposition=said.get(row.call, ""),
            agents=tuple(talked[row.call]),
        )
        for row in rows
    ]


async def _said(connection: AsyncConnection, tenant: TenantId, ids: Collection[str]) -> Mapping[str, str]:
    """What each of these calls came to; where several agents say so, in the words of the last one."""
    entry = call_dispositions.c
    query = select(entry.call, entry.code).where(entry.tenant == tenant, entry.call.in_(ids)).order_by(entry.said_at)
    return {row.call: row.code for row in await connection.execute(query)} if ids else {}
