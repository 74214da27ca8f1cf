"""`cti tenant`, `user` and `agent`: who there is. A running server follows within a second."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from adapters.cli.common import Json, Tenant, password, settings, show, with_store
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.directory import Tenant as TenantRow
from adapters.store.passwords import Passwords
from adapters.store.seed import DEMO
from adapters.store.users import Users
from cti.ids import AgentNo, DeviceName, QueueName, TenantId
from cti.records import AgentProfile

tenant_app = typer.Typer(help="Tenants.", no_args_is_help=True)
user_app = typer.Typer(help="People who sign in.", no_args_is_help=True)
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


@tenant_app.command("list")
def tenant_list(as_json: Json = False) -> None:
    found = with_store(lambda database: DirectoryStore(database).tenants())
    show([asdict(one) for one in found], as_json)


@user_app.command("list")
def user_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    found = with_store(lambda database: Users(database, Passwords()).everybody())
    show(
        [
            {"username": u.username, "role": u.role, "agent_no": u.agent_no, "disabled": u.disabled}
            for u in sorted(found, key=lambda u: u.username)
            if u.tenant == tenant
        ],
        as_json,
    )


@user_app.command("add")
def user_add(
    username: str,
    role: Annotated[str, typer.Option(help="agent, supervisor, admin or api")] = "agent",
    agent_no: Annotated[str | None, typer.Option(help="The agent this user is.")] = None,
    tenant: Tenant = DEMO,
) -> None:
    """Add a user; the password is asked for, or read from standard input."""
    secret = password()
    agent = None if agent_no is None else AgentNo(agent_no)
    with_store(lambda database: Users(database, Passwords()).create(TenantId(tenant), username, secret, role, agent))


@user_app.command("password")
def user_password(username: str, tenant: Tenant = DEMO) -> None:
    """Set a new password; tokens given out before are void."""
    secret = password()
    with_store(lambda database: Users(database, Passwords()).update(TenantId(tenant), username, password=secret))


@user_app.command("remove")
def user_remove(username: str, tenant: Tenant = DEMO) -> None:
    with_store(lambda database: Users(database, Passwords()).delete(TenantId(tenant), username))


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
    tenant: Tenant = DEMO,
) -> None:
    """Add an agent; without --device the phones are <agent_no> and <agent_no>-web."""
    profile = AgentProfile(
        agent_no=AgentNo(agent_no),
        name=name,
        devices=tuple(DeviceName(d) for d in device or (agent_no, f"{agent_no}-web")),
        queues=tuple(QueueName(q) for q in queue or ()),
    )
    with_store(lambda database: DirectoryStore(database).create_agent(TenantId(tenant), profile))


@agent_app.command("remove")
def agent_remove(agent_no: str, tenant: Tenant = DEMO) -> None:
    with_store(lambda database: DirectoryStore(database).delete_agent(TenantId(tenant), AgentNo(agent_no)))
