"""The holidays of a country by year, from the library `holidays`. A year it does not know is ordinary, and no error."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from functools import lru_cache, partial
from typing import Final

import holidays

from cti.entry.calendars import Day, DayKind, Year, Years, no_years

log = logging.getLogger(__name__)

FIRST_YEAR: Final = 1980
LAST_YEAR: Final = 2100
_MAKEUP: Final = "调休"


def known(country: str) -> bool:
    """Whether there are holidays of this country (ISO 3166, such as CN); no country at all is fine too."""
    return not country or country in holidays.list_supported_countries(include_aliases=False)


def years_of(country: str) -> Years:
    """The years of a country; each is made when it is first asked for, and kept."""
    return partial(_year, country) if country else no_years


@lru_cache(maxsize=512)
def _year(country: str, year: int) -> Year:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return Year({}, published=False)
    try:
        return _read(country, year)
    except Exception:  # a call is on its way: whatever is wrong in there, the day is what its weekday says
        log.exception("no holidays of %s in %d", country, year)
        return Year({}, published=False)


def _read(country: str, year: int) -> Year:
    around = (year - 1, year, year + 1)
    language = holidays.country_holidays(country).default_language
    found = holidays.country_holidays(country, years=around, language=language)
    days = {on: Day(DayKind.HOLIDAY, str(name)) for on, name in found.items()}
    days |= {on: Day(DayKind.MAKEUP, _MAKEUP) for on in found.weekend_workdays}
    if found.has_substituted_holidays:
        _join_weekends(days)
    announced = not found.has_substituted_holidays or year in found.special_public_holidays
    return Year({on: day for on, day in days.items() if on.year == year}, published=announced)


def _join_weekends(days: dict[date, Day]) -> None:
    """Where weekends are moved to make holidays longer, those beside one are part of it, unless they are worked."""
    for on in sorted(on for on, day in days.items() if day.kind is DayKind.HOLIDAY):
        for step in (timedelta(days=-1), timedelta(days=1)):
            beside = on + step
            while beside.weekday() >= 5 and beside not in days:
                days[beside] = days[on]
                beside += step
