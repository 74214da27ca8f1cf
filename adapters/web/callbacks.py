"""Callbacks 回呼: customers who are to be called back, each in the line of a queue, and what became of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import BoardOf, DeskOf, Me, PortsOf, SettingsOf, guarded, permitted
from adapters.web.once import OnceOf
from adapters.web.paging import Json, Listed, answer
from adapters.web.ports import CallFilter
from cti.errors import NotFound
from cti.ids import CallId, QueueName
from cti.people import calls_for
from cti.permissions import CALLBACKS_EDIT, CALLBACKS_SEE
from cti.records import CALLBACK
from cti.shapes import call_shape

router = guarded("callbacks")

Id = Annotated[str, Path(max_length=64)]


class CallbackAsked(BaseModel):
    """`data` goes along to the agent's screen: why, about what."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, StringConstraints(min_length=2, max_length=40)]
    queue: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,38}$")]
    name: str = Field("", max_length=80)
    data: dict[str, str] = Field(default_factory=dict, max_length=20)


class CallbackPlaced(BaseModel):
    accepted: bool = True
    call: str


@router.get("", response_model=models.Listing[models.Call], dependencies=[permitted(CALLBACKS_SEE)])
async def list_callbacks(me: Me, ports: PortsOf, settings: SettingsOf, board: BoardOf, asked: Listed) -> Json:
    """Newest first, as calls whose direction is `callback`; one that waits has the state `waiting`."""
    which = CallFilter(search=asked.search, direction=CALLBACK, within=calls_for(me, CALLBACKS_SEE, board.queues_of))
    await ports.records.caught_up(settings.read_deadline)
    found = await ports.records.calls(me.tenant, which, asked.limit, asked.cursor)
    return answer([call_shape(call) for call in found.items], found.total, found.next)


@router.post("", status_code=202, response_model=CallbackPlaced, dependencies=[permitted(CALLBACKS_EDIT)])
async def promise(asked: CallbackAsked, desk: DeskOf, once: OnceOf) -> Response:
    """Put a customer into a queue, to be called back in turn; `Idempotency-Key` makes a second click harmless."""

    async def work() -> Response:
        call = desk.call_back(asked.number, asked.name, QueueName(asked.queue), asked.data)
        return Json({"accepted": True, "call": call}, 202)

    return await once(work)


@router.post(
    "/{call}/cancel", status_code=202, response_model=models.Accepted, dependencies=[permitted(CALLBACKS_EDIT)]
)
async def cancel(call: Id, me: Me, desk: DeskOf, board: BoardOf) -> Json:
    """Take it off: somebody has reached the customer otherwise. 409 when it is being dialled."""
    shape = board.call(CallId(call))
    if shape is None or shape["direction"] != CALLBACK:
        raise NotFound("no such callback")
    desk.cancel_callback(CallId(call), me.username)
    return Json({"accepted": True}, 202)
