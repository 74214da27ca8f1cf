"""Devices: the phones Asterisk knows of, and whether they can ring."""

from __future__ import annotations

from adapters.web import models
from adapters.web.asking import BoardOf, Me, guarded
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import BoardView, Shape
from cti.errors import NotFound
from cti.people import DEVICES_SEE_ALL, Principal

router = guarded("devices")


def _seen(me: Principal, board: BoardView) -> list[Shape]:
    everything = me.may(DEVICES_SEE_ALL)
    return [one for one in board.devices() if everything or (me.desk is not None and one["agent_no"] == me.desk)]


@router.get("", response_model=models.Listing[models.Device])
async def list_devices(me: Me, board: BoardOf, asked: Listed) -> Json:
    """By name; an agent sees their own."""
    return page(_seen(me, board), lambda d: str(d["name"]), lambda d: (d["name"], d["agent_no"]), asked)


@router.get("/{name}", response_model=models.Device)
async def one_device(name: str, me: Me, board: BoardOf) -> Json:
    for device in _seen(me, board):
        if device["name"] == name:
            return Json(device)
    raise NotFound("no such device")
