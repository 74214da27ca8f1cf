"""Which period of a schedule a moment falls in, by the clock on the wall of its time zone 时段.

A period belongs to the day on which it begins, so a night shift ends in the morning after whatever that day is. Where
clocks are turned the wall counts: an hour that is skipped has no calls, one that comes twice is the same period twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cti.entry.calendars import Calendar, Day, DayKind
from cti.ids import Instant
from cti.targets import HANGUP, Target

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS: Final = (*WEEKDAYS, "holiday", "makeup")
"""What a period can be for. A holiday or make-up workday is no weekday any more."""

MIDNIGHT: Final = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A period that comes again: on these days, from minute to minute. `end` before `start`: until the day after."""

    days: frozenset[str]
    start: int
    end: int
    target: Target
    name: str = "open"
    open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """One date, or some hours of it, that goes its own way; it wins over everything else."""

    on: date
    target: Target
    title: str = ""
    start: int = 0
    end: int = MIDNIGHT
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`holiday`: where holidays go when no period is for them. `otherwise`: where all other moments go."""

    name: str
    title: str = ""
    timezone: str = "Asia/Shanghai"
    calendar: str = ""
    hours: tuple[Hours, ...] = ()
    special_days: tuple[SpecialDay, ...] = ()
    holiday: Target | None = None
    otherwise: Target = HANGUP


@dataclass(frozen=True, slots=True)
class Period:
    """Where a moment goes. `rule` is special, period, holiday or otherwise; `reason` says which one and why."""

    target: Target
    rule: str
    name: str
    open: bool
    reason: str


def at(schedule: Schedule, when: Instant, calendar: Calendar) -> Period:
    """The period that `when` falls in. Always one, whatever is known of the year."""
    local = datetime.fromtimestamp(when / 1000, ZoneInfo(schedule.timezone))
    today, minute = local.date(), local.hour * 60 + local.minute
    for special in schedule.special_days:
        if special.on == today and special.start <= minute < special.end:
            why = f"{_moment(local)}: special day {special.title or today}"
            return Period(special.target, "special", "special", special.open, why)
    day = calendar.day(today)
    where = f"{_moment(local)}, {_called(day, calendar, today)}"
    for on, hours in _running(schedule, calendar, today, minute):
        since = "" if on == today else f" since {on}"
        why = f"{where}: {hours.name} {clock(hours.start)}-{clock(hours.end)}{since}"
        return Period(hours.target, "period", hours.name, hours.open, why)
    if day.kind is DayKind.HOLIDAY and schedule.holiday is not None:
        return Period(schedule.holiday, "holiday", "holiday", False, f"{where}: as on holidays")
    return Period(schedule.otherwise, "otherwise", "closed", False, f"{where}: outside all periods")


def _running(schedule: Schedule, calendar: Calendar, today: date, minute: int) -> Iterator[tuple[date, Hours]]:
    """The periods that run now: those of today, then those of last night, each with the day it began."""
    day = _day_word(schedule, calendar.day(today), today)
    for hours in schedule.hours:
        until = hours.end if hours.end > hours.start else MIDNIGHT
        if day in hours.days and hours.start <= minute < until:
            yield today, hours
    yesterday = today - timedelta(days=1)
    day = _day_word(schedule, calendar.day(yesterday), yesterday)
    for hours in schedule.hours:
        if day in hours.days and hours.end < hours.start and minute < hours.end:
            yield yesterday, hours


def _day_word(schedule: Schedule, day: Day, on: date) -> str:
    """Which word of DAYS this day goes by. Where no period is for make-up workdays, they go by Monday's."""
    if day.kind is DayKind.HOLIDAY:
        return "holiday"
    if day.kind is DayKind.MAKEUP:
        return "makeup" if any("makeup" in hours.days for hours in schedule.hours) else "mon"
    return WEEKDAYS[on.weekday()]


def _called(day: Day, calendar: Calendar, on: date) -> str:
    words = {DayKind.HOLIDAY: "holiday", DayKind.MAKEUP: "make-up workday"}.get(day.kind, day.kind.value)
    computed = " (computed; the year is not published yet)" if calendar.source(on) == "computed" else ""
    return f"{words} {day.name}{computed}" if day.name else f"{words}{computed}"


def _moment(local: datetime) -> str:
    return f"{WEEKDAYS[local.weekday()].title()} {local:%Y-%m-%d %H:%M} {local.tzinfo}"


def clock(minute: int) -> str:
    """A minute of the day as people write it: 09:05, 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"
