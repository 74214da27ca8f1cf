"""`cti queue` and `cti skill`: where callers wait and for whom. A running server follows within a second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Annotated, Any, Final

import typer

from adapters.cli.audit import on_record
from adapters.cli.common import Json, Tenant, fail, show, with_store
from adapters.people import spoken
from adapters.prompts import refuse_silence
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.seed import DEMO
from adapters.store.skills import Skill, Skills
from cti.ids import AgentNo, QueueName, TenantId
from cti.records import QueueSettings
from cti.routing import strategies

queue_app = typer.Typer(help="Queues and how they choose.", no_args_is_help=True)
skill_app = typer.Typer(help="Skills, and who has them.", no_args_is_help=True)

_PLAIN: Final = ("name", "title", "strategy", "ring_seconds", "acw_seconds", "window")
_DEFAULTS: Final[Mapping[str, Any]] = asdict(QueueSettings(name=QueueName("x")))
_MORE: Final = ", ".join(one.name for one in fields(QueueSettings) if one.name not in _PLAIN)


@queue_app.command("list")
def queue_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """The queues; --json has all their settings."""
    read = with_store(lambda database: DirectoryStore(database).read(TenantId(tenant)))
    rows = [asdict(queue) for queue in read.queues]
    show(rows if as_json else [_brief(row) for row in rows], as_json)


def _brief(row: Mapping[str, Any]) -> dict[str, Any]:
    """What every queue has, and what this one has besides."""
    more = [f"{name}={row[name]}" for name, default in _DEFAULTS.items() if name not in _PLAIN and row[name] != default]
    return {**{name: row[name] for name in _PLAIN}, "more": " ".join(more)}


Strategy = Annotated[str, typer.Option(help=", ".join(strategies))]
Ring = Annotated[int, typer.Option(help="Seconds an agent's phone rings.")]
Acw = Annotated[int, typer.Option(help="Seconds of after-call work.")]
Window = Annotated[str, typer.Option(help="What the strategies count: day, week or month.")]
More = Annotated[list[str] | None, typer.Option("--set", help=f"setting=value, as often as needed: {_MORE}")]


def _more(given: Iterable[str]) -> dict[str, Any]:
    """`setting=value` as the setting wants it; a comma parts the entries of a list."""
    found: dict[str, Any] = {}
    for one in given:
        name, _, text = one.partition("=")
        if name in _PLAIN or name not in _DEFAULTS:
            fail(f"{name!r} is no setting; there are {_MORE}")
        match _DEFAULTS[name]:
            case bool():
                if text not in ("yes", "no"):
                    fail(f"{name} is yes or no")
                found[name] = text == "yes"
            case int():
                if not text.lstrip("-").isdecimal():
                    fail(f"{name} is a whole number")
                found[name] = int(text)
            case tuple():
                found[name] = tuple(filter(None, text.split(",")))
            case _:
                found[name] = text
    return found


@queue_app.command("add")
def queue_add(
    name: str,
    title: str = "",
    strategy: Strategy = "least_calls",
    ring_seconds: Ring = 15,
    acw_seconds: Acw = 10,
    window: Window = "day",
    more: More = None,
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
    made = replace(made, **_more(more or ()))

    async def work(database: Database) -> None:
        await refuse_silence(database, TenantId(tenant), spoken(made))
        await DirectoryStore(database).create_queue(TenantId(tenant), made)
        await on_record(database, TenantId(tenant), "queues.add_queue", name)

    with_store(work)


@queue_app.command("set")
def queue_set(
    name: str,
    title: Annotated[str | None, typer.Option()] = None,
    strategy: Annotated[str | None, typer.Option(help=", ".join(strategies))] = None,
    ring_seconds: Annotated[int | None, typer.Option()] = None,
    acw_seconds: Annotated[int | None, typer.Option()] = None,
    window: Annotated[str | None, typer.Option()] = None,
    more: More = None,
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
    changes = {**{key: value for key, value in given.items() if value is not None}, **_more(more or ())}

    async def work(database: Database) -> None:
        named = [*changes.get("comfort_prompts", ()), *filter(None, [changes.get("whisper")])]
        await refuse_silence(database, TenantId(tenant), named)
        await DirectoryStore(database).update_queue(TenantId(tenant), QueueName(name), changes)
        await on_record(database, TenantId(tenant), "queues.change_queue", name, **changes)

    with_store(work)


@queue_app.command("remove")
def queue_remove(name: str, tenant: Tenant = DEMO) -> None:
    """Remove a queue; refused while something leads to it."""

    async def work(database: Database) -> None:
        await DirectoryStore(database).delete_queue(TenantId(tenant), QueueName(name))
        await on_record(database, TenantId(tenant), "queues.remove_queue", name)

    with_store(work)


@queue_app.command("members")
def queue_members(name: str, agents: list[str], tenant: Tenant = DEMO) -> None:
    """Say who serves a queue; whoever is not named no longer does."""
    members = [AgentNo(no) for no in agents]

    async def work(database: Database) -> None:
        await DirectoryStore(database).set_members(TenantId(tenant), QueueName(name), members)
        await on_record(database, TenantId(tenant), "queues.change_members", name, members=members)

    with_store(work)


@skill_app.command("list")
def skill_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    found = with_store(lambda database: Skills(database).list(TenantId(tenant)))
    show([asdict(one) for one in found], as_json)


@skill_app.command("add")
def skill_add(name: str, title: str = "", tenant: Tenant = DEMO) -> None:
    """Add a skill, or call it something else."""

    async def work(database: Database) -> None:
        await Skills(database).put(TenantId(tenant), Skill(name=name, title=title))
        await on_record(database, TenantId(tenant), "skills.add_skill", name, title=title)

    with_store(work)


@skill_app.command("remove")
def skill_remove(name: str, tenant: Tenant = DEMO) -> None:
    """Agents who had it have it no more."""

    async def work(database: Database) -> None:
        await Skills(database).remove(TenantId(tenant), name)
        await on_record(database, TenantId(tenant), "skills.remove_skill", name)

    with_store(work)


@skill_app.command("give")
def skill_give(
    agent_no: str,
    skill: str,
    level: Annotated[int, typer.Argument(help="1 to 10; 0 takes it away.")],
    tenant: Tenant = DEMO,
) -> None:
    """Say how well an agent does something."""

    async def work(database: Database) -> None:
        directory, owner = DirectoryStore(database), TenantId(tenant)
        old = next((one for one in (await directory.read(owner)).agents if one.agent_no == agent_no), None)
        levels = {**({} if old is None else old.skills), skill: level}
        await directory.update_agent(
            owner, AgentNo(agent_no), skills={name: one for name, one in levels.items() if one or name != skill}
        )
        await on_record(database, owner, "agents.change_agent", agent_no, skills={skill: level})

    with_store(work)
