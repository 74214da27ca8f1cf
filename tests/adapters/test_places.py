"""A screen pop says where its caller is from, on the screen as on record, once that is known; no call waits for it."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import phonenumbers
import pytest
from typer.testing import CliRunner

from adapters import places as module
from adapters.cli import app
from adapters.geodata import known as geodata
from adapters.geodata.packed import packed
from adapters.places import POP, CallerPlaces
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.places import PlaceStore
from adapters.store.turn import decode_turn, encode_turn
from cti.control import events as ce
from cti.effects import News
from cti.entry.places import Places
from cti.ids import Instant, TenantId
from cti.masking import Firewall
from tests.cti.test_engine import Office
from tests.cti.test_masking import left_of
from tests.scenarios.test_control import world as control_world

DEMO, OTHER = TenantId("demo"), TenantId("other")
CALLER = "+8613800001234"
KNOWN = [("1380000", "北京市"), ("1390000", "乌鲁木齐市")]
OWN = [("1380000", "浙江省杭州市")]


@pytest.fixture
async def database(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"
    monkeypatch.setenv("CTI_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    shutil.copy(migrated, "cti.db")
    found = Database(url)
    for name in (DEMO, OTHER):
        await DirectoryStore(found).create_tenant(Tenant(name=name, title=name))
    yield found
    await found.close()


@pytest.fixture
async def places(database: Database, tmp_path: Path) -> CallerPlaces:
    """They know little, as if it had been extracted once."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / geodata.FILE).write_bytes(packed(Places(KNOWN), phonenumbers.__version__))
    return CallerPlaces(database, tmp_path / "state")


def pop_of(office: Office) -> dict[str, object]:
    caller = next(news.data["caller"] for _, news in office.news if news.type == POP)
    assert isinstance(caller, dict)
    return caller


def a_pop(number: str = CALLER) -> News:
    return News(POP, Instant(0), {"offer": "o1", "caller": {"number": number, "name": "x", "place": None}})


def office_with(places: CallerPlaces) -> Office:
    office = Office()
    office.completes(POP, places.complete)
    office.ready()
    return office


async def test_a_pop_has_the_place_that_the_library_knows_on_the_screen_and_on_record(
    places: CallerPlaces, tmp_path: Path
) -> None:
    (tmp_path / "state" / geodata.FILE).unlink()  # the real library is asked
    await places.learn()
    office = office_with(places)
    office.engine.post(office.caller(), DEMO)
    assert pop_of(office) == {"number": CALLER, "name": "张伟明", "place": "北京市"}
    turn = next(turn for turn in office.turns for news in turn.news if news.type == POP)
    line = next(news for news in decode_turn(encode_turn(turn)).news if news.type == POP)
    assert json.loads(bytes(line.data))["caller"]["place"] == "北京市"
    office.engine.close()


async def test_a_call_that_is_earlier_has_its_pop_without_a_place(places: CallerPlaces) -> None:
    office = office_with(places)
    office.engine.post(office.caller(), DEMO)
    assert pop_of(office) == {"number": CALLER, "name": "张伟明", "place": None}
    office.engine.close()


async def test_a_masked_role_sees_the_place_and_not_the_number(places: CallerPlaces) -> None:
    await places.learn()
    firewall = Firewall(b"k" * 32)
    seen = firewall.masked(DEMO, places.complete(DEMO, a_pop()))
    assert (seen["caller"]["number"], seen["caller"]["place"]) == ("138****1234", "北京市")
    assert firewall.resolve(DEMO, seen["caller"]["number_token"]) == CALLER
    assert left_of("13800001234", repr(seen)) <= 4


async def test_what_a_tenant_imports_goes_first_and_is_its_own(places: CallerPlaces, database: Database) -> None:
    await places.learn()
    await PlaceStore(database).load(DEMO, OWN)
    assert places.place(DEMO, CALLER) == "北京市"
    await places.refresh()
    assert (places.place(DEMO, CALLER), places.place(OTHER, CALLER)) == ("浙江省杭州市", "北京市")
    await PlaceStore(database).load(DEMO, [("138", "中国")], replace=True)
    await places.refresh()
    assert (places.place(DEMO, CALLER), places.place(OTHER, CALLER)) == (None, "北京市")
    await PlaceStore(database).load(DEMO, [], replace=True)
    await places.refresh()
    assert places.place(DEMO, CALLER) == "北京市"


async def test_a_running_server_follows_what_the_command_line_imports(
    places: CallerPlaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    (tmp_path / "places.csv").write_bytes("1990571,浙江省杭州市\n".encode("gb18030"))
    running = asyncio.create_task(places.run())
    try:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["import", "places", str(tmp_path / "places.csv")])
        assert result.exit_code == 0, result.output
        async with asyncio.timeout(20):
            while (places.place(DEMO, "+8619905711234"), places.place(OTHER, CALLER)) != ("浙江省杭州市", "北京市"):
                await asyncio.sleep(0.01)
    finally:
        places.close()
        running.cancel()
        await asyncio.wait([running])


async def test_without_what_the_library_knows_there_is_a_line_in_the_log_and_what_tenants_know(
    places: CallerPlaces,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "state" / geodata.FILE).unlink()
    monkeypatch.setattr(geodata, "EXTRACT", (sys.executable, "-S", "-c", "raise SystemExit('no such module')"))
    await PlaceStore(database).load(DEMO, OWN)
    with caplog.at_level(logging.INFO):
        await places.learn()
        await places.refresh()
    said = [one.getMessage() for one in caplog.records if one.name.startswith("adapters")]
    assert said == ["it is not known where callers are from: no such module"]
    assert (places.place(DEMO, CALLER), places.place(OTHER, CALLER)) == ("浙江省杭州市", None)


async def test_a_database_that_is_away_leaves_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
    state = tmp_path / "state"
    state.mkdir()
    (state / geodata.FILE).write_bytes(packed(Places(OWN), phonenumbers.__version__))
    places = CallerPlaces(Database(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'cti.db'}"), state)
    running = asyncio.create_task(places.run())
    async with asyncio.timeout(20):
        while places.place(DEMO, CALLER) is None:
            await asyncio.sleep(0.01)
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])


async def test_the_pops_of_consulted_and_picked_up_calls_have_it_too(places: CallerPlaces) -> None:
    await places.learn()
    w = control_world()
    call = w.talk()
    w.asks(ce.ConsultAsked, "1001", call, to="agent:1002")
    waiting = w.caller_joins(number=CALLER)
    w.asks(ce.PickUpAsked, "1003", waiting, anybody=True)
    told = [places.complete(DEMO, one) for one in w.effects if isinstance(one, News) and one.type == POP]
    found = [(one["agent_no"], dict(one["caller"])["place"]) for one in told]  # type: ignore[call-overload]
    assert found == [("1001", "乌鲁木齐市"), ("1002", "乌鲁木齐市"), ("1003", "北京市")]


def test_a_pop_whose_place_nobody_knows_is_as_it_was(tmp_path: Path) -> None:
    places = CallerPlaces(Database(f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"), tmp_path)
    pop = a_pop("95588")
    assert places.complete(DEMO, pop) is pop.data
