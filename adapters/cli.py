"""The `cti` command: serve, migrate, doctor, lab, people and queues. Exit 0 is well, 1 failed, 2 wrong usage."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from importlib.metadata import version as installed
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from adapters import logs
from adapters.asterisk.numbers import written
from adapters.doctor import Check, examine
from adapters.lab import people as cast
from adapters.lab.failures import LabFailure
from adapters.lab.fetch import fetch
from adapters.lab.place import place
from adapters.lab.robots import one_caller
from adapters.lab.up import down, status, up
from adapters.settings import BadSettings, Loaded, Settings, load
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.directory import Tenant as TenantRow
from adapters.store.failures import StoreFailure
from adapters.store.migrate import migrate
from adapters.store.passwords import Passwords
from adapters.store.seed import DEMO, seed_demo
from adapters.store.users import Users
from cti.errors import Refused
from cti.ids import AgentNo, DeviceName, QueueName, TenantId
from cti.records import AgentProfile, QueueSettings
from cti.routing import strategies

T = TypeVar("T")

app = typer.Typer(help="Telephony control server for call centres on Asterisk.", no_args_is_help=True)
lab_app = typer.Typer(help="The lab: an Asterisk of your own, in a folder.", no_args_is_help=True)
user_app = typer.Typer(help="People who sign in.", no_args_is_help=True)
agent_app = typer.Typer(help="Agents and the queues they serve.", no_args_is_help=True)
queue_app = typer.Typer(help="Queues and how they choose.", no_args_is_help=True)
tenant_app = typer.Typer(help="Tenants.", no_args_is_help=True)
config_app = typer.Typer(help="Settings and where they come from.", no_args_is_help=True)
app.add_typer(lab_app, name="lab")
app.add_typer(user_app, name="user")
app.add_typer(agent_app, name="agent")
app.add_typer(queue_app, name="queue")
app.add_typer(config_app, name="config")
app.add_typer(tenant_app, name="tenant")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose data.")]
out = Console()


def fail(why: str) -> NoReturn:
    print(f"cti: {why}", file=sys.stderr)
    raise typer.Exit(1)


def settings() -> Settings:
    return loaded().settings


def loaded() -> Loaded:
    try:
        return load()
    except BadSettings as wrong:
        print(f"cti: {wrong}", file=sys.stderr)
        raise typer.Exit(2) from None


def show(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(*(rows[0] if rows else ("nothing",)))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    out.print(table)


def with_store(work: Callable[[Database], Awaitable[T]]) -> T:
    """Do something with the database; a running server notices within a second."""

    async def go() -> T:
        database = Database(settings().database_url)
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        return asyncio.run(go())
    except (Refused, StoreFailure) as failure:
        fail(str(failure))


# --- running -------------------------------------------------------------------------------------------------------


@app.command()
def serve() -> None:
    """Run the server in the foreground."""
    from adapters import main  # the server's own libraries take a second to load; no other command needs them

    found = settings()
    logs.set_up(found.log_level, found.log_format)
    try:
        main.run(found)
    except main.CannotStart as why:
        fail(str(why))


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database to this version."""
    try:
        asyncio.run(migrate(settings().database_url))
    except StoreFailure as failure:
        fail(str(failure))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Look at everything the server needs, and print what to paste where something is wrong."""
    found = settings()

    async def go() -> list[Check]:
        checks = []
        async for check in examine(found):
            checks.append(check)
            if not as_json:
                _print_check(check)
        return checks

    checks = asyncio.run(go())
    if as_json:
        print(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=2))
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _print_check(check: Check) -> None:
    mark = "[green]ok  [/green]" if check.ok else "[red]FAIL[/red]"
    out.print(f"{mark} {check.name}: {check.says}", highlight=False, soft_wrap=True)
    for line in check.paste.splitlines():
        out.print(f"       {line}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def version(as_json: Json = False) -> None:
    """Print the version."""
    number = installed("cti-server")
    print(json.dumps({"version": number}) if as_json else number)


@config_app.command("show")
def config_show(as_json: Json = False) -> None:
    """Print each setting and where it came from; secrets are masked."""
    show([{"setting": n, "value": v, "origin": o} for n, v, o in loaded().rows()], as_json)


# --- the lab -------------------------------------------------------------------------------------------------------


@lab_app.command("up")
def lab_up() -> None:
    """Start the lab's Asterisk and return when it is booted."""
    try:
        up(place(), print)
    except LabFailure as failure:
        fail(str(failure))


@lab_app.command("down")
def lab_down() -> None:
    """Stop the lab's Asterisk."""
    down(place())


@lab_app.command("status")
def lab_status(as_json: Json = False) -> None:
    """Say whether the lab's Asterisk is up."""
    found = status(place())
    if found is None:
        print(json.dumps(None) if as_json else "down")
        raise typer.Exit(1)
    print(json.dumps(asdict(found), default=str) if as_json else f"up, pid {found.pid}")


@lab_app.command("call")
def lab_call(
    dialled: Annotated[str, typer.Argument(help="4001, for example.")],
    number: Annotated[str, typer.Option("--from", help="The caller's number.")] = "13800001234",
    name: Annotated[str, typer.Option(help="The caller's name.")] = "张伟明",
    seconds: Annotated[int, typer.Option(help="How long the caller stays.")] = 60,
) -> None:
    """Call in from the trunk, and return when the call is over."""
    if any(sign in word for word in (dialled, number, name) for sign in ';"\r\n'):
        fail("no quotes, semicolons or line breaks")
    where = place()
    try:
        code = one_caller(where, fetch(where.root), dialled, number, name, seconds)
    except LabFailure as failure:
        fail(str(failure))
    print("the call is over" if code == 0 else "the call did not come about: is the lab up?")
    raise typer.Exit(min(code, 1))


@lab_app.command("seed")
def lab_seed() -> None:
    """Make the demonstration's tenant from the lab's credentials; what people changed stays."""
    file = place().folder / "credentials.json"
    if not file.is_file():
        fail(f"{file} is not there: run `cti lab up` first")
    credentials = json.loads(file.read_text(encoding="utf-8"))
    everybody = (*cast.AGENTS, cast.SUPERVISOR, *cast.ROBOTS)
    names = {person.agent_no: person.name for person in everybody}
    vips = [(written(number), name) for number, name in cast.VIP_CALLERS]
    with_store(lambda database: seed_demo(database, Passwords(), credentials, names, vips))


@tenant_app.command("add")
def tenant_add(
    name: str,
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
    timezone: Annotated[str, typer.Option(help="Where its days begin and end.")] = "Asia/Shanghai",
    pop_url: Annotated[str, typer.Option(help="CRM link of a pop: {number} {call} {queue} {agent} {offer}.")] = "",
) -> None:
    """Add a tenant and its first administrator, `<name>-admin`; the password is CTI_ADMIN_PASSWORD, or asked for."""
    password = settings().admin_password.get_secret_value() or _password()
    made = TenantRow(name=TenantId(name), title=title or name, timezone=timezone, pop_url=pop_url)

    async def work(database: Database) -> None:
        await DirectoryStore(database).create_tenant(made)
        await Users(database, Passwords()).create(made.name, f"{name}-admin", password, "admin")

    with_store(work)


@tenant_app.command("list")
def tenant_list(as_json: Json = False) -> None:
    found = with_store(lambda database: DirectoryStore(database).tenants())
    show([asdict(one) for one in found], as_json)


# --- people and queues ---------------------------------------------------------------------------------------------


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
    password = _password()
    agent = None if agent_no is None else AgentNo(agent_no)
    with_store(lambda database: Users(database, Passwords()).create(TenantId(tenant), username, password, role, agent))


@user_app.command("password")
def user_password(username: str, tenant: Tenant = DEMO) -> None:
    """Set a new password; tokens given out before are void."""
    password = _password()
    with_store(lambda database: Users(database, Passwords()).update(TenantId(tenant), username, password=password))


@user_app.command("remove")
def user_remove(username: str, tenant: Tenant = DEMO) -> None:
    with_store(lambda database: Users(database, Passwords()).delete(TenantId(tenant), username))


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


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


@queue_app.command("list")
def queue_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    read = with_store(lambda database: DirectoryStore(database).read(TenantId(tenant)))
    show([asdict(queue) for queue in read.queues], as_json)


Strategy = Annotated[str, typer.Option(help=", ".join(strategies))]
Ring = Annotated[int, typer.Option(help="Seconds an agent's phone rings.")]
Acw = Annotated[int, typer.Option(help="Seconds of after-call work.")]
Window = Annotated[str, typer.Option(help="What the strategies count: day, week or month.")]


@queue_app.command("add")
def queue_add(
    name: str,
    title: str = "",
    strategy: Strategy = "least_calls",
    ring_seconds: Ring = 15,
    acw_seconds: Acw = 10,
    window: Window = "day",
    tenant: Tenant = DEMO,
) -> None:
    made = QueueSettings(
        name=QueueName(name),
        title=title or name,
        strategy=strategy,
        ring_seconds=ring_seconds,
        acw_seconds=acw_seconds,
        window=window,
    )
    with_store(lambda database: DirectoryStore(database).create_queue(TenantId(tenant), made))


@queue_app.command("set")
def queue_set(
    name: str,
    title: Annotated[str | None, typer.Option()] = None,
    strategy: Annotated[str | None, typer.Option(help=", ".join(strategies))] = None,
    ring_seconds: Annotated[int | None, typer.Option()] = None,
    acw_seconds: Annotated[int | None, typer.Option()] = None,
    window: Annotated[str | None, typer.Option()] = None,
    tenant: Tenant = DEMO,
) -> None:
    """Change what is given; the running server follows within a second."""
    given = {
        "title": title,
        "strategy": strategy,
        "ring_seconds": ring_seconds,
        "acw_seconds": acw_seconds,
        "window": window,
    }
    changes = {key: value for key, value in given.items() if value is not None}
    with_store(
        lambda database: DirectoryStore(database).update_queue(TenantId(tenant), QueueName(name), changes),
    )


@queue_app.command("remove")
def queue_remove(name: str, tenant: Tenant = DEMO) -> None:
    with_store(lambda database: DirectoryStore(database).delete_queue(TenantId(tenant), QueueName(name)))


@queue_app.command("members")
def queue_members(name: str, agents: list[str], tenant: Tenant = DEMO) -> None:
    """Say who serves a queue; whoever is not named no longer does."""
    members = [AgentNo(no) for no in agents]
    with_store(lambda database: DirectoryStore(database).set_members(TenantId(tenant), QueueName(name), members))


if __name__ == "__main__":
    app()
