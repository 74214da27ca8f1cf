"""Voicemail: messages that callers left when nobody could take the call, and who sees to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import FileResponse, Response

from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.models import Listing
from adapters.web.paging import Json, Listed, answer
from adapters.web.ports import Shape, Voicemails
from cti.errors import NotAllowed, NotFound
from cti.ids import AgentNo
from cti.people import Principal
from cti.permissions import VOICEMAILS_EDIT, VOICEMAILS_PLAY, VOICEMAILS_SEE

router = guarded("voicemails")

Id = Annotated[str, Path(max_length=80)]
State = Literal["new", "assigned", "done"]


class Voicemail(BaseModel):
    """`seconds` is the length of the message; `agent_no` is who sees to it."""

    id: str
    call: str
    box: str
    number: str
    name: str
    left_at: datetime
    seconds: float
    state: State
    agent_no: str | None
    note: str


class VoicemailChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: State
    agent_no: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,16}$")] | None = None
    note: str = Field("", max_length=500)


async def voicemails_of(ports: PortsOf) -> Voicemails:
    return ports.voicemails


VoicemailsOf = Annotated[Voicemails, Depends(voicemails_of)]


async def _one(me: Principal, voicemails: Voicemails, message: str, permission: str) -> Shape:
    found = await voicemails.get(me.tenant, message)
    seen = me.agents_for(permission)
    if seen is not None and found["agent_no"] is not None and found["agent_no"] not in seen:
        raise NotFound("no such message")
    return found


@router.get("", response_model=Listing[Voicemail], dependencies=[permitted(VOICEMAILS_SEE)])
async def list_voicemails(
    me: Me, voicemails: VoicemailsOf, asked: Listed, state: Annotated[State | None, Query()] = None
) -> Json:
    """Newest first. Agents see their own, and those that nobody has yet."""
    seen = me.agents_for(VOICEMAILS_SEE)
    found = await voicemails.list(me.tenant, state or "", seen, asked.search, asked.limit, asked.cursor)
    return answer(found.items, found.total, found.next)


@router.get("/{message}", response_model=Voicemail, dependencies=[permitted(VOICEMAILS_SEE)])
async def one_voicemail(message: Id, me: Me, voicemails: VoicemailsOf) -> Json:
    return Json(await _one(me, voicemails, message, VOICEMAILS_SEE))


@router.patch("/{message}", response_model=Voicemail, dependencies=[permitted(VOICEMAILS_EDIT)])
async def change_voicemail(message: Id, asked: VoicemailChange, me: Me, voicemails: VoicemailsOf) -> Json:
    """Give it to an agent, or say that it is done. An agent gives it to nobody but themselves."""
    await _one(me, voicemails, message, VOICEMAILS_EDIT)
    agent = None if asked.agent_no is None else AgentNo(asked.agent_no)
    if agent is not None and not me.reaches(VOICEMAILS_EDIT, agent):
        raise NotAllowed(f"agent {agent} is none of yours")
    return Json(await voicemails.change(me.tenant, message, asked.state, agent, asked.note))


@router.get(
    "/{message}/audio",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}}, 206: {"content": {"audio/wav": {}}}},
    dependencies=[permitted(VOICEMAILS_PLAY)],
)
async def hear_voicemail(message: Id, me: Me, voicemails: VoicemailsOf) -> Response:
    """The message as WAV; ranges are served."""
    found = await _one(me, voicemails, message, VOICEMAILS_PLAY)
    file = voicemails.file(me.tenant, found)
    if file is None:
        raise NotFound("the sound of this message is gone")
    return FileResponse(file, media_type="audio/wav", filename=f"voicemail-{found['id']}.wav")
