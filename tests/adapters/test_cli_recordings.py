"""`cti recording`: rules, what there is, whether it is whole, and erasing; all of it on record."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from typer.testing import CliRunner, Result

from adapters.cli import app
from adapters.store.audit import AuditStore
from adapters.store.database import Database
from adapters.store.recordings import Recordings
from tests.adapters.store.story import DEMO, a_call, make_tenant
from tests.adapters.store.test_recordings import sound, written

T = TypeVar("T")
SOUND = b"RIFF" + bytes(1000)


@pytest.fixture(autouse=True)
def url(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with two recordings of one customer and one of another."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTI_DATABASE_URL", url)
    monkeypatch.setenv("CTI_RECORDINGS_DIR", str(tmp_path / "recordings"))
    shutil.copy(migrated, "cti.db")

    async def make(database: Database) -> None:
        await make_tenant(database)
        other = replace(a_call(3), number="+8613900000003")
        await written(database, a_call(1), a_call(2), other)
        for n in (1, 2, 3):
            file = tmp_path / f"recordings/kept/demo/{n}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(SOUND)
            sealed = sound(n, bytes=len(SOUND), sha256=hashlib.sha256(SOUND).hexdigest())
            await Recordings(database).keep(sealed)

    stored(url, make)
    return url


def stored(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    async def go() -> T:
        database = Database(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(go())


def cti(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def done(*words: str) -> str:
    result = cti(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_rules_are_set_one_at_a_time_and_taken_back(url: str) -> None:
    done("recording", "rule", "tenant", "-", "on_demand")
    done("recording", "rule", "queue", "sales", "30%")
    done("recording", "rule", "agent", "1002", "never")
    done("recording", "rule", "agent", "1002", "none")
    done("recording", "set", "--announcement", "recording-notice", "--keep-days", "90")

    (rules,) = json.loads(done("recording", "rules", "--json"))

    assert rules == {
        "default": "on_demand",
        "queues": {"sales": "30%"},
        "numbers": {},
        "agents": {},
        "announcement": "recording-notice",
        "keep_days": 90,
    }
    assert "30%" in done("recording", "rules")
    entries = stored(url, lambda database: AuditStore(database).entries(DEMO))
    assert [entry.deed.action for entry in entries.items] == ["recordings.set_rules"] * 5


@pytest.mark.parametrize(
    "words",
    [("rule", "queue", "sales", "perhaps"), ("rule", "team", "x", "always"), ("set",), ("set", "--keep-days=-1")],
)
def test_what_is_no_rule_is_refused(words: tuple[str, ...]) -> None:
    assert cti("recording", *words).exit_code == 1
    (rules,) = json.loads(done("recording", "rules", "--json"))
    assert not any(rules.values())


def test_a_sound_that_was_changed_or_lost_is_found(tmp_path: Path) -> None:
    assert "3 recordings, 0 not" in done("recording", "verify")
    (tmp_path / "recordings/kept/demo/1.wav").write_bytes(SOUND[:-1] + b"x")
    (tmp_path / "recordings/kept/demo/2.wav").unlink()

    result = cti("recording", "verify")

    assert result.exit_code == 1
    assert "3 recordings, 2 not" in result.stdout
    assert "changed" in result.stdout


def test_a_customer_is_erased_however_the_number_is_written(url: str) -> None:
    listed = json.loads(done("recording", "list", "--number", "138 0000 1234", "--json"))
    assert len(listed) == 2

    assert "2 recordings are erased" in done("recording", "erase", "138 0000 1234", "--reason", "asked for it")

    assert len(json.loads(done("recording", "list", "--json"))) == 1
    entries = stored(url, lambda database: AuditStore(database).entries(DEMO))
    assert {(entry.deed.action, entry.deed.reason) for entry in entries.items} == {
        ("recordings.erased", "asked for it")
    }
    assert {entry.deed.object for entry in entries.items} == {one["id"] for one in listed}
