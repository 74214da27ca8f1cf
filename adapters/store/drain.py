"""Carries the spool into the database, in batches, each line exactly once, however often either of them is away.

The position stands in the same transaction as the rows, so the outcome of a commit that nobody heard of is read there.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, TypeAlias

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta
from adapters.store.database import Database, refuses_the_rows
from adapters.store.failures import StoreAway, StoreTaken
from adapters.store.spool import Spool
from adapters.store.tail import Place, Tail
from adapters.store.turn import Turn, decode_turn, number_of
from adapters.store.writes import write_turns
from cti.ids import Instant

log = structlog.get_logger()

BATCH: Final = 500
GATHER_SECONDS: Final = 0.25
_DECODE_AT_ONCE: Final = 6
_REST_SECONDS: Final = 0.001
"""Between two pieces of work, so that whoever needs this processor gets it: Asterisk, for a phone that is to ring."""
_WRITE_SECONDS: Final = 10.0
_BACK_OFF: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


Lines: TypeAlias = list[tuple[bytes, Place]]


class Position(msgspec.Struct, frozen=True):
    """How far the database has come: the number of the last turn, and where in the files the next one begins."""

    n: int = 0
    place: Place = Place()


class Drain:
    """`owner` is the server that took the database; when another one has, this one stops writing."""

    def __init__(
        self, database: Database, spool: Spool, owner: str = "", *, batch: int = BATCH, gather: float = GATHER_SECONDS
    ) -> None:
        self.database = database
        self.spool = spool
        self.owner = owner
        self.batch = batch
        self.gather = gather
        self.position = Position()
        self.behind_since: Instant | None = None
        """Since when the database takes nothing, or None."""
        self.spoilt = 0
        """Lines put aside because no database would take them, or because they were no lines."""
        self._tail: Tail | None = None
        self._appended = asyncio.Event()
        self._hurry = asyncio.Event()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._forgotten = 0
        self._behind = False
        self._singly = 0  # how many lines are taken one at a time, because one of them was refused
        spool.on_append = self._appended.set

    @property
    def backlog_bytes(self) -> int:
        """What the database has not got yet, in the files and in memory."""
        place = self._tail.place if self._tail is not None else self.position.place
        return self.spool.bytes_after(place.serial, place.offset)

    async def caught_up(self, seconds: float) -> bool:
        """Wait until the database has everything that was appended before now; False when that takes too long."""
        target = self.spool.last_n
        if self.position.n >= target:
            return True
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((target, done))
        self._hurry.set()
        self._appended.set()
        try:
            async with asyncio.timeout(seconds):
                await done
        except TimeoutError:
            return False
        finally:
            self._waiting = [one for one in self._waiting if one[1] is not done]
        return True

    async def run(self) -> None:
        """For a TaskGroup; raises only `StoreTaken`."""
        while True:
            await self._appended.wait()
            self._appended.clear()
            await self._gather()
            while await self._patient_step() >= self.batch:
                pass  # less than a batch is for the next round: taking line by line what trickles in costs a processor

    async def _gather(self) -> None:
        """Let a batch come together, unless somebody waits for it."""
        if self._waiting:
            return
        self._hurry.clear()
        try:
            async with asyncio.timeout(self.gather):
                await self._hurry.wait()
        except TimeoutError:
            pass

    async def finish(self, seconds: float | None = None) -> bool:
        """Carry over all there is, trying for ever or for so many seconds; True when everything is in the database."""
        try:
            async with asyncio.timeout(seconds):
                while await self._patient_step():
                    pass
        except TimeoutError:
            return False
        return True

    async def _patient_step(self) -> int:
        """A step, tried until the database takes it."""
        failed = 0
        while True:
            try:
                return await self.step()
            except StoreAway as failure:
                self._note_failure(failure)
                await asyncio.sleep(_BACK_OFF[min(failed, len(_BACK_OFF) - 1)])
                failed += 1

    def _note_failure(self, failure: StoreAway) -> None:
        self._tail = None  # the next step asks the database where it stands
        if self.behind_since is None:
            self.behind_since = Instant(time.time_ns() // 1_000_000)
            log.warning("store: the database is away; the spool keeps everything", why=str(failure))

    async def step(self) -> int:
        """One batch; returns how many lines were dealt with. Raises `StoreAway`, and has then lost nothing."""
        tail = self._tail or await self._find_place()
        lines = await asyncio.to_thread(tail.read, 1 if self._singly else self.batch)
        if not lines:
            self._caught_up_to(self.position)
            return 0
        self._singly = max(self._singly - 1, 0)
        self._behind = len(lines) == self.batch
        turns = await self._decode(lines)
        try:
            position = await self._write(turns, lines)
        except Exception as failure:
            if not refuses_the_rows(failure):
                raise
            if len(lines) > 1:
                self._singly = len(lines)
                return self.batch  # again, at once
            await self._put_aside(lines[0][0], failure)
            position = await self._write([], lines)
        self._caught_up_to(position)
        await self._forget()
        return self.batch if self._singly else len(lines)

    async def _decode(self, lines: Lines) -> list[Turn]:
        turns: list[Turn] = []
        for i, (line, _place) in enumerate(lines):
            if i and i % _DECODE_AT_ONCE == 0:
                await self._rest()
            try:
                turns.append(decode_turn(line))
            except ValueError as failure:
                await self._put_aside(line, failure)
        return turns

    async def _rest(self) -> None:
        """Let a ringing phone go first; for a while, unless there is a backlog or somebody waits for these rows."""
        await asyncio.sleep(0 if self._behind or self._waiting else _REST_SECONDS)

    async def _find_place(self) -> Tail:
        async with self.database.reading() as connection:
            self.position = await read_position(connection)
        self._tail = Tail(self.spool, self.position.place)
        return self._tail

    async def _write(self, turns: list[Turn], lines: Lines) -> Position:
        """Write what the database has not got of these; `turns` are those of `lines` that are fit."""
        last, place = lines[-1]
        async with self.database.writing(_WRITE_SECONDS) as connection:
            before = await read_position(connection, lock=True)
            if (await meta.read(connection, meta.OWNER) or "") != self.owner:
                raise StoreTaken("another server has taken this database over; this one stops writing")
            fresh = [turn for turn in turns if turn.n > before.n]
            await write_turns(connection, fresh, self._rest)
            if has_gap(before.n, fresh) or len(turns) < len(lines):
                await meta.write(connection, meta.GAP, str(before.n))
            after = Position(max(before.n, _number(last)), place)
            await meta.write(connection, meta.POSITION, msgspec.json.encode(after).decode())
        return after

    def _caught_up_to(self, position: Position) -> None:
        if self.behind_since is not None:
            log.info("store: the database is back", behind_since=self.behind_since)
            self.behind_since = None
        self.position = position
        if self._tail is not None and position.place.serial:
            self._tail.place = position.place
        for n, done in self._waiting:
            if n <= position.n and not done.done():
                done.set_result(None)

    async def _forget(self) -> None:
        if self.position.place.serial > self._forgotten:
            self._forgotten = self.position.place.serial
            await asyncio.to_thread(self.spool.forget_before, self._forgotten)

    async def _put_aside(self, line: bytes, failure: Exception) -> None:
        self.spoilt += 1
        log.error("store: a line was put aside", why=str(failure).splitlines()[0], n=_number(line))
        path = self.spool.folder / "aside.lines"

        def keep() -> None:
            with path.open("ab") as file:
                file.write(line + b"\n")

        await asyncio.to_thread(keep)


def _number(line: bytes) -> int:
    try:
        return number_of(line)
    except ValueError:
        return 0


def has_gap(before: int, turns: list[Turn]) -> bool:
    """Whether a turn is missing between these and what the database had."""
    expected = before + 1
    for turn in turns:
        if turn.n != expected:
            return True
        expected += 1
    return False


async def read_position(connection: AsyncConnection, *, lock: bool = False) -> Position:
    text = await meta.read(connection, meta.POSITION, lock=lock)
    return msgspec.json.decode(text, type=Position) if text else Position()
