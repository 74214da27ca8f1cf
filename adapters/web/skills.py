"""Skills: what agents can do, by name. How well an agent does is edited with the agent."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import Shape
from cti.errors import Conflict, NotFound
from cti.permissions import AGENTS_EDIT, AGENTS_SEE

router = guarded("skills")

Name = Annotated[str, Path(max_length=40)]


async def _all(me: Me, ports: PortsOf) -> list[Shape]:
    found = await ports.directory.skills(me.tenant)
    return [{"name": one.name, "title": one.title, "agents": one.agents} for one in found]


async def _find(me: Me, ports: PortsOf, name: str) -> Shape:
    for skill in await _all(me, ports):
        if skill["name"] == name:
            return skill
    raise NotFound("no such skill")


@router.get("", response_model=models.Listing[models.Skill], dependencies=[permitted(AGENTS_SEE)])
async def list_skills(me: Me, ports: PortsOf, asked: Listed) -> Json:
    """The skills by name, with how many agents have each."""
    return page(await _all(me, ports), lambda s: str(s["name"]), lambda s: (s["name"], s["title"]), asked)


@router.get("/{name}", response_model=models.Skill, dependencies=[permitted(AGENTS_SEE)])
async def one_skill(name: Name, me: Me, ports: PortsOf) -> Json:
    return Json(await _find(me, ports, name))


@router.post("", status_code=201, response_model=models.Skill, dependencies=[permitted(AGENTS_EDIT)])
async def add_skill(new: models.NewSkill, me: Me, ports: PortsOf) -> Json:
    if any(skill["name"] == new.name for skill in await _all(me, ports)):
        raise Conflict("that skill exists")
    await ports.directory.put_skill(me.tenant, new.name, new.title)
    return Json(await _find(me, ports, new.name), 201)


@router.put("/{name}", response_model=models.Skill, dependencies=[permitted(AGENTS_EDIT)])
async def change_skill(name: Name, change: models.SkillChange, me: Me, ports: PortsOf) -> Json:
    """Call it something else."""
    await _find(me, ports, name)
    await ports.directory.put_skill(me.tenant, name, change.title)
    return Json(await _find(me, ports, name))


@router.delete("/{name}", status_code=204, dependencies=[permitted(AGENTS_EDIT)])
async def remove_skill(name: Name, me: Me, ports: PortsOf) -> Response:
    """Agents who had it have it no more."""
    await ports.directory.remove_skill(me.tenant, name)
    return Response(status_code=204)
