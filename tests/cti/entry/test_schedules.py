"""A moment has one period: by weekday, holiday, make-up workday, special day and night, in the schedule's own time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from cti.entry.calendars import PLAIN, Calendar, Day, DayKind, Override, Year
from cti.entry.schedules import DAYS, Schedule, at
from cti.entry.shapes import overrides_of, schedule_of, shape_of, targets_of
from cti.errors import BadRequest
from cti.ids import Instant


def years(year: int) -> Year:
    if year != 2026:
        return Year({date(year, 1, 1): Day(DayKind.HOLIDAY, "元旦")}, published=False)
    days = {date(2026, 10, day): Day(DayKind.HOLIDAY, "国庆节") for day in range(1, 8)}
    return Year({**days, date(2026, 10, 10): Day(DayKind.MAKEUP, "国庆节调休")})


CHINA = Calendar("cn", years)


def schedule(*hours: dict[str, Any], **more: Any) -> Schedule:
    return schedule_of({"name": "office", "otherwise": "flow:closed", "hours": list(hours), **more})


def hours(days: str, start: str, end: str, to: str = "flow:main", **more: Any) -> dict[str, Any]:
    return {"days": days.split(), "from": start, "to": end, "target": to, **more}


def when(text: str, zone: str = "Asia/Shanghai", fold: int = 0) -> Instant:
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return Instant(round(local.timestamp() * 1000))


def goes(found: Schedule, text: str, calendar: Calendar = CHINA, zone: str = "Asia/Shanghai", fold: int = 0) -> str:
    return str(at(found, when(text, zone, fold), calendar).target)


OFFICE = schedule(hours("mon tue wed thu fri", "09:00", "18:00"), holiday="flow:holiday")


def test_a_call_on_a_make_up_saturday_goes_the_way_of_working_days() -> None:
    assert goes(OFFICE, "2026-10-10T09:05") == "flow:main"
    assert goes(OFFICE, "2026-10-10T09:05", PLAIN) == "flow:closed"
    assert goes(OFFICE, "2026-10-10T18:00") == "flow:closed"
    reason = at(OFFICE, when("2026-10-10T09:05"), CHINA).reason
    assert reason == "Sat 2026-10-10 09:05 Asia/Shanghai, make-up workday 国庆节调休: open 09:00-18:00"


def test_a_call_on_the_first_of_october_goes_the_way_of_holidays() -> None:
    found = at(OFFICE, when("2026-10-01T10:00"), CHINA)
    assert (str(found.target), found.rule, found.name, found.open) == ("flow:holiday", "holiday", "holiday", False)
    assert goes(schedule(hours("mon tue wed thu fri", "09:00", "18:00")), "2026-10-01T10:00") == "flow:closed"
    assert goes(schedule(hours("holiday", "09:00", "12:00", "flow:few")), "2026-10-01T10:00") == "flow:few"


def test_holidays_of_a_year_that_is_not_published_stop_no_call() -> None:
    assert goes(OFFICE, "2027-01-04T10:00") == "flow:main"
    assert "computed; the year is not published yet" in at(OFFICE, when("2027-01-01T10:00"), CHINA).reason
    for year in (1971, 2099):
        assert goes(OFFICE, f"{year}-06-17T03:00") == "flow:closed"


def test_what_the_tenant_says_about_a_day_wins() -> None:
    own = overrides_of(
        [
            {"date": "2026-10-05", "kind": "ordinary", "name": "we work"},
            {"date": "2026-10-11", "kind": "makeup"},
            {"date": "2026-10-12", "kind": "holiday", "name": "anniversary"},
        ]
    )
    calendar = Calendar("own", years, own)
    assert goes(OFFICE, "2026-10-05T10:00", calendar) == "flow:main"
    assert goes(OFFICE, "2026-10-11T10:00", calendar) == "flow:main"
    assert goes(OFFICE, "2026-10-12T10:00", calendar) == "flow:holiday"
    assert [calendar.source(date(2026, 10, day)) for day in (5, 6, 20)] == ["own", "published", "weekday"]
    assert calendar.source(date(2027, 1, 1)) == "computed"


def test_periods_of_one_day_lead_to_different_flows() -> None:
    found = schedule(
        hours("workday", "09:00", "12:00", "flow:morning", name="morning"),
        hours("workday", "12:00", "13:30", "message:lunch", name="lunch", open=False),
        hours("workday", "13:30", "18:00", "queue:sales"),
        hours("weekend", "10:00", "24:00", "agent:1001"),
    )
    assert [
        goes(found, f"2026-11-23T{hour}") for hour in ("08:59:59", "09:00", "11:59:59", "12:00", "17:59", "18:00")
    ] == [
        "flow:closed",
        "flow:morning",
        "flow:morning",
        "message:lunch",
        "queue:sales",
        "flow:closed",
    ]
    assert [goes(found, f"2026-11-2{day}T{hour}") for day, hour in ((1, "23:59:59"), (2, "23:59"), (3, "00:00"))] == [
        "agent:1001",
        "agent:1001",
        "flow:closed",
    ]
    lunch = at(found, when("2026-11-23T12:30"), CHINA)
    assert (lunch.name, lunch.open) == ("lunch", False)


def test_a_night_shift_belongs_to_the_day_it_began() -> None:
    found = schedule(hours("wed", "22:00", "06:00", "flow:night"), holiday="flow:holiday")
    assert goes(found, "2026-09-30T21:59") == "flow:closed"
    assert goes(found, "2026-09-30T22:00") == "flow:night"
    assert goes(found, "2026-10-01T05:59") == "flow:night", "the first of October is a holiday"
    assert goes(found, "2026-10-01T06:00") == "flow:holiday"
    assert "since 2026-09-30" in at(found, when("2026-10-01T01:00"), CHINA).reason
    assert goes(found, "2026-11-26T05:00") == "flow:night"
    assert goes(found, "2026-11-27T05:00") == "flow:closed"


def test_a_special_day_wins_over_everything() -> None:
    special = [
        {"date": "2026-10-01", "target": "message:parade", "title": "阅兵", "from": "09:00", "to": "12:00"},
        {"date": "2026-11-23", "target": "number:01065529988"},
    ]
    found = schedule(hours("daily", "00:00", "24:00"), special_days=special)
    assert goes(found, "2026-10-01T09:00") == "message:parade"
    assert goes(found, "2026-10-01T12:00") == "flow:main"
    assert goes(found, "2026-11-23T23:59") == "number:01065529988"
    assert goes(found, "2026-11-24T00:00") == "flow:main"
    assert at(found, when("2026-10-01T09:00"), CHINA).reason.endswith("special day 阅兵")


def test_an_hour_that_clocks_skip_has_no_calls_and_one_that_comes_twice_is_one_period() -> None:
    found = schedule(
        hours("sun", "01:30", "02:00", "flow:early"),
        hours("sun", "02:00", "03:00", "flow:skipped"),
        hours("sun", "03:00", "24:00", "flow:late"),
        timezone="America/New_York",
    )
    before_gap = when("2026-03-08T01:59:59", "America/New_York")
    assert str(at(found, before_gap, PLAIN).target) == "flow:early"
    assert str(at(found, Instant(before_gap + 1000), PLAIN).target) == "flow:late"
    twice = [goes(found, "2026-11-01T01:45", PLAIN, "America/New_York", fold) for fold in (0, 1)]
    assert twice == ["flow:early", "flow:early"]


def test_the_zone_of_the_schedule_counts() -> None:
    found = schedule(hours("workday", "09:00", "18:00"), timezone="Asia/Urumqi")
    assert goes(found, "2026-11-23T10:59") == "flow:closed"
    assert goes(found, "2026-11-23T11:00") == "flow:main"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"name": "Büro"}, "name of a schedule"),
        ({"name": "../etc"}, "name of a schedule"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"otherwise": "schedule:office"}, "no target"),
        ({"otherwise": "flow:"}, "no name for flow"),
        ({"otherwise": "queue:a b"}, "no name for queue"),
        ({"otherwise": "message:../../etc/passwd"}, "no name for message"),
        ({"hours": [hours("mon", "9:00", "18:00")]}, "no time of day"),
        ({"hours": [hours("mon", "09:00", "24:01")]}, "no time of day"),
        ({"hours": [hours("mon", "09:00", "09:00")]}, "no length"),
        ({"hours": [hours("mon", "24:00", "09:00")]}, "no length"),
        ({"hours": [hours("moon", "09:00", "10:00")]}, "'moon' is no day"),
        ({"hours": [hours("", "09:00", "10:00")]}, "no day"),
        ({"hours": [hours("mon", "09:00", "12:00"), hours("workday", "11:59", "13:00")]}, "overlap on mon"),
        ({"hours": [hours("mon", "22:00", "06:00"), hours("mon", "23:00", "23:30")]}, "overlap on mon"),
        ({"special_days": [{"date": "2026-02-30", "target": "hangup"}]}, "no date"),
        ({"special_days": [{"date": "20260201", "target": "hangup"}]}, "no date"),
        ({"special_days": [{"date": "2026-02-01", "from": "22:00", "to": "06:00", "target": "hangup"}]}, "two special"),
        ({"special_days": [{"date": "2026-02-01", "target": "hangup"}] * 2}, "special twice"),
        ({"hours": [hours("mon", "09:00", "10:00")] * 201}, "at most 200"),
        ({"hours": [{"days": ["mon"], "from": "09:00"}]}, "'to' is missing"),
        ({"hours": "mornings"}, "lists of named values"),
        ({"hours": 5}, "lists of named values"),
        ({"special_days": [["2026-02-01"]]}, "lists of named values"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        schedule_of({"name": "office", **wrong})


@pytest.mark.parametrize(
    ("days", "named"),
    [
        ([{"date": "2026-13-01", "kind": "holiday"}], "no date"),
        ([{"date": "2026-10-01", "kind": "party"}], "no kind of day"),
        ([{"date": "2026-10-01", "kind": "holiday"}] * 2, "twice"),
        ([{"date": "2026-10-12", "kind": "makeup"}], "no day of a weekend"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused_by_name(days: list[dict[str, str]], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        overrides_of(days)


def test_overrides_are_kept_by_date() -> None:
    assert overrides_of([{"date": "2026-10-02", "kind": "holiday", "name": "x"}]) == {
        date(2026, 10, 2): Override("holiday", "x")
    }


minutes = any_.integers(0, 1440).map(lambda one: f"{one // 60:02}:{one % 60:02}")
periods = any_.builds(
    lambda days, start, end: {"days": days, "from": start, "to": end, "target": "queue:sales"},
    any_.lists(any_.sampled_from(DAYS), min_size=1, max_size=3),
    minutes,
    minutes,
)


@given(any_.lists(periods, max_size=4), any_.integers(0, 4_000_000_000))
def test_a_schedule_survives_its_shape_and_every_moment_has_a_period(given_hours: list[Any], moment: int) -> None:
    try:
        found = schedule(*given_hours)
    except BadRequest:
        return
    assert schedule_of(shape_of(found)) == found
    assert at(found, Instant(moment * 1000), CHINA).target in targets_of(found)
