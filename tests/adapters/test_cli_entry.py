"""`cti number`, `schedule`, `calendar` and `list`: where calls enter, from the command line."""

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
from cti.ids import TenantId

SCHEDULE = """
name: office
title: 办公时间
calendar: china
hours:
- {days: [workday], from: 09:00, to: 10:00, target: "flow:morning", name: morning}
- {days: [workday], from: 10:00, to: 12:00, target: "message:closed", name: pause, open: no}
special_days:
- {date: 2026-12-31, target: hangup}
otherwise: flow:closed
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """A database with a tenant, a calendar, a schedule and a number."""
    path = tmp_path_factory.mktemp("entry") / "cti.db"
    shutil.copy(migrated, path)

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await DirectoryStore(database).create_tenant(Tenant(name=TenantId("demo"), title="演示"))
        await database.close()

    asyncio.run(make())
    with pytest.MonkeyPatch.context() as there:
        _go(path.parent, there)
        done("calendar", "add", "china", "--country", "CN")
        done("schedule", "put", "office.yaml")
        done("number", "add", "4000", "schedule:office", "--title", "总机")
    return path


@pytest.fixture(autouse=True)
def centre(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(template, tmp_path / "cti.db")
    _go(tmp_path, monkeypatch)


def _go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in this folder, with its database."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CTI_DATABASE_URL", f"sqlite+aiosqlite:///{folder / 'cti.db'}")
    Path("office.yaml").write_text(SCHEDULE, encoding="utf-8")


def cti(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def done(*words: str) -> str:
    result = cti(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def goes(at: str, caller: str = "13800001234") -> Any:
    return json.loads(done("number", "test", "4000", "--caller", caller, "--at", at, "--json"))["target"]


def test_a_number_is_tested_at_a_time_and_says_why() -> None:
    assert goes("2026-10-10T09:05") == "flow:morning"
    assert goes("2026-10-10T10:00") == "message:closed"
    assert goes("2026-10-01T09:05") == "flow:closed"
    assert goes("2026-12-31T09:05") == "hangup"
    said = done("number", "test", "4000", "--at", "2026-10-10T09:05")
    assert said.startswith("→ flow:morning\n")
    assert "make-up workday" in said
    assert said.endswith(
        "there is no published flow morning, so the caller goes to the fallback, since the number has no safe queue\n"
    )
    assert done("doctor", "--number", "4000", "--at", "2026-10-10T09:05") == said


def test_a_schedule_is_printed_as_the_file_it_is_read_from() -> None:
    before = json.loads(done("schedule", "list", "--json"))
    Path("again.yaml").write_text(done("schedule", "show", "office"), encoding="utf-8")
    done("schedule", "put", "again.yaml")
    assert json.loads(done("schedule", "list", "--json")) == before
    assert json.loads(done("schedule", "test", "office", "--at", "2026-10-10T11:00", "--json"))["open"] is False


def test_a_day_is_what_the_tenant_says_until_it_is_as_published_again() -> None:
    done("calendar", "day", "china", "2026-10-01", "ordinary", "--name", "加班")
    assert goes("2026-10-01T09:05") == "flow:morning"
    done("calendar", "day", "china", "2026-10-01", "published")
    assert goes("2026-10-01T09:05") == "flow:closed"
    days = json.loads(done("calendar", "days", "china", "2026", "--json"))
    assert sum(one["kind"] == "makeup" for one in days) == 6


def test_an_entry_of_a_list_lasts_to_the_end_of_its_day() -> None:
    done("list", "add", "deny", "13700000001", "--expires", "2099-10-10", "--reason", "骚扰")
    assert goes("2099-10-10T23:59", "13700000001") == "hangup"
    assert goes("2099-10-11T00:00", "13700000001") == "flow:closed"
    assert cti("list", "add", "deny", "13700000002", "--expires", "soon").exit_code == 1


def test_a_list_goes_in_and_out_as_a_sheet() -> None:
    Path("deny.csv").write_bytes("号码,原因\n13800001234,骚扰\n138x,\n".encode("gb18030"))
    refused = cti("list", "import", "deny", "deny.csv")
    assert refused.exit_code == 1
    assert "deny.csv:3: '138x' is no telephone number" in refused.stderr
    assert goes("2026-10-10T09:05") == "flow:morning"
    done("list", "import", "deny", "deny.csv", "--partial")
    assert goes("2026-10-10T09:05") == "hangup"
    done("list", "export", "deny", "out.csv")
    assert Path("out.csv").read_bytes().startswith(b"\xef\xbb\xbfnumber,")
    assert "13800001234" in done("list", "export", "deny")
    done("list", "add", "vip", "138", "--match", "prefix", "--priority", "5")
    assert goes("2026-10-10T09:05", "13811112222") == "flow:morning"
    Path("other.csv").write_text("13900000000\n", encoding="utf-8")
    assert json.loads(done("list", "import", "deny", "other.csv", "--replace", "--json"))["removed"] == 1
    entry = json.loads(done("list", "show", "deny", "--json"))[0]
    done("list", "remove", entry["id"])
    assert json.loads(done("list", "show", "deny", "--json")) == []


@pytest.mark.parametrize(
    "words",
    [
        ["number", "test", "4999"],
        ["number", "add", "4001", "queue:nowhere"],
        ["number", "set", "4000", "--entry", "nonsense"],
        ["schedule", "remove", "office"],
        ["schedule", "put", "nowhere.yaml"],
        ["schedule", "show", "nobody"],
        ["calendar", "remove", "china"],
        ["calendar", "add", "mars", "--country", "XX"],
        ["calendar", "day", "china", "2026-02-30", "holiday"],
        ["list", "import", "friends", "office.yaml"],
        ["list", "import", "deny", "nowhere.csv"],
        ["list", "export", "deny", "/nowhere/at/all.csv"],
        ["list", "remove", "nothing"],
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(words: list[str]) -> None:
    result = cti(*words)
    assert result.exit_code == 1
    assert result.stderr.startswith(("cti: ", "office.yaml:"))
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "document", ["[]", "hours: [", "a: b", "name: x\nhours: [a]", SCHEDULE.replace("open: no", "open: maybe"), "\x00"]
)
def test_a_file_that_is_no_schedule_is_said_so(document: str) -> None:
    Path("wrong.yaml").write_text(document, encoding="utf-8")
    result = cti("schedule", "put", "wrong.yaml")
    assert result.exit_code == 1
    assert result.stderr.startswith("cti: ")
    assert isinstance(result.exception, SystemExit)


def test_what_leads_nowhere_any_more_is_removed() -> None:
    done("number", "set", "4000", "--entry", "flow:main", "--safe-queue", "sales", "--no-lists")
    assert json.loads(done("number", "list", "--json")) == [
        {"number": "4000", "title": "总机", "entry": "flow:main", "lists": False, "options": {"safe_queue": "sales"}}
    ]
    done("number", "remove", "4000")
    done("schedule", "remove", "office")
    done("calendar", "remove", "china")
    assert "nothing" in done("calendar", "list")


def test_lists_and_flows_go_in_and_out_by_import_and_export_too(tmp_path: Path) -> None:
    sheet = tmp_path / "deny.csv"
    sheet.write_text("number,reason\n13700000404,骚扰\n", encoding="utf-8")
    done("import", "list", "deny", str(sheet))
    assert "13700000404" in done("export", "list", "deny")
    flow = tmp_path / "bye.yaml"
    flow.write_text("name: bye\nstart: end\nnodes:\n  end: {type: hangup}\n", encoding="utf-8")
    done("import", "flow", str(flow))
    assert "bye" in done("export", "flow", "bye")
