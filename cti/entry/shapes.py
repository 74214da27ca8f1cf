"""Schedules as plain values, as the database and the interface have them; what makes no sense is refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cti.entry.calendars import OVERRIDES, Override
from cti.entry.schedules import DAYS, MIDNIGHT, WEEKDAYS, Hours, Schedule, SpecialDay, clock
from cti.errors import BadRequest
from cti.targets import ENDS, Target, target

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "workday": (*WEEKDAYS[:5], "makeup"),
    "weekend": WEEKDAYS[5:],
    "daily": DAYS,
}
"""Words for several days at once."""

MOST_PERIODS: Final = 200
MOST_DAYS: Final = 1000

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def schedule_of(given: Mapping[str, Any]) -> Schedule:
    """The schedule that these values describe; raises `BadRequest`, saying which period or day is wrong."""
    try:
        return _schedule(given)
    except KeyError as missing:
        raise BadRequest(f"{missing} is missing") from None
    except (TypeError, AttributeError):
        raise BadRequest("hours and special_days are lists of named values") from None


def _schedule(given: Mapping[str, Any]) -> Schedule:
    name = named(str(given["name"]), "schedule")
    hours = tuple(_hours(one, n) for n, one in enumerate(_few(given.get("hours", ()), MOST_PERIODS), 1))
    special = tuple(_special(one) for one in _few(given.get("special_days", ()), MOST_DAYS))
    _refuse_overlaps(hours)
    _refuse_twice(special)
    holiday = given.get("holiday")
    return Schedule(
        name=name,
        title=str(given.get("title") or name),
        timezone=_timezone(str(given.get("timezone") or "Asia/Shanghai")),
        calendar=str(given.get("calendar") or ""),
        hours=hours,
        special_days=tuple(sorted(special, key=lambda one: (one.on, one.start))),
        holiday=None if holiday is None else target(str(holiday), ENDS),
        otherwise=target(str(given.get("otherwise") or "hangup"), ENDS),
    )


def shape_of(schedule: Schedule) -> dict[str, Any]:
    """The plain values of a schedule; `schedule_of` makes the same schedule of them."""
    return {
        "name": schedule.name,
        "title": schedule.title,
        "timezone": schedule.timezone,
        "calendar": schedule.calendar,
        "hours": [
            {
                "days": [day for day in DAYS if day in one.days],
                "from": clock(one.start),
                "to": clock(one.end),
                "target": str(one.target),
                "name": one.name,
                "open": one.open,
            }
            for one in schedule.hours
        ],
        "special_days": [
            {
                "date": one.on.isoformat(),
                "from": clock(one.start),
                "to": clock(one.end),
                "target": str(one.target),
                "title": one.title,
                "open": one.open,
            }
            for one in schedule.special_days
        ],
        "holiday": None if schedule.holiday is None else str(schedule.holiday),
        "otherwise": str(schedule.otherwise),
    }


def targets_of(schedule: Schedule) -> list[Target]:
    """Everywhere this schedule may send a call."""
    found = [one.target for one in schedule.hours] + [one.target for one in schedule.special_days]
    return [*found, schedule.otherwise, *([schedule.holiday] if schedule.holiday is not None else [])]


def overrides_of(given: Sequence[Mapping[str, Any]]) -> dict[date, Override]:
    """What a tenant says about dates, each once; raises `BadRequest`, naming the date."""
    found: dict[date, Override] = {}
    for one in _few(given, MOST_DAYS):
        on, kind = day_of(str(one["date"])), str(one["kind"])
        if kind not in OVERRIDES:
            raise BadRequest(f"{on}: {kind[:40]!r} is no kind of day; there are {', '.join(OVERRIDES)}")
        if on in found:
            raise BadRequest(f"{on} is there twice")
        if kind == "makeup" and on.weekday() < 5:
            raise BadRequest(f"{on} is no day of a weekend, so it cannot be a make-up workday")
        found[on] = Override(kind, str(one.get("name") or ""))
    return dict(sorted(found.items()))


def named(name: str, what: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadRequest(f"{name[:40]!r} is no name of a {what}: up to 64 of a-z, 0-9, - and _")
    return name


def day_of(text: str) -> date:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"{text[:40]!r} is no date, such as 2026-10-01") from None


def _few(given: Any, most: int) -> Sequence[Mapping[str, Any]]:
    if len(given) > most:
        raise BadRequest(f"at most {most} of a kind")
    found: Sequence[Mapping[str, Any]] = given
    return found


def _hours(one: Mapping[str, Any], n: int) -> Hours:
    start, end = minute_of(str(one["from"])), minute_of(str(one["to"]))
    what = f"period {n} ({one['from']}-{one['to']})"
    if start in (MIDNIGHT, end):
        raise BadRequest(f"{what} has no length; a whole day is 00:00-24:00")
    name = str(one.get("name") or "open")
    if not _WORD.fullmatch(name):
        raise BadRequest(f"{what}: {name[:40]!r} is no name: up to 40 of a-z, 0-9, - and _")
    days = frozenset(day for word in one["days"] for day in _days(str(word), what))
    if not days:
        raise BadRequest(f"{what} is for no day")
    shown = bool(one.get("open", True))
    return Hours(days=days, start=start, end=end, target=target(str(one["target"]), ENDS), name=name, open=shown)


def _days(word: str, what: str) -> tuple[str, ...]:
    if word in DAYS:
        return (word,)
    if word not in GROUPS:
        raise BadRequest(f"{what}: {word[:40]!r} is no day; there are {', '.join((*DAYS, *GROUPS))}")
    return GROUPS[word]


def _special(one: Mapping[str, Any]) -> SpecialDay:
    on = day_of(str(one["date"]))
    start, end = minute_of(str(one.get("from") or "00:00")), minute_of(str(one.get("to") or "24:00"))
    if end <= start:
        raise BadRequest(f"special day {on} ends before it begins; what goes past midnight is two special days")
    title, shown = str(one.get("title") or ""), bool(one.get("open", False))
    return SpecialDay(on=on, start=start, end=end, target=target(str(one["target"]), ENDS), title=title, open=shown)


def minute_of(text: str) -> int:
    """The minute of the day; 24:00 is its end."""
    found = _CLOCK.fullmatch(text)
    if found is None or (minute := int(found[1]) * 60 + int(found[2])) > MIDNIGHT:
        raise BadRequest(f"{text[:20]!r} is no time of day, such as 09:00 or 24:00")
    return minute


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadRequest(f"{name[:40]!r} is no time zone, such as Asia/Shanghai") from None
    return name


def _refuse_overlaps(hours: Iterable[Hours]) -> None:
    """Two periods that run at once on the same kind of day would leave it to chance which one is meant."""
    for one, other in combinations(hours, 2):
        ends = [each.end if each.end > each.start else MIDNIGHT + each.end for each in (one, other)]
        if one.days & other.days and one.start < ends[1] and other.start < ends[0]:
            day = next(day for day in DAYS if day in one.days & other.days)
            spans = [f"{clock(each.start)}-{clock(each.end)}" for each in (one, other)]
            raise BadRequest(f"{' and '.join(spans)} overlap on {day}")


def _refuse_twice(special: Iterable[SpecialDay]) -> None:
    for one, other in combinations(special, 2):
        if one.on == other.on and one.start < other.end and other.start < one.end:
            raise BadRequest(f"{one.on} is special twice at the same hour")
