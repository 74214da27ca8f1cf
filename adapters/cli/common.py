"""What the commands share: settings, the database, tables or JSON, and how they fail."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from adapters.settings import BadSettings, Loaded, Settings, load
from adapters.store.database import Database
from adapters.store.failures import StoreFailure
from cti.errors import Refused

T = TypeVar("T")


Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose data.")]
out = Console()
to_pipe: Final = Console(width=10_000)
"""A file or a pipe has no width to cut lines to."""


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
    table = Table(*(Column(name, overflow="fold") for name in (rows[0] if rows else ("nothing",))))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    print_table(table)


def print_table(table: Table) -> None:
    (out if out.is_terminal else to_pipe).print(table)


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


def password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
