"""Fresh databases of both kinds: every promise about the store is kept on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest

from adapters.store.database import Database
from adapters.store.migrate import migrate
from adapters.store.store import Store
from tests.adapters.store.postgres import Postgres
from tests.adapters.store.story import make_tenant

Opener: TypeAlias = Callable[[], AbstractAsyncContextManager[Store]]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres.create()
    try:
        asyncio.run(migrate(asyncio.run(make_database(server, "template0", "template_cti"))))
        yield server
    finally:
        server.remove()


async def make_database(server: Postgres, template: str = "template_cti", name: str = "") -> str:
    name = name or server.new_name()
    connection = await asyncpg.connect(host=str(server.folder), user="cti", database="postgres")
    await connection.execute(f'create database "{name}" template "{template}"')
    await connection.close()
    return server.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def template(kind: str, request: pytest.FixtureRequest) -> Postgres | Path:
    """Where fresh databases of this kind come from."""
    source: Postgres | Path = request.getfixturevalue("migrated" if kind == "sqlite" else "postgres")
    return source


@pytest.fixture
async def empty_url(template: Postgres | Path, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if isinstance(template, Postgres):
        return await make_database(template, "template0")
    return f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"


@pytest.fixture
async def url(template: Postgres | Path, tmp_path: Path) -> str:
    """A migrated database without rows."""
    if isinstance(template, Postgres):
        return await make_database(template, "template_cti")
    shutil.copy(template, tmp_path / "cti.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """A migrated database with the tenant `demo`."""
    found = Database(url)
    await make_tenant(found)
    yield found
    await found.close()


@pytest.fixture
def opened(database: Database, url: str, tmp_path: Path) -> Opener:
    """Opens the store like a server that starts; leaving it is a clean end."""

    @asynccontextmanager
    async def open_it() -> AsyncIterator[Store]:
        store = await Store.open(url, tmp_path / "state")
        try:
            yield store
        finally:
            await store.close()

    return open_it
