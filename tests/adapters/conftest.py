"""What tests of all rooms begin with."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

import pytest
import typer.testing

from adapters.store.migrate import migrate

# The runner builds all of `cti` anew for every command, which takes longer than the command.
typer.testing._get_command = functools.cache(typer.testing._get_command)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database of this version with nothing in it, to be copied: making one takes a third of a second."""
    path = tmp_path_factory.mktemp("migrated") / "cti.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path
