"""One server to a database. The second one is told who the first is. Knows nothing of what they write.

SQLite: an flock on a file beside the database, which the kernel lets go of with the process. PostgreSQL: an advisory
lock on a connection of its own, whose application name says who holds it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from adapters.store.database import Database, in_words
from adapters.store.failures import StoreAway, StoreTaken

log = structlog.get_logger()

_LOCK: Final = 0x637469_0001  # "cti": one lock for the whole database
_CHECK_SECONDS: Final = 5.0
_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 10.0
_NAME_BYTES: Final = 63  # PostgreSQL cuts an application name here

_HOLDER: Final = text(
    "select a.application_name from pg_locks l join pg_stat_activity a on a.pid = l.pid"
    " where l.locktype = 'advisory' and l.granted and l.objsubid = 1"
    " and l.database = (select oid from pg_database where datname = current_database())"
    " and (l.classid::bigint << 32 | l.objid::bigint) = :lock"
)


@dataclass(frozen=True, slots=True)
class Server:
    """Who holds a database, in words for whoever comes second."""

    name: str = "cti"
    pid: int = 0
    host: str = "localhost"
    port: int = 0

    def __str__(self) -> str:
        return f"{self.name} pid={self.pid} port={self.port} host={self.host}".encode()[:_NAME_BYTES].decode(
            "utf-8", "ignore"
        )


class Lock(Protocol):
    async def watch(self) -> None:
        """Keep the lock; raises `StoreTaken` when somebody else has got it."""

    async def release(self) -> None: ...


async def take(database: Database, server: Server) -> Lock:
    """Become the one server of this database, or raise `StoreTaken` with the name of the one there is."""
    if database.file is not None:
        return FileLock(database.file, server)
    return await PostgresLock.take(database.url, server)


def _taken(holder: str) -> StoreTaken:
    return StoreTaken(f"another server works on this database: {holder or 'it has not said who it is'}")


class FileLock:
    def __init__(self, database: Path, server: Server) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._fd, 200, 0).decode("utf-8", "replace").strip()
            os.close(self._fd)
            raise _taken(holder) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{server}\n".encode(), 0)

    async def watch(self) -> None:
        await asyncio.Event().wait()  # the kernel keeps it as long as we live

    async def release(self) -> None:
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = -1


class PostgresLock:
    def __init__(self, engine: AsyncEngine, connection: AsyncConnection) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = connection

    @classmethod
    async def take(cls, url: URL, server: Server) -> PostgresLock:
        settings = {
            "application_name": str(server),
            "tcp_keepalives_idle": "10",  # a holder whose machine went dark lets go within half a minute
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
        }
        engine = create_async_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": _CONNECT_SECONDS, "command_timeout": 10, "server_settings": settings},
        )
        try:
            return cls(engine, await cls._connect(engine))
        except BaseException:
            await engine.dispose()
            raise

    @staticmethod
    async def _connect(engine: AsyncEngine) -> AsyncConnection:
        async with in_words(_ANSWER_SECONDS):
            connection = await engine.connect()
            try:
                if await connection.scalar(text("select pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
                    return connection
                holder = await connection.scalar(_HOLDER, {"lock": _LOCK})
            except BaseException:
                await connection.close()
                raise
            await connection.close()
        raise _taken(holder or "")

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            await self.check()

    async def check(self) -> None:
        """Ask whether the connection lives; take the lock anew when it does not."""
        if self._connection is not None:
            try:
                async with in_words(_ANSWER_SECONDS):
                    await self._connection.execute(text("select 1"))
                return
            except StoreAway:
                lost, self._connection = self._connection, None
                await _close(lost)
        try:
            self._connection = await self._connect(self._engine)
            log.info("store: the database's lock is ours again")
        except StoreAway as failure:
            log.warning("store: the database's lock is lost while the database is away", why=str(failure))

    async def release(self) -> None:
        if self._connection is not None:
            await _close(self._connection)
            self._connection = None
        await self._engine.dispose()


async def _close(connection: AsyncConnection) -> None:
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await connection.close()
    except (SQLAlchemyError, OSError, TimeoutError):
        pass  # it was dead already
