"""Agents: how they stand, what they ask for themselves, what supervisors force, and what administrators edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal

from fastapi import Path, Query
from starlette.responses import Response

from adapters.web import firewall, models
from adapters.web.asking import BoardOf, DeskOf, Me, PortsOf, guarded, permitted
from adapters.web.devices import shape_of
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import BoardView, PhoneMade, Shape
from cti.errors import BadRequest, NotAllowed, NotFound
from cti.ids import AgentNo, DeviceName, QueueName
from cti.people import Principal, sees_call_of
from cti.permissions import AGENTS_EDIT, AGENTS_FORCE, AGENTS_SEE, DEVICES_EDIT, OWN_DESK
from cti.records import AgentProfile
from cti.shapes import without_call

router = guarded("agents")

Number = Annotated[str, Path(max_length=16)]
FORCED: Final[Mapping[str, str]] = {"logout": "logged_out", "ready": "ready", "not_ready": "not_ready"}


def seen_by(me: Principal, agent: Shape) -> Shape:
    """Colleagues are seen without the details of their calls."""
    return agent if sees_call_of(me, AgentNo(str(agent["agent_no"]))) else without_call(dict(agent))


def _sees(me: Principal, agent: Shape) -> bool:
    no = AgentNo(str(agent["agent_no"]))
    return no == me.agent_no or me.reaches(AGENTS_SEE, no)


def _find(board: BoardView, me: Principal, number: str) -> Shape:
    wanted = me.agent_no if number == "me" else AgentNo(number)
    agent = None if wanted is None else board.agent(wanted)
    if agent is None or not _sees(me, agent):
        raise NotFound("no such agent")
    return agent


@router.get("", response_model=models.Listing[models.Agent], dependencies=[permitted(AGENTS_SEE)])
async def list_agents(me: Me, board: BoardOf, asked: Listed) -> Json:
    """The agents one may see, by number."""
    agents = [seen_by(me, agent) for agent in board.agents() if _sees(me, agent)]
    return page(agents, lambda a: str(a["agent_no"]), lambda a: (a["agent_no"], a["name"]), asked)


@router.get("/{agent_no}", response_model=models.Agent, dependencies=[permitted(AGENTS_SEE)])
async def one_agent(agent_no: Number, me: Me, board: BoardOf) -> Json:
    """One agent; `me` is oneself."""
    return Json(seen_by(me, _find(board, me, agent_no)))


@router.get("/{agent_no}/softphone", response_model=models.Softphone, dependencies=[permitted(OWN_DESK)])
async def softphone(agent_no: Number, me: Me, ports: PortsOf) -> Json:
    """What one's own page registers with, over `/api/v1/softphone`: the first browser phone of one's devices."""
    if me.desk is None or agent_no not in ("me", me.desk):
        raise NotAllowed("only one's own phone")
    return firewall.Clear(await ports.phones.softphone(me.tenant, me.desk))


@router.put("/{agent_no}/status", status_code=202, response_model=models.Accepted, dependencies=[permitted(OWN_DESK)])
async def set_status(agent_no: Number, asked: models.StatusAsked, me: Me, desk: DeskOf) -> Json:
    """Sign in, go on a break, come back, sign out: one's own status, now or at the end of the call."""
    if me.desk is None or agent_no not in ("me", me.desk):
        raise NotAllowed("only one's own status; supervisors use force")
    desk.status(me.desk, asked.status, asked.reason, asked.device, me.username, False)
    return Json({"accepted": True}, 202)


@router.post(
    "/{agent_no}/finish_acw", status_code=202, response_model=models.Accepted, dependencies=[permitted(OWN_DESK)]
)
async def finish_acw(agent_no: Number, me: Me, desk: DeskOf) -> Json:
    """End one's own after-call work."""
    if me.desk is None or agent_no not in ("me", me.desk):
        raise NotAllowed("only one's own after-call work")
    desk.finish_acw(me.desk)
    return Json({"accepted": True}, 202)


@router.post(
    "/{agent_no}/force/{what}",
    status_code=202,
    response_model=models.Accepted,
    dependencies=[permitted(AGENTS_FORCE)],
)
async def force(
    agent_no: Number,
    what: Literal["logout", "ready", "not_ready"],
    me: Me,
    board: BoardOf,
    desk: DeskOf,
    asked: models.ForceAsked | None = None,
) -> Json:
    """Change another's status; waits for the end of a call and never ends one."""
    agent = AgentNo(str(_find(board, me, agent_no)["agent_no"]))
    if not me.reaches(AGENTS_FORCE, agent):
        raise NotAllowed("that agent is of another team")
    desk.status(agent, FORCED[what], asked.reason if asked else None, None, me.username, True)
    return Json({"accepted": True}, 202)


@router.post("", status_code=201, response_model=models.AgentMade, dependencies=[permitted(AGENTS_EDIT)])
async def add_agent(new: models.NewAgent, me: Me, ports: PortsOf, board: BoardOf) -> Json:
    """With `phones`, these are made too, and the answer has their secrets, this once."""
    profile = AgentProfile(
        agent_no=AgentNo(new.agent_no),
        name=new.name,
        devices=tuple(map(DeviceName, new.devices)),
        queues=tuple(map(QueueName, new.queues)),
        skills=new.skills,
    )
    phones: Sequence[PhoneMade] = ()
    if new.phones:
        _may_edit_devices(me)
        phones = await ports.phones.add_agent(me.tenant, profile, new.phones)
    else:
        await ports.directory.add_agent(me.tenant, profile)
    return Json({**_find(board, me, new.agent_no), "phones": [shape_of(one) for one in phones]}, 201)


def _may_edit_devices(me: Principal) -> None:
    if not me.everywhere(DEVICES_EDIT):
        raise NotAllowed(f"this needs the permission {DEVICES_EDIT}")


@router.patch("/{agent_no}", response_model=models.Agent, dependencies=[permitted(AGENTS_EDIT)])
async def change_agent(agent_no: Number, change: models.AgentChange, me: Me, ports: PortsOf, board: BoardOf) -> Json:
    """Change what is given; the rest stays."""
    if not change.model_fields_set:
        raise BadRequest("nothing to change")
    old = ports.directory.profile(me.tenant, AgentNo(agent_no))
    if old is None:
        raise NotFound("no such agent")
    profile = replace(
        old,
        name=old.name if change.name is None else change.name,
        devices=old.devices if change.devices is None else tuple(map(DeviceName, change.devices)),
        queues=old.queues if change.queues is None else tuple(map(QueueName, change.queues)),
        skills=old.skills if change.skills is None else change.skills,
    )
    await ports.directory.change_agent(me.tenant, profile)
    return Json(_find(board, me, agent_no))


@router.delete("/{agent_no}", status_code=204, dependencies=[permitted(AGENTS_EDIT)])
async def remove_agent(
    agent_no: Number, me: Me, ports: PortsOf, board: BoardOf, phones: Annotated[bool, Query()] = False
) -> Response:
    """With `phones=true` the phones go too that were made here; else they are nobody's."""
    agent = AgentNo(str(_find(board, me, agent_no)["agent_no"]))
    if phones:
        _may_edit_devices(me)
        await ports.phones.remove_of(me.tenant, agent)
    await ports.directory.remove_agent(me.tenant, agent)
    return Response(status_code=204)
