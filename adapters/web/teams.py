"""Teams: the tree of the organisation. Who may see a team sees the whole tree; members are set at the users."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import Ports, Shape
from cti.errors import BadRequest, NotFound
from cti.people import Principal
from cti.permissions import TEAMS_EDIT, TEAMS_SEE
from cti.teams import Team

router = guarded("teams")

Name = Annotated[str, Path(max_length=40)]


async def _shape(ports: Ports, me: Principal, team: Team) -> Shape:
    users = await ports.directory.users(me.tenant)
    members = sorted(user.username for user in users if user.team == team.name)
    return {"name": team.name, "title": team.title, "parent": team.parent, "members": members}


async def _find(ports: Ports, me: Principal, name: str) -> Team:
    team = (await ports.organisation.teams(me.tenant)).get(name)
    if team is None:
        raise NotFound("no such team")
    return team


@router.get("", response_model=models.Listing[models.Team], dependencies=[permitted(TEAMS_SEE)])
async def list_teams(me: Me, ports: PortsOf, asked: Listed) -> Json:
    """By name."""
    teams = await ports.organisation.teams(me.tenant)
    shapes = [await _shape(ports, me, team) for team in teams.values()]
    return page(shapes, lambda t: str(t["name"]), lambda t: (t["name"], t["title"]), asked)


@router.get("/{name}", response_model=models.Team, dependencies=[permitted(TEAMS_SEE)])
async def one_team(name: Name, me: Me, ports: PortsOf) -> Json:
    return Json(await _shape(ports, me, await _find(ports, me, name)))


@router.post("", status_code=201, response_model=models.Team, dependencies=[permitted(TEAMS_EDIT)])
async def add_team(new: models.NewTeam, me: Me, ports: PortsOf) -> Json:
    team = Team(name=new.name, title=new.title or new.name, parent=new.parent)
    return Json(await _shape(ports, me, await ports.organisation.add_team(me.tenant, team)), 201)


@router.patch("/{name}", response_model=models.Team, dependencies=[permitted(TEAMS_EDIT)])
async def change_team(name: Name, change: models.TeamChange, me: Me, ports: PortsOf) -> Json:
    """A new title, or a new place in the tree."""
    given = change.model_fields_set
    if not given:
        raise BadRequest("nothing to change")
    old = await _find(ports, me, name)
    title = change.title if change.title is not None else old.title
    team = Team(name=name, title=title, parent=change.parent if "parent" in given else old.parent)
    return Json(await _shape(ports, me, await ports.organisation.change_team(me.tenant, team)))


@router.delete("/{name}", status_code=204, dependencies=[permitted(TEAMS_EDIT)])
async def remove_team(name: Name, me: Me, ports: PortsOf) -> Response:
    """Only one without members and without teams below it."""
    await ports.organisation.remove_team(me.tenant, name)
    return Response(status_code=204)
