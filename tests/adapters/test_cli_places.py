"""`cti import places` and `cti export places`."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.cli import app
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from cti.ids import TenantId

GOOD = "号段,归属地\n1990571,浙江省杭州市\n0572,浙江省湖州市\n"
OUT = "prefix,place\n1990571,浙江省杭州市\n0572,浙江省湖州市\n"


@pytest.fixture(autouse=True)
def centre(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database with two tenants."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTI_DATABASE_URL", url)
    shutil.copy(migrated, "cti.db")

    async def make() -> None:
        database = Database(url)
        for name in ("demo", "other"):
            await DirectoryStore(database).create_tenant(Tenant(name=TenantId(name), title=name))
        await database.close()

    asyncio.run(make())


def cti(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def done(*words: str) -> str:
    result = cti(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def exported(*words: str) -> str:
    done("export", "places", "out.csv", *words)
    return Path("out.csv").read_bytes().decode("utf-8-sig").replace("\r\n", "\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_sheet_goes_in_and_out(encoding: str) -> None:
    Path("in.csv").write_bytes(GOOD.encode(encoding))
    assert done("import", "places", "in.csv") == "2 imported, 0 removed\n"
    assert exported() == OUT
    assert "浙江省湖州市" in done("export", "places")
    assert done("import", "places", "out.csv") == "2 imported, 0 removed\n"


def test_places_are_the_tenants_own() -> None:
    Path("in.csv").write_bytes(GOOD.encode())
    done("import", "places", "in.csv", "--tenant", "other")
    assert exported() == "prefix,place\n"
    assert exported("--tenant", "other") == OUT


def test_one_wrong_line_is_named_and_leaves_everything_as_it_was() -> None:
    Path("in.csv").write_bytes(GOOD.encode())
    done("import", "places", "in.csv")
    Path("bad.csv").write_bytes("号段,归属地\n139,江苏省\n13x,江苏省\n138,\n".encode("gb18030"))
    for more in ((), ("--replace",)):
        refused = cti("import", "places", "bad.csv", *more)
        assert refused.exit_code == 1
        assert "bad.csv:3: '13x' is no beginning of a number" in refused.stderr
        assert "bad.csv:4: '' is no place" in refused.stderr
        assert "cti: nothing is imported: 2 lines cannot be used, the first is line 3" in refused.stderr
        assert exported() == OUT


def test_replacing_removes_what_the_sheet_lacks() -> None:
    Path("in.csv").write_bytes(GOOD.encode())
    done("import", "places", "in.csv")
    Path("new.csv").write_bytes("0572,湖州\n".encode())
    said = json.loads(done("import", "places", "new.csv", "--replace", "--json"))
    assert said == [{"imported": 1, "removed": 1}]
    assert exported() == "prefix,place\n0572,湖州\n"


@pytest.mark.parametrize(
    ("data", "tenant", "why"),
    [
        (None, "demo", "No such file"),
        (b"PK\x03\x04\0\0", "demo", "this is no text"),
        (GOOD.encode(), "nobody", "there is no tenant nobody"),
    ],
)
def test_what_cannot_be_imported_is_said_in_one_line(data: bytes | None, tenant: str, why: str) -> None:
    if data is not None:
        Path("in.csv").write_bytes(data)
    refused = cti("import", "places", "in.csv", "--tenant", tenant)
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
