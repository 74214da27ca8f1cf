"""Users: who may sign in, and as what. Administrators edit them; everybody may look at themselves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import Ports, User
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import AgentNo
from cti.people import Principal
from cti.permissions import OWN_ACCOUNT, USERS_EDIT

router = guarded("users")

Name = Annotated[str, Path(max_length=64)]


async def _find(ports: Ports, me: Principal, username: str) -> User:
    for user in await ports.directory.users(me.tenant):
        if user.username == username:
            return user
    raise NotFound("no such user")


@router.get("/me", response_model=models.User, dependencies=[permitted(OWN_ACCOUNT)])
async def oneself(me: Me) -> Json:
    return Json({"username": me.username, "role": me.role, "agent_no": me.agent_no, "disabled": False})


@router.get("", response_model=models.Listing[models.User], dependencies=[permitted(USERS_EDIT)])
async def list_users(me: Me, ports: PortsOf, asked: Listed) -> Json:
    """By name."""
    users = [asdict(user) for user in await ports.directory.users(me.tenant)]
    words = ("username", "agent_no", "role")
    return page(users, lambda u: str(u["username"]), lambda u: tuple(u[word] or "" for word in words), asked)


@router.get("/{username}", response_model=models.User, dependencies=[permitted(USERS_EDIT)])
async def one_user(username: Name, me: Me, ports: PortsOf) -> Json:
    return Json(asdict(await _find(ports, me, username)))


@router.post("", status_code=201, response_model=models.User, dependencies=[permitted(USERS_EDIT)])
async def add_user(new: models.NewUser, me: Me, ports: PortsOf) -> Json:
    """Usernames are unique over all tenants."""
    user = User(username=new.username, role=new.role, agent_no=AgentNo(new.agent_no) if new.agent_no else None)
    await ports.directory.add_user(me.tenant, user, new.password)
    return Json(asdict(user), 201)


@router.patch("/{username}", response_model=models.User, dependencies=[permitted(USERS_EDIT)])
async def change_user(username: Name, change: models.UserChange, me: Me, ports: PortsOf) -> Json:
    """A new password ends all sessions; a new role takes hold of the open ones at once."""
    given = change.model_fields_set
    if not given:
        raise BadRequest("nothing to change")
    if username == me.username and (change.disabled or change.role not in (None, me.role)):
        raise Conflict("nobody takes away their own rights")
    old = await _find(ports, me, username)
    user = User(
        username=username,
        role=change.role or old.role,
        agent_no=(AgentNo(change.agent_no) if change.agent_no else None) if "agent_no" in given else old.agent_no,
        disabled=old.disabled if change.disabled is None else change.disabled,
    )
    await ports.directory.change_user(me.tenant, user, change.password)
    return Json(asdict(user))


@router.delete("/{username}", status_code=204, dependencies=[permitted(USERS_EDIT)])
async def remove_user(username: Name, me: Me, ports: PortsOf) -> Response:
    if username == me.username:
        raise Conflict("nobody removes themselves")
    await _find(ports, me, username)
    await ports.directory.remove_user(me.tenant, username)
    return Response(status_code=204)
