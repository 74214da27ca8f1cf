"""`cti import places` and `cti export places`: where numbers are from, where a tenant knows better than the library."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.common import Json, Tenant, fail, show, with_store
from adapters.store.database import Database
from adapters.store.places import PlaceStore
from adapters.store.seed import DEMO
from cti.entry import place_sheets
from cti.entry.sheets import BadSheet
from cti.errors import BadRequest
from cti.ids import TenantId


def places_import(
    file: Annotated[Path, typer.Argument(help="A sheet (CSV) `prefix,place`, UTF-8 or GB18030: 1990571,浙江省杭州市")],
    replace: Annotated[bool, typer.Option("--replace", help="Remove what the sheet lacks.")] = False,
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Say where numbers that begin so are from; one wrong line leaves everything as it was."""
    try:
        data = file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    try:
        sheet = place_sheets.read(data)
        if sheet.wrong:
            for one in sheet.problems:
                print(f"{file}:{one.line}: {one.message}", file=sys.stderr)
            raise BadSheet(sheet)
    except BadRequest as bad:
        fail(f"nothing is imported: {bad.message}")
    removed = with_store(lambda database: PlaceStore(database).load(TenantId(tenant), sheet.rows, replace=replace))
    if as_json:
        show([{"imported": len(sheet.rows), "removed": removed}], as_json)
    else:
        print(f"{len(sheet.rows)} imported, {removed} removed")


def places_export(
    file: Annotated[Path | None, typer.Argument(help="Where to write; without it, to the screen.")] = None,
    tenant: Tenant = DEMO,
) -> None:
    """Write what was imported as a sheet that spreadsheets open and `cti import places` reads."""

    async def work(database: Database) -> None:
        if file is None:
            await _write(database, sys.stdout.buffer.write)
        else:
            try:
                with file.open("wb") as out:
                    await _write(database, out.write)
            except OSError as error:
                fail(f"{file}: {error.strerror}")

    async def _write(database: Database, write: Callable[[bytes], object]) -> None:
        write(place_sheets.header())
        async for rows in PlaceStore(database).everything(TenantId(tenant)):
            write(place_sheets.written(rows))

    with_store(work)
