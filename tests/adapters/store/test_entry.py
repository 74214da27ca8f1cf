"""Numbers, schedules and calendars are kept whole, and nothing is kept that leads nowhere."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.entry import Book, CalendarSettings, EntryStore
from adapters.store.incidents import Incidents
from adapters.store.lists import Lists
from adapters.store.recordings import Recordings
from adapters.store.seed_entry import ENTRIES_OF_LISTS, seed_entry
from adapters.store.seed_extras import seed_extras
from cti.entry.calendars import Override
from cti.entry.decide import EntryPoint
from cti.entry.schedules import Schedule
from cti.entry.shapes import schedule_of
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import AgentNo, QueueName, TenantId
from cti.recording.policy import RecordingRules
from cti.records import AgentProfile, QueueSettings
from cti.targets import ENTRIES, target
from tests.adapters.store.story import DEMO, make_tenant

OTHER = TenantId("other")
GOLDEN = CalendarSettings(
    name="cn", title="中国", country="CN", overrides={date(2026, 10, 12): Override("holiday", "公司纪念日")}
)


def point(number: str = "4000", to: str = "flow:main", **more: Any) -> EntryPoint:
    return EntryPoint(number=number, entry=target(to, ENTRIES), **more)


def schedule(name: str = "office", **more: Any) -> Schedule:
    hours = {"days": ["workday"], "from": "09:00", "to": "18:00", "target": "queue:sales"}
    return schedule_of({"name": name, "hours": [hours], "otherwise": "flow:closed", **more})


@pytest.fixture
async def store(database: Database) -> EntryStore:
    directory = DirectoryStore(database)
    await directory.create_queue(DEMO, QueueSettings(name=QueueName("sales")))
    await directory.create_agent(DEMO, AgentProfile(agent_no=AgentNo("1001"), name="x"))
    return EntryStore(database)


async def book(store: EntryStore, tenant: TenantId = DEMO) -> Book:
    return (await store.read())[tenant]


async def test_what_was_put_is_read(store: EntryStore) -> None:
    await store.put_calendar(DEMO, GOLDEN, new=True)
    office = await store.put_schedule(DEMO, schedule(calendar="cn"), new=True)
    main = await store.put_number(DEMO, point("+86 10 6552 9988", title="总机", options={"recording": "all"}), new=True)
    await store.put_number(DEMO, point("4011", "schedule:office", lists=False), new=True)
    found = await book(store)
    assert main.number == "01065529988"
    assert found.points["01065529988"] == main
    assert (str(found.points["4011"].entry), found.points["4011"].lists) == ("schedule:office", False)
    assert found.schedules == {"office": office}
    assert found.calendars == {"cn": GOLDEN}
    assert found.timezone == "Asia/Shanghai"


async def test_a_change_takes_the_place_of_what_was_there(store: EntryStore) -> None:
    await store.put_calendar(DEMO, GOLDEN, new=True)
    await store.put_calendar(DEMO, CalendarSettings(name="cn", country="CN"), new=False)
    await store.put_number(DEMO, point(), new=True)
    await store.put_number(DEMO, point(to="agent:1001"), new=False)
    await store.put_schedule(DEMO, schedule(), new=True)
    await store.put_schedule(DEMO, schedule(otherwise="hangup"), new=False)
    found = await book(store)
    assert (found.calendars["cn"].overrides, found.calendars["cn"].title) == ({}, "cn")
    assert str(found.points["4000"].entry) == "agent:1001"
    assert str(found.schedules["office"].otherwise) == "hangup"


async def test_every_edit_raises_the_version(store: EntryStore) -> None:
    seen = [await store.version()]
    for edit in (
        lambda: store.put_calendar(DEMO, GOLDEN, new=True),
        lambda: store.put_schedule(DEMO, schedule(), new=True),
        lambda: store.put_number(DEMO, point(), new=True),
        lambda: store.remove_number(DEMO, "4000"),
        lambda: store.remove_schedule(DEMO, "office"),
        lambda: store.remove_calendar(DEMO, "cn"),
    ):
        await edit()
        seen.append(await store.version())
    assert seen == sorted(set(seen))
    assert await book(store) == Book(timezone="Asia/Shanghai", points={}, schedules={}, calendars={})


@pytest.mark.parametrize("to", ["queue:nowhere", "agent:9999", "schedule:never"])
async def test_a_number_leads_to_what_is_there(store: EntryStore, to: str) -> None:
    with pytest.raises(BadRequest, match=to.partition(":")[2]):
        await store.put_number(DEMO, point(to=to), new=True)
    assert (await book(store)).points == {}


async def test_a_schedule_leads_to_what_is_there(store: EntryStore) -> None:
    for wrong in ({"otherwise": "queue:nowhere"}, {"holiday": "agent:9"}, {"calendar": "mars"}):
        with pytest.raises(BadRequest, match="there is no"):
            await store.put_schedule(DEMO, schedule(**wrong), new=True)


async def test_what_is_used_is_not_removed(store: EntryStore) -> None:
    await store.put_calendar(DEMO, GOLDEN, new=True)
    await store.put_schedule(DEMO, schedule(calendar="cn"), new=True)
    await store.put_number(DEMO, point("4011", "schedule:office"), new=True)
    with pytest.raises(Conflict, match="office"):
        await store.remove_calendar(DEMO, "cn")
    with pytest.raises(Conflict, match="4011"):
        await store.remove_schedule(DEMO, "office")


async def test_a_number_belongs_to_one_tenant(store: EntryStore, database: Database) -> None:
    await make_tenant(database, OTHER)
    await store.put_number(DEMO, point(), new=True)
    with pytest.raises(Conflict, match="exists"):
        await store.put_number(DEMO, point(), new=True)
    with pytest.raises(Conflict, match="taken"):
        await store.put_number(OTHER, point(), new=True)
    for attempt in (
        lambda: store.put_number(OTHER, point(), new=False),
        lambda: store.remove_number(OTHER, "4000"),
        lambda: store.put_schedule(OTHER, schedule(hours=[]), new=False),
        lambda: store.remove_schedule(OTHER, "office"),
        lambda: store.put_calendar(OTHER, GOLDEN, new=False),
        lambda: store.remove_calendar(OTHER, "cn"),
        lambda: store.put_number(TenantId("nobody"), point("4001"), new=True),
    ):
        with pytest.raises(NotFound):
            await attempt()


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "abc"},
        {"number": ""},
        {"number": "4000;hangup"},
        {"number": "4000", "title": "x" * 81},
        {"number": "4000", "options": {"x": "y" * 5000}},
    ],
)
async def test_a_number_that_makes_no_sense_is_refused(store: EntryStore, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        await store.put_number(DEMO, point(**wrong), new=True)


async def test_the_demonstration_is_made_once_and_what_people_change_stays(database: Database) -> None:
    directory = DirectoryStore(database)
    for queue in ("sales", "support", "billing"):
        await directory.create_queue(DEMO, QueueSettings(name=QueueName(queue)))
    await directory.create_agent(DEMO, AgentProfile(agent_no=AgentNo("1001"), name="x"))
    store, lists = EntryStore(database), Lists(database)
    await seed_entry(database)
    found = await book(store)
    assert [str(found.points[number].entry) for number in ("4000", "4011")] == ["flow:main", "schedule:office"]
    assert found.schedules["office"].calendar == "china"
    assert (await lists.list(DEMO)).total == len(ENTRIES_OF_LISTS)

    await store.remove_number(DEMO, "4013")
    await store.put_number(DEMO, point("4000", "queue:sales"), new=False)
    await lists.remove_older(DEMO, "deny")
    before = await book(store), (await lists.list(DEMO)).items
    await seed_entry(database)
    assert (await book(store), (await lists.list(DEMO)).items) == before


async def test_the_extras_of_the_demonstration_are_made_once_and_what_people_change_stays(database: Database) -> None:
    directory, store, recordings = DirectoryStore(database), EntryStore(database), Recordings(database)
    for name in ("sales", "support", "billing"):
        await directory.create_queue(DEMO, QueueSettings(name=QueueName(name)))
    for no in ("1001", "1002"):
        profile = AgentProfile(agent_no=AgentNo(no), name="x", queues=(QueueName("sales"),))
        await directory.create_agent(DEMO, profile)
    robot = AgentProfile(agent_no=AgentNo("1101"), name="x", queues=(QueueName("sales"),))
    await directory.create_agent(DEMO, robot)
    await seed_entry(database)
    await seed_extras(database, {"1101"})

    read = await directory.read(DEMO)
    made = {queue.name: queue for queue in read.queues}
    assert (made[QueueName("comfort-demo")].announce_position, made[QueueName("skills-demo")].strategy) == (
        True,
        "skills",
    )
    skills = [(one.agent_no, one.skills) for one in read.agents]
    assert skills == [("1001", {"english": 8}), ("1002", {"english": 6}), ("1101", {})]
    assert [one.agent_no for one in read.agents if "overflow-demo" in one.queues] == ["1001", "1002"]
    assert all("survey-demo" in one.queues for one in read.agents)
    (incident,) = await Incidents(database).list(DEMO)
    assert (incident.active, incident.incident.prefixes) == (True, ("0571",))
    assert all("comfort-demo" in one.queues for one in read.agents)
    found = await book(store)
    assert {str(found.points[number].entry) for number in ("4022", "4027")} == {
        "queue:comfort-demo",
        "schedule:special-demo",
    }
    assert (await recordings.rules())[DEMO].numbers == {"4025": "always", "4026": "on_demand"}

    await store.remove_number(DEMO, "4024")
    await recordings.set_rules(DEMO, RecordingRules(default="never"))
    await directory.set_members(DEMO, QueueName("sticky-demo"), ())
    await Incidents(database).end(DEMO, incident.incident.id)
    before = await book(store), await recordings.rules(), await directory.read(DEMO)
    await seed_extras(database, {"1101"})
    assert await Incidents(database).active() == {}
    assert (await book(store), await recordings.rules(), await directory.read(DEMO)) == before
