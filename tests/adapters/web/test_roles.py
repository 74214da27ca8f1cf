"""The role matrix: every route and every command with every role; and how roles, teams and passwords are edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.desktop.commands import COMMANDS, carry_out
from adapters.web.asking import Guarded
from cti import permissions
from cti.errors import Refused
from cti.ids import AgentNo
from cti.people import Principal, principal
from cti.permissions import PERMISSIONS, ROLES, Role, Scope
from tests.adapters.web.world import DEMO, World, call_record, code_of

ROOT = Path(__file__).parents[3]


def walk(routes: Iterable[Any]) -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from walk(inner.routes) if inner is not None else [route]


def guarded(world: World) -> list[Guarded]:
    return [route for route in walk(world.app.router.routes) if isinstance(route, Guarded)]


def someone(role: str) -> Principal:
    no = AgentNo("1001") if permissions.OWN_DESK in ROLES[role].permissions else None
    return principal(DEMO, f"the-{role}", role, no)


# --- the matrix ----------------------------------------------------------------------------------------------------


def test_no_route_is_without_a_permission() -> None:
    routes = guarded(World())
    assert len(routes) > 40
    assert [route.path for route in routes if route.permission not in PERMISSIONS] == []


@pytest.mark.parametrize("role", ROLES)
async def test_every_route_opens_for_the_roles_of_the_table_and_for_no_other(world: World, role: str) -> None:
    me = someone(role)
    world.directory.add(me)
    for route in guarded(world):
        path = route.path
        for name in route.param_convertors:
            path = path.replace("{" + name + "}", "x1")
        for method in route.methods or ():
            response = await world.ask(method, path, me.username)
            refused = response.status_code == 403 and "needs the permission" in response.text
            assert refused is not me.may(route.permission), (role, method, route.path, response.text)
            world.directory.add(me)  # a log-out is one of the routes


class Desk:
    """Does whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_args, **_more: None


@pytest.mark.parametrize("role", ROLES)
def test_every_command_is_carried_out_for_the_roles_of_the_table_and_for_no_other(role: str) -> None:
    me = someone(role)
    desk: Any = Desk()
    for name, (_, _, permission) in COMMANDS.items():
        assert permission in PERMISSIONS
        refused = ""
        try:
            carry_out(desk, me, name, {})
        except Refused as refusal:
            refused = refusal.message
        assert ("needs the permission" in refused) is not me.may(permission), (name, refused)


def test_every_permission_is_asked_for_somewhere() -> None:
    code = "".join(file.read_text() for room in ("adapters", "cti") for file in (ROOT / room).rglob("*.py"))
    names = {value: name for name, value in vars(permissions).items() if isinstance(value, str)}
    assert [one for one in PERMISSIONS if code.count(names[one]) < 3] == []


def test_every_role_may_look_at_itself_and_only_one_column_is_the_administrators() -> None:
    for role in ROLES.values():
        assert role.permissions[permissions.OWN_ACCOUNT] is Scope.OWN
        for edit in (permissions.USERS_EDIT, permissions.ROLES_EDIT, permissions.AUDIT_SEE):
            assert (edit in role.permissions) is (role.name == "admin")


# --- roles ---------------------------------------------------------------------------------------------------------


async def test_a_role_is_copied_and_the_copy_changed(world: World) -> None:
    new = {"name": "night", "title": "夜班", "copy_of": "agent", "permissions": {"numbers.see": None}}
    made = (await world.ask("POST", "/roles", "root", json=new)).json()
    assert (made["built_in"], made["sees_numbers"], made["title_en"]) == (False, False, "夜班")
    assert made["permissions"]["own.desk"] == "own"
    changed = await world.ask("PATCH", "/roles/night", "root", json={"permissions": {"calls.see": "team"}})
    assert changed.json()["permissions"]["calls.see"] == "team"
    assert "night" in [one["name"] for one in (await world.get("/roles", "boss"))["items"]]
    matrix = {one["name"]: one["roles"] for one in (await world.get("/roles/permissions", "root"))["items"]}
    assert (matrix["calls.see"]["night"], matrix["calls.see"]["agent"]) == ("team", "own")
    assert (await world.ask("DELETE", "/roles/night", "root")).status_code == 204
    assert code_of(await world.ask("GET", "/roles/night", "root")) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "agent"}, (409, "conflict")),
        ({"name": "x1", "permissions": {"calls.fly": "own"}}, (400, "bad_request")),
        ({"name": "x1", "permissions": {"calls.fly": None}}, (400, "bad_request")),
        ({"name": "x1", "permissions": {"calls.see": "world"}}, (422, "invalid")),
        ({"name": "x1", "copy_of": "nobody"}, (404, "not_found")),
        ({"name": "X 1"}, (422, "invalid")),
    ],
)
async def test_a_role_that_makes_no_sense_is_refused(world: World, body: dict[str, Any], code: tuple[int, str]) -> None:
    assert code_of(await world.ask("POST", "/roles", "root", json=body)) == code


async def test_built_in_roles_cannot_be_changed(world: World) -> None:
    for name in set(ROLES) - {"admin"}:
        change = {"title": "x", "permissions": {"own.desk": None}}
        assert code_of(await world.ask("PATCH", f"/roles/{name}", "root", json=change)) == (409, "conflict")
        assert code_of(await world.ask("DELETE", f"/roles/{name}", "root")) == (409, "conflict")


async def test_nobody_gives_away_what_they_have_not_got(world: World) -> None:
    clerk = Role(
        name="clerk",
        title="x",
        title_en="x",
        permissions={**ROLES["supervisor"].permissions, "users.edit": Scope.TENANT, "roles.edit": Scope.TENANT},
    )
    world.directory.add(principal(DEMO, "clerk", "clerk", roles={"clerk": clerk}))
    new = {"username": "eve", "password": "12345678", "role": "admin"}
    assert code_of(await world.ask("POST", "/users", "clerk", json=new)) == (403, "not_allowed")
    promoted = await world.ask("PATCH", "/users/a1", "clerk", json={"role": "admin"})
    assert code_of(promoted) == (403, "not_allowed")
    copied = await world.ask("POST", "/roles", "clerk", json={"name": "x1", "copy_of": "admin"})
    assert code_of(copied) == (403, "not_allowed")
    for path in ("/users/root/password/reset", "/users/root"):
        method = "POST" if path.endswith("reset") else "DELETE"
        assert code_of(await world.ask(method, path, "clerk")) == (403, "not_allowed"), path
    assert code_of(await world.ask("PATCH", "/users/root", "clerk", json={"password": "12345678"})) == (
        403,
        "not_allowed",
    )
    assert (await world.ask("POST", "/users", "clerk", json={**new, "role": "masked_agent"})).status_code == 201


# --- teams ---------------------------------------------------------------------------------------------------------


async def test_teams_are_made_moved_and_removed(world: World) -> None:
    assert (await world.ask("POST", "/teams", "root", json={"name": "north", "title": "北区"})).status_code == 201
    below = await world.ask("POST", "/teams", "root", json={"name": "harbin", "parent": "north"})
    assert below.json() == {"name": "harbin", "title": "harbin", "parent": "north", "members": []}
    assert code_of(await world.ask("PATCH", "/teams/north", "root", json={"parent": "harbin"})) == (400, "bad_request")
    assert (await world.ask("PATCH", "/teams/harbin", "root", json={"parent": None})).json()["parent"] is None
    assert (await world.ask("DELETE", "/teams/north", "root")).status_code == 204
    assert [one["name"] for one in (await world.get("/teams", "boss"))["items"]] == ["harbin"]


async def test_a_supervisor_of_a_team_meets_its_agents_queues_and_calls_and_no_others(world: World) -> None:
    lead = replace(principal(DEMO, "lead", "supervisor", AgentNo("1900")), team=frozenset({AgentNo("1002")}))
    world.directory.add(lead)
    world.records.kept[DEMO] = [call_record("c-1", "1001"), replace(call_record("c-2", "1002"), queue="support")]  # type: ignore[arg-type]

    assert [one["agent_no"] for one in (await world.get("/agents", "lead"))["items"]] == ["1002", "1900"]
    assert [one["name"] for one in (await world.get("/queues", "lead"))["items"]] == ["sales"]
    assert [one["agent_no"] for one in (await world.get("/devices", "lead"))["items"]] == ["1002"] * 2 + ["1900"] * 2
    assert [one["username"] for one in (await world.get("/users", "lead"))["items"]] == ["a2", "boss", "lead"]
    for path in ("/agents/1001", "/queues/support", "/devices/1001", "/users/a1"):
        assert code_of(await world.ask("GET", path, "lead")) == (404, "not_found"), path
    assert (await world.ask("POST", "/agents/1002/force/not_ready", "lead")).status_code == 202
    assert code_of(await world.ask("POST", "/agents/1001/force/not_ready", "lead")) == (404, "not_found")
    assert code_of(await world.ask("POST", "/users/a1/unlock", "lead")) == (404, "not_found")
    assert (await world.ask("POST", "/users/a2/unlock", "lead")).status_code == 200
    # c-1 was never theirs, but stood in a queue they serve; c-2 went to one of theirs
    assert [one["id"] for one in (await world.get("/calls", "lead"))["items"]] == ["c-1", "c-2"]
    world.records.kept[DEMO][0] = replace(world.records.kept[DEMO][0], queue="support")  # type: ignore[arg-type]
    assert [one["id"] for one in (await world.get("/calls", "lead"))["items"]] == ["c-2"]
    assert code_of(await world.ask("GET", "/calls/c-1", "lead")) == (404, "not_found")


# --- passwords -----------------------------------------------------------------------------------------------------


async def test_one_changes_ones_own_password_with_the_old_one(world: World) -> None:
    wrong = await world.ask("PUT", "/users/me/password", "a1", json={"old": "guess", "new": "another one"})
    assert code_of(wrong) == (401, "bad_credentials")
    before = {"Authorization": f"Bearer {world.token('a1')}"}
    right = {"old": "secret of a1", "new": "another one"}
    fresh = (await world.ask("PUT", "/users/me/password", headers=before, json=right)).json()
    assert code_of(await world.ask("GET", "/users/me", headers=before)) == (401, "bad_token")
    after = {"Authorization": f"Bearer {fresh['access_token']}"}
    me = await world.get("/users/me", headers=after)
    assert (me["username"], me["permissions"]["calls.see"], me["tenant"]) == ("a1", "own", "demo")
    signing_in = await world.ask("POST", "/auth/token", data={"username": "a1", "password": "another one"})
    assert signing_in.status_code == 200
    deed = world.ledger.deeds("users.password")[0]
    assert (deed.who, deed.object, "another" in repr(deed)) == ("a1", "users/a1", False)


async def test_guessing_at_the_old_password_counts_as_failed_sign_ins(world: World) -> None:
    wrong = {"old": "guess", "new": "another one"}
    for _ in range(5):
        await world.ask("PUT", "/users/me/password", "a1", json=wrong)
    assert code_of(await world.ask("PUT", "/users/me/password", "a1", json=wrong)) == (429, "too_many_failures")


async def test_a_supervisor_resets_a_password_and_the_new_one_is_shown_once(world: World) -> None:
    token = {"Authorization": f"Bearer {world.token('a1')}"}
    made = (await world.ask("POST", "/users/a1/password/reset", "boss", json={"reason": "forgot"})).json()["password"]
    assert len(made) >= 12
    assert code_of(await world.ask("GET", "/users/me", headers=token)) == (401, "bad_token")
    assert (await world.ask("POST", "/auth/token", data={"username": "a1", "password": made})).status_code == 200
    deed = world.ledger.deeds("users.reset_password")[0]
    assert (deed.who, deed.object, deed.reason, made in repr(deed)) == ("boss", "a1/password/reset", "forgot", False)
    given = await world.ask("POST", "/users/a1/password/reset", "boss", json={"password": "chosen for you"})
    assert given.json()["password"] is None
    assert code_of(await world.ask("POST", "/users/boss/password/reset", "boss")) == (403, "not_allowed")
    assert code_of(await world.ask("POST", "/users/a1/password/reset", "a2")) == (403, "not_allowed")


async def test_a_lock_out_is_seen_recorded_and_released(world: World) -> None:
    wrong = {"username": "a1", "password": "guess"}
    for _ in range(5):
        await world.ask("POST", "/auth/token", data=wrong)
    right = {"username": "a1", "password": "secret of a1"}
    assert code_of(await world.ask("POST", "/auth/token", data=right)) == (429, "too_many_failures")
    assert (await world.get("/users/a1", "boss"))["locked"]
    assert [deed.object for deed in world.ledger.deeds("auth.locked_out")] == ["users/a1"]
    assert not (await world.ask("POST", "/users/a1/unlock", "boss", json={"reason": "on the phone"})).json()["locked"]
    assert (await world.ask("POST", "/auth/token", data=right)).status_code == 200
    assert world.ledger.deeds("users.unlock")[0].reason == "on the phone"


# --- the record ----------------------------------------------------------------------------------------------------


async def test_what_changes_others_goes_on_record_and_what_fails_or_only_looks_does_not(world: World) -> None:
    await world.ask("POST", "/agents/1001/force/not_ready", "boss", json={"reason": "午饭"})
    await world.ask("PATCH", "/users/a1", "root", json={"role": "senior_agent", "password": "12345678"})
    await world.ask("PATCH", "/users/nobody", "root", json={"role": "agent"})
    await world.ask("PATCH", "/users/a1", "boss", json={"role": "admin"})
    await world.ask("GET", "/users", "root")
    await world.ask("PUT", "/agents/me/status", "a1", json={"status": "ready"})
    listed = (await world.get("/audit", "root"))["items"]
    assert [(one["who"], one["action"], one["object"], one["reason"]) for one in listed] == [
        ("root", "users.change_user", "a1", ""),
        ("boss", "agents.force", "1001/force/not_ready", "午饭"),
    ]
    assert listed[0]["data"] == {"role": "senior_agent", "password": "***"}
    assert listed[0]["from"] == "127.0.0.1"
    assert listed[0]["prev_hash"] == listed[1]["hash"]
    assert code_of(await world.ask("GET", "/audit", "boss")) == (403, "not_allowed")


async def test_the_record_is_proved_and_a_forged_entry_named(world: World) -> None:
    await world.ask("POST", "/agents/1001/force/not_ready", "boss")
    await world.ask("POST", "/agents/1002/force/not_ready", "boss")
    assert (await world.get("/audit/proof", "root"))["holds"]
    world.ledger.change(1, who="somebody")
    proof = await world.get("/audit/proof", "root")
    assert (proof["holds"], proof["broken"]) == (False, "entry 1 is not as it was written")
