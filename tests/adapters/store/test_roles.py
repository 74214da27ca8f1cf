"""Roles made from the built-in ones, teams in a tree, and what follows for users and agents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.passwords import Passwords
from adapters.store.roles import Roles
from adapters.store.users import Users
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import AgentNo, TenantId
from cti.permissions import ROLES, Scope
from cti.records import AgentProfile
from cti.teams import Team, within
from tests.adapters.store.role_story import NIGHT
from tests.adapters.store.story import DEMO

OTHER = TenantId("other")
PASSWORD = "correct horse"


@pytest.fixture
async def roles(database: Database) -> Roles:
    directory = DirectoryStore(database)
    await directory.create_tenant(Tenant(name=OTHER, title="别"))
    for no in ("1001", "1002"):
        await directory.create_agent(DEMO, AgentProfile(agent_no=AgentNo(no), name=no))
    return Roles(database)


async def test_a_tenant_has_the_built_in_roles_and_its_own(roles: Roles) -> None:
    await roles.create_role(DEMO, NIGHT)
    assert list(await roles.roles(DEMO)) == [*ROLES, "night"]
    assert list(await roles.roles(OTHER)) == list(ROLES)
    changed = replace(NIGHT, permissions={"calls.see": Scope.TENANT})
    await roles.update_role(DEMO, changed)
    assert (await roles.roles(DEMO))["night"] == changed


async def test_built_in_roles_are_nobodys_to_change(roles: Roles) -> None:
    for name in ROLES:
        with pytest.raises(Conflict):
            await roles.update_role(DEMO, replace(NIGHT, name=name))
        with pytest.raises(Conflict):
            await roles.delete_role(DEMO, name)
        with pytest.raises(Conflict):
            await roles.create_role(DEMO, replace(NIGHT, name=name))


async def test_a_role_or_team_that_somebody_has_stays(roles: Roles, database: Database) -> None:
    users = Users(database, Passwords())
    await roles.create_role(DEMO, NIGHT)
    await roles.create_team(DEMO, Team(name="north", title=""))
    await users.create(DEMO, "ana", PASSWORD, "night", team="north")
    for refused in (roles.delete_role(DEMO, "night"), roles.delete_team(DEMO, "north")):
        with pytest.raises(Conflict, match="ana"):
            await refused
    ana = await users.update(DEMO, "ana", role="quality", team=None)
    assert (ana.role, ana.team) == ("quality", None)
    await roles.delete_role(DEMO, "night")
    await roles.delete_team(DEMO, "north")
    for gone in (roles.delete_role(DEMO, "night"), roles.delete_team(DEMO, "north")):
        with pytest.raises(NotFound):
            await gone


async def test_a_user_has_a_role_and_a_team_that_exist_in_their_tenant(roles: Roles, database: Database) -> None:
    users = Users(database, Passwords())
    await roles.create_role(OTHER, NIGHT)
    await roles.create_team(OTHER, Team(name="north", title=""))
    for role, team in (("night", None), ("quality", "north"), ("quality", "")):
        with pytest.raises(BadRequest):
            await users.create(DEMO, "ana", PASSWORD, role, team=team)
    with pytest.raises(BadRequest, match="agent_no"):
        await users.create(DEMO, "ana", PASSWORD, "masked_agent")


async def test_teams_are_a_tree_without_circles(roles: Roles) -> None:
    for name, parent in (("north", None), ("harbin", "north"), ("daoli", "harbin"), ("south", None)):
        await roles.create_team(DEMO, Team(name=name, title=name, parent=parent))
    for parent in ("north", "harbin", "daoli", "nowhere"):
        with pytest.raises(BadRequest):
            await roles.update_team(DEMO, Team(name="north", title="", parent=parent))
    await roles.update_team(DEMO, Team(name="harbin", title="哈尔滨", parent="south"))
    teams = await roles.teams(DEMO)
    assert within("south", teams.values()) == {"south", "harbin", "daoli"}
    assert within("north", teams.values()) == {"north"}
    with pytest.raises(Conflict, match="below"):
        await roles.delete_team(DEMO, "harbin")
    assert await roles.teams(OTHER) == {}


async def test_a_name_that_makes_no_sense_is_refused(roles: Roles) -> None:
    for name in ("", "Night", "a b", "../x", "夜班", "x" * 50):
        with pytest.raises(BadRequest):
            await roles.create_role(DEMO, replace(NIGHT, name=name))
        with pytest.raises(BadRequest):
            await roles.create_team(DEMO, Team(name=name, title=""))
    with pytest.raises(NotFound):
        await roles.create_role(TenantId("nobody"), NIGHT)


async def test_an_agents_phone_shows_numbers_as_the_role_of_its_user_says(roles: Roles, database: Database) -> None:
    users = Users(database, Passwords())
    await users.create(DEMO, "ana", PASSWORD, "agent", AgentNo("1001"))
    await users.create(DEMO, "bo", PASSWORD, "masked_agent", AgentNo("1002"))
    directory = DirectoryStore(database)
    assert [one.sees_numbers for one in (await directory.read(DEMO)).agents] == [True, False]
    await users.update(DEMO, "bo", role="agent")
    assert [one.sees_numbers for one in (await directory.read(DEMO)).agents] == [True, True]
