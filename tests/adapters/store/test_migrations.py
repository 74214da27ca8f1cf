"""The steps of migrations/ go up, down and up again, and lead to the very tables that the code knows."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

from adapters.store import migrate as migration
from adapters.store.database import Database
from adapters.store.failures import StoreAway
from adapters.store.migrate import at_head, downgrade, migrate, scripts
from adapters.store.schema import metadata
from tests.adapters.store.story import make_tenant


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_they_go_up_down_and_up_again(empty_url: str) -> None:
    assert not await at_head(empty_url)
    await migrate(empty_url)
    assert await at_head(empty_url)
    await downgrade(empty_url)
    assert not await at_head(empty_url)
    database = Database(empty_url)
    async with database.reading() as connection:
        assert await connection.run_sync(_tables) == {"alembic_version"}
    await migrate(empty_url)
    assert await at_head(empty_url)
    await make_tenant(database)
    await database.close()


async def test_a_second_migration_changes_nothing(database: Database, url: str) -> None:
    await migrate(url)
    assert await at_head(url)


async def test_two_at_once_wait_for_each_other(empty_url: str) -> None:
    await asyncio.gather(migrate(empty_url), migrate(empty_url))
    assert await at_head(empty_url)


async def test_they_make_the_tables_that_the_code_knows(url: str) -> None:
    database = Database(url)
    async with database.reading() as connection:
        assert await connection.run_sync(_differences) == []
        assert await connection.run_sync(_tables) == {*metadata.tables, "alembic_version"}
    await database.close()


def test_every_row_but_the_servers_own_says_whose_it_is() -> None:
    without = {name for name, table in metadata.tables.items() if "tenant" not in table.c}
    assert without == {"meta"}
    assert all(not table.c.tenant.nullable for name, table in metadata.tables.items() if name != "meta")


def test_they_are_found_in_a_checkout_and_in_a_wheel(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert (scripts() / "versions" / "0001_first_call.py").is_file()
    package = tmp_path_factory.mktemp("wheel") / "adapters" / "store"
    (package / "migrations").mkdir(parents=True)
    (package / "migrations" / "env.py").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migration, "_HERE", package)
        assert scripts() == package / "migrations"
        (package / "migrations" / "env.py").unlink()
        with pytest.raises(FileNotFoundError):
            scripts()


async def test_a_new_database_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    await migrate(f"sqlite+aiosqlite:///{tmp_path / 'new' / 'cti.db'}")
    assert {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in (tmp_path / "new").iterdir()} == {0}


async def test_a_database_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreAway, match=r"cti\.db cannot be made"):
        await migrate(f"sqlite+aiosqlite:///{tmp_path / 'file' / 'cti.db'}")
