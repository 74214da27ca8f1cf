"""The server's own few words in the database: epoch, spool position, versions, keys. No tenant owns these."""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.database import insert_new, upsert
from adapters.store.tables import meta

EPOCH: Final = "epoch"
POSITION: Final = "position"
STORE: Final = "store"
OWNER: Final = "owner"
GAP: Final = "gap"
VERSION: Final = "directory_version"
TOKEN_KEY: Final = "token_key"
NUMBER_KEY: Final = "number_key"


async def read(connection: AsyncConnection, key: str, *, lock: bool = False) -> str | None:
    """The value, or None. `lock`: nobody else changes it until this transaction ends."""
    query = select(meta.c.value).where(meta.c.key == key)
    found: str | None = await connection.scalar(query.with_for_update() if lock else query)
    return found


async def write(connection: AsyncConnection, key: str, value: str) -> None:
    await connection.execute(upsert(connection.dialect.name, meta), {"key": key, "value": value})


async def once(connection: AsyncConnection, key: str) -> str:
    """The value; the first who asks makes it, and it stays: 32 random bytes in hex."""
    await connection.execute(insert_new(connection.dialect.name, meta), {"key": key, "value": secrets.token_hex(32)})
    found = await read(connection, key)
    assert found is not None
    return found


async def bump(connection: AsyncConnection, key: str = VERSION) -> int:
    """Say that the directory (or what `key` counts) changed, in the transaction of the change: edits stand in line."""
    version = int(await read(connection, key, lock=True) or 0) + 1
    await write(connection, key, str(version))
    return version
