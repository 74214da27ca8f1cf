"""Trunks that are made here: where calls come from, and by which way and under which number they leave."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.paging import Json, Listed, page
from cti.errors import BadRequest
from cti.permissions import TRUNKS_EDIT, TRUNKS_SEE

router = guarded("trunks")

Name = Annotated[str, Path(max_length=40)]


@router.get("", response_model=models.Listing[models.Trunk], dependencies=[permitted(TRUNKS_SEE)])
async def list_trunks(me: Me, ports: PortsOf, asked: Listed) -> Json:
    """By name."""
    found = await ports.trunks.list(me.tenant)
    return page(found, lambda t: str(t["name"]), lambda t: (t["name"], t["title"], t["host"]), asked)


@router.get("/{name}", response_model=models.Trunk, dependencies=[permitted(TRUNKS_SEE)])
async def one_trunk(name: Name, me: Me, ports: PortsOf) -> Json:
    return Json(await ports.trunks.get(me.tenant, name))


@router.post("", status_code=201, response_model=models.Trunk, dependencies=[permitted(TRUNKS_EDIT)])
async def add_trunk(new: models.NewTrunk, me: Me, ports: PortsOf) -> Json:
    """Calls from its addresses enter like those of any trunk; nothing is restarted."""
    return Json(await ports.trunks.add(me.tenant, new.model_dump(exclude_unset=True, by_alias=True)), 201)


@router.patch("/{name}", response_model=models.Trunk, dependencies=[permitted(TRUNKS_EDIT)])
async def change_trunk(name: Name, change: models.TrunkChange, me: Me, ports: PortsOf) -> Json:
    """Change what is given; the rest stays. Calls that are up go on."""
    given = change.model_dump(exclude_unset=True, by_alias=True)
    if not given:
        raise BadRequest("nothing to change")
    if any(value is None for value in given.values()):
        raise BadRequest("what is taken away is written as empty: \"\", [] or false")
    return Json(await ports.trunks.change(me.tenant, name, given))


@router.delete("/{name}", status_code=204, dependencies=[permitted(TRUNKS_EDIT)])
async def remove_trunk(name: Name, me: Me, ports: PortsOf) -> Response:
    """Nobody comes or leaves by it any more; calls that are up go on."""
    await ports.trunks.remove(me.tenant, name)
    return Response(status_code=204)
