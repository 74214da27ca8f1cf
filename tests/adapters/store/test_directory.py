"""What people edit is kept, what makes no sense is refused, and every edit is seen by whoever runs a board."""

from __future__ import annotations

import pytest

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant, now
from adapters.store.lists import Lists
from cti.entry.entries import ListEntry
from cti.errors import BadRequest, Conflict, DeviceTaken, NotFound
from cti.ids import AgentNo, DeviceName, Instant, QueueName, TenantId
from cti.records import AgentProfile, QueueSettings
from tests.adapters.store.story import DEMO

SALES, BILLING = QueueName("sales"), QueueName("billing")
ANA = AgentProfile(
    agent_no=AgentNo("1001"), name="陈晓燕", devices=(DeviceName("1001"), DeviceName("1001-web")), queues=(SALES,)
)


@pytest.fixture
async def directory(database: Database) -> DirectoryStore:
    found = DirectoryStore(database)
    await found.create_queue(DEMO, QueueSettings(name=SALES, title="销售"))
    await found.create_queue(DEMO, QueueSettings(name=BILLING, title="账务", strategy="fastest_answer"))
    await found.create_agent(DEMO, ANA)
    return found


@pytest.fixture
async def lists(database: Database) -> Lists:
    return Lists(database)


async def test_agents_come_back_as_they_were_made(directory: DirectoryStore) -> None:
    assert (await directory.read(DEMO)).agents == (ANA,)


async def test_queues_come_back_as_they_were_made(directory: DirectoryStore) -> None:
    assert (await directory.read(DEMO)).queues == (
        QueueSettings(name=BILLING, title="账务", strategy="fastest_answer"),
        QueueSettings(name=SALES, title="销售"),
    )


async def test_every_edit_raises_the_version(directory: DirectoryStore, lists: Lists) -> None:
    seen = [await directory.version()]
    bo = AgentProfile(agent_no=AgentNo("1002"), name="李志强")
    for edit in (
        lambda: directory.create_agent(DEMO, bo),
        lambda: directory.update_agent(DEMO, bo.agent_no, name="李"),
        lambda: directory.set_members(DEMO, SALES, [bo.agent_no]),
        lambda: directory.update_queue(DEMO, SALES, {"ring_seconds": 20}),
        lambda: directory.delete_agent(DEMO, bo.agent_no),
        lambda: directory.delete_queue(DEMO, BILLING),
        lambda: lists.put(DEMO, ListEntry(kind="vip", number="1")),
        lambda: lists.remove_older(DEMO, "vip"),
        lambda: directory.update_tenant(Tenant(name=DEMO, title="改")),
        lambda: directory.create_tenant(Tenant(name=TenantId("other"), title="别")),
    ):
        await edit()
        seen.append(await directory.version())
    assert seen == list(range(seen[0], seen[0] + len(seen)))


async def test_a_refused_edit_changes_nothing(directory: DirectoryStore) -> None:
    before = await directory.read(DEMO), await directory.version()
    with pytest.raises(NotFound):
        await directory.update_agent(DEMO, ANA.agent_no, name="x", queues=[SALES, QueueName("nowhere")])
    with pytest.raises(NotFound):
        await directory.set_members(DEMO, SALES, [AgentNo("9999")])
    assert (await directory.read(DEMO), await directory.version()) == before


async def test_only_what_is_given_changes(directory: DirectoryStore) -> None:
    changed = await directory.update_agent(DEMO, ANA.agent_no, queues=[BILLING])
    assert changed == AgentProfile(agent_no=ANA.agent_no, name=ANA.name, devices=ANA.devices, queues=(BILLING,))
    assert (await directory.read(DEMO)).agents == (changed,)
    queue = await directory.update_queue(DEMO, SALES, {"title": "销售部"})
    assert queue == QueueSettings(name=SALES, title="销售部")


async def test_members_of_a_queue_are_who_was_named(directory: DirectoryStore) -> None:
    await directory.create_agent(DEMO, AgentProfile(agent_no=AgentNo("1002"), name="李志强"))
    await directory.set_members(DEMO, SALES, [AgentNo("1002"), AgentNo("1002")])
    assert {one.agent_no: one.queues for one in (await directory.read(DEMO)).agents} == {"1001": (), "1002": (SALES,)}
    await directory.delete_queue(DEMO, SALES)
    assert [one.queues for one in (await directory.read(DEMO)).agents] == [(), ()]


async def test_a_phone_rings_for_one_agent_only(directory: DirectoryStore) -> None:
    thief = AgentProfile(agent_no=AgentNo("1002"), name="b", devices=(DeviceName("1001-web"),))
    with pytest.raises(DeviceTaken, match="1001-web is a device of agent 1001"):
        await directory.create_agent(DEMO, thief)
    await directory.update_agent(DEMO, ANA.agent_no, devices=[DeviceName("1001")])
    await directory.create_agent(DEMO, thief)


async def test_nothing_is_made_twice(directory: DirectoryStore) -> None:
    with pytest.raises(Conflict):
        await directory.create_agent(DEMO, ANA)
    with pytest.raises(Conflict):
        await directory.create_queue(DEMO, QueueSettings(name=SALES))
    with pytest.raises(Conflict):
        await directory.create_tenant(Tenant(name=DEMO, title="x"))


async def test_what_is_not_there_is_not_found(directory: DirectoryStore) -> None:
    for attempt in (
        lambda: directory.read(TenantId("nobody")),
        lambda: directory.create_agent(TenantId("nobody"), ANA),
        lambda: directory.create_queue(TenantId("nobody"), QueueSettings(name=SALES)),
        lambda: directory.update_agent(DEMO, AgentNo("9"), name="x"),
        lambda: directory.delete_agent(DEMO, AgentNo("9")),
        lambda: directory.update_queue(DEMO, QueueName("x"), {}),
        lambda: directory.delete_queue(DEMO, QueueName("x")),
        lambda: directory.update_tenant(Tenant(name=TenantId("nobody"), title="x")),
    ):
        with pytest.raises(NotFound):
            await attempt()


async def test_what_makes_no_sense_is_refused_before_the_database_sees_it(
    directory: DirectoryStore, lists: Lists
) -> None:
    for attempt in (
        lambda: directory.create_agent(DEMO, AgentProfile(agent_no=AgentNo("${X}"), name="x")),
        lambda: directory.update_agent(DEMO, ANA.agent_no, name=" "),
        lambda: directory.create_queue(DEMO, QueueSettings(name=QueueName("../etc"))),
        lambda: directory.update_queue(DEMO, SALES, {"strategy": "by_magic"}),
        lambda: directory.update_queue(DEMO, SALES, {"colour": "red"}),
        lambda: directory.create_tenant(Tenant(name=TenantId("Other"), title="x")),
        lambda: directory.update_tenant(Tenant(name=DEMO, title="x", timezone="Mars/Olympus")),
        lambda: lists.put(DEMO, ListEntry(kind="friends", number="1")),
        lambda: lists.put(DEMO, ListEntry(kind="vip", number="abc")),
        lambda: lists.list(DEMO, "friends"),
    ):
        with pytest.raises(BadRequest):
            await attempt()


async def test_vips_that_have_not_run_out_are_in_the_directory(directory: DirectoryStore, lists: Lists) -> None:
    await lists.put(DEMO, ListEntry(kind="vip", number="+86 138-0000-0001", name="欧阳娜娜", priority=10))
    await lists.put(DEMO, ListEntry(kind="vip", number="2", priority=5, expires_at=Instant(now() - 1)))
    await lists.put(DEMO, ListEntry(kind="vip", number="3", priority=5, expires_at=Instant(now() + 60_000)))
    await lists.put(DEMO, ListEntry(kind="deny", number="4", reason="骚扰"))
    assert (await directory.read(DEMO)).vips == {"+8613800000001": 10, "3": 5}


async def test_a_list_is_newest_first_and_searched_by_number_or_name(lists: Lists) -> None:
    for n in range(1, 8):
        await lists.put(DEMO, ListEntry(kind="vip", number=f"1380000{n:04d}", name=f"客户{n}", added_at=Instant(n)))
    await lists.put(DEMO, ListEntry(kind="vip", number="13800000003", name="改名", priority=9, added_at=Instant(3)))
    seen: list[str] = []
    cursor = None
    while True:
        page = await lists.list(DEMO, "vip", limit=3, cursor=cursor)
        assert page.total == 7
        seen += [one.name for one in page.items]
        if (cursor := page.next) is None:
            break
    assert seen == ["客户7", "客户6", "客户5", "客户4", "改名", "客户2", "客户1"]
    assert [one.number for one in (await lists.list(DEMO, "vip", search="改名")).items] == ["13800000003"]
    assert (await lists.list(DEMO, "deny")).total == 0


async def test_lists_of_nobody_and_entries_that_are_not_there(lists: Lists) -> None:
    with pytest.raises(NotFound):
        await lists.put(TenantId("nobody"), ListEntry(kind="vip", number="1"))
    with pytest.raises(NotFound):
        await lists.remove(DEMO, "1")
