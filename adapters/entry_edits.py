"""Numbers, schedules, calendars and lists for the web: shown from memory, edited in the database, in force at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

from adapters.calendars.published import known
from adapters.entry import SAFE_QUEUE, Entries
from adapters.prompts import refuse_silence
from adapters.store.database import Database
from adapters.store.entry import CalendarSettings, EntryStore
from adapters.store.list_reading import Stopped, apart
from adapters.store.lists import SLICE, Lists
from adapters.store.pages import Page
from adapters.web.ports import Shape
from cti.entry import sheets
from cti.entry.decide import EntryPoint
from cti.entry.entries import EXACT, ListEntry
from cti.entry.numbers import international, plain
from cti.entry.shapes import named, overrides_of, schedule_of, shape_of, targets_of
from cti.errors import BadRequest, NotFound
from cti.ids import Instant, TenantId
from cti.shapes import stamp
from cti.targets import ENDS, ENTRIES, Target, target


class EntryEdits:
    """The web's `EntryDesk`."""

    def __init__(
        self,
        database: Database,
        entries: Entries,
        now: Callable[[], Instant],
        heard: Callable[[TenantId], Collection[str]],
    ) -> None:
        self._database = database
        self._store = EntryStore(database)
        self._entries = entries
        self._now = now
        self._heard = heard

    # --- numbers ---

    def numbers(self, tenant: TenantId) -> Sequence[Shape]:
        return [_number(one) for one in self._entries.book(tenant).points.values()]

    def number(self, tenant: TenantId, number: str) -> Shape:
        return _number(self._point(tenant, number))

    async def add_number(self, tenant: TenantId, given: Mapping[str, Any]) -> Shape:
        return await self._put_number(tenant, given, new=True)

    async def change_number(self, tenant: TenantId, number: str, given: Mapping[str, Any]) -> Shape:
        return await self._put_number(tenant, {**self.number(tenant, number), **given}, new=False)

    async def _put_number(self, tenant: TenantId, given: Mapping[str, Any], *, new: bool) -> Shape:
        point = EntryPoint(**{**given, "entry": target(given["entry"], ENTRIES)})
        safe = point.options.get(SAFE_QUEUE)
        if safe is not None:
            target(f"queue:{safe}", ENDS)
        await refuse_silence(self._database, tenant, messages([point.entry]))
        point = await self._store.put_number(tenant, point, new=new)
        await self._entries.refresh()
        return _number(point)

    async def remove_number(self, tenant: TenantId, number: str) -> None:
        await self._store.remove_number(tenant, number)
        await self._entries.refresh()

    def test_number(self, tenant: TenantId, number: str, caller: str, at: datetime | None) -> Shape:
        when = self._instant(tenant, at)
        point = self._point(tenant, number)
        found = self._entries.enter(tenant, point, caller, when)
        rules = [*found.rules, *self._missing(tenant, point, found.target)]
        return {
            "number": international(point.number),
            "at": stamp(when),
            "target": str(found.target),
            "rules": rules,
            "reason": "; ".join(rules),
            "list": found.list,
            "vip": found.vip,
            "priority": found.priority,
            "period": found.period,
            "open": found.open,
            "screened": found.screened,
        }

    def _missing(self, tenant: TenantId, point: EntryPoint, to: Target) -> Iterator[str]:
        """What the call would find: a flow may be named long before it is published, and after it was removed."""
        if to.kind == "flow" and to.name not in self._heard(tenant):
            safe = self._entries.safe_queues().get(point.number)
            whom = f"the safe queue {safe}" if safe else "the fallback, since the number has no safe queue"
            yield f"there is no published flow {to.name}, so the caller goes to {whom}"

    def _point(self, tenant: TenantId, number: str) -> EntryPoint:
        found = self._entries.book(tenant).points.get(plain(number))
        if found is None:
            raise NotFound("no such number")
        return found

    def _instant(self, tenant: TenantId, at: datetime | None) -> Instant:
        if at is None:
            return self._now()
        if not 1970 < at.year < 2100:
            raise BadRequest("a moment to test is in the years 1971 to 2099")
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(self._entries.book(tenant).timezone))
        return Instant(round(at.timestamp() * 1000))

    # --- schedules ---

    def schedules(self, tenant: TenantId) -> Sequence[Shape]:
        return [shape_of(one) for one in self._entries.book(tenant).schedules.values()]

    def schedule(self, tenant: TenantId, name: str) -> Shape:
        found = self._entries.book(tenant).schedules.get(name)
        if found is None:
            raise NotFound("no such schedule")
        return shape_of(found)

    async def add_schedule(self, tenant: TenantId, given: Mapping[str, Any]) -> Shape:
        return await self._put_schedule(tenant, {"timezone": self._entries.book(tenant).timezone, **given}, new=True)

    async def change_schedule(self, tenant: TenantId, name: str, given: Mapping[str, Any]) -> Shape:
        return await self._put_schedule(tenant, {**self.schedule(tenant, name), **given}, new=False)

    async def _put_schedule(self, tenant: TenantId, given: Mapping[str, Any], *, new: bool) -> Shape:
        wanted = {key: value for key, value in given.items() if value is not None}
        schedule = schedule_of(wanted)
        await refuse_silence(self._database, tenant, messages(targets_of(schedule)))
        schedule = await self._store.put_schedule(tenant, schedule, new=new)
        await self._entries.refresh()
        return shape_of(schedule)

    async def remove_schedule(self, tenant: TenantId, name: str) -> None:
        await self._store.remove_schedule(tenant, name)
        await self._entries.refresh()

    def test_schedule(self, tenant: TenantId, name: str, at: datetime | None) -> Shape:
        book = self._entries.book(tenant)
        schedule = book.schedules.get(name)
        if schedule is not None and at is not None and at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(schedule.timezone))
        when = self._instant(tenant, at)
        found = self._entries.schedule(tenant, name, when)
        if found is None:
            raise NotFound("no such schedule")
        return {
            "at": stamp(when),
            "target": str(found.target),
            "rule": found.rule,
            "period": found.name,
            "open": found.open,
            "reason": found.reason,
        }

    # --- calendars ---

    def calendars(self, tenant: TenantId) -> Sequence[Shape]:
        return [_calendar(one) for one in self._entries.book(tenant).calendars.values()]

    def calendar(self, tenant: TenantId, name: str) -> Shape:
        found = self._entries.book(tenant).calendars.get(name)
        if found is None:
            raise NotFound("no such calendar")
        return _calendar(found)

    async def add_calendar(self, tenant: TenantId, given: Mapping[str, Any]) -> Shape:
        return await self._put_calendar(tenant, given, new=True)

    async def change_calendar(self, tenant: TenantId, name: str, given: Mapping[str, Any]) -> Shape:
        return await self._put_calendar(tenant, {**self.calendar(tenant, name), **given}, new=False)

    async def _put_calendar(self, tenant: TenantId, given: Mapping[str, Any], *, new: bool) -> Shape:
        country = str(given.get("country") or "")
        if not known(country):
            raise BadRequest(f"no holidays are known of {country[:10]!r}; a country is written like CN")
        settings = CalendarSettings(
            name=named(str(given["name"]), "calendar"),
            title=str(given.get("title") or ""),
            country=country,
            overrides=overrides_of(given.get("days", ())),
        )
        settings = await self._store.put_calendar(tenant, settings, new=new)
        await self._entries.refresh()
        return _calendar(settings)

    async def remove_calendar(self, tenant: TenantId, name: str) -> None:
        await self._store.remove_calendar(tenant, name)
        await self._entries.refresh()

    def days(self, tenant: TenantId, name: str, year: int) -> Sequence[Shape]:
        calendar = self._entries.calendars(tenant).get(name)
        if calendar is None:
            raise NotFound("no such calendar")
        found, on = [], date(year, 1, 1)
        while on.year == year:
            day, source = calendar.day(on), calendar.source(on)
            if source != "weekday":
                found.append({"date": on.isoformat(), "kind": day.kind.value, "name": day.name, "source": source})
            on += timedelta(days=1)
        return found


class ListEdits:
    """The web's `CallerLists`. A sheet is read and written in a thread of its own, so that calls are not slowed."""

    def __init__(self, database: Database, entries: Entries, now: Callable[[], Instant]) -> None:
        self._url = database.url.render_as_string(hide_password=False)
        self._database = database
        self._lists = Lists(database)
        self._entries = entries
        self._now = now

    async def list(
        self, tenant: TenantId, kind: str | None, limit: int, cursor: str | None, search: str
    ) -> Page[Shape]:
        found = await self._lists.list(tenant, kind, limit=limit, cursor=cursor, search=search)
        return Page([_entry(one) for one in found.items], found.total, found.next)

    async def get(self, tenant: TenantId, entry: str) -> Shape:
        return _entry(await self._lists.get(tenant, entry))

    def expiry(self, tenant: TenantId, text: str) -> Instant | None:
        """When an entry runs out, as a sheet says it, on the tenant's clock."""
        return sheets.moment_of(text, ZoneInfo(self._entries.book(tenant).timezone))

    async def put(self, tenant: TenantId, given: Mapping[str, Any], *, by: str) -> Shape:
        wanted = {**given, "target": _target(given.get("target"))}
        return await self._put(tenant, ListEntry(**wanted, added_by=by, added_at=self._now()))

    async def change(self, tenant: TenantId, entry: str, given: Mapping[str, Any], *, by: str) -> Shape:
        old = await self._lists.get(tenant, entry)
        wanted = {**given, "target": _target(given["target"])} if "target" in given else given
        return await self._put(tenant, replace(old, **wanted, added_by=by, added_at=self._now()))

    async def _put(self, tenant: TenantId, entry: ListEntry) -> Shape:
        await refuse_silence(self._database, tenant, messages([entry.target]))
        put = await self._lists.put(tenant, entry)
        await self._entries.refresh()
        return _entry(put)

    async def remove(self, tenant: TenantId, entry: str) -> None:
        await self._lists.remove(tenant, entry)
        await self._entries.refresh()

    async def empty(self, tenant: TenantId, kind: str) -> int:
        gone = await self._lists.remove_older(tenant, kind)
        await self._entries.refresh()
        return gone

    async def load(
        self, tenant: TenantId, kind: str, data: bytes, *, by: str, replace: bool, partial: bool
    ) -> Mapping[str, Any]:
        """Import a sheet; raises `BadSheet`, with nothing imported, unless the good lines are wanted anyway."""
        zone, now = self._entries.book(tenant).timezone, self._now()
        sheet = await asyncio.to_thread(lambda: sheets.read(kind, data, zone=zone, by=by, at=now))
        if sheet.wrong and not partial:
            raise sheets.BadSheet(sheet)
        await refuse_silence(self._database, tenant, messages({one.target for one in sheet.entries}))
        stop = self._entries.stop
        try:
            removed = await apart(self._url, lambda database: put_sheet(database, tenant, kind, sheet, replace, stop))
        finally:
            await self._entries.refresh()
        problems = [asdict(one) for one in sheet.problems]
        return {"imported": len(sheet.entries), "removed": removed, "wrong": sheet.wrong, "problems": problems}

    async def sheet(self, tenant: TenantId, kind: str) -> AsyncIterator[bytes]:
        yield sheets.header()
        async for entries in self._lists.everything(tenant, kind):
            yield sheets.written(entries)


def messages(targets: Iterable[Target | None]) -> Sequence[str]:
    """The prompts that these targets are."""
    return [one.name for one in targets if one is not None and one.kind == "message"]


async def put_sheet(
    database: Database, tenant: TenantId, kind: str, sheet: sheets.Sheet, replace: bool, stop: Event
) -> int:
    """Put a sheet on the list, slice by slice; returns how many entries went because the sheet lacks them."""
    lists = Lists(database)
    before = await lists.revision()
    for start in range(0, len(sheet.entries), SLICE):
        if stop.is_set():
            raise Stopped
        await lists.put_many(tenant, sheet.entries[start : start + SLICE])
    return await lists.remove_older(tenant, kind, before) if replace else 0


def _target(text: str | None) -> Any:
    return None if text is None else target(text, ENDS)


def _number(point: EntryPoint) -> Shape:
    return {
        "number": international(point.number),
        "title": point.title,
        "entry": str(point.entry),
        "lists": point.lists,
        "options": dict(point.options),
    }


def _calendar(settings: CalendarSettings) -> Shape:
    days = [{"date": on.isoformat(), "kind": one.kind, "name": one.name} for on, one in settings.overrides.items()]
    return {"name": settings.name, "title": settings.title, "country": settings.country, "days": days}


def _entry(entry: ListEntry) -> Shape:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "number": international(entry.number) if entry.match == EXACT else entry.number,
        "match": entry.match,
        "target": None if entry.target is None else str(entry.target),
        "priority": entry.priority,
        "name": entry.name,
        "reason": entry.reason,
        "expires_at": stamp(entry.expires_at),
        "added_by": entry.added_by,
        "added_at": stamp(entry.added_at),
    }
