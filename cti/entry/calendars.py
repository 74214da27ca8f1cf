"""What kind of day a date is 节假日调休: published days of a country, and what a tenant says instead, which wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, TypeAlias


class DayKind(StrEnum):
    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"  # a day of the weekend that is worked, in exchange for a holiday


@dataclass(frozen=True, slots=True)
class Day:
    kind: DayKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Year:
    """The days of a year that are not what their weekday says. `published`: by the authority, not computed ahead."""

    days: Mapping[date, Day]
    published: bool = True


Years: TypeAlias = Callable[[int], Year]

ORDINARY: Final = "ordinary"
"""What an override may say besides holiday and makeup: the day is what its weekday says."""

OVERRIDES: Final = (DayKind.HOLIDAY.value, DayKind.MAKEUP.value, ORDINARY)


def no_years(_year: int) -> Year:
    """A calendar of nobody's holidays."""
    return Year({})


@dataclass(frozen=True, slots=True)
class Override:
    """What a tenant says about a date; `kind` is one of OVERRIDES."""

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    name: str = ""
    years: Years = no_years
    overrides: Mapping[date, Override] = field(default_factory=dict)

    def day(self, on: date) -> Day:
        """What kind of day this is. Every date has an answer, also in years of which nothing is known yet."""
        override = self.overrides.get(on)
        if override is not None:
            if override.kind == ORDINARY:
                return Day(_by_weekday(on), override.name)
            return Day(DayKind(override.kind), override.name)
        return self.years(on.year).days.get(on) or Day(_by_weekday(on))

    def source(self, on: date) -> str:
        """Where the answer for this date comes from: own, published, computed or weekday."""
        if on in self.overrides:
            return "own"
        year = self.years(on.year)
        if on not in year.days:
            return "weekday"
        return "published" if year.published else "computed"


PLAIN: Final = Calendar()


def _by_weekday(on: date) -> DayKind:
    return DayKind.WEEKEND if on.weekday() >= 5 else DayKind.WORKDAY
