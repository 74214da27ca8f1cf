"""The way to SQLite or PostgreSQL: transactions with deadlines, and one word for "it is away". Knows no tables."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, Executable, Insert, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InvalidRequestError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from adapters.store.columns import from_json, to_json
from adapters.store.failures import StoreAway

READ_SECONDS: Final = 10.0
WRITE_SECONDS: Final = 30.0
_LOCK_SECONDS: Final = 2.0  # how long SQLite waits for somebody else's lock before it says so
_AWAY: Final = (OSError, TimeoutError, NoConnection, asyncpg.PostgresError, asyncpg.InterfaceError)


class Database:
    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        self.engine = _engine(self.url)
        self._writer = self.engine.execution_options(writes=True)

    @property
    def is_sqlite(self) -> bool:
        return self.dialect == "sqlite"

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(self.url.database).absolute() if self.is_sqlite and self.url.database else None

    @asynccontextmanager
    async def reading(self, seconds: float = READ_SECONDS) -> AsyncIterator[AsyncConnection]:
        """A connection to read from; raises `StoreAway` when there is none, or no answer, within `seconds`."""
        async with in_words(seconds), self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, seconds: float = WRITE_SECONDS) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end; raises `StoreAway` and has then changed nothing, or all of it."""
        async with in_words(seconds), self._writer.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self.engine.dispose()


@asynccontextmanager
async def in_words(seconds: float) -> AsyncIterator[None]:
    """Give the block so many seconds, and call every way in which a database can be away `StoreAway`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except _AWAY as failure:
        raise StoreAway(f"the database does not answer: {_why(failure)}") from failure
    except DBAPIError as failure:
        if refuses_the_rows(failure):
            raise
        raise StoreAway(f"the database fails: {_why(failure)}") from failure
    except InvalidRequestError as failure:  # a transaction whose connection was cut under it
        raise StoreAway(f"the database went away: {_why(failure)}") from failure


def _why(failure: BaseException) -> str:
    origin = failure.orig if isinstance(failure, DBAPIError) and failure.orig is not None else failure
    return str(origin).splitlines()[0] if str(origin) else type(origin).__name__


def refuses_the_rows(failure: BaseException) -> bool:
    """Whether the database is well and these very rows are not fit for it; trying again would not help."""
    if isinstance(failure, OverflowError):
        return True
    if not isinstance(failure, StatementError) or isinstance(failure, OperationalError):
        return False
    if not isinstance(failure, DBAPIError):
        return True  # a value that could not even be bound
    if failure.connection_invalidated:
        return False
    state = getattr(failure.orig, "sqlstate", None) or ""
    cause = getattr(failure.orig, "__cause__", None)
    return (
        state[:2] in ("22", "23", "54")  # data, constraint, too large for an index
        or isinstance(cause, asyncpg.DataError)
        or type(failure).__name__ in ("DataError", "IntegrityError")
    )


def _engine(url: URL) -> AsyncEngine:
    # hide_parameters: what callers are called has no place in a log
    words: dict[str, Any] = {"json_serializer": to_json, "json_deserializer": from_json, "hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, connect_args={"timeout": _LOCK_SECONDS}, **words)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=5,
        pool_timeout=5,
        connect_args={"timeout": 5, "command_timeout": WRITE_SECONDS, "server_settings": {"application_name": "cti"}},
        **words,
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; see _begin_sqlite
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: a reader that turns writer half-way is refused without a wait."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@cache
def upsert(dialect: str, table: Table) -> Executable:
    """Insert; where the key is there already, take over everything else."""
    statement = _insert(dialect, table)
    rest = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)


@cache
def insert_new(dialect: str, table: Table) -> Insert:
    """Insert; where the key is there already, do nothing."""
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=list(table.primary_key))


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
