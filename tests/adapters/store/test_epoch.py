"""The epoch: the same over every restart, and new when the journal lost something that people may have seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.store import meta
from adapters.store.database import Database
from adapters.store.store import Store
from tests.adapters.store.story import DEMO, NOON, killed, newest_segment, news, seqs, tell, turn


async def _start(url: str, tmp_path: Path) -> tuple[Store, str]:
    store = await Store.open(url, tmp_path / "state")
    return store, (await store.load(NOON)).epoch


@pytest.fixture
def demo(database: Database) -> Database:
    return database


async def test_it_survives_kill_9_and_so_does_every_line(url: str, demo: Database, tmp_path: Path) -> None:
    store, first = await _start(url, tmp_path)
    tell(store, 1, 300)
    await killed(store)

    store, again = await _start(url, tmp_path)
    assert again == first
    assert not any(sign.isdigit() for sign in first[1:]), "a log would mask it as a number"
    assert await seqs(store) == list(range(1, 301))
    tell(store, 301, 310)
    await store.close()

    store, third = await _start(url, tmp_path)
    assert third == first
    assert await seqs(store) == list(range(1, 311))
    await store.close()


async def test_a_torn_last_line_was_never_told_to_anybody(url: str, demo: Database, tmp_path: Path) -> None:
    store, first = await _start(url, tmp_path)
    tell(store, 1, 3)
    os.write(store.spool._fd, b'{"n":4,"at":1')
    await killed(store)

    store, again = await _start(url, tmp_path)
    assert again == first
    loaded = await store.load(NOON)
    assert loaded.next_n == 4
    tell(store, 4, 4)
    await store.drain.finish(10)
    assert await seqs(store) == [1, 2, 3, 4]
    await store.close()


async def test_it_is_new_when_the_machine_died(
    url: str, demo: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, first = await _start(url, tmp_path)
    tell(store, 1, 3)
    await killed(store)
    monkeypatch.setattr("adapters.store.spool.boot_id", lambda: "another start")

    store, again = await _start(url, tmp_path)
    assert again != first
    await killed(store)

    store, third = await _start(url, tmp_path)
    assert third == again
    await store.close()


async def test_it_is_new_when_the_files_are_gone(url: str, demo: Database, tmp_path: Path) -> None:
    store, first = await _start(url, tmp_path)
    tell(store, 1, 3)
    await store.close()
    newest_segment(tmp_path / "state").unlink()

    store, again = await _start(url, tmp_path)
    assert again != first
    assert (await store.load(NOON)).next_n == 4
    await store.close()


async def test_it_is_new_after_lines_were_lost_on_a_full_disk(url: str, demo: Database, tmp_path: Path) -> None:
    store, first = await _start(url, tmp_path)
    store.journal(turn(1, news(1)))
    store.journal(turn(3, news(3)))
    await store.close()

    store, again = await _start(url, tmp_path)
    assert again != first
    assert await seqs(store) == [1, 3]
    await store.close()

    store, third = await _start(url, tmp_path)
    assert third == again
    await store.close()


async def test_it_is_new_when_the_database_is_an_older_copy(url: str, demo: Database, tmp_path: Path) -> None:
    store, first = await _start(url, tmp_path)
    tell(store, 1, 9)
    await store.close()
    for old in (tmp_path / "state" / "spool").glob("*.spool"):
        if old != newest_segment(tmp_path / "state"):
            old.unlink()
    async with demo.writing() as connection:
        await connection.execute(text("delete from journal where seq > 5 and tenant = :tenant"), {"tenant": DEMO})
        await meta.write(connection, meta.POSITION, '{"n":5}')

    store, again = await _start(url, tmp_path)
    assert again == first, "the spool still has what the copy lacks"
    assert await seqs(store) == list(range(1, 10))
    await store.close()


async def test_a_line_that_is_none_is_put_aside_and_ends_the_epoch(url: str, demo: Database, tmp_path: Path) -> None:
    store, first = await _start(url, tmp_path)
    tell(store, 1, 2)
    store.spool.append(b"\0\0\0 not a line")
    tell(store, 3, 4)
    await store.close()

    store, again = await _start(url, tmp_path)
    assert again != first
    assert await seqs(store) == [1, 2, 3, 4]
    assert (tmp_path / "state" / "spool" / "aside.lines").read_bytes() == b"\0\0\0 not a line\n"
    await store.close()
