"""`cti device` and `cti trunk`: made at the command line, brought to Asterisk by whoever serves."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapters.cli import app
from adapters.store.audit import AuditStore
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from cti.ids import TenantId

DEMO = TenantId("demo")


@pytest.fixture(autouse=True)
def url(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with a tenant, and an ARI at which nobody answers."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTI_DATABASE_URL", url)
    monkeypatch.setenv("CTI_ARI_URL", "http://127.0.0.1:1/ari")
    monkeypatch.setenv("CTI_ARI_USER", "cti")
    monkeypatch.setenv("CTI_ARI_SECRET", "s3cr3t")
    shutil.copy(migrated, "cti.db")

    async def make() -> None:
        database = Database(url)
        await DirectoryStore(database).create_tenant(Tenant(name=DEMO, title="演示"))
        await database.close()

    asyncio.run(make())
    return url


def cti(*words: str, said: str = "") -> Result:
    return CliRunner().invoke(app, list(words), input=said)


def done(*words: str, said: str = "") -> list[dict[str, Any]]:
    result = cti(*words, said=said)
    assert result.exit_code == 0, result.output
    return list(json.loads(result.stdout)) if "--json" in words else []


def test_a_phone_is_made_given_away_renewed_and_removed(url: str) -> None:
    (first,) = done("agent", "add", "3001", "Ana", "--make", "desk", "--json")
    assert (first["name"], len(first["secret"])) == ("3001", 24)
    (made,) = done("device", "add", "hall-2", "--json")
    done("agent", "add", "3002", "Bo")
    done("device", "give", "hall-2", "--agent-no", "3002")
    listed = {one["name"]: one["agent_no"] for one in done("device", "list", "--json")}
    assert listed == {"3001": "3001", "hall-2": "3002"}
    (renewed,) = done("device", "secret", "hall-2", "--json")
    assert renewed["secret"] != made["secret"]
    done("device", "remove", "hall-2")
    assert [one["name"] for one in done("device", "list", "--json")] == ["3001"]

    async def record() -> list[tuple[str, str]]:
        database = Database(url)
        found = await AuditStore(database).entries(DEMO, limit=50)
        await database.close()
        assert renewed["secret"] not in repr(found)
        return [(one.deed.action, one.deed.object) for one in found.items]

    assert ("devices.add_device", "hall-2") in asyncio.run(record())
    assert ("devices.reset_secret", "hall-2") in asyncio.run(record())


def test_what_is_no_phone_is_refused() -> None:
    for words in (
        ("device", "add"),
        ("device", "add", "7001", "--kind", "fax"),
        ("device", "add", "70_01"),
        ("device", "add", "7001", "--agent-no", "9999"),
        ("device", "remove", "7001"),
        ("agent", "add", "3001", "Ana", "--make", "fax"),
    ):
        assert cti(*words).exit_code == 1, words


def test_a_trunk_is_made_and_changed_and_its_secret_is_asked_for() -> None:
    made = ("north", "sip.example.com", "--user", "u1", "--register", "--caller-id", "4008")
    done("trunk", "add", *made, said="geheim\n")
    done("trunk", "set", "north", "--match", "203.0.113.5", "--default", "--title", "北线")
    (trunk,) = done("trunk", "list", "--json")
    assert (trunk["user"], trunk["realm"], trunk["register"]) == ("u1", "sip.example.com", True)
    assert (trunk["match"], trunk["is_default"], trunk["title"]) == (["203.0.113.5"], True, "北线")
    assert "digest" not in trunk
    assert "north" in cti("trunk", "list").stdout
    assert cti("trunk", "set", "north", "--match", "127.0.0.1").exit_code == 1
    done("trunk", "remove", "north")
    assert done("trunk", "list", "--json") == []


def test_without_a_way_to_asterisk_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CTI_ARI_SECRET")
    refused = cti("device", "add", "7001")
    assert refused.exit_code == 1
    assert "CTI_ARI_SECRET" in refused.stderr
