"""Turns into rows: what a batch of turns leaves in the tables, last word first where only the last word counts.

Every statement may run twice with the same outcome.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import tables
from adapters.store.code_tables import call_dispositions
from adapters.store.database import insert_new, upsert
from adapters.store.turn import Turn
from cti.records import Call, Leg, Offer, OfferResult, Said, Segment

Row: TypeAlias = Mapping[str, Any]
_AT_ONCE: Final = 10  # rows in one statement: binding more of them would hold up a ringing phone
_APPENDED: Final = (tables.journal, tables.facts)


async def write_turns(connection: AsyncConnection, turns: Sequence[Turn], rest: Callable[[], Awaitable[None]]) -> None:
    """Write a batch in the caller's transaction, with a rest after each statement."""
    dialect = connection.dialect.name
    for table, rows in rows_of(turns):
        statement = insert_new(dialect, table) if table in _APPENDED else upsert(dialect, table)
        remaining = iter(rows)
        while some := list(islice(remaining, _AT_ONCE)):
            await connection.execute(statement, some)
            await rest()


def rows_of(turns: Sequence[Turn]) -> Iterator[tuple[Table, Iterable[Row]]]:
    calls = {(call.tenant, call.id): call for turn in turns for call in turn.calls}
    agents = {(one.tenant, one.agent_no): one for turn in turns for one in turn.agents}
    figures = {(one.tenant, one.queue, one.agent_no, one.window_start): one for turn in turns for one in turn.figures}
    yield tables.journal, (_plain(news) for turn in turns for news in turn.news)
    yield tables.facts, (_fact(turn, i) for turn in turns for i in range(len(turn.facts)))
    yield tables.calls, (_call(call) for call in calls.values())
    yield tables.legs, (_leg(call, n, leg) for call in calls.values() for n, leg in enumerate(call.legs))
    yield tables.segments, (_segment(call, n, one) for call in calls.values() for n, one in enumerate(call.segments))
    yield tables.offers, (_offer(call, offer) for call in calls.values() for offer in call.offers)
    yield call_dispositions, (_said(call, n, one) for call in calls.values() for n, one in enumerate(call.dispositions))
    yield tables.agent_states, map(_plain, agents.values())
    yield tables.figures, map(_plain, figures.values())


def _plain(line: msgspec.Struct) -> Row:
    return msgspec.structs.asdict(line)


def _fact(turn: Turn, i: int) -> Row:
    kind, fact = turn.facts[i]
    return {"n": turn.n, "i": i, "tenant": turn.owner, "at": turn.at, "type": kind, "data": fact}


def _call(call: Call) -> Row:
    return {
        "tenant": call.tenant,
        "id": call.id,
        "direction": call.direction,
        "number": call.number,
        "name": call.name,
        "dialled": call.dialled,
        "queue": call.queue,
        "agent_no": next((o.agent_no for o in reversed(call.offers) if o.result is OfferResult.ACCEPTED), None),
        "priority": call.priority,
        "vip": call.vip,
        "linkedid": call.linkedid,
        "state": call.state.value,
        "state_since": call.state_since,
        "started_at": call.started_at,
        "queued_at": call.queued_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "result": None if call.result is None else call.result.value,
        "cause": call.cause,
        "skills": call.skills,
        "sent_to": call.sent_to,
        "journey": call.journey,
        "recording": call.recording,
    }


def _leg(call: Call, n: int, leg: Leg) -> Row:
    return {
        "tenant": call.tenant,
        "call": call.id,
        "n": n,
        "id": leg.id,
        "channel": leg.channel,
        "kind": leg.kind,
        "started_at": leg.started_at,
        "device": leg.device,
        "agent_no": leg.agent_no,
        "answered_at": leg.answered_at,
        "ended_at": leg.ended_at,
        "cause": leg.cause,
    }


def _segment(call: Call, n: int, segment: Segment) -> Row:
    return {
        "tenant": call.tenant,
        "call": call.id,
        "n": n,
        "kind": segment.kind.value,
        "started_at": segment.started_at,
        "agent_no": segment.agent_no,
        "queue": segment.queue,
        "ended_at": segment.ended_at,
    }


def _offer(call: Call, offer: Offer) -> Row:
    return {
        "tenant": call.tenant,
        "call": call.id,
        "n": offer.n,
        "id": offer.id,
        "agent_no": offer.agent_no,
        "device": offer.device,
        "queue": offer.queue,
        "strategy": offer.strategy,
        "reason": offer.reason,
        "offered_at": offer.offered_at,
        "ringing_at": offer.ringing_at,
        "ended_at": offer.ended_at,
        "result": None if offer.result is None else offer.result.value,
        "detail": offer.detail,
    }


def _said(call: Call, n: int, said: Said) -> Row:
    return {
        "tenant": call.tenant,
        "call": call.id,
        "n": n,
        "agent_no": said.agent_no,
        "code": said.code,
        "note": said.note,
        "said_at": said.said_at,
        "said_by": said.said_by,
    }
