"""One server to a database; the second is refused and told who the first is."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.store.database import Database
from adapters.store.failures import StoreAway, StoreOld, StoreTaken
from adapters.store.lock import PostgresLock, Server
from adapters.store.migrate import migrate
from adapters.store.store import Store
from tests.adapters.store.conftest import make_database
from tests.adapters.store.postgres import Postgres
from tests.adapters.store.story import NOON

FIRST = Server("cti serve", 4711, "pbx-1.example", 8080)


async def test_a_second_server_is_refused_and_told_of_the_first(url: str, tmp_path: Path) -> None:
    first = await Store.open(url, tmp_path / "one", FIRST)
    with pytest.raises(StoreTaken, match=r"cti serve pid=4711 port=8080 host=pbx-1.example") as refused:
        await Store.open(url, tmp_path / "two", Server("cti serve", 4712))
    assert refused.value.code == "store_taken"
    await first.load(NOON)
    await first.close()

    second = await Store.open(url, tmp_path / "two", Server("cti serve", 4712))
    await second.close()


async def test_two_databases_do_not_know_each_other(url: str, empty_url: str, tmp_path: Path, kind: str) -> None:
    if kind == "sqlite":
        empty_url = empty_url.replace("cti.db", "other.db")
    await migrate(empty_url)
    first = await Store.open(url, tmp_path / "one", FIRST)
    second = await Store.open(empty_url, tmp_path / "two", FIRST)
    await first.close()
    await second.close()


async def test_the_lock_of_a_killed_server_is_free_at_once(migrated: Path, tmp_path: Path) -> None:
    file = shutil.copy(migrated, tmp_path / "cti.db")
    code = (
        "import sys; from pathlib import Path; from adapters.store.lock import FileLock, Server\n"
        f"held = FileLock(Path({str(file)!r}), Server('cti serve', 1)); print('held', flush=True); sys.stdin.read()"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"held\n"
    with pytest.raises(StoreTaken):
        await Store.open(f"sqlite+aiosqlite:///{file}", tmp_path / "state")
    child.kill()
    await child.communicate()
    store = await Store.open(f"sqlite+aiosqlite:///{file}", tmp_path / "state")
    await store.close()


async def test_a_database_that_is_not_at_head_is_refused(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreOld, match="cti migrate"):
        await Store.open(empty_url, tmp_path / "state")


async def test_a_database_that_is_not_there_is_away(tmp_path: Path) -> None:
    with pytest.raises(StoreAway):
        await Store.open(f"postgresql+asyncpg://cti@/cti?host={tmp_path}", tmp_path / "state")


async def test_a_lost_lock_is_taken_again_unless_somebody_else_was_faster(postgres: Postgres, tmp_path: Path) -> None:
    url = await make_database(postgres)
    store = await Store.open(url, tmp_path / "one", FIRST)
    assert isinstance(store.lock, PostgresLock)
    await _cut(store.database)
    await store.lock.check()
    with pytest.raises(StoreTaken):
        await Store.open(url, tmp_path / "two")

    await _cut(store.database)
    second = await Store.open(url, tmp_path / "two", Server("cti serve", 2))
    with pytest.raises(StoreTaken, match="pid=2"):
        await store.lock.check()
    await store.close()
    await second.close()


async def _cut(database: Database) -> None:
    own = "application_name like 'cti serve pid=4711%'"
    async with database.engine.connect() as connection:
        await connection.execute(text(f"select pg_terminate_backend(pid) from pg_stat_activity where {own}"))
