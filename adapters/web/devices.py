"""Devices: the phones of agents, and those that are made here. A secret is shown once, in the answer that makes it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import BoardOf, Me, PortsOf, guarded, origin_of, permitted
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import BoardView, PhoneMade, Ports, Shape
from cti.errors import BadRequest, NotFound
from cti.ids import AgentNo
from cti.people import Principal
from cti.permissions import DEVICES_EDIT, DEVICES_SEE

router = guarded("devices")

Name = Annotated[str, Path(max_length=40)]


def shape_of(made: PhoneMade) -> Shape:
    return {
        "name": made.name,
        "kind": made.kind,
        "realm": made.realm,
        "secret": made.secret,
        "provisioned": made.provisioned,
    }


def _all(me: Principal, ports: Ports, board: BoardView) -> list[Shape]:
    """Every device; of those made here, what they are and whether Asterisk has them."""
    made = {str(one["name"]): one for one in ports.phones.list(me.tenant)}
    unmade: Shape = {"kind": None, "provisioned": None}
    return [{**one, **made.get(str(one["name"]), unmade)} for one in board.devices(made)]


def _seen(me: Principal, ports: Ports, board: BoardView, permission: str = DEVICES_SEE) -> list[Shape]:
    return [one for one in _all(me, ports, board) if me.reaches(permission, _owner(one))]


def _owner(device: Shape) -> AgentNo | None:
    return AgentNo(str(device["agent_no"])) if device["agent_no"] else None


def _find(me: Principal, ports: Ports, board: BoardView, name: str, permission: str) -> Shape:
    for device in _seen(me, ports, board, permission):
        if device["name"] == name:
            return device
    raise NotFound("no such device")


def _agent(me: Principal, no: str | None) -> AgentNo | None:
    """Whom a phone is to be given to; raises `NotFound` for those out of reach."""
    owner = AgentNo(no) if no else None
    if not me.reaches(DEVICES_EDIT, owner):
        raise NotFound("no such agent")
    return owner


@router.get("", response_model=models.Listing[models.Device], dependencies=[permitted(DEVICES_SEE)])
async def list_devices(me: Me, ports: PortsOf, board: BoardOf, asked: Listed) -> Json:
    """By name; an agent sees their own, a supervisor those of the team."""
    seen = _seen(me, ports, board)
    return page(seen, lambda d: str(d["name"]), lambda d: (d["name"], d["agent_no"] or ""), asked)


@router.get("/{name}", response_model=models.Device, dependencies=[permitted(DEVICES_SEE)])
async def one_device(name: Name, me: Me, ports: PortsOf, board: BoardOf) -> Json:
    return Json(_find(me, ports, board, name, DEVICES_SEE))


@router.post("", status_code=201, response_model=models.PhoneMade, dependencies=[permitted(DEVICES_EDIT)])
async def add_device(new: models.NewDevice, request: Request, me: Me, ports: PortsOf) -> Json:
    """A phone that can register at once: of an agent, called after them, or of nobody."""
    made = await ports.phones.add(me.tenant, new.kind, new.name, _agent(me, new.agent_no))
    request.state.noted = True
    data = {"kind": made.kind, "agent_no": new.agent_no}
    origin = origin_of(request)
    ports.audit.note(me.tenant, me.username, "devices.add_device", made.name, origin=origin, data=data)
    return Json({**shape_of(made), "agent_no": new.agent_no}, 201)


@router.patch("/{name}", response_model=models.Device, dependencies=[permitted(DEVICES_EDIT)])
async def change_device(name: Name, change: models.DeviceChange, me: Me, ports: PortsOf, board: BoardOf) -> Json:
    """Give it to another agent, or to nobody."""
    if "agent_no" not in change.model_fields_set:
        raise BadRequest("nothing to change")
    _find(me, ports, board, name, DEVICES_EDIT)
    await ports.phones.give(me.tenant, name, _agent(me, change.agent_no))
    return Json(_find(me, ports, board, name, DEVICES_EDIT))


@router.post("/{name}/secret", response_model=models.PhoneMade, dependencies=[permitted(DEVICES_EDIT)])
async def reset_secret(
    name: Name, me: Me, ports: PortsOf, board: BoardOf, _asked: models.SecretReset | None = None
) -> Json:
    """Another secret. The phone that has the old one is no longer registered; a call of it goes on."""
    device = _find(me, ports, board, name, DEVICES_EDIT)
    made = await ports.phones.renew(me.tenant, name)
    return Json({**shape_of(made), "agent_no": device["agent_no"]})


@router.delete("/{name}", status_code=204, dependencies=[permitted(DEVICES_EDIT)])
async def remove_device(name: Name, me: Me, ports: PortsOf, board: BoardOf) -> Response:
    """It is unregistered and cannot register again; a call of it goes on."""
    _find(me, ports, board, name, DEVICES_EDIT)
    await ports.phones.remove(me.tenant, name)
    return Response(status_code=204)
