"""Incidents: one switch that tells callers of an area about a known trouble, and who of them wants word of its end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from adapters.web.asking import DeskOf, Me, PortsOf, guarded, permitted
from adapters.web.models import Listing
from adapters.web.paging import Json, answer
from adapters.web.ports import Incidents
from cti.errors import Conflict, NotAllowed, RefusedByPolicy
from cti.ids import CallId, QueueName
from cti.permissions import CALLBACKS_EDIT, INCIDENTS_EDIT, INCIDENTS_SEE

router = guarded("incidents")

Id = Annotated[str, Path(max_length=40)]
Prefix = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{1,15}$")]


class Incident(BaseModel):
    """`heard`: how many callers were told; `want_word`: how many of them asked to hear when it is over."""

    id: str
    title: str
    prompt: str
    prefixes: list[str]
    offer: bool
    active: bool
    began_at: datetime
    ended_at: datetime | None
    heard: int
    want_word: int


class IncidentBegin(BaseModel):
    """`prefixes`: area codes or beginnings of callers' numbers; none means everybody. `prompt`: the name of one."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200)
    prompt: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
    prefixes: list[Prefix] = Field(default_factory=list, max_length=1000)
    offer: bool = Field(False, description="callers may press 1 to be told when it is over")


class IncidentCaller(BaseModel):
    call: str
    number: str
    heard_at: datetime
    wants_word: bool
    told_at: datetime | None


class CallBack(BaseModel):
    model_config = ConfigDict(extra="forbid")

    queue: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,38}$")]


class CalledBack(BaseModel):
    """How many customers stand in the queue's line now, and how many may not be dialled and wait for word still."""

    asked: int
    refused: int


async def incidents_of(ports: PortsOf) -> Incidents:
    return ports.incidents


IncidentsOf = Annotated[Incidents, Depends(incidents_of)]


@router.get("", response_model=Listing[Incident], dependencies=[permitted(INCIDENTS_SEE)])
async def list_incidents(me: Me, incidents: IncidentsOf) -> Json:
    """Newest first, with how many callers have heard of each."""
    found = await incidents.list(me.tenant)
    return answer(found, len(found), None)


@router.post("", status_code=201, response_model=Incident, dependencies=[permitted(INCIDENTS_EDIT)])
async def begin_incident(asked: IncidentBegin, me: Me, incidents: IncidentsOf) -> Json:
    """Switch it on: the next callers hear of it before the menu."""
    return Json(await incidents.begin(me.tenant, asked.title, asked.prompt, asked.prefixes, asked.offer), 201)


@router.post("/{incident}/end", response_model=Incident, dependencies=[permitted(INCIDENTS_EDIT)])
async def end_incident(incident: Id, me: Me, incidents: IncidentsOf) -> Json:
    """Switch it off."""
    return Json(await incidents.end(me.tenant, incident))


@router.get("/{incident}/callers", response_model=Listing[IncidentCaller], dependencies=[permitted(INCIDENTS_SEE)])
async def list_callers(
    incident: Id,
    me: Me,
    incidents: IncidentsOf,
    wanting: Annotated[bool, Query(description="only those who asked to be told, and were not yet")] = False,
) -> Json:
    """Who has heard of it, in order."""
    found = await incidents.callers(me.tenant, incident, wanting)
    return answer(found, len(found), None)


@router.post(
    "/{incident}/call-back",
    status_code=202,
    response_model=CalledBack,
    dependencies=[permitted(INCIDENTS_EDIT)],
)
async def call_back(incident: Id, asked: CallBack, me: Me, incidents: IncidentsOf, desk: DeskOf) -> Json:
    """It is over: everybody who wanted word, each number once, is called back by the agents of a queue. 409 before."""
    if not me.may(CALLBACKS_EDIT):
        raise NotAllowed(f"this needs the permission {CALLBACKS_EDIT}")
    told = await incidents.get(me.tenant, incident)
    if told["active"]:
        raise Conflict("it is not over yet")
    reached, refused = set[object](), set[object]()
    for one in await incidents.callers(me.tenant, incident, wanting=True):
        number = one["number"]
        if number not in reached:
            try:
                desk.call_back(str(number), "", QueueName(asked.queue), {"incident": str(told["title"])})
            except RefusedByPolicy:
                refused.add(number)
                continue
            reached.add(number)
        await incidents.told(me.tenant, incident, CallId(str(one["call"])))
    return Json({"asked": len(reached), "refused": len(refused)}, 202)


@router.post("/{incident}/callers/{call}/told", status_code=204, dependencies=[permitted(INCIDENTS_EDIT)])
async def caller_told(incident: Id, call: Id, me: Me, incidents: IncidentsOf) -> Response:
    """Somebody has called this caller back."""
    await incidents.told(me.tenant, incident, CallId(call))
    return Response(status_code=204)
