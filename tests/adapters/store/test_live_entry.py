"""What calls enter by is in memory: they wait for no database, and every edit by whomever holds for the next call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.calendars.published import known, years_of
from adapters.entry import Entries
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.entry import CalendarSettings, EntryStore
from adapters.store.failures import StoreAway
from adapters.store.lists import Lists
from cti.entry.calendars import Calendar, DayKind
from cti.entry.decide import Decision
from cti.entry.entries import ListEntry
from cti.ids import Instant, QueueName, TenantId
from cti.records import QueueSettings
from cti.targets import ENDS, target
from tests.adapters.store.story import DEMO, make_tenant
from tests.adapters.store.test_entry import point, schedule

CALLER = "+8613800001234"
MAKE_UP_SATURDAY = "2026-10-10T09:05"


def when(text: str) -> Instant:
    return Instant(round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000))


@pytest.fixture
async def store(database: Database) -> EntryStore:
    await DirectoryStore(database).create_queue(DEMO, QueueSettings(name=QueueName("sales")))
    store = EntryStore(database)
    await store.put_calendar(DEMO, CalendarSettings(name="cn", country="CN"), new=True)
    await store.put_schedule(DEMO, schedule(calendar="cn", holiday="flow:holiday"), new=True)
    await store.put_number(DEMO, point("4000", "schedule:office"), new=True)
    return store


@pytest.fixture
async def entries(database: Database, store: EntryStore) -> AsyncIterator[Entries]:
    found = Entries(database)
    await found.refresh()
    yield found
    found.close()


def goes(entries: Entries, at: str = MAKE_UP_SATURDAY, dialled: str = "4000") -> str:
    return str(decided(entries, at, dialled).target)


def decided(entries: Entries, at: str = MAKE_UP_SATURDAY, dialled: str = "4000") -> Decision:
    found = entries.decide(dialled, CALLER, when(at))
    assert found is not None
    assert found[0] == DEMO
    return found[1]


async def test_calls_enter_by_what_the_database_says(entries: Entries) -> None:
    assert goes(entries) == "queue:sales"
    assert goes(entries, "2026-10-01T09:05") == "flow:holiday"
    assert goes(entries, "2026-10-10T20:00") == "flow:closed"
    assert goes(entries, "2031-03-04T09:05") == "queue:sales", "nobody has published that year"
    assert entries.decide("4999", CALLER, when(MAKE_UP_SATURDAY)) is None


async def test_an_edit_holds_for_the_next_call(entries: Entries, store: EntryStore, database: Database) -> None:
    lists = Lists(database)
    put = await lists.put(DEMO, ListEntry(kind="deny", number=CALLER, reason="骚扰"))
    await entries.refresh()
    assert goes(entries) == "hangup"
    await lists.put(DEMO, ListEntry(kind="vip", number=CALLER, target=target("queue:sales", ENDS), priority=7))
    await entries.refresh()
    assert (decided(entries).vip, decided(entries).priority) == (True, 7)
    await lists.remove(DEMO, put.id)
    await lists.remove_older(DEMO, "vip")
    await entries.refresh()
    assert decided(entries).list is None
    await store.put_number(DEMO, point("4000", "queue:sales"), new=False)
    await store.put_number(DEMO, point("+861065529988", "queue:sales"), new=True)
    await entries.refresh()
    assert goes(entries, "2026-10-01T09:05") == "queue:sales"
    assert goes(entries, dialled="01065529988") == "queue:sales"


async def test_a_list_that_comes_in_many_slices_is_whole(entries: Entries, database: Database) -> None:
    for start in range(0, 2000, 1000):
        batch = [ListEntry(kind="deny", number=f"139{n:08d}") for n in range(start, start + 1000)]
        await Lists(database).put_many(DEMO, batch)
    await entries.refresh()
    assert len(entries.lists(DEMO)) == 2000
    await Lists(database).remove_older(DEMO, "deny")
    await entries.refresh()
    assert len(entries.lists(DEMO)) == 0


async def test_when_the_database_is_away_calls_enter_as_before(store: EntryStore, database: Database) -> None:
    entries = Entries(database)
    await entries.refresh()
    await database.close()
    entries._store = EntryStore(Database("postgresql+asyncpg://cti@127.0.0.1:1/nowhere"))
    with pytest.raises(StoreAway):
        await entries.refresh()
    assert goes(entries) == "queue:sales"


async def test_a_tenant_without_anything_has_empty_lists(entries: Entries, database: Database) -> None:
    await make_tenant(database, TenantId("other"))
    await entries.refresh()
    assert (len(entries.lists(TenantId("other"))), entries.book(TenantId("other")).points) == (0, {})
    assert entries.period(TenantId("other"), "office", when(MAKE_UP_SATURDAY)) == ()


async def test_a_flow_asks_a_schedule_for_the_names_of_its_period(entries: Entries) -> None:
    assert entries.period(DEMO, "office", when(MAKE_UP_SATURDAY)) == ("open",)
    assert entries.period(DEMO, "office", when("2026-10-01T09:05")) == ("holiday", "closed")
    assert entries.period(DEMO, "office", when("2026-10-10T20:00")) == ("closed",)


async def test_every_number_may_name_a_safe_queue(entries: Entries, store: EntryStore) -> None:
    await store.put_number(DEMO, point("4001", "queue:sales"), new=True)
    await store.put_number(DEMO, point("4000", "schedule:office", options={"safe_queue": "sales"}), new=False)
    await store.put_number(DEMO, point("4002", "flow:main"), new=True)
    await entries.refresh()
    assert entries.safe_queues() == {"4000": "sales", "4001": "sales"}


def test_the_published_days_of_2026_are_those_of_the_state_council() -> None:
    days = years_of("CN")(2026).days
    holidays = sorted(f"{on:%m-%d}" for on, day in days.items() if day.kind is DayKind.HOLIDAY)
    spans = ("01-01 01-03", "02-15 02-23", "04-04 04-06", "05-01 05-05", "06-19 06-21", "09-25 09-27", "10-01 10-07")
    wanted = []
    for span in spans:
        month, first, last = int(span[:2]), int(span[3:5]), int(span[9:])
        wanted += [f"{month:02}-{day:02}" for day in range(first, last + 1)]
    assert holidays == wanted
    worked = sorted(f"{on:%m-%d}" for on, day in days.items() if day.kind is DayKind.MAKEUP)
    assert worked == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]


def test_no_year_and_no_country_stops_a_call() -> None:
    for year in (1, 1900, 1979, 2027, 2099, 9999):
        calendar = Calendar("x", years_of("CN"))
        assert calendar.day(datetime(year, 6, 17, tzinfo=UTC).date()).kind in DayKind
    assert not years_of("CN")(2027).published
    assert years_of("CN")(2026).published
    assert years_of("")(2026).days == {}
    assert years_of("XX")(2026).days == {}
    assert (known("CN"), known(""), known("XX"), known("cn")) == (True, True, False, False)
