"""`cti queue`: where callers wait, and for whom. A running server follows within a second."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from adapters.cli.common import Json, Tenant, show, with_store
from adapters.store.directory import DirectoryStore
from adapters.store.seed import DEMO
from cti.ids import AgentNo, QueueName, TenantId
from cti.records import QueueSettings
from cti.routing import strategies

queue_app = typer.Typer(help="Queues and how they choose.", no_args_is_help=True)


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
