"""Where the demonstration's calls enter: numbers, hours, holidays, lists. Made once: what is removed stays removed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from adapters.store import meta
from adapters.store.database import Database
from adapters.store.entry import CalendarSettings, EntryStore
from adapters.store.lists import Lists
from adapters.store.seed import DEMO
from cti.entry.decide import EntryPoint
from cti.entry.entries import ListEntry
from cti.entry.shapes import schedule_of
from cti.errors import BadRequest, Conflict
from cti.targets import ENDS, ENTRIES, target

_SEEDED: Final = "seeded:entry"
_BY: Final = "cti lab seed"

OFFICE: Final[Mapping[str, Any]] = {
    "name": "office",
    "title": "办公时间",
    "calendar": "china",
    "hours": [
        {"days": ["workday"], "from": "09:00", "to": "18:00", "target": "flow:main"},
        {"days": ["workday"], "from": "18:00", "to": "21:00", "target": "queue:support", "name": "evening"},
        {"days": ["weekend"], "from": "10:00", "to": "16:00", "target": "queue:sales", "name": "weekend"},
    ],
    "holiday": "flow:closed",
    "otherwise": "flow:closed",
}

NUMBERS: Final = (
    ("4000", "总机", "flow:main"),
    ("4010", "销售（含贵宾）", "queue:sales"),
    ("4011", "时段演示", "schedule:office"),
    ("4012", "黑名单演示", "queue:sales"),
    ("4013", "贵宾演示", "queue:sales"),
    ("4014", "流程：时段", "flow:hours-demo"),
    ("4015", "流程：收号", "flow:collect-demo"),
    ("4016", "流程：查询", "flow:lookup-demo"),
    ("4017", "流程：留言", "flow:voicemail-demo"),
    ("4018", "流程：回电", "flow:callback-demo"),
)
"""Our numbers: number, title, what it leads to. Callers of all of them are looked for on the lists."""

ENTRIES_OF_LISTS: Final = (
    ListEntry(kind="deny", number="13700000404", name="推销", reason="演示：挂断"),
    ListEntry(
        kind="deny", number="13700000405", name="推销", reason="演示：转流程", target=target("flow:closed", ENDS)
    ),
    ListEntry(kind="deny", number="1980000", match="prefix", reason="演示：号段"),
    ListEntry(
        kind="vip", number="13700000888", priority=10, reason="演示：专属座席", target=target("agent:1001", ENDS)
    ),
    ListEntry(
        kind="vip", number="13700000889", priority=10, reason="演示：专属队列", target=target("queue:billing", ENDS)
    ),
)


async def seed_entry(database: Database) -> None:
    """Make what was never made; the tenant, its queues and agents are there."""
    store, lists = EntryStore(database), Lists(database)
    china = CalendarSettings(name="china", title="中国法定节假日", country="CN")
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "calendar china": lambda: store.put_calendar(DEMO, china, new=True),
        "schedule office": lambda: store.put_schedule(DEMO, schedule_of(OFFICE), new=True),
    }
    for number, title, entry in NUMBERS:
        point = EntryPoint(number=number, title=title, entry=target(entry, ENTRIES), options={"safe_queue": "sales"})
        steps[f"number {number}"] = _number(store, point)
    for one in ENTRIES_OF_LISTS:
        steps[f"{one.kind} {one.number}"] = _entry(lists, one)
    async with database.reading() as connection:
        done = set(json.loads(await meta.read(connection, _SEEDED) or "[]"))
    for name, make in steps.items():
        if name not in done:
            try:
                await make()
            except (Conflict, BadRequest):
                pass  # somebody made one of that name, or has removed what it leads to
    async with database.writing() as connection:
        await meta.write(connection, _SEEDED, json.dumps(sorted(done | steps.keys())))


def _number(store: EntryStore, point: EntryPoint) -> Callable[[], Awaitable[object]]:
    return lambda: store.put_number(DEMO, point, new=True)


def _entry(lists: Lists, entry: ListEntry) -> Callable[[], Awaitable[object]]:
    return lambda: lists.put_many(DEMO, [replace(entry, added_by=_BY)])
