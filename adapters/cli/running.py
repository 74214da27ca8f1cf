"""`cti serve`, `migrate`, `doctor`, `version`, `config show`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from importlib.metadata import version as installed
from typing import Annotated

import typer

from adapters import logs
from adapters.cli.common import Json, Tenant, fail, loaded, out, settings, show
from adapters.cli.entry import At, number_test
from adapters.doctor import Check, examine
from adapters.store.failures import StoreFailure
from adapters.store.migrate import head, migrate
from adapters.store.seed import DEMO

app = typer.Typer()
config_app = typer.Typer(help="Settings and where they come from.", no_args_is_help=True)


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
def migrate_command(as_json: Json = False) -> None:
    """Bring the database to this version."""
    try:
        asyncio.run(migrate(settings().database_url))
    except StoreFailure as failure:
        fail(str(failure))
    if as_json:
        print(json.dumps({"version": head()}))


@app.command()
def doctor(
    number: Annotated[str, typer.Option(help="Instead, say where this number leads: as `cti number test`.")] = "",
    caller: Annotated[str, typer.Option(help="Who calls it.")] = "",
    at: At = None,
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Look at everything the server needs, and print what to paste where something is wrong."""
    if number:
        number_test(number, caller, at, tenant, as_json)
        return
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
