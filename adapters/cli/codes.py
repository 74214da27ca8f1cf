"""`cti reason` and `cti disposition`: what agents may say. A running server follows within a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Annotated, Any, Final

import typer

from adapters.cli.audit import on_record
from adapters.cli.common import Json, Tenant, show, with_store
from adapters.store.codes import Codes
from adapters.store.database import Database
from adapters.store.seed import DEMO
from cti.dispositions import Disposition
from cti.ids import QueueName, TenantId
from cti.reasons import Reason

reason_app = typer.Typer(help="Why agents are not ready.", no_args_is_help=True)
disposition_app = typer.Typer(help="What calls come to.", no_args_is_help=True)

Title = Annotated[str | None, typer.Option(help="In Chinese.")]
TitleEn = Annotated[str | None, typer.Option(help="In English.")]
Active = Annotated[bool | None, typer.Option("--active/--inactive", help="Whether it is in use.")]
Order = Annotated[int | None, typer.Option(help="The lowest stands first.")]
ALL: Final = "all"


def _given(**options: object) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


@reason_app.command("list")
def reason_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    found = with_store(lambda database: Codes(database).reasons(TenantId(tenant)))
    show([asdict(one) for one in found], as_json)


@reason_app.command("set")
def reason_set(
    code: str,
    title: Title = None,
    title_en: TitleEn = None,
    limit: Annotated[int | None, typer.Option(help="Seconds until there is a warning; 0: never.")] = None,
    active: Active = None,
    order: Order = None,
    tenant: Tenant = DEMO,
) -> None:
    """Add a reason, or change what is given of one that is there."""
    given = _given(title=title, title_en=title_en, limit_seconds=limit, active=active, order=order)

    async def work(database: Database) -> None:
        codes, owner = Codes(database), TenantId(tenant)
        old = next((one for one in await codes.reasons(owner) if one.code == code), None)
        await codes.put_reason(owner, replace(old or Reason(code=code), **given), new=old is None)
        await on_record(database, owner, _deed("reasons", "reason", old), code, **given)

    with_store(work)


@reason_app.command("remove")
def reason_remove(code: str, tenant: Tenant = DEMO) -> None:
    """A preset can be made inactive, not removed."""

    async def work(database: Database) -> None:
        await Codes(database).remove_reason(TenantId(tenant), code)
        await on_record(database, TenantId(tenant), "reasons.remove_reason", code)

    with_store(work)


@disposition_app.command("list")
def disposition_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """Each heading, then those below it."""
    found = with_store(lambda database: Codes(database).dispositions(TenantId(tenant)))
    rows = [asdict(one) for one in found]
    show(rows if as_json else [_brief(row) for row in rows], as_json)


def _brief(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "queues": " ".join(row["queues"]) or ALL}


@disposition_app.command("set")
def disposition_set(
    code: str,
    title: Title = None,
    title_en: TitleEn = None,
    parent: Annotated[str | None, typer.Option(help="The heading it stands under; empty: none.")] = None,
    queue: Annotated[list[str] | None, typer.Option(help=f"Whose calls it is for, each; {ALL}: all calls.")] = None,
    active: Active = None,
    order: Order = None,
    tenant: Tenant = DEMO,
) -> None:
    """Add a disposition, or change what is given of one that is there."""
    given = _given(title=title, title_en=title_en, active=active, order=order)
    if parent is not None:
        given["parent"] = parent or None
    if queue:
        given["queues"] = () if queue == [ALL] else tuple(map(QueueName, queue))

    async def work(database: Database) -> None:
        codes, owner = Codes(database), TenantId(tenant)
        old = next((one for one in await codes.dispositions(owner) if one.code == code), None)
        await codes.put_disposition(owner, replace(old or Disposition(code=code), **given), new=old is None)
        await on_record(database, owner, _deed("dispositions", "disposition", old), code, **given)

    with_store(work)


@disposition_app.command("remove")
def disposition_remove(code: str, tenant: Tenant = DEMO) -> None:
    """Only one without others below it; calls of which it was said keep its code."""

    async def work(database: Database) -> None:
        await Codes(database).remove_disposition(TenantId(tenant), code)
        await on_record(database, TenantId(tenant), "dispositions.remove_disposition", code)

    with_store(work)


def _deed(noun: str, what: str, old: object) -> str:
    """What the interface calls it."""
    return f"{noun}.{'add' if old is None else 'change'}_{what}"
