"""`cti list`: the deny and VIP lists, and sheets in and out. A running server follows within a second."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from adapters.cli.common import Json, Tenant, fail, show
from adapters.cli.entry import Desk, do
from adapters.store.seed import DEMO
from cti.entry.sheets import BadSheet
from cti.errors import BadRequest
from cti.ids import TenantId

BY: Final = "cti"
SHOWN: Final = ("id", "number", "match", "target", "priority", "name", "reason", "expires_at")

list_app = typer.Typer(help="The deny and VIP lists.", no_args_is_help=True)

Kind = Annotated[str, typer.Argument(help="vip or deny")]


@list_app.command("show")
def list_show(
    kind: Kind,
    search: Annotated[str, typer.Option(help="Part of a number, name or reason.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Print the newest entries."""
    found = do(lambda desk: desk.lists.list(TenantId(tenant), kind, limit, None, search))
    rows = [dict(one) for one in found.items]
    show(rows if as_json else [{key: one[key] for key in SHOWN} for one in rows], as_json)


@list_app.command("add")
def list_add(
    kind: Kind,
    number: str,
    match: Annotated[str, typer.Option(help="exact, prefix or pattern")] = "exact",
    target: Annotated[str | None, typer.Option(help="Where these callers go.")] = None,
    priority: Annotated[int, typer.Option(help="How early a VIP's turn comes.")] = 0,
    name: str = "",
    reason: str = "",
    expires: Annotated[str, typer.Option(help="Until 2026-10-01 (to its end) or 2026-10-01T18:00.")] = "",
    tenant: Tenant = DEMO,
) -> None:
    """Put a number, a beginning or a pattern on a list."""
    given = {
        "kind": kind,
        "number": number,
        "match": match,
        "target": target,
        "priority": priority,
        "name": name,
        "reason": reason,
    }

    async def work(desk: Desk) -> None:
        until = desk.lists.expiry(TenantId(tenant), expires)
        await desk.lists.put(TenantId(tenant), {**given, "expires_at": until}, by=BY)

    do(work)


@list_app.command("remove")
def list_remove(
    entry: Annotated[str, typer.Argument(help="The id of an entry, as `cti list show` prints it.")],
    tenant: Tenant = DEMO,
) -> None:
    do(lambda desk: desk.lists.remove(TenantId(tenant), entry))


@list_app.command("import")
def list_import(
    kind: Kind,
    file: Annotated[Path, typer.Argument(help="A sheet (CSV), UTF-8 or GB18030.")],
    replace: Annotated[bool, typer.Option("--replace", help="Remove what the sheet lacks.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Import the good lines although others are wrong.")
    ] = False,
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Import a sheet; without --partial one wrong line leaves everything as it was."""
    try:
        data = file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}")

    async def work(desk: Desk) -> Mapping[str, Any]:
        try:
            return await desk.lists.load(TenantId(tenant), kind, data, by=BY, replace=replace, partial=partial)
        except BadSheet as bad:
            for one in bad.problems:
                print(f"{file}:{one.line}: {one.message}", file=sys.stderr)
            raise BadRequest(bad.message) from None

    done = do(work)
    if as_json:
        print(json.dumps(done, ensure_ascii=False, indent=2))
        return
    for one in done["problems"]:
        print(f"{file}:{one['line']}: {one['message']}", file=sys.stderr)
    print(f"{done['imported']} imported, {done['removed']} removed, {done['wrong']} left out")


@list_app.command("export")
def list_export(
    kind: Kind,
    file: Annotated[Path | None, typer.Argument(help="Where to write; without it, to the screen.")] = None,
    tenant: Tenant = DEMO,
) -> None:
    """Write a list as a sheet that spreadsheets open and `cti list import` reads."""

    async def work(desk: Desk) -> None:
        if file is None:
            await _write(desk, sys.stdout.buffer.write)
        else:
            try:
                with file.open("wb") as out:
                    await _write(desk, out.write)
            except OSError as error:
                fail(f"{file}: {error.strerror}")

    async def _write(desk: Desk, write: Callable[[bytes], object]) -> None:
        async for part in desk.lists.sheet(TenantId(tenant), kind):
            write(part)

    do(work)
