"""A real process, really killed: what it had put on record before it told anybody is there afterwards."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from adapters.store.database import Database
from adapters.store.failures import StoreTaken
from adapters.store.store import Store
from tests.adapters.store.story import NOON, seqs

ENGINE = """
import asyncio, sys
from pathlib import Path
from adapters.store.failures import StoreTaken
from adapters.store.store import Store
from tests.adapters.store.story import NOON, tell, tick

async def main(url, state):
    store = await Store.open(url, Path(state))
    n = (await store.load(NOON)).next_n
    running = asyncio.create_task(store.run())
    while not running.done():
        tell(store, n, n, size=200)
        print(n, flush=True)  # told to somebody
        n += 1
        await tick()
    await running

asyncio.run(main(*sys.argv[1:]))
"""


async def run_and_kill(url: str, state: Path, lines: int) -> list[int]:
    """Start an engine, let it tell so many lines, kill it without warning; returns what it told."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ENGINE, url, str(state), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert child.stdout is not None
    told = [await child.stdout.readline() for _ in range(lines)]
    child.kill()
    told += (await child.stdout.read()).splitlines(keepends=True)
    await child.wait()
    return [int(line) for line in told if line.strip().isdigit() and line.endswith(b"\n")]


async def test_everything_told_is_in_the_database_after_three_kills(
    url: str, database: Database, tmp_path: Path
) -> None:
    state, told, epochs = tmp_path / "state", [0], set()
    for lines in (40, 700, 2500):
        told += await run_and_kill(url, state, lines)
        store = await _open(url, state)
        epochs.add((await store.load(NOON)).epoch)
        kept = await seqs(store)
        assert kept == list(range(1, len(kept) + 1)), "in order, once, without a gap"
        assert len(kept) in (told[-1], told[-1] + 1), "the last line may have been on record and not yet told"
        await store.close()
    assert len(epochs) == 1


async def _open(url: str, state: Path) -> Store:
    """The lock in PostgreSQL is free as soon as it has noticed that the other end is gone."""
    for _ in range(100):
        try:
            return await Store.open(url, state)
        except StoreTaken:
            pass
    raise AssertionError("the dead server still holds the lock")
