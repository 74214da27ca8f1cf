"""`cti audit`: the record of who did what, and the proof that it is as it was written."""

from __future__ import annotations

import getpass
import time
from typing import Annotated, Any

import typer

from adapters.cli.common import Json, Tenant, fail, show, with_store
from adapters.store.audit import AuditStore, Sought
from adapters.store.database import Database
from adapters.store.seed import DEMO
from cti.audit import Deed, Entry
from cti.ids import Instant, TenantId
from cti.shapes import stamp

audit_app = typer.Typer(help="Who did what.", no_args_is_help=True)


async def on_record(
    database: Database, tenant: TenantId, action: str, name: str, *, reason: str = "", **data: object
) -> None:
    """Put on record what was done at the command line, as `cli:<login>`."""
    deed = Deed(
        tenant=tenant,
        at=Instant(time.time_ns() // 1_000_000),
        who=f"cli:{_login()}",
        action=action,
        object=name,
        reason=reason,
        data=data,
    )
    await AuditStore(database).append(tenant, [deed])


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "unknown"


@audit_app.command("verify")
def audit_verify(
    tenant: Tenant = DEMO,
    head: Annotated[str, typer.Option(help="The head of an earlier proof: it must still be there.")] = "",
) -> None:
    """Read the whole chain; exit 1 and say where it is broken if it does not hold."""
    proof = with_store(lambda database: AuditStore(database).verify(TenantId(tenant)))
    if proof.broken is not None:
        fail(f"the record of {tenant} does not hold: {proof.broken}")
    if head and not with_store(lambda database: AuditStore(database).has(TenantId(tenant), head)):
        fail(f"the record of {tenant} was rewritten: it no longer has {head}")
    print(f"the record of {tenant} holds: {proof.entries} entries, head {proof.head}")


@audit_app.command("list")
def audit_list(
    tenant: Tenant = DEMO,
    search: Annotated[str, typer.Option(help="In who, from where, what, to what, why.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """The newest entries first."""
    page = with_store(
        lambda database: AuditStore(database).entries(TenantId(tenant), Sought(search=search), limit=limit)
    )
    show([_row(entry, as_json) for entry in page.items], as_json)


def _row(entry: Entry, whole: bool) -> dict[str, Any]:
    deed = entry.deed
    row: dict[str, Any] = {
        "id": entry.id,
        "at": stamp(deed.at),
        "who": deed.who,
        "from": deed.origin,
        "action": deed.action,
        "object": deed.object,
        "reason": deed.reason,
    }
    return {**row, "data": dict(deed.data), "prev_hash": entry.prev_hash, "hash": entry.hash} if whole else row
