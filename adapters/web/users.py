"""Users: who may sign in, as what, in which team; their passwords and lock-outs. Everybody may look at themselves."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import Me, PortsOf, SettingsOf, TokensOf, guarded, origin_of, permitted
from adapters.web.auth import LoginGuard, issued
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import Ports, Shape, User
from adapters.web.roles import check_gift
from cti.errors import BadRequest, Conflict, NotAllowed, NotFound
from cti.ids import AgentNo
from cti.people import Principal
from cti.permissions import OWN_ACCOUNT, USERS_EDIT, USERS_RESET, USERS_SEE

router = guarded("users")

Name = Annotated[str, Path(max_length=64)]


async def _find(ports: Ports, me: Principal, username: str, permission: str) -> User:
    """A user within reach of that permission; raises `NotFound`."""
    for user in await ports.directory.users(me.tenant):
        if user.username == username and _reached(me, user, permission):
            return user
    raise NotFound("no such user")


def _reached(me: Principal, user: User, permission: str) -> bool:
    return user.username == me.username or me.reaches(permission, user.agent_no)


async def _check_role(ports: Ports, me: Principal, name: str) -> None:
    """Raises unless there is such a role and this person may give it."""
    role = (await ports.organisation.roles(me.tenant)).get(name)
    if role is None:
        raise BadRequest(f"there is no role {name[:40]!r}")
    check_gift(me, role)


def _guard(request: Request) -> LoginGuard:
    guard: LoginGuard = request.app.state.logins
    return guard


def _shape(request: Request, user: User) -> Shape:
    return {
        "username": user.username,
        "role": user.role,
        "agent_no": user.agent_no,
        "team": user.team,
        "disabled": user.disabled,
        "locked": _guard(request).is_locked(user.username),
    }


@router.get("/me", response_model=models.Myself, dependencies=[permitted(OWN_ACCOUNT)])
async def oneself(request: Request, me: Me, ports: PortsOf) -> Json:
    """Oneself, with everything one may do and how far it reaches."""
    user = await _find(ports, me, me.username, OWN_ACCOUNT)
    permissions = {permission: scope.word for permission, scope in me.permissions.items()}
    return Json({**_shape(request, user), "tenant": me.tenant, "permissions": permissions})


@router.put("/me/password", response_model=models.Token, dependencies=[permitted(OWN_ACCOUNT)])
async def change_password(
    asked: models.OwnPassword, request: Request, me: Me, ports: PortsOf, tokens: TokensOf, settings: SettingsOf
) -> Json:
    """A new password for oneself: every session ends, and the answer has a fresh token to go on with."""
    await _guard(request).admit(ports, me.username, asked.old, origin_of(request))
    user = await _find(ports, me, me.username, OWN_ACCOUNT)
    await ports.directory.change_user(me.tenant, user, asked.new)
    ports.audit.note(me.tenant, me.username, "users.password", f"users/{me.username}", origin=origin_of(request))
    now = ports.directory.current(me.username)
    if now is None:
        raise NotFound("no such user")
    return Json(issued(tokens, settings, now))


@router.get("", response_model=models.Listing[models.User], dependencies=[permitted(USERS_SEE)])
async def list_users(request: Request, me: Me, ports: PortsOf, asked: Listed) -> Json:
    """By name; a supervisor sees those of the team."""
    users = [user for user in await ports.directory.users(me.tenant) if _reached(me, user, USERS_SEE)]
    shapes = [_shape(request, user) for user in users]
    words = ("username", "agent_no", "role", "team")
    return page(shapes, lambda u: str(u["username"]), lambda u: tuple(u[word] or "" for word in words), asked)


@router.get("/{username}", response_model=models.User, dependencies=[permitted(USERS_SEE)])
async def one_user(username: Name, request: Request, me: Me, ports: PortsOf) -> Json:
    return Json(_shape(request, await _find(ports, me, username, USERS_SEE)))


@router.post("", status_code=201, response_model=models.User, dependencies=[permitted(USERS_EDIT)])
async def add_user(new: models.NewUser, request: Request, me: Me, ports: PortsOf) -> Json:
    """Usernames are unique over all tenants."""
    await _check_role(ports, me, new.role)
    agent = AgentNo(new.agent_no) if new.agent_no else None
    user = User(username=new.username, role=new.role, agent_no=agent, team=new.team)
    await ports.directory.add_user(me.tenant, user, new.password)
    return Json(_shape(request, user), 201)


@router.patch("/{username}", response_model=models.User, dependencies=[permitted(USERS_EDIT)])
async def change_user(username: Name, change: models.UserChange, request: Request, me: Me, ports: PortsOf) -> Json:
    """A new password ends all sessions; a new role or team takes hold of the open ones at once."""
    given = change.model_fields_set
    if not given - {"reason"}:
        raise BadRequest("nothing to change")
    if username == me.username and (change.disabled or change.role not in (None, me.role)):
        raise Conflict("nobody takes away their own rights")
    old = await _find(ports, me, username, USERS_EDIT)
    await _check_role(ports, me, old.role)  # nobody takes hold of somebody who may do more
    if change.role is not None:
        await _check_role(ports, me, change.role)
    user = User(
        username=username,
        role=change.role or old.role,
        agent_no=(AgentNo(change.agent_no) if change.agent_no else None) if "agent_no" in given else old.agent_no,
        team=change.team if "team" in given else old.team,
        disabled=old.disabled if change.disabled is None else change.disabled,
    )
    await ports.directory.change_user(me.tenant, user, change.password)
    return Json(_shape(request, user))


@router.post("/{username}/password/reset", response_model=models.PasswordMade, dependencies=[permitted(USERS_RESET)])
async def reset_password(
    username: Name, request: Request, me: Me, ports: PortsOf, asked: models.PasswordReset | None = None
) -> Json:
    """For somebody who forgot theirs: the given password, or one made here. Their sessions and lock-outs end."""
    user = await _find(ports, me, username, USERS_RESET)
    if username == me.username:
        raise NotAllowed("one changes one's own password with the old one")
    await _check_role(ports, me, user.role)
    made = None if asked and asked.password else secrets.token_urlsafe(12)
    await ports.directory.change_user(me.tenant, user, made or (asked.password if asked else None))
    _guard(request).release(username)
    return Json({"username": username, "password": made})


@router.post("/{username}/unlock", response_model=models.User, dependencies=[permitted(USERS_RESET)])
async def unlock(username: Name, request: Request, me: Me, ports: PortsOf, asked: models.Unlock | None = None) -> Json:
    """Let somebody try again who is refused after too many failed sign-ins."""
    user = await _find(ports, me, username, USERS_RESET)
    _guard(request).release(username)
    return Json(_shape(request, user))


@router.delete("/{username}", status_code=204, dependencies=[permitted(USERS_EDIT)])
async def remove_user(username: Name, me: Me, ports: PortsOf) -> Response:
    if username == me.username:
        raise Conflict("nobody removes themselves")
    user = await _find(ports, me, username, USERS_EDIT)
    await _check_role(ports, me, user.role)
    await ports.directory.remove_user(me.tenant, username)
    return Response(status_code=204)
