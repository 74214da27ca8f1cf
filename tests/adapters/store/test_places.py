"""What a tenant knows of places goes in whole, comes out whole, and is nobody else's."""

from __future__ import annotations

from threading import Event

import pytest
from sqlalchemy import insert

from adapters.store import places as module
from adapters.store.database import Database
from adapters.store.entry_tables import places as table
from adapters.store.list_reading import Stopped, apart
from adapters.store.places import PlaceStore, read_places
from cti.entry.places import place_of
from cti.errors import BadRequest, NotFound
from cti.ids import TenantId
from tests.adapters.store.story import DEMO, make_tenant

OTHER = TenantId("other")
HANGZHOU = [("1990571", "浙江省杭州市"), ("571", "浙江省杭州市"), ("1990572", "浙江省湖州市")]


@pytest.fixture
def places(database: Database) -> PlaceStore:
    return PlaceStore(database)


async def rows_of(places: PlaceStore, tenant: TenantId = DEMO) -> list[tuple[str, str]]:
    return [row async for piece in places.everything(tenant) for row in piece]


async def test_what_goes_in_comes_out_by_beginning(places: PlaceStore) -> None:
    assert await places.load(DEMO, HANGZHOU) == 0
    assert await rows_of(places) == sorted(HANGZHOU)


async def test_an_import_changes_what_is_there_and_keeps_the_rest(places: PlaceStore) -> None:
    await places.load(DEMO, HANGZHOU)
    await places.load(DEMO, [("0571", "杭州"), ("021", "上海市")])
    assert dict(await rows_of(places)) == {**dict(HANGZHOU), "571": "杭州", "21": "上海市"}


async def test_replacing_removes_what_the_import_lacks(places: PlaceStore) -> None:
    await places.load(DEMO, HANGZHOU)
    assert await places.load(DEMO, [("571", "杭州")], replace=True) == 2
    assert await rows_of(places) == [("571", "杭州")]
    assert await places.load(DEMO, [], replace=True) == 1
    assert await rows_of(places) == []


async def test_one_bad_row_leaves_everything_as_it_was(places: PlaceStore) -> None:
    await places.load(DEMO, HANGZHOU)
    before = await places.revision()
    for bad in (("13x", "浙江省"), ("138", "")):
        with pytest.raises(BadRequest):
            await places.load(DEMO, [("139", "浙江省"), bad], replace=True)
    assert await rows_of(places) == sorted(HANGZHOU)
    assert await places.revision() == before


async def test_many_go_in_by_pieces_and_are_told_of_once(places: PlaceStore, database: Database) -> None:
    many = [(str(1_990_000 + n), f"地方{n % 7}") for n in range(2_501)]
    before = await places.revision()
    await places.load(DEMO, many)
    assert await places.revision() == before + 1
    assert await rows_of(places) == many
    revision, found = await apart(
        database.url.render_as_string(hide_password=False), lambda db: read_places(db, Event())
    )
    assert (revision, list(found)) == (before + 1, [DEMO])
    assert list(found[DEMO]) == many
    assert place_of("+8619905711234", found[DEMO]) == dict(many)["1990571"]


async def test_places_of_others_are_not_there(places: PlaceStore, database: Database) -> None:
    await make_tenant(database, OTHER)
    await places.load(DEMO, HANGZHOU)
    await places.load(OTHER, [("571", "别处")])
    assert await places.load(OTHER, [("572", "别处")], replace=True) == 1
    assert await rows_of(places, OTHER) == [("572", "别处")]
    assert await rows_of(places) == sorted(HANGZHOU)
    _, found = await read_places(database, Event())
    assert place_of("+8657188886666", found[DEMO]) == "浙江省杭州市"
    assert place_of("+8657188886666", found[OTHER]) is None


async def test_a_tenant_that_is_not_there_is_said_so(places: PlaceStore) -> None:
    with pytest.raises(NotFound, match="no tenant nobody"):
        await places.load(TenantId("nobody"), HANGZHOU)


async def test_what_was_written_past_us_harms_nobody(places: PlaceStore, database: Database) -> None:
    await places.load(DEMO, HANGZHOU)
    async with database.writing() as connection:
        odd = [{"tenant": DEMO, "prefix": one, "place": "x"} for one in ("0571", "", "13x", "1" * 40)]
        await connection.execute(insert(table), odd)
    _, found = await read_places(database, Event())
    assert place_of("+8657188886666", found[DEMO]) == "浙江省杭州市"


async def test_a_server_that_ends_reads_no_further(
    places: PlaceStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE", 1)
    await places.load(DEMO, HANGZHOU)
    stop = Event()
    stop.set()
    with pytest.raises(Stopped):
        await read_places(database, stop)
