"""Devices: the phones Asterisk knows of, and whether they can ring."""

from __future__ import annotations

from adapters.web import models
from adapters.web.asking import BoardOf, Me, guarded, permitted
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import BoardView, Shape
from cti.errors import NotFound
from cti.ids import AgentNo
from cti.people import Principal
from cti.permissions import DEVICES_SEE

router = guarded("devices")


def _seen(me: Principal, board: BoardView) -> list[Shape]:
    return [one for one in board.devices() if me.reaches(DEVICES_SEE, _owner(one))]


def _owner(device: Shape) -> AgentNo | None:
    return AgentNo(str(device["agent_no"])) if device["agent_no"] else None


@router.get("", response_model=models.Listing[models.Device], dependencies=[permitted(DEVICES_SEE)])
async def list_devices(me: Me, board: BoardOf, asked: Listed) -> Json:
    """By name; an agent sees their own, a supervisor those of the team."""
    return page(_seen(me, board), lambda d: str(d["name"]), lambda d: (d["name"], d["agent_no"]), asked)


@router.get("/{name}", response_model=models.Device, dependencies=[permitted(DEVICES_SEE)])
async def one_device(name: str, me: Me, board: BoardOf) -> Json:
    for device in _seen(me, board):
        if device["name"] == name:
            return Json(device)
    raise NotFound("no such device")
