"""Calls: their records, live ones from the board and past ones from the database, and hanging up one's own leg."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query

from adapters.web import models
from adapters.web.asking import BoardOf, DeskOf, Me, PortsOf, SettingsOf, guarded
from adapters.web.paging import Json, Listed, answer
from adapters.web.ports import CallFilter, Shape
from adapters.web.problems import StoreAway
from cti.errors import BadRequest, NotAllowed, NotFound
from cti.ids import CallId, Instant
from cti.people import CALLS_SEE_ALL, Principal
from cti.shapes import call_shape

router = guarded("calls")

Id = Annotated[str, Path(max_length=64)]


def _concerns(me: Principal, call: Shape) -> bool:
    """All calls, or those that were offered to oneself."""
    if me.may(CALLS_SEE_ALL):
        return True
    offers = call["offers"]
    return isinstance(offers, list) and me.desk is not None and any(one["agent_no"] == me.desk for one in offers)


def _instant(at: datetime | None) -> Instant | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise BadRequest("times carry a zone, like 2026-11-22T10:00:00Z")
    return Instant(round(at.timestamp() * 1000))


@router.get("", response_model=models.Listing[models.Call])
async def list_calls(
    me: Me,
    ports: PortsOf,
    settings: SettingsOf,
    asked: Listed,
    since: Annotated[datetime | None, Query(alias="from", description="started at or after")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="started before")] = None,
    queue: Annotated[str | None, Query(max_length=40)] = None,
    agent_no: Annotated[str | None, Query(max_length=16)] = None,
    number: Annotated[str | None, Query(max_length=40)] = None,
    result: Literal["answered", "abandoned", "fallback", "pbx_lost"] | None = None,
) -> Json:
    """Newest first; `search` looks at numbers, names, agents and queues. Agents see calls that were offered to them."""
    if not me.may(CALLS_SEE_ALL) and me.desk is None:
        return answer([], 0, None)
    which = CallFilter(
        search=asked.search,
        since=_instant(since),
        until=_instant(until),
        queue=queue,
        agent_no=agent_no,
        offered_to=None if me.may(CALLS_SEE_ALL) else me.desk,
        result=result,
        number=number,
    )
    await ports.records.caught_up(settings.read_deadline)
    found = await ports.records.calls(me.tenant, which, asked.limit, asked.cursor)
    return answer([call_shape(call) for call in found.items], found.total, found.next)


@router.get("/{call}", response_model=models.Call)
async def one_call(call: Id, me: Me, ports: PortsOf, settings: SettingsOf, board: BoardOf) -> Json:
    """One call with its segments, offers and legs."""
    shape = board.call(CallId(call))
    if shape is None:
        current = await ports.records.caught_up(settings.read_deadline)
        record = await ports.records.call(me.tenant, CallId(call))
        shape = None if record is None else call_shape(record)
        if shape is None and not current:
            raise StoreAway("the newest calls are not in the database yet; try again later")
    if shape is None or not _concerns(me, shape):
        raise NotFound("no such call")
    return Json(shape)


@router.post("/{call}/hangup", status_code=202, response_model=models.Accepted)
async def hang_up(call: Id, me: Me, desk: DeskOf) -> Json:
    """Hang up one's own leg."""
    if me.desk is None:
        raise NotAllowed("this sign-in has no agent number of its own")
    desk.hang_up(CallId(call), me.desk)
    return Json({"accepted": True}, 202)
