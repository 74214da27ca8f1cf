"""`cti queue` and `cti skill`: what a queue is set to and who can do what, from the command line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapters.cli import app
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from cti.ids import AgentNo, TenantId
from cti.records import AgentProfile


@pytest.fixture(autouse=True)
def centre(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database with a tenant."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTI_DATABASE_URL", url)
    shutil.copy(migrated, "cti.db")

    async def make() -> None:
        database = Database(url)
        await DirectoryStore(database).create_tenant(Tenant(name=TenantId("demo"), title="演示"))
        await database.close()

    asyncio.run(make())


async def add_agent() -> None:
    database = Database(os.environ["CTI_DATABASE_URL"])
    profile = AgentProfile(agent_no=AgentNo("1001"), name="王芳")
    await DirectoryStore(database).create_agent(TenantId("demo"), profile)
    await database.close()


def cti(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def done(*words: str) -> None:
    result = cti(*words)
    assert result.exit_code == 0, result.output


def listed(noun: str) -> list[dict[str, Any]]:
    result = cti(noun, "list", "--json")
    assert result.exit_code == 0, result.output
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def test_what_is_done_to_tenants_queues_and_skills_is_on_record() -> None:
    done("queue", "add", "sales")
    done("queue", "set", "sales", "--ring-seconds", "20")
    asyncio.run(add_agent())
    done("queue", "members", "sales", "1001")
    done("skill", "add", "english", "--title", "英语")
    done("skill", "remove", "english")
    done("queue", "remove", "sales")
    done(
        "tenant", "set", "demo", "--title", "示例", "--tell-supervision", "--pop-url", "https://crm.example/?n={number}"
    )
    deeds = json.loads(cti("audit", "list", "--json").stdout)
    assert [one["action"] for one in reversed(deeds)] == [
        "queues.add_queue",
        "queues.change_queue",
        "queues.change_members",
        "skills.add_skill",
        "skills.remove_skill",
        "queues.remove_queue",
        "tenants.change_tenant",
    ]


def test_a_tenant_is_changed_in_what_is_given_and_a_wrong_word_changes_nothing() -> None:
    done("tenant", "set", "demo", "--tell-supervision")
    done("tenant", "set", "demo", "--pop-url", "https://crm.example/?n={number}")
    (demo,) = listed("tenant")
    assert (demo["title"], demo["tell_supervision"], demo["pop_url"]) == (
        "演示",
        True,
        "https://crm.example/?n={number}",
    )
    for words in (("--timezone", "Moon/Base"), ("--pop-url", "javascript:1"), ("--title", "")):
        assert cti("tenant", "set", "demo", *words).exit_code == 1
    assert cti("tenant", "set", "nobody", "--title", "x").exit_code == 1
    done("tenant", "set", "demo", "--hide-supervision")
    assert listed("tenant") == [{**demo, "tell_supervision": False}]


def test_every_kind_of_setting_can_be_set() -> None:
    done("queue", "add", "support")
    done("queue", "add", "sales", "--set", "announce_position=yes", "--set", "comfort_prompts=comfort,thanks")
    done("queue", "set", "sales", "--set", "max_wait_seconds=300", "--set", "max_wait_target=queue:support")
    sales = next(one for one in listed("queue") if one["name"] == "sales")
    assert sales["announce_position"] is True
    assert sales["comfort_prompts"] == ["comfort", "thanks"]
    assert (sales["max_wait_seconds"], sales["max_wait_target"]) == (300, "queue:support")
    done("queue", "set", "sales", "--set", "comfort_prompts=", "--set", "announce_position=no")
    sales = next(one for one in listed("queue") if one["name"] == "sales")
    assert (sales["comfort_prompts"], sales["announce_position"]) == ([], False)


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("colour=red", "colour"),
        ("announce_position=perhaps", "yes or no"),
        ("max_length=many", "whole number"),
        ("max_length=5", "max_length_target"),
        ("max_wait_target=queue:nowhere", "nowhere"),
        ("name=other", "name"),
        ("comfort_prompts=comfort,nothing", "there is no prompt nothing"),
        ("whisper=nothing", "there is no prompt nothing"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(setting: str, named: str) -> None:
    done("queue", "add", "sales")
    before = listed("queue")
    refused = cti("queue", "set", "sales", "--set", setting)
    assert refused.exit_code == 1
    assert named in refused.output
    assert listed("queue") == before


def test_skills_are_added_given_and_taken_away() -> None:
    done("agent", "add", "1001", "陈晓燕")
    done("skill", "add", "english", "--title", "英语")
    done("skill", "give", "1001", "english", "8")
    assert listed("skill") == [{"name": "english", "title": "英语", "agents": 1}]
    done("skill", "give", "1001", "english", "0")
    assert listed("skill")[0]["agents"] == 0
    assert cti("skill", "give", "1001", "dutch", "5").exit_code == 1
    assert cti("skill", "give", "1001", "english", "11").exit_code == 1
    assert cti("skill", "give", "9999", "english", "5").exit_code == 1
    done("skill", "remove", "english")
    assert listed("skill") == []


def test_tables_are_whole_where_nobody_sits_at_a_screen() -> None:
    title = "很长的标题" * 12
    done("queue", "add", "long", "--title", title)
    assert title in cti("queue", "list").stdout
    assert "…" not in cti("config", "show").stdout


def test_a_migration_says_in_json_which_version_the_database_has() -> None:
    result = cti("migrate", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["version"]
