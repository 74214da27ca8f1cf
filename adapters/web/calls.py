"""Calls: their records, live ones from the board and past ones from the database, and hanging up one's own leg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query

from adapters.web import models
from adapters.web.asking import BoardOf, DeskOf, Me, PortsOf, SettingsOf, guarded, permitted
from adapters.web.paging import Json, Listed, answer, instant
from adapters.web.ports import CallFilter, Ports, Shape
from adapters.web.problems import StoreAway
from cti.errors import NotAllowed, NotFound
from cti.ids import AgentNo, CallId, QueueName
from cti.people import Principal, Reach, calls_for
from cti.permissions import CALLS_SEE, OWN_DESK, RECORDINGS_SEE
from cti.shapes import call_shape

router = guarded("calls")

Id = Annotated[str, Path(max_length=64)]


def _concerns(reach: Reach | None, call: Shape) -> bool:
    """Whether this call is within that reach."""
    offers = call["offers"]
    agents = [AgentNo(str(one["agent_no"])) for one in offers] if isinstance(offers, list) else []
    return reach is None or reach.holds(agents, QueueName(str(call["queue"])))


async def _recordings(me: Principal, ports: Ports, calls: Sequence[CallId]) -> Mapping[CallId, Sequence[str]]:
    """What can be heard of these calls, for those who may know of it."""
    if not calls or not me.may(RECORDINGS_SEE):
        return {}
    return await ports.recordings.of_calls(me.tenant, calls, me.agents_for(RECORDINGS_SEE))


@router.get("", response_model=models.Listing[models.Call], dependencies=[permitted(CALLS_SEE)])
async def list_calls(
    me: Me,
    ports: PortsOf,
    settings: SettingsOf,
    board: BoardOf,
    asked: Listed,
    since: Annotated[datetime | None, Query(alias="from", description="started at or after")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="started before")] = None,
    queue: Annotated[str | None, Query(max_length=40)] = None,
    agent_no: Annotated[str | None, Query(max_length=16)] = None,
    number: Annotated[str | None, Query(max_length=40)] = None,
    result: Literal["answered", "abandoned", "fallback", "pbx_lost"] | None = None,
    disposition: Annotated[str | None, Query(max_length=64, description="or one below it; said by any agent")] = None,
) -> Json:
    """Newest first; `search` looks at numbers, names, agents and queues. Agents see calls that were offered to them."""
    which = CallFilter(
        search=asked.search,
        since=instant(since),
        until=instant(until),
        queue=queue,
        agent_no=agent_no,
        within=calls_for(me, CALLS_SEE, board.queues_of),
        result=result,
        number=number,
        disposition=disposition,
    )
    await ports.records.caught_up(settings.read_deadline)
    found = await ports.records.calls(me.tenant, which, asked.limit, asked.cursor)
    heard = await _recordings(me, ports, [call.id for call in found.items])
    shapes = [{**call_shape(call), "recordings": heard.get(call.id, [])} for call in found.items]
    return answer(shapes, found.total, found.next)


@router.get("/{call}", response_model=models.Call, dependencies=[permitted(CALLS_SEE)])
async def one_call(call: Id, me: Me, ports: PortsOf, settings: SettingsOf, board: BoardOf) -> Json:
    """One call with its segments, offers and legs."""
    shape = board.call(CallId(call))
    if shape is None:
        current = await ports.records.caught_up(settings.read_deadline)
        record = await ports.records.call(me.tenant, CallId(call))
        shape = None if record is None else call_shape(record)
        if shape is None and not current:
            raise StoreAway("the newest calls are not in the database yet; try again later")
    if shape is None or not _concerns(calls_for(me, CALLS_SEE, board.queues_of), shape):
        raise NotFound("no such call")
    heard = await _recordings(me, ports, [CallId(call)])
    return Json({**shape, "recordings": heard.get(CallId(call), [])})


@router.post("/{call}/hangup", status_code=202, response_model=models.Accepted, dependencies=[permitted(OWN_DESK)])
async def hang_up(call: Id, me: Me, desk: DeskOf) -> Json:
    """Hang up one's own leg."""
    if me.desk is None:
        raise NotAllowed("this sign-in has no agent number of its own")
    desk.hang_up(CallId(call), me.desk)
    return Json({"accepted": True}, 202)
