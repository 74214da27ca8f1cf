"""`cti tenant`, `user`, `role`, `team` and `agent`: who there is. A running server follows within a second."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from adapters.asterisk.provisioning import Provisioning
from adapters.cli.audit import on_record
from adapters.cli.common import Json, Tenant, password, settings, show, with_store
from adapters.cli.devices import kind_of, made_phone, with_asterisk
from adapters.sip_edits import refuse_taken
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.directory import Tenant as TenantRow
from adapters.store.passwords import Passwords
from adapters.store.roles import Roles
from adapters.store.seed import DEMO
from adapters.store.users import Users
from cti.errors import NotFound
from cti.ids import AgentNo, DeviceName, QueueName, TenantId
from cti.phones import name_for
from cti.records import AgentProfile
from cti.teams import Team

tenant_app = typer.Typer(help="Tenants.", no_args_is_help=True)
user_app = typer.Typer(help="People who sign in.", no_args_is_help=True)
role_app = typer.Typer(help="Roles and what they may do.", no_args_is_help=True)
team_app = typer.Typer(help="The organisation.", no_args_is_help=True)
agent_app = typer.Typer(help="Agents and the queues they serve.", no_args_is_help=True)


@tenant_app.command("add")
def tenant_add(
    name: str,
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
    timezone: Annotated[str, typer.Option(help="Where its days begin and end.")] = "Asia/Shanghai",
    pop_url: Annotated[str, typer.Option(help="CRM link of a pop: {number} {call} {queue} {agent} {offer}.")] = "",
) -> None:
    """Add a tenant and its first administrator, `<name>-admin`; the password is CTI_ADMIN_PASSWORD, or asked for."""
    secret = settings().admin_password.get_secret_value() or password()
    made = TenantRow(name=TenantId(name), title=title or name, timezone=timezone, pop_url=pop_url)

    async def work(database: Database) -> None:
        await DirectoryStore(database).create_tenant(made)
        await Users(database, Passwords()).create(made.name, f"{name}-admin", secret, "admin")

    with_store(work)


@tenant_app.command("set")
def tenant_set(
    name: str,
    title: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Where its days begin and end.")] = None,
    pop_url: Annotated[str | None, typer.Option(help="CRM link of a pop; empty: none.")] = None,
    tell_supervision: Annotated[
        bool | None,
        typer.Option("--tell-supervision/--hide-supervision", help="Whether agents see who listens to them."),
    ] = None,
) -> None:
    """Change what is given; the running server follows within a second, with the time zone at its next start."""
    given = {"title": title, "timezone": timezone, "pop_url": pop_url, "tell_supervision": tell_supervision}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}

    async def work(database: Database) -> None:
        directory = DirectoryStore(database)
        old = next((one for one in await directory.tenants() if one.name == name), None)
        if old is None:
            raise NotFound(f"there is no tenant {name[:40]}")
        await directory.update_tenant(replace(old, **changes))
        await on_record(database, old.name, "tenants.change_tenant", name, **changes)

    with_store(work)


@tenant_app.command("list")
def tenant_list(as_json: Json = False) -> None:
    found = with_store(lambda database: DirectoryStore(database).tenants())
    show([asdict(one) for one in found], as_json)


@user_app.command("list")
def user_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    found = with_store(lambda database: Users(database, Passwords()).everybody())
    show(
        [
            {"username": u.username, "role": u.role, "agent_no": u.agent_no, "team": u.team, "disabled": u.disabled}
            for u in sorted(found, key=lambda u: u.username)
            if u.tenant == tenant
        ],
        as_json,
    )


@user_app.command("add")
def user_add(
    username: str,
    role: Annotated[str, typer.Option(help="One of those that `cti role list` names.")] = "agent",
    agent_no: Annotated[str | None, typer.Option(help="The agent this user is.")] = None,
    team: Annotated[str | None, typer.Option(help="Where they stand; without one, above all teams.")] = None,
    tenant: Tenant = DEMO,
) -> None:
    """Add a user; the password is asked for, or read from standard input."""
    secret = password()
    agent = None if agent_no is None else AgentNo(agent_no)

    async def work(database: Database) -> None:
        await Users(database, Passwords()).create(TenantId(tenant), username, secret, role, agent, team=team)
        await on_record(database, TenantId(tenant), "users.add_user", username, role=role, agent_no=agent_no, team=team)

    with_store(work)


@user_app.command("password")
def user_password(username: str, tenant: Tenant = DEMO) -> None:
    """Set a new password; tokens given out before are void."""
    secret = password()

    async def work(database: Database) -> None:
        await Users(database, Passwords()).update(TenantId(tenant), username, password=secret)
        await on_record(database, TenantId(tenant), "users.reset_password", username)

    with_store(work)


@user_app.command("remove")
def user_remove(username: str, tenant: Tenant = DEMO) -> None:
    async def work(database: Database) -> None:
        await Users(database, Passwords()).delete(TenantId(tenant), username)
        await on_record(database, TenantId(tenant), "users.remove_user", username)

    with_store(work)


@role_app.command("list")
def role_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """The built-in roles and the tenant's own, with what each may do and how far."""
    found = with_store(lambda database: Roles(database).roles(TenantId(tenant)))
    show(
        [
            {
                "name": role.name,
                "title": role.title,
                "title_en": role.title_en,
                "permissions": " ".join(f"{name}:{scope.word}" for name, scope in role.permissions.items()),
            }
            for role in found.values()
        ],
        as_json,
    )


@team_app.command("list")
def team_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    found = with_store(lambda database: Roles(database).teams(TenantId(tenant)))
    show([asdict(team) for team in found.values()], as_json)


@team_app.command("add")
def team_add(
    name: str,
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
    parent: Annotated[str | None, typer.Option(help="The team above; without one, the tenant itself.")] = None,
    tenant: Tenant = DEMO,
) -> None:
    async def work(database: Database) -> None:
        await Roles(database).create_team(TenantId(tenant), Team(name=name, title=title, parent=parent))
        await on_record(database, TenantId(tenant), "teams.add_team", name, parent=parent)

    with_store(work)


@team_app.command("remove")
def team_remove(name: str, tenant: Tenant = DEMO) -> None:
    """Only one without members and without teams below it."""

    async def work(database: Database) -> None:
        await Roles(database).delete_team(TenantId(tenant), name)
        await on_record(database, TenantId(tenant), "teams.remove_team", name)

    with_store(work)


@agent_app.command("list")
def agent_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    read = with_store(lambda database: DirectoryStore(database).read(TenantId(tenant)))
    show(
        [
            {"agent_no": a.agent_no, "name": a.name, "devices": " ".join(a.devices), "queues": " ".join(a.queues)}
            for a in read.agents
        ],
        as_json,
    )


@agent_app.command("add")
def agent_add(
    agent_no: str,
    name: str,
    device: Annotated[list[str] | None, typer.Option(help="Phones, the preferred first.")] = None,
    queue: Annotated[list[str] | None, typer.Option(help="Queues to serve.")] = None,
    make: Annotated[list[str] | None, typer.Option(help="Phones to make with the agent: desk, web.")] = None,
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Add an agent; without --device the phones are <agent_no> and <agent_no>-web. Secrets of made ones are printed."""
    profile = AgentProfile(
        agent_no=AgentNo(agent_no),
        name=name,
        devices=tuple(DeviceName(d) for d in device or (agent_no, f"{agent_no}-web")),
        queues=tuple(QueueName(q) for q in queue or ()),
    )
    if not make:
        with_store(lambda database: DirectoryStore(database).create_agent(TenantId(tenant), profile))
        return
    kinds = [kind_of(word) for word in dict.fromkeys(make)]

    async def work(database: Database, asterisk: Provisioning) -> list[dict[str, Any]]:
        made = [made_phone(name_for(profile.agent_no, kind), kind) for kind in kinds]
        names = tuple(phone.name for phone, _ in made)
        for name in names:
            await refuse_taken(asterisk, name)
        own = replace(profile, devices=tuple(dict.fromkeys([*names, *map(DeviceName, device or ())])))
        await DirectoryStore(database).create_agent(TenantId(tenant), own, [phone for phone, _ in made])
        await on_record(database, TenantId(tenant), "agents.add_agent", agent_no, phones=list(names))
        return [shown for _, shown in made]

    show(with_asterisk(work), as_json)


@agent_app.command("remove")
def agent_remove(agent_no: str, tenant: Tenant = DEMO) -> None:
    with_store(lambda database: DirectoryStore(database).delete_agent(TenantId(tenant), AgentNo(agent_no)))
