"""`cti flow`: files and the database from the command line. Exit 0 is well, 1 failed, 2 wrong usage."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapters.cli import app
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.entry import EntryStore
from cti.entry.schedules import Schedule
from cti.entry.shapes import schedule_of
from cti.ids import QueueName, TenantId
from cti.records import QueueSettings

FLOWS = sorted((Path(__file__).parents[2] / "dialplans/flows").glob("*.yaml"))
MAIN = """
name: main
title: 主菜单
start: menu
nodes:
  menu:
    type: menu
    settings: {prompts: [main-menu]}
    exits: {1: sales, timeout: sales, invalid: sales}
  sales:
    type: to_queue
    settings: {queue: sales}
"""

HOURS = """
name: hours
start: hours
nodes:
  hours: {type: hours, settings: {schedule: office}, exits: {open: sales, otherwise: bye}}
  sales: {type: to_queue, settings: {queue: sales}}
  bye: {type: hang_up}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, whose database is not made yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTI_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}")
    (tmp_path / "main.yaml").write_text(MAIN, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text(MAIN.replace("queue: sales", "queue: nowhere"), encoding="utf-8")
    return tmp_path


@pytest.fixture
def centre(folder: Path, migrated: Path) -> Path:
    """The same with a database, a tenant and a queue."""

    shutil.copy(migrated, "cti.db")

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{folder / 'cti.db'}")
        directory = DirectoryStore(database)
        await directory.create_tenant(Tenant(name=TenantId("demo"), title="演示"))
        await directory.create_queue(TenantId("demo"), QueueSettings(name=QueueName("sales")))
        await database.close()

    asyncio.run(make())
    return folder


async def keep_schedule(folder: Path, schedule: Schedule) -> None:
    database = Database(f"sqlite+aiosqlite:///{folder / 'cti.db'}")
    await EntryStore(database).put_schedule(TenantId("demo"), schedule, new=True)
    await database.close()


def cti(*words: str) -> Result:
    return CliRunner().invoke(app, ["flow", *words])


def said(*words: str) -> Any:
    result = cti(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_file_is_checked_beside_what_the_tenant_has(centre: Path) -> None:
    assert said("check", "main.yaml") == {"ok": True, "errors": []}
    broken = cti("check", "broken.yaml")
    assert broken.exit_code == 1
    assert "sales: there is no queue nowhere (unknown_queue)" in broken.stderr
    assert json.loads(cti("check", "broken.yaml", "--json").stdout)["errors"][0]["node"] == "sales"


def test_a_file_is_checked_without_a_database_and_this_is_told(folder: Path) -> None:
    result = cti("check", "broken.yaml")
    assert result.exit_code == 0
    assert "not looked at: there is no database" in result.stdout
    assert not (folder / "cti.db").exists()


@pytest.mark.parametrize("file", FLOWS, ids=lambda file: str(file.name))
def test_the_flows_that_we_ship_are_well(folder: Path, file: Path) -> None:
    assert cti("check", str(file)).exit_code == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("name: x: y", "this is no YAML: line 1"),
        ("- a", "a flow is a mapping"),
        ("name: main\nstart: a\nnodes: {a: {type: hang_up, colour: red}}", "a: 'colour' is no field of a node"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_flow_ends_every_command_with_1(centre: Path, content: str, why: str) -> None:
    (centre / "bad.yaml").write_bytes(content.encode("utf-8", "surrogateescape"))
    for command in ("check", "try", "import"):
        result = cti(command, "bad.yaml")
        assert result.exit_code == 1, command
        assert why in result.stderr


def test_wrong_usage_ends_with_2(centre: Path) -> None:
    for words in (
        ["check", "nowhere.yaml"],
        ["import", "nowhere.yaml"],
        ["check"],
        ["rollback", "main", "x"],
        ["sing"],
    ):
        assert cti(*words).exit_code == 2, words


def test_what_is_not_there_ends_with_1(centre: Path) -> None:
    for words in (
        ["check", "other"],
        ["try", "other"],
        ["publish", "other"],
        ["export", "other"],
        ["versions", "other"],
    ):
        result = cti(*words)
        assert result.exit_code == 1, words
        assert "there is no flow other" in result.stderr


def test_a_flow_is_imported_published_rolled_back_and_listed(centre: Path) -> None:
    assert said("import", "main.yaml")[0]["version"] is None
    assert said("publish", "main", "--note", "first")[0]["version"] == 1
    (centre / "main.yaml").write_text(MAIN.replace("主菜单", "总机"), encoding="utf-8")
    assert said("import", "main.yaml", "--publish")[0]["version"] == 2
    assert said("rollback", "main", "1")[0]["version"] == 1
    assert [(one["name"], one["title"], one["version"]) for one in said("list")] == [("main", "总机", 1)]
    assert [(one["version"], one["note"]) for one in said("versions", "main")] == [(2, ""), (1, "first")]
    assert cti("remove", "main").exit_code == 0
    assert said("list") == []


def test_a_broken_flow_is_not_published_and_its_nodes_are_named(centre: Path) -> None:
    result = cti("import", "broken.yaml", "--publish")
    assert result.exit_code == 1
    assert "main/sales: there is no queue nowhere (unknown_queue)" in result.stderr
    assert said("list")[0]["version"] is None


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_flow_exported_and_imported_is_the_same_flow(centre: Path, form: str) -> None:
    said("import", "main.yaml")
    first = cti("export", "main", "--format", form)
    assert "主菜单" in first.stdout
    assert cti("export", "main", "--format", form, "--to", f"again.{form}").exit_code == 0
    assert cti("remove", "main").exit_code == 0
    assert said("import", f"again.{form}")[0]["revision"] == 1
    assert cti("export", "main", "--format", form).stdout == first.stdout


def test_a_trial_at_a_time_follows_the_tenants_schedule(centre: Path) -> None:
    day = {"name": "day", "days": ["mon"], "from": "09:00", "to": "18:00", "target": "queue:sales", "open": True}
    asyncio.run(keep_schedule(centre, schedule_of({"name": "office", "hours": [day]})))
    (centre / "hours.yaml").write_text(HOURS, encoding="utf-8")
    for at, end in (("2026-11-23T02:00:00", "to_queue"), ("2026-11-23T12:00:00", "hang_up")):  # 10:00 and 20:00 there
        assert said("try", "hours.yaml", "--at", at)["end"]["kind"] == end


def test_a_trial_tells_what_a_caller_meets(centre: Path) -> None:
    told = said("try", "main.yaml", "--digits", ",1", "--at", "2026-10-01T09:00:00")
    assert [(one["node"], one["exit"]) for one in told["path"]] == [("menu", "1"), ("sales", "to_queue")]
    assert told["lines"][0]["at"] == "2026-10-01T09:00:00.000Z"
    said("import", "main.yaml", "--publish")
    assert said("try", "main", "--version", "1")["path"][0]["version"] == 1
    assert "to_queue" in cti("try", "main", "--digits", "1").stdout
    assert said("try", "main", "--digits", "hangup")["end"]["kind"] == "left"
    wrong = cti("try", "main", "--digits", "x")
    assert (wrong.exit_code, "event 1" in wrong.stderr) == (1, True)


@pytest.mark.parametrize("text", ["name: x\n", "name: x\nnodes: {a: {type: dance}}\n"])
def test_what_is_no_flow_at_all_is_checked_in_json_too(folder: Path, text: str) -> None:
    (folder / "none.yaml").write_text(text)
    result = cti("check", "none.yaml", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert not told["ok"]
    assert all(set(one) == {"node", "code", "message"} for one in told["errors"])
    for words in (["try", "none.yaml"], ["import", "none.yaml"]):
        assert cti(*words).exit_code == 1
