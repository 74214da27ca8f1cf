"""Uses every statement about numbers, schedules, calendars, lists and places once."""

from __future__ import annotations

from threading import Event
from typing import Any

from adapters.store.database import Database
from adapters.store.list_reading import read_lists
from adapters.store.places import read_places
from cti.entry.decide import EntryPoint
from cti.entry.entries import ListEntry
from cti.targets import ENDS, target
from tests.adapters.store.story import DEMO
from tests.adapters.store.test_entry import GOLDEN, schedule


async def use_entry(database: Database, entry: Any, lists: Any) -> None:
    """`sales` is a queue already."""
    await entry.put_calendar(DEMO, GOLDEN, new=True)
    await entry.put_schedule(DEMO, schedule(calendar="cn"), new=True)
    point = EntryPoint(number="4000", entry=target("queue:sales", ENDS))
    await entry.put_number(DEMO, point, new=True)
    await entry.put_number(DEMO, point, new=False)
    await entry.read()
    await entry.version()
    await entry.remove_number(DEMO, "4000")
    await entry.remove_schedule(DEMO, "office")
    await entry.remove_calendar(DEMO, "cn")
    start = await lists.revision()
    put = await lists.put(DEMO, ListEntry(kind="deny", number="13*", match="pattern"))
    await lists.put_many(DEMO, [ListEntry(kind="deny", number="2")])
    await lists.get(DEMO, put.id)
    await lists.remove(DEMO, put.id)
    await read_lists(database, start, Event())
    await read_lists(database, None, Event())
    await lists.remove_older(DEMO, "deny", start)
    async for _piece in lists.everything(DEMO, "vip"):
        pass


async def use_places(database: Database, places: Any) -> None:
    await places.load(DEMO, [("1990571", "浙江省杭州市"), ("571", "浙江省杭州市")])
    await places.load(DEMO, [("571", "浙江省杭州市")], replace=True)
    await places.revision()
    await read_places(database, Event())
    async for _piece in places.everything(DEMO):
        pass
