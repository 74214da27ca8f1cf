"""The server's store: takes the database for this process alone, drains what the last run left, and remembers.

What it hands out are the core's own records; what it decides is only the epoch: new when the journal lost something.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Final, Self

import structlog
from sqlalchemy import delete

from adapters.store import lock, meta
from adapters.store.database import Database
from adapters.store.drain import Drain, read_position
from adapters.store.failures import StoreAway, StoreOld
from adapters.store.loading import Remembered, remember
from adapters.store.lock import Lock, Server
from adapters.store.migrate import is_at_head
from adapters.store.queries import Queries
from adapters.store.spool import Spool
from adapters.store.tables import facts
from adapters.store.turn import encode_turn
from cti import engine
from cti.ids import Instant, TenantId
from cti.news import Published

log = structlog.get_logger()

SPOOL_FOLDER: Final = "spool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Everything a run begins with. `next_n` numbers the first line; each later one is one more."""

    epoch: str
    next_n: int
    directory_version: int
    token_key: str
    number_key: str
    tenants: Mapping[TenantId, Remembered]


class Store:
    def __init__(self, database: Database, held: Lock, spool: Spool, drain: Drain) -> None:
        self.database = database
        self.lock = held
        self.spool = spool
        self.drain = drain
        self.queries = Queries(database)

    @classmethod
    async def open(cls, url: str, state_dir: Path, server: Server | None = None) -> Self:
        """Take the database. Raises `StoreTaken` (naming the holder), `StoreOld` or `StoreAway`."""
        database = Database(url)
        held: Lock | None = None
        try:
            if database.file is not None and not database.file.exists():
                raise StoreOld("there is no database yet: run `cti migrate`")
            async with database.reading() as connection:
                if not await is_at_head(connection):
                    raise StoreOld("the database is not at this version: run `cti migrate`")
            held = await lock.take(database, server or Server())
            owner = secrets.token_hex(8)
            async with database.writing() as connection:
                identity = await meta.once(connection, meta.STORE)
                await meta.write(connection, meta.OWNER, owner)
            spool = await asyncio.to_thread(Spool, state_dir / SPOOL_FOLDER, identity)
        except BaseException:
            if held is not None:
                await held.release()
            await database.close()
            raise
        return cls(database, held, spool, Drain(database, spool, owner))

    async def load(self, now: Instant | None = None, seconds: float = 60.0) -> Loaded:
        """Drain what the last run left, settle the epoch, and read what a run begins with. Raises `StoreAway`."""
        if not await self.drain.finish(seconds):
            raise StoreAway("the database does not take what the last run left in the spool")
        if now is None:
            now = Instant(time.time_ns() // 1_000_000)
        async with self.database.writing() as connection:
            position = await read_position(connection)
            epoch = await meta.read(connection, meta.EPOCH)
            why = await self._why_new_epoch(epoch, position.n, await meta.read(connection, meta.GAP))
            if why or epoch is None:
                epoch = "e" + "".join(secrets.choice(ascii_lowercase) for _ in range(8))  # no log masks it as a number
                await meta.write(connection, meta.EPOCH, epoch)
                await meta.write(connection, meta.GAP, "")
                log.warning("store: a new epoch", epoch=epoch, why=why)
            loaded = Loaded(
                epoch=epoch,
                next_n=max(position.n, self.spool.last_n) + 1,
                directory_version=int(await meta.read(connection, meta.VERSION) or 0),
                token_key=await meta.once(connection, meta.TOKEN_KEY),
                number_key=await meta.once(connection, meta.NUMBER_KEY),
                tenants=await remember(connection, now),
            )
        await asyncio.to_thread(self.spool.begin)
        return loaded

    async def _why_new_epoch(self, epoch: str | None, drained: int, gap: str | None) -> str:
        if epoch is None:
            return "a new database"
        if gap:
            return "lines are missing in the journal"
        if self.spool.tail_doubtful:
            return "the machine stopped before the newest lines were safe on its disk"
        if drained > self.spool.last_n:
            return "the spool's files are older than the database"
        return ""

    async def caught_up(self, seconds: float) -> bool:
        """Wait until a read sees everything that has happened before now; False when that takes too long."""
        return await self.drain.caught_up(seconds)

    async def after(self, tenant: TenantId, seq: int, limit: int) -> Sequence[Published]:
        """The published events that follow `seq`, in order, without gaps; `caught_up` first for the newest."""
        return await self.queries.after(tenant, seq, limit)

    def journal(self, turn: engine.Turn) -> None:
        """Put a turn on record, at once and without waiting; the engine's `Carriers.journal`."""
        self.spool.append(encode_turn(turn))

    async def prune_facts(self, older_than: Instant) -> int:
        """Empty the black box of what is older; returns how many facts went."""
        async with self.database.writing() as connection:
            done = await connection.execute(delete(facts).where(facts.c.at < older_than))
            return done.rowcount

    async def run(self) -> None:
        """Everything that runs as long as the server does; for a TaskGroup. Raises `StoreTaken`."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.drain.run(), name="store drain")
            tasks.create_task(self.spool.run(), name="spool sync")
            tasks.create_task(self.lock.watch(), name="store lock")

    async def close(self, seconds: float = 5.0) -> None:
        """After `run` was cancelled: carry over the rest if the database takes it in time, and let go."""
        try:
            await self.drain.finish(seconds)
        finally:
            await asyncio.to_thread(self.spool.close)
            await self.lock.release()
            await self.database.close()
