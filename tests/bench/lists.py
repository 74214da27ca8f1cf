"""Rows *list*: a million numbers on the deny list, read from the database into memory, and looked up for each call."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Final

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.list_reading import apart, read_lists
from adapters.store.migrate import migrate
from cti.entry.lists import Lists
from cti.ids import Instant, TenantId
from tests.bench.ring import Row, p99

DEMO: Final = TenantId("demo")
ENTRIES: Final = 1_000_000
PREFIXES: Final = 2_000
PATTERNS: Final = 200
CALLS: Final = 100_000
NOW: Final = Instant(1_790_000_000_000)
LOAD_AT_MOST: Final = 10.0
LOOKUP_AT_MOST: Final = 20.0


async def measure() -> list[Row]:
    """Fill a database, load it as a server does at its start while somebody watches the loop, and look callers up."""
    with tempfile.TemporaryDirectory(prefix="cti-lists-") as folder:
        url = f"sqlite+aiosqlite:///{folder}/cti.db"
        await migrate(url)
        database = Database(url)
        await DirectoryStore(database).create_tenant(Tenant(name=DEMO, title="x"))
        await database.close()
        fill(Path(folder) / "cti.db")
        seconds, worst, lists = await load(url)
    micros = sorted(look_up(lists))
    print(  # noqa: T201
        f"lists: {len(lists)} entries in {seconds:.1f} s, the loop late by at most {worst:.1f} ms; "
        f"look-up median {micros[len(micros) // 2]:.1f} p99 {p99(micros):.1f} worst {micros[-1]:.0f} µs",
        flush=True,
    )
    return [
        row("list_load", seconds, "s", LOAD_AT_MOST),
        row("list_lookup", p99(micros), "µs", LOOKUP_AT_MOST),
    ]


def row(name: str, value: float, unit: str, at_most: float) -> Row:
    """There is nobody to compare with: the reference is what was promised."""
    return Row(name, round(value, 2), unit, at_most, round(value / at_most, 2), at_most, value <= at_most)


def number(chance: random.Random) -> str:
    return f"1{chance.choice('3456789')}{chance.randrange(10**9):09d}"


def entries(chance: random.Random) -> Iterator[tuple[str, str]]:
    for _ in range(ENTRIES):
        yield "exact", number(chance)
    for _ in range(PREFIXES):
        yield "prefix", number(chance)[: chance.randrange(4, 9)]
    for _ in range(PATTERNS):
        yield "pattern", f"{number(chance)[:5]}XX{chance.randrange(100):02d}*"


def fill(file: Path) -> None:
    chance = random.Random(7)
    with sqlite3.connect(file) as connection:
        rows = []
        for n, (match, text) in enumerate(entries(chance)):
            rows.append(("demo", "deny", text, 0, "", f"reason {n % 50}", n, None, f"{n:016x}", match, "hangup", "", 1))
        places = ", ".join("?" * len(rows[0]))
        columns = "tenant, kind, number, priority, name, reason, added_at, expires_at, id, match, target, added_by"
        insert = f"insert or ignore into list_entries ({columns}, revision) values ({places})"
        connection.executemany(insert, rows)
    connection.close()


async def load(url: str) -> tuple[float, float, Lists]:
    """Seconds, the worst lateness of a loop that serves calls meanwhile (ms), and the lists."""
    worst, running = 0.0, True

    async def watch() -> None:
        nonlocal worst
        while running:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            worst = max(worst, time.perf_counter() - began - 0.005)

    watching = asyncio.create_task(watch())
    began = time.perf_counter()
    _, found = await apart(url, lambda database: read_lists(database, None, Event()))
    seconds = time.perf_counter() - began
    running = False
    await watching
    whole = found[DEMO].whole
    assert whole is not None
    return seconds, worst * 1000, whole


def look_up(lists: Lists) -> list[float]:
    """Microseconds of each look-up of callers who mostly are on no list, each number new to every cache."""
    chance, took = random.Random(11), []
    for caller in [number(chance) for _ in range(CALLS)]:
        began = time.perf_counter_ns()
        lists.find(f"+86{caller}", NOW)
        took.append((time.perf_counter_ns() - began) / 1000)
    return took
