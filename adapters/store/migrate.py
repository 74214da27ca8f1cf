"""Brings a database to the version of this code, and says whether it is there. The steps are in migrations/."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.database import Database
from adapters.store.failures import StoreAway

_HERE: Final = Path(__file__).resolve().parent
_MIGRATION_LOCK: Final = 0x637469_0002  # "cti", for pg_advisory_xact_lock


def scripts() -> Path:
    """The folder of the steps: in an installed wheel beside this file, in a checkout at its root."""
    for folder in (_HERE / "migrations", _HERE.parent.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise FileNotFoundError("migrations/ is neither in the package nor in the checkout")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest version that this code knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


async def migrate(url: str, to: str = "head") -> None:
    """Bring the database up to `to`; two at once wait for each other. Raises `StoreAway`."""
    database = Database(url)
    if database.file is not None:
        _make(database.file)
    try:
        async with database.writing(seconds=600) as connection:
            if not database.is_sqlite:
                await connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            await connection.run_sync(_upgrade, to)
    finally:
        await database.close()


def _make(file: Path) -> None:
    """A file for its owner alone: it holds customers' numbers. What SQLite puts beside it is alike."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as failure:
        raise StoreAway(f"{file} cannot be made: {failure.strerror}") from None


async def downgrade(url: str, to: str = "base") -> None:
    """Take the database back to `to`, and lose what the newer tables held."""
    database = Database(url)
    try:
        async with database.writing(seconds=600) as connection:
            await connection.run_sync(_downgrade, to)
    finally:
        await database.close()


async def at_head(url: str) -> bool:
    """Whether the database is at the version this code was written for. Raises `StoreAway`."""
    database = Database(url)
    if database.file is not None and not database.file.exists():
        return False
    try:
        async with database.reading() as connection:
            return await is_at_head(connection)
    finally:
        await database.close()


async def is_at_head(connection: AsyncConnection) -> bool:
    return await connection.run_sync(_current) == head()


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection, to: str) -> None:
    command.upgrade(_config(connection), to)


def _downgrade(connection: Connection, to: str) -> None:
    command.downgrade(_config(connection), to)
