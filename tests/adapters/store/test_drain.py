"""Each line reaches the database exactly once, whatever dies, stands still or refuses in between."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import drain as draining
from adapters.store import meta
from adapters.store.database import Database
from adapters.store.drain import Drain, Position
from adapters.store.failures import StoreAway, StoreTaken
from adapters.store.store import Store
from adapters.store.tables import facts, legs, offers, segments
from tests.adapters.store.conftest import Opener, make_database
from tests.adapters.store.postgres import Postgres
from tests.adapters.store.story import DEMO, NOON, a_call, news, running, seqs, tell, turn, until


class Crash(Exception):
    """The process ends here."""


async def test_a_crash_between_rows_and_position_changes_nothing(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as store:
        await store.load(NOON)
        tell(store, 1, 5)

        async def crash(connection: AsyncConnection, key: str, value: str) -> None:
            raise Crash

        with monkeypatch.context() as patch:
            patch.setattr(meta, "write", crash)
            with pytest.raises(Crash):
                await store.drain.step()
        assert await seqs(store) == []
        assert await store.drain.finish(10)
        assert await seqs(store) == [1, 2, 3, 4, 5]


async def test_a_commit_nobody_heard_of_is_found_in_the_database(
    opened: Opener, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as store:
        await store.load(NOON)
        tell(store, 1, 5)
        real, failed = store.database.writing, False

        @asynccontextmanager
        async def deaf(seconds: float = 1) -> AsyncIterator[AsyncConnection]:
            nonlocal failed
            async with real(seconds) as connection:
                yield connection
            if not failed:
                failed = True
                raise StoreAway("the line went dead after the commit")

        monkeypatch.setattr(store.database, "writing", deaf)
        assert await store.drain.finish(10)
        assert failed
        assert await seqs(store) == [1, 2, 3, 4, 5]
        assert store.drain.position.n == 5


async def test_draining_again_from_the_start_changes_nothing(opened: Opener, database: Database) -> None:
    async with opened() as store:
        await store.load(NOON)
        for n in range(1, 8):
            store.journal(turn(n, news(n), calls=[a_call(n)]))
        assert await store.drain.finish(10)
        async with database.writing() as connection:
            await meta.write(connection, meta.POSITION, "{}")

        again = Drain(store.database, store.spool, store.drain.owner, batch=3)
        assert await again.finish(10)
        assert again.position.n == 7
        assert await seqs(store) == list(range(1, 8))
        async with database.reading() as connection:
            for table, each in ((facts, 1), (legs, 2), (segments, 2), (offers, 2)):
                rows = await connection.scalar(select(func.count()).select_from(table).where(table.c.tenant == DEMO))
                assert rows == 7 * each


async def test_a_small_batch_leaves_room_for_ringing_phones_and_a_backlog_takes_what_it_gets(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    real = asyncio.sleep

    async def rested(seconds: float) -> None:
        rests.append(seconds)
        await real(0)

    async with opened() as store:
        await store.load(NOON)
        monkeypatch.setattr("adapters.store.drain.asyncio.sleep", rested)
        tell(store, 1, 20)
        assert await store.drain.step() == 20
        assert rests
        assert min(rests) > 0, "the processor is given away for a moment"

        rests.clear()
        tell(store, 21, 40)
        waits = asyncio.create_task(store.caught_up(5))
        await real(0)
        assert await store.drain.step() == 20
        assert await waits
        assert set(rests) == {0}, "somebody waited for these rows"

        rests.clear()
        tell(store, 41, 540)
        assert await store.drain.step() == 500
        assert set(rests) == {0}


async def test_the_position_never_goes_back(opened: Opener) -> None:
    async with opened() as store:
        await store.load(NOON)
        tell(store, 1, 700, size=50)
        seen: list[Position] = []
        while await store.drain.step():
            seen.append(store.drain.position)
        assert [one.n for one in seen] == [500, 700]


async def test_lines_that_are_refused_are_put_aside_and_the_others_stand(opened: Opener, tmp_path: Path) -> None:
    async with opened() as store:
        first = await store.load(NOON)
        tell(store, 1, 3)
        store.journal(turn(4, news(4), calls=[a_call(4, priority=1 << 70)]))
        store.journal(turn(5, news(5, data={"huge": 1 << 62}), calls=[a_call(5)]))
        store.journal(turn(6, news(1 << 65)))
        assert await store.drain.finish(10)

        assert await seqs(store) == [1, 2, 3, 5]
        assert store.drain.spoilt == 2
        assert store.drain.position.n == 6
        assert await store.caught_up(1)
        aside = (tmp_path / "state" / "spool" / "aside.lines").read_bytes()
        assert aside.count(b"\n") == 2
    async with opened() as store:
        assert (await store.load(NOON)).epoch != first.epoch


async def test_very_long_keys_are_cut_and_not_refused(opened: Opener) -> None:
    call = a_call(1, dialled="1" * 5_000, name="名" * 5_000)
    async with opened() as store:
        await store.load(NOON)
        store.journal(turn(1, calls=[call]))
        assert await store.drain.finish(10)
        found = await store.queries.call(DEMO, call.id)
        assert found is not None
        assert (len(found.dialled), len(found.name)) == (200, 5_000)
        assert store.drain.spoilt == 0


async def test_whoever_waits_is_not_kept_for_a_batch(opened: Opener) -> None:
    async with opened() as store:
        await store.load(NOON)
        store.drain.gather = 3600
        async with running(store):
            tell(store, 1, 2)
            assert await store.caught_up(10)
            assert await seqs(store) == [1, 2]
            tell(store, 3, 3)
            assert await asyncio.gather(*(store.caught_up(10) for _ in range(20))) == [True] * 20


async def test_another_owner_of_the_database_ends_this_one(opened: Opener, database: Database) -> None:
    async with opened() as store:
        await store.load(NOON)
        async with database.writing() as connection:
            await meta.write(connection, meta.OWNER, "somebody else")
        tell(store, 1, 1)
        with pytest.raises(StoreTaken):
            await store.drain.finish(10)
        store.drain.owner = "somebody else"
        assert await store.drain.finish(10)


async def test_a_locked_sqlite_database_loses_nothing(
    tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.store.database._LOCK_SECONDS", 0.05)
    file = shutil.copy(migrated, tmp_path / "cti.db")
    store = await Store.open(f"sqlite+aiosqlite:///{file}", tmp_path / "state")
    await store.load(NOON)
    backup = sqlite3.connect(file, isolation_level=None)
    backup.execute("BEGIN IMMEDIATE")
    async with running(store):
        tell(store, 1, 50)
        await until(lambda: store.drain.behind_since is not None)
        assert not await store.caught_up(0.05)
        assert store.drain.backlog_bytes > 0
        tell(store, 51, 100)
        backup.execute("ROLLBACK")
        assert await store.caught_up(20)
        assert store.drain.behind_since is None
        assert store.drain.backlog_bytes == 0
        assert await seqs(store) == list(range(1, 101))
    backup.close()
    await store.close()


@pytest.fixture
async def postgres_store(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(await make_database(postgres), tmp_path / "state")
    await store.load(NOON)
    yield store
    await store.close()


async def test_a_stopped_postgresql_loses_nothing(postgres: Postgres, postgres_store: Store) -> None:
    store = postgres_store
    async with running(store):
        tell(store, 1, 20)
        assert await store.caught_up(10)
        await asyncio.to_thread(postgres.stop)
        tell(store, 21, 60)
        await until(lambda: store.drain.behind_since is not None, 20)
        with pytest.raises(StoreAway):
            await seqs(store)
        tell(store, 61, 100)
        postgres.start()  # from this thread: it dies with the one that started it
        assert await store.caught_up(30)
        assert await seqs(store) == list(range(1, 101))


async def test_a_postgresql_that_stands_still_holds_nobody_up(
    postgres: Postgres, postgres_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "_WRITE_SECONDS", 0.5)
    store = postgres_store
    loop = asyncio.get_running_loop()
    async with running(store):
        tell(store, 1, 20)
        assert await store.caught_up(10)
        postgres.pause()
        try:
            tell(store, 21, 60)
            asked = loop.time()
            assert not await store.caught_up(0.2)
            assert loop.time() - asked < 1
            await until(lambda: store.drain.behind_since is not None, 20)
        finally:
            postgres.go_on()
        assert await store.caught_up(30)
        assert await seqs(store) == list(range(1, 61))


async def test_connections_cut_by_the_server_are_made_anew(postgres: Postgres, postgres_store: Store) -> None:
    store = postgres_store
    async with running(store):
        for n in range(1, 6):
            tell(store, n, n)
            assert await store.caught_up(10)
            async with store.database.engine.connect() as connection:
                cut: Any = text("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
                await connection.execute(cut)
        assert await seqs(store) == [1, 2, 3, 4, 5]


async def test_what_trickles_in_is_gathered_and_not_taken_line_by_line(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as store:
        await store.load(NOON)
        store.drain.gather = 3600
        real, written = store.database.writing, 0

        @asynccontextmanager
        async def meanwhile(seconds: float = 1) -> AsyncIterator[AsyncConnection]:
            nonlocal written
            written += 1
            tell(store, written + 1, written + 1)
            async with real(seconds) as connection:
                yield connection

        with monkeypatch.context() as patch:
            patch.setattr(store.database, "writing", meanwhile)
            async with running(store):
                tell(store, 1, 1)
                assert await store.caught_up(10)
                ticks = iter(range(20))
                await until(lambda: next(ticks, None) is None)
                assert written == 1
                assert await store.caught_up(10)
                assert written == 2
