"""Dispositions 小结: what calls can have come to, and saying so of a call."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from adapters.web.asking import DeskOf, Me, PortsOf, guarded, permitted
from adapters.web.control import own
from adapters.web.models import Accepted, AgentNumber, Listing, QueueWord, ReasonWord, SkillWord, Words
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import Ports, Shape
from cti.dispositions import Disposition, by_code, place, sayable
from cti.disposing import NOTE_MOST
from cti.errors import NotFound
from cti.ids import AgentNo, CallId, QueueName
from cti.people import Principal
from cti.permissions import CALLS_CONTROL, DISPOSITIONS_CORRECT, DISPOSITIONS_EDIT, DISPOSITIONS_SEE

router = guarded("dispositions")
calls_router = guarded("calls")

Code = Annotated[str, Path(max_length=40)]
Id = Annotated[str, Path(max_length=64)]


class DispositionSettings(BaseModel):
    """`title` is Chinese, `title_en` English; without one the other, or the code, stands in."""

    model_config = ConfigDict(extra="forbid")

    title: Words = ""
    title_en: Words = ""
    parent: SkillWord | None = Field(default=None, description="the heading it stands under; there are two levels")
    queues: list[QueueWord] = Field(default=[], max_length=200, description="whose calls it is for; empty: all calls")
    active: bool = True
    order: int = Field(default=100, ge=0, le=10_000)


class NewDisposition(DispositionSettings):
    code: SkillWord


class DispositionShown(BaseModel):
    code: str
    title: str
    title_en: str
    parent: str | None
    queues: list[str]
    active: bool
    order: int


class Said(BaseModel):
    """Saying it again takes the place of what was said before, the note too."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    note: Annotated[str, StringConstraints(max_length=NOTE_MOST)] = ""


class Correction(Said):
    agent_no: AgentNumber
    reason: ReasonWord | None = Field(default=None, description="goes on record")


def _shape(disposition: Disposition) -> Shape:
    return {**asdict(disposition), "queues": list(disposition.queues)}


def _find(ports: Ports, me: Principal, code: str) -> Shape:
    for disposition in ports.directory.dispositions(me.tenant):
        if disposition.code == code:
            return _shape(disposition)
    raise NotFound("no such disposition")


def _made(code: str, settings: DispositionSettings) -> Disposition:
    return Disposition(
        code=code,
        title=settings.title,
        title_en=settings.title_en,
        parent=settings.parent,
        queues=tuple(map(QueueName, settings.queues)),
        active=settings.active,
        order=settings.order,
    )


@router.get("", response_model=Listing[DispositionShown], dependencies=[permitted(DISPOSITIONS_SEE)])
async def list_dispositions(
    me: Me,
    ports: PortsOf,
    asked: Listed,
    queue: Annotated[
        str | None, Query(max_length=40, description="only what may be said of its calls, with the headings above")
    ] = None,
) -> Json:
    """In order: each heading, then those below it."""
    every = ports.directory.dispositions(me.tenant)
    known = by_code(every)
    if queue is not None:
        wanted = {code for one in sayable(QueueName(queue), known) for code in (one.code, one.parent)}
        every = [one for one in every if one.code in wanted]
    shapes = map(_shape, every)
    return page(
        shapes,
        lambda d: place(known[str(d["code"])], known),
        lambda d: (d["code"], d["title"], d["title_en"]),
        asked,
    )


@router.get("/{code}", response_model=DispositionShown, dependencies=[permitted(DISPOSITIONS_SEE)])
async def one_disposition(code: Code, me: Me, ports: PortsOf) -> Json:
    return Json(_find(ports, me, code))


@router.post("", status_code=201, response_model=DispositionShown, dependencies=[permitted(DISPOSITIONS_EDIT)])
async def add_disposition(new: NewDisposition, me: Me, ports: PortsOf) -> Json:
    await ports.directory.put_disposition(me.tenant, _made(new.code, new), new=True)
    return Json(_find(ports, me, new.code), 201)


@router.put("/{code}", response_model=DispositionShown, dependencies=[permitted(DISPOSITIONS_EDIT)])
async def change_disposition(code: Code, settings: DispositionSettings, me: Me, ports: PortsOf) -> Json:
    """All of it anew. Calls of which it was said keep it."""
    await ports.directory.put_disposition(me.tenant, _made(code, settings), new=False)
    return Json(_find(ports, me, code))


@router.delete("/{code}", status_code=204, dependencies=[permitted(DISPOSITIONS_EDIT)])
async def remove_disposition(code: Code, me: Me, ports: PortsOf) -> Response:
    """Only one without others below it. Calls of which it was said keep its code."""
    await ports.directory.remove_disposition(me.tenant, code)
    return Response(status_code=204)


# --- of a call -----------------------------------------------------------------------------------------------------


@calls_router.post(
    "/{call}/disposition", status_code=202, response_model=Accepted, dependencies=[permitted(CALLS_CONTROL)]
)
async def dispose(call: Id, said: Said, me: Me, desk: DeskOf) -> Json:
    """What the call came to, for one's own part: during the call, in after-call work, or within a day."""
    await desk.dispose(CallId(call), own(me), said.code, said.note)
    return Json({"accepted": True}, 202)


@calls_router.post(
    "/{call}/disposition/correct",
    status_code=202,
    response_model=Accepted,
    dependencies=[permitted(DISPOSITIONS_CORRECT)],
)
async def correct(call: Id, said: Correction, me: Me, desk: DeskOf) -> Json:
    """Say it in the place of an agent of one's teams, whenever the call was."""
    await desk.correct(CallId(call), me, AgentNo(said.agent_no), said.code, said.note)
    return Json({"accepted": True}, 202)
