"""Supervision 班长: listen to calls of one's own teams, take part, take over, end them; move callers who wait."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Path
from pydantic import BaseModel

from adapters.web import models
from adapters.web.asking import DeskOf, Me, guarded, permitted
from adapters.web.paging import Json
from cti.control import events as ce
from cti.errors import NotAllowed
from cti.ids import AgentNo, CallId, QueueName
from cti.people import Principal
from cti.permissions import (
    SUPERVISION_BARGE,
    SUPERVISION_DROP,
    SUPERVISION_INTERCEPT,
    SUPERVISION_LISTEN,
    SUPERVISION_QUEUE,
    SUPERVISION_WHISPER,
)

router = guarded("calls")

Id = Annotated[str, Path(max_length=64)]
NEEDS: Final = {
    "listen": SUPERVISION_LISTEN,
    "whisper": SUPERVISION_WHISPER,
    "barge": SUPERVISION_BARGE,
    "intercept": SUPERVISION_INTERCEPT,
}


class Why(BaseModel):
    """The reason goes on record."""

    reason: models.ReasonWord | None = None


class Watched(Why):
    """`follow`: when the agent leaves the call, supervision goes on with the `customer`, or ends with the `agent`."""

    follow: Literal["customer", "agent"] | None = None


class Requeued(Why):
    queue: models.QueueWord | None = None
    front: bool = False


def own(me: Principal) -> AgentNo:
    """The asker's phone is that of their agent number; they need not be signed in as an agent."""
    if me.agent_no is None:
        raise NotAllowed("this sign-in has no agent number, and so no phone")
    return me.agent_no


@router.post(
    "/{call}/supervision/stop",
    status_code=202,
    response_model=models.Accepted,
    dependencies=[permitted(SUPERVISION_LISTEN)],
)
async def stop(call: Id, me: Me, desk: DeskOf, asked: Why | None = None) -> Json:
    """One's own part ends; the call goes on."""
    desk.wish(lambda at: ce.WatchStopAsked(at=at, agent=own(me), call=CallId(call)))
    return Json({"accepted": True}, 202)


@router.post(
    "/{call}/supervision/drop",
    status_code=202,
    response_model=models.Accepted,
    dependencies=[permitted(SUPERVISION_DROP)],
)
async def drop(call: Id, me: Me, desk: DeskOf, asked: Why | None = None) -> Json:
    """End a call for everybody 强拆."""
    its = CallId(call)
    desk.supervise(its, me, SUPERVISION_DROP, lambda at: ce.DropAsked(at=at, call=its, by=me.username))
    return Json({"accepted": True}, 202)


@router.post(
    "/{call}/supervision/requeue",
    status_code=202,
    response_model=models.Accepted,
    dependencies=[permitted(SUPERVISION_QUEUE)],
)
async def requeue(call: Id, asked: Requeued, me: Me, desk: DeskOf) -> Json:
    """A waiting caller goes to the front, or to another queue."""
    its = CallId(call)
    queue = None if asked.queue is None else QueueName(asked.queue)
    desk.supervise(
        its,
        me,
        SUPERVISION_QUEUE,
        lambda at: ce.RequeueAsked(at=at, call=its, by=me.username, queue=queue, front=asked.front),
    )
    return Json({"accepted": True}, 202)


@router.post(
    "/{call}/supervision/take",
    status_code=202,
    response_model=models.Accepted,
    dependencies=[permitted(SUPERVISION_QUEUE)],
)
async def take(call: Id, me: Me, desk: DeskOf, asked: Why | None = None) -> Json:
    """A waiting or ringing call comes to one's own phone."""
    its, mine = CallId(call), own(me)
    desk.supervise(its, me, SUPERVISION_QUEUE, lambda at: ce.PickUpAsked(at=at, agent=mine, call=its, anybody=True))
    return Json({"accepted": True}, 202)


@router.post(
    "/{call}/supervision/{mode}",
    status_code=202,
    response_model=models.Accepted,
    dependencies=[permitted(SUPERVISION_LISTEN)],
)
async def watch(
    call: Id,
    mode: Literal["listen", "whisper", "barge", "intercept"],
    me: Me,
    desk: DeskOf,
    asked: Watched | None = None,
) -> Json:
    """Rings the asker's own phone once; asked again with another mode, that leg changes over."""
    follow = (asked.follow if asked is not None else None) or ""
    its, mine = CallId(call), own(me)
    if not me.may(NEEDS[mode]):
        raise NotAllowed(f"this needs the permission {NEEDS[mode]}")
    desk.supervise(its, me, NEEDS[mode], lambda at: ce.WatchAsked(at=at, agent=mine, call=its, mode=mode, follow=follow))
    return Json({"accepted": True}, 202)
