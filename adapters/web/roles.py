"""Roles: the built-in ones, and those a tenant makes of them. Nobody gives away a right they have not got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import Ports, Shape
from cti.errors import BadRequest, NotAllowed, NotFound
from cti.people import Principal
from cti.permissions import NUMBERS_SEE, PERMISSIONS, ROLES_EDIT, ROLES_SEE, Role, Scope, exceeds, permissions_of

router = guarded("roles")

Name = Annotated[str, Path(max_length=40)]


def shape(role: Role, users: int) -> Shape:
    return {
        "name": role.name,
        "title": role.title,
        "title_en": role.title_en,
        "permissions": {permission: scope.word for permission, scope in role.permissions.items()},
        "built_in": role.built_in,
        "sees_numbers": NUMBERS_SEE in role.permissions,
        "users": users,
    }


async def find(ports: Ports, me: Principal, name: str) -> Role:
    """The role of that name; raises `NotFound`."""
    role = (await ports.organisation.roles(me.tenant)).get(name)
    if role is None:
        raise NotFound("no such role")
    return role


def check_gift(me: Principal, role: Role) -> None:
    """Raises `NotAllowed` when this role is more than this person may give."""
    held = {one: Scope.TENANT if me.everywhere(one) else scope for one, scope in me.permissions.items()}
    missing = exceeds(role.permissions, held)
    if missing is not None:
        raise NotAllowed(f"nobody gives what they have not got: {missing}")


def _changed(old: Mapping[str, Scope], change: Mapping[str, str | None]) -> Mapping[str, Scope]:
    words = {permission: scope.word for permission, scope in old.items()}
    for permission, scope in change.items():
        if scope is None:
            permissions_of({permission: "own"})  # a permission that is not there is named all the same
            words.pop(permission, None)
        else:
            words[permission] = scope
    return permissions_of(words)


async def _counted(ports: Ports, me: Principal, role: Role) -> Shape:
    return shape(role, sum(user.role == role.name for user in await ports.directory.users(me.tenant)))


@router.get("", response_model=models.Listing[models.Role], dependencies=[permitted(ROLES_SEE)])
async def list_roles(me: Me, ports: PortsOf, asked: Listed) -> Json:
    """By name."""
    users = await ports.directory.users(me.tenant)
    roles = (await ports.organisation.roles(me.tenant)).values()
    shapes = [shape(role, sum(user.role == role.name for user in users)) for role in roles]
    return page(shapes, lambda r: str(r["name"]), lambda r: (r["name"], r["title"], r["title_en"]), asked)


@router.get("/permissions", response_model=models.Listing[models.Permission], dependencies=[permitted(ROLES_SEE)])
async def list_permissions(me: Me, ports: PortsOf, asked: Listed) -> Json:
    """Every permission there is, and which role has it: the matrix."""
    roles = (await ports.organisation.roles(me.tenant)).values()
    shapes: list[Shape] = [
        {"name": one, "roles": {role.name: role.permissions[one].word for role in roles if one in role.permissions}}
        for one in PERMISSIONS
    ]
    return page(shapes, lambda p: str(p["name"]), lambda p: (p["name"],), asked)


@router.get("/{name}", response_model=models.Role, dependencies=[permitted(ROLES_SEE)])
async def one_role(name: Name, me: Me, ports: PortsOf) -> Json:
    return Json(await _counted(ports, me, await find(ports, me, name)))


@router.post("", status_code=201, response_model=models.Role, dependencies=[permitted(ROLES_EDIT)])
async def add_role(new: models.NewRole, me: Me, ports: PortsOf) -> Json:
    """A role of one's own, from nothing or from a copy."""
    model = None if new.copy_of is None else await find(ports, me, new.copy_of)
    role = Role(
        name=new.name,
        title=new.title or new.name,
        title_en=new.title_en or new.title or new.name,
        permissions=_changed(model.permissions if model else {}, new.permissions),
    )
    check_gift(me, role)
    return Json(shape(await ports.organisation.add_role(me.tenant, role), 0), 201)


@router.patch("/{name}", response_model=models.Role, dependencies=[permitted(ROLES_EDIT)])
async def change_role(name: Name, change: models.RoleChange, me: Me, ports: PortsOf) -> Json:
    """In force at once for whoever has it: they stay signed in, and topics no longer theirs end."""
    if not change.model_fields_set - {"reason"}:
        raise BadRequest("nothing to change")
    old = await find(ports, me, name)
    if name == me.role:
        raise NotAllowed("nobody changes their own role")
    role = replace(
        old,
        title=old.title if change.title is None else change.title,
        title_en=old.title_en if change.title_en is None else change.title_en,
        permissions=_changed(old.permissions, change.permissions),
    )
    check_gift(me, role)
    return Json(await _counted(ports, me, await ports.organisation.change_role(me.tenant, role)))


@router.delete("/{name}", status_code=204, dependencies=[permitted(ROLES_EDIT)])
async def remove_role(name: Name, me: Me, ports: PortsOf) -> Response:
    """Only one that nobody has."""
    await find(ports, me, name)
    await ports.organisation.remove_role(me.tenant, name)
    return Response(status_code=204)
