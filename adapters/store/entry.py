"""Numbers, schedules and calendars as people edit them. What names something else that is not there is refused.

Every edit raises the entry's version in the same transaction.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta, rules
from adapters.store.database import Database, insert_new, upsert
from adapters.store.entry_tables import calendar_days, calendars, numbers, schedules
from adapters.store.references import refuse_dangling, refuse_unknown
from adapters.store.tables import tenants
from cti.entry.calendars import Override
from cti.entry.decide import EntryPoint
from cti.entry.numbers import plain
from cti.entry.schedules import Schedule
from cti.entry.shapes import schedule_of, shape_of, targets_of
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import TenantId
from cti.targets import ENTRIES, target

VERSION: Final = "entry_version"
_MOST_OPTIONS: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSettings:
    """Whose published days count (a country, or none), and what the tenant says instead."""

    name: str
    title: str = ""
    country: str = ""
    overrides: Mapping[date, Override] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything of one tenant that says where calls enter, but for the lists."""

    timezone: str
    points: Mapping[str, EntryPoint]
    schedules: Mapping[str, Schedule]
    calendars: Mapping[str, CalendarSettings]


class EntryStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        """Rises with every edit, by whomever; those of the directory count, since tenants are there."""
        async with self._database.reading() as connection:
            both = [await meta.read(connection, key) for key in (VERSION, meta.VERSION)]
            return sum(int(one or 0) for one in both)

    async def read(self) -> dict[TenantId, Book]:
        """Everything of every tenant."""
        async with self._database.reading() as connection:
            zones = {row.tenant: row.timezone for row in await connection.execute(select(tenants))}
            return {TenantId(name): await _book(connection, TenantId(name), zone) for name, zone in zones.items()}

    # --- numbers ---

    async def put_number(self, tenant: TenantId, point: EntryPoint, *, new: bool) -> EntryPoint:
        """Add a number (`new`) or change one; returns it as it is compared with what is dialled."""
        point = _point(point)
        async with self._database.writing() as connection:
            await _edit(connection, tenant)
            await refuse_dangling(connection, tenant, [point.entry])
            row = {
                "tenant": tenant,
                "number": point.number,
                "title": point.title,
                "entry": str(point.entry),
                "lists": point.lists,
                "options": point.options,
            }
            try:
                await _put(connection, numbers, row, new, f"number {point.number}")
            except IntegrityError:
                raise Conflict(f"number {point.number} is taken") from None
        return point

    async def remove_number(self, tenant: TenantId, number: str) -> None:
        async with self._database.writing() as connection:
            await _edit(connection, tenant)
            these = (numbers.c.tenant == tenant, numbers.c.number == plain(number))
            if (await connection.execute(delete(numbers).where(*these))).rowcount == 0:
                raise NotFound("no such number")

    # --- schedules ---

    async def put_schedule(self, tenant: TenantId, schedule: Schedule, *, new: bool) -> Schedule:
        schedule = replace(schedule, title=rules.words(schedule.title, "the title"))
        async with self._database.writing() as connection:
            await _edit(connection, tenant)
            await refuse_dangling(connection, tenant, targets_of(schedule))
            if schedule.calendar:
                await refuse_unknown(connection, calendars.c.name, tenant, schedule.calendar, "calendar")
            document = shape_of(schedule)
            row = {"tenant": tenant, "name": schedule.name, "calendar": schedule.calendar, "document": document}
            await _put(connection, schedules, row, new, f"schedule {schedule.name}")
        return schedule

    async def remove_schedule(self, tenant: TenantId, name: str) -> None:
        async with self._database.writing() as connection:
            await _edit(connection, tenant)
            query = select(numbers.c.number).where(numbers.c.tenant == tenant, numbers.c.entry == f"schedule:{name}")
            users = (await connection.scalars(query.order_by(numbers.c.number))).all()
            if users:
                raise Conflict(f"schedule {name} is used by {', '.join(users[:10])}")
            await _remove(connection, schedules, tenant, name, "schedule")

    # --- calendars ---

    async def put_calendar(self, tenant: TenantId, calendar: CalendarSettings, *, new: bool) -> CalendarSettings:
        title = rules.words(calendar.title or calendar.name, "the title")
        calendar = replace(calendar, title=title, overrides=_clean(calendar.overrides))
        row = {"tenant": tenant, "name": calendar.name, "title": title, "country": calendar.country}
        days = [
            {"tenant": tenant, "calendar": calendar.name, "day": on.isoformat(), "kind": one.kind, "name": one.name}
            for on, one in calendar.overrides.items()
        ]
        async with self._database.writing() as connection:
            await _edit(connection, tenant)
            await _put(connection, calendars, row, new, f"calendar {calendar.name}")
            mine = calendar_days.c
            old = delete(calendar_days).where(mine.tenant == tenant, mine.calendar == calendar.name)
            await connection.execute(old)
            if days:
                await connection.execute(insert(calendar_days), days)
        return calendar

    async def remove_calendar(self, tenant: TenantId, name: str) -> None:
        async with self._database.writing() as connection:
            await _edit(connection, tenant)
            query = select(schedules.c.name).where(schedules.c.tenant == tenant, schedules.c.calendar == name)
            users = (await connection.scalars(query.order_by(schedules.c.name))).all()
            if users:
                raise Conflict(f"calendar {name} is used by {', '.join(users[:10])}")
            mine = calendar_days.c
            await connection.execute(delete(calendar_days).where(mine.tenant == tenant, mine.calendar == name))
            await _remove(connection, calendars, tenant, name, "calendar")


def _point(point: EntryPoint) -> EntryPoint:
    options = json.dumps(dict(point.options), ensure_ascii=False)
    if len(options) > _MOST_OPTIONS:
        raise BadRequest(f"the options are longer than {_MOST_OPTIONS} characters")
    return replace(
        point,
        number=plain(rules.number(point.number)),
        title=rules.words(point.title, "the title", needed=False),
        entry=target(str(point.entry), ENTRIES),
    )


def _clean(overrides: Mapping[date, Override]) -> dict[date, Override]:
    return {
        on: Override(one.kind, rules.words(one.name, f"the name of {on}", needed=False))
        for on, one in overrides.items()
    }


async def _edit(connection: AsyncConnection, tenant: TenantId) -> None:
    await meta.bump(connection, VERSION)
    if await connection.scalar(select(tenants.c.tenant).where(tenants.c.tenant == tenant)) is None:
        raise NotFound(f"there is no tenant {tenant[:40]}")


async def _put(connection: AsyncConnection, table: Table, row: Mapping[str, Any], new: bool, what: str) -> None:
    dialect = connection.dialect.name
    if new:
        if (await connection.execute(insert_new(dialect, table), row)).rowcount != 1:
            raise Conflict(f"{what} exists")
        return
    keys = [column == row[column.name] for column in table.primary_key]
    if await connection.scalar(select(table.c.tenant).where(*keys)) is None:
        raise NotFound(f"there is no {what}")
    await connection.execute(upsert(dialect, table), row)


async def _remove(connection: AsyncConnection, table: Table, tenant: TenantId, name: str, what: str) -> None:
    done = await connection.execute(delete(table).where(table.c.tenant == tenant, table.c.name == name))
    if done.rowcount == 0:
        raise NotFound(f"there is no {what} {name[:40]}")


async def _book(connection: AsyncConnection, tenant: TenantId, zone: str) -> Book:
    points = {}
    for row in await connection.execute(select(numbers).where(numbers.c.tenant == tenant)):
        entry = target(row.entry, ENTRIES)
        points[row.number] = EntryPoint(
            number=row.number, title=row.title, entry=entry, lists=row.lists, options=row.options
        )
    rows = await connection.execute(select(schedules).where(schedules.c.tenant == tenant))
    found = {row.name: schedule_of(row.document) for row in rows}
    days: defaultdict[str, dict[date, Override]] = defaultdict(dict)
    query = select(calendar_days).where(calendar_days.c.tenant == tenant).order_by(calendar_days.c.day)
    for row in await connection.execute(query):
        days[row.calendar][date.fromisoformat(row.day)] = Override(row.kind, row.name)
    own = {
        row.name: CalendarSettings(name=row.name, title=row.title, country=row.country, overrides=days[row.name])
        for row in await connection.execute(select(calendars).where(calendars.c.tenant == tenant))
    }
    return Book(timezone=zone, points=points, schedules=found, calendars=own)
