"""Phones and trunks as they are kept: whose they are, what Asterisk has yet to do, and no secret among it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.phones import PhoneStore
from adapters.store.sip_tables import devices
from adapters.store.trunks import TrunkStore
from cti.errors import BadRequest, Conflict, DeviceTaken, NotFound
from cti.ids import AgentNo, DeviceName, TenantId
from cti.phones import Phone
from cti.records import AgentProfile
from cti.trunks import Line, Trunk
from tests.adapters.store.sip_story import DESK, NORTH
from tests.adapters.store.story import DEMO, make_tenant

OTHER = TenantId("other")
WEB = Phone(name=DeviceName("7001-web"), kind="web", digest="w1")


@pytest.fixture
async def phones(database: Database) -> PhoneStore:
    await make_tenant(database, OTHER)
    directory = DirectoryStore(database)
    await directory.create_agent(DEMO, agent("1001", "1001", "1001-web"))
    await directory.create_agent(DEMO, agent("1002"))
    await directory.create_agent(OTHER, agent("1001"))
    return PhoneStore(database)


def agent(no: str, *names: str) -> AgentProfile:
    return AgentProfile(agent_no=AgentNo(no), name=no, devices=tuple(map(DeviceName, names)))


async def of(database: Database, no: str, tenant: TenantId = DEMO) -> Sequence[str]:
    read = await DirectoryStore(database).read(tenant)
    return next(one.devices for one in read.agents if one.agent_no == no)


async def test_a_phone_goes_to_its_agent_desks_before_browsers(phones: PhoneStore, database: Database) -> None:
    before = await DirectoryStore(database).version()
    await phones.add(DEMO, DESK, AgentNo("1001"))
    await phones.add(DEMO, WEB, AgentNo("1001"))
    assert await of(database, "1001") == ("1001", "7001", "1001-web", "7001-web")
    assert await DirectoryStore(database).version() > before
    (desk, web) = await phones.everything()
    assert (desk.phone, desk.state, web.phone) == (DESK, "new", WEB)


async def test_an_agent_and_phones_are_made_together_or_not_at_all(phones: PhoneStore, database: Database) -> None:
    directory = DirectoryStore(database)
    await phones.add(OTHER, WEB, None)
    with pytest.raises(DeviceTaken):
        await directory.create_agent(DEMO, agent("7001", "7001", "7001-web"), [DESK, WEB])
    assert [one.agent_no for one in (await directory.read(DEMO)).agents] == ["1001", "1002"]
    assert [one.phone for one in await phones.everything()] == [WEB]
    await directory.create_agent(DEMO, agent("7001", "7001"), [DESK])
    assert await of(database, "7001") == ("7001",)


async def test_it_changes_hands_and_is_never_two_peoples(phones: PhoneStore, database: Database) -> None:
    await phones.add(DEMO, DESK, AgentNo("1001"))
    await phones.give(DEMO, DESK.name, AgentNo("1002"))
    assert (await of(database, "1001"), await of(database, "1002")) == (("1001", "1001-web"), ("7001",))
    await phones.give(DEMO, DESK.name, AgentNo("1002"))
    assert await of(database, "1002") == ("7001",)
    with pytest.raises(BadRequest):
        await phones.give(DEMO, DESK.name, AgentNo("9999"))
    assert await of(database, "1002") == ("7001",), "what is refused changes nothing"
    await phones.give(DEMO, DESK.name, None)
    assert await of(database, "1002") == ()
    with pytest.raises(DeviceTaken, match="1001"):
        await phones.add(DEMO, replace(DESK, name=DeviceName("1001")), AgentNo("1002"))


async def test_a_name_is_had_once_over_all_tenants(phones: PhoneStore, database: Database) -> None:
    await phones.add(DEMO, DESK, None)
    with pytest.raises(Conflict):
        await phones.add(DEMO, DESK, None)
    with pytest.raises(DeviceTaken):
        await phones.add(OTHER, DESK, None)
    with pytest.raises(DeviceTaken):
        await DirectoryStore(database).update_agent(OTHER, AgentNo("1001"), devices=[DESK.name])
    for refused in (
        phones.renew(OTHER, DESK.name, "d2"),
        phones.give(OTHER, DESK.name, AgentNo("1001")),
        phones.remove(OTHER, DESK.name),
        phones.remove(DEMO, DeviceName("1001")),
        phones.add(TenantId("nobody"), WEB, None),
    ):
        with pytest.raises(NotFound):
            await refused


async def test_what_is_removed_stays_to_be_forgotten_by_asterisk(phones: PhoneStore, database: Database) -> None:
    await phones.add(DEMO, DESK, AgentNo("1001"))
    await phones.remove(DEMO, DESK.name)
    assert await of(database, "1001") == ("1001", "1001-web")
    with pytest.raises(NotFound):
        await phones.remove(DEMO, DESK.name)
    (gone,) = await phones.everything()
    assert (gone.state, gone.phone.digest) == ("gone", "")
    await phones.add(OTHER, replace(DESK, digest="d2"), None)
    await phones.settled(gone)
    (again,) = await phones.everything()
    assert (again.tenant, again.state, again.phone.digest) == (OTHER, "new", "d2")


async def test_what_asterisk_did_is_noted_unless_it_has_changed_since(phones: PhoneStore) -> None:
    await phones.add(DEMO, DESK, None)
    (first,) = await phones.everything()
    await phones.renew(DEMO, DESK.name, "d2")
    await phones.settled(first)
    (second,) = await phones.everything()
    assert (second.state, second.phone.digest) == ("new", "d2")
    await phones.settled(second)
    assert [one.state for one in await phones.everything()] == ["kept"]


async def test_no_secret_is_kept(phones: PhoneStore, database: Database) -> None:
    await phones.add(DEMO, DESK, None)
    async with database.reading() as connection:
        (row,) = (await connection.execute(select(devices))).all()
    assert set(row._mapping) == {"tenant", "name", "kind", "digest", "state", "made_at"}


# --- trunks --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def trunks(database: Database) -> TrunkStore:
    await make_tenant(database, OTHER)
    return TrunkStore(database)


async def test_a_trunk_is_kept_changed_and_known_to_the_board(trunks: TrunkStore, database: Database) -> None:
    made = await trunks.add(DEMO, NORTH)
    assert made == await trunks.get(DEMO, "north")
    assert made.title == "north"
    directory = DirectoryStore(database)
    assert (await directory.read(DEMO)).trunks == (Line(trunk="cti-trunk-north", caller_ids=("4008",)),)
    await trunks.change(DEMO, "north", {"enabled": False})
    assert (await directory.read(DEMO)).trunks == ()
    assert (await directory.read(OTHER)).trunks == ()
    with pytest.raises(BadRequest):
        await trunks.change(DEMO, "north", {"match": ("127.0.0.1",)})
    assert await trunks.get(DEMO, "north") == replace(made, enabled=False)


async def test_one_trunk_is_the_default(trunks: TrunkStore) -> None:
    await trunks.add(DEMO, replace(NORTH, is_default=True))
    await trunks.add(OTHER, Trunk(name="west", host="w.example.com", is_default=True))
    await trunks.add(DEMO, Trunk(name="south", host="s.example.com", is_default=True))
    assert {one.name: one.is_default for one in await trunks.list(DEMO)} == {"north": False, "south": True}
    await trunks.change(DEMO, "north", {"is_default": True})
    assert {one.name: one.is_default for one in await trunks.list(DEMO)} == {"north": True, "south": False}
    assert (await trunks.get(OTHER, "west")).is_default


async def test_names_and_addresses_are_one_trunks_over_all_tenants(trunks: TrunkStore) -> None:
    await trunks.add(DEMO, NORTH)
    with pytest.raises(Conflict, match="taken"):
        await trunks.add(OTHER, replace(NORTH, match=()))
    wide = Trunk(name="wide", host="w.example.com", match=("203.0.113.0/24",))
    with pytest.raises(Conflict, match="another trunk"):
        await trunks.add(OTHER, wide)
    await trunks.add(OTHER, replace(wide, match=()))
    with pytest.raises(Conflict, match="another trunk"):
        await trunks.change(OTHER, "wide", {"match": ("203.0.113.5",)})
    for refused in (trunks.get(OTHER, "north"), trunks.change(OTHER, "north", {}), trunks.remove(OTHER, "north")):
        with pytest.raises(NotFound):
            await refused


async def test_a_trunk_that_is_removed_frees_its_name_and_addresses(trunks: TrunkStore) -> None:
    await trunks.add(DEMO, replace(NORTH, is_default=True))
    await trunks.remove(DEMO, "north")
    assert await trunks.list(DEMO) == []
    (gone,) = await trunks.everything()
    await trunks.add(OTHER, NORTH)
    await trunks.forget(gone)
    assert [(one.tenant, one.state) for one in await trunks.everything()] == [(OTHER, "kept")]
