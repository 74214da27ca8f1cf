"""The shapes of numbers, schedules, calendars and lists. What the words in them mean is checked in `cti/entry`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from adapters.web.models import Words

NumberWord = Annotated[str, StringConstraints(pattern=r"^[+0-9*#() .-]{1,40}$")]
NameWord = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
TargetWord = Annotated[
    str,
    StringConstraints(max_length=100),
    Field(
        description="flow:x, queue:x, agent:x, extension:x, number:x, message:x or hangup",
        examples=["flow:main", "hangup"],
    ),
]
ClockWord = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}:[0-9]{2}$"), Field(examples=["09:00", "24:00"])]
DateWord = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), Field(examples=["2026-10-01"])]
KindWord = Literal["vip", "deny"]
Sentences = list[str]
MatchWord = Literal["exact", "prefix", "pattern"]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


# --- numbers -------------------------------------------------------------------------------------------------------


class Number(BaseModel):
    number: str
    title: str
    entry: str = Field(description="a target, or schedule:x, which decides further")
    lists: bool = Field(description="callers are looked for on the deny and VIP lists")
    options: dict[str, Any]


class NewNumber(_Asked):
    number: NumberWord
    title: Words = ""
    entry: Annotated[str, StringConstraints(max_length=100)] = Field(examples=["schedule:office", "flow:main"])
    lists: bool = True
    options: dict[str, Any] = Field(default={}, description="`safe_queue`: where callers go when nobody can be asked")


class NumberChange(_Asked):
    title: Words | None = None
    entry: Annotated[str, StringConstraints(max_length=100)] | None = None
    lists: bool | None = None
    options: dict[str, Any] | None = None


class NumberTest(_Asked):
    """A moment without a zone is on the clock of the tenant; without a moment it is now."""

    caller: Annotated[str, StringConstraints(max_length=64)] = ""
    at: datetime | None = None


class NumberTested(BaseModel):
    number: str
    at: datetime
    target: str
    rules: Sentences = Field(description="the sentences that led there, in order")
    reason: str
    list: KindWord | None = Field(description="the list that the caller stands on")
    vip: bool
    priority: int
    period: str | None = Field(description="the period of the schedule")
    open: bool
    screened: bool = Field(description="whether lists were asked")


# --- schedules -----------------------------------------------------------------------------------------------------


class Hours(_Asked):
    """`to` before `from`: until the day after. Days: mon to sun, holiday, makeup; workday, weekend and daily."""

    days: list[Annotated[str, StringConstraints(max_length=20)]] = Field(min_length=1, max_length=12)
    start: ClockWord = Field(alias="from")
    end: ClockWord = Field(alias="to")
    target: TargetWord
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] = "open"
    open: bool = True


class SpecialDay(_Asked):
    date: DateWord
    start: ClockWord = Field("00:00", alias="from")
    end: ClockWord = Field("24:00", alias="to")
    target: TargetWord
    title: Words = ""
    open: bool = False


class Schedule(BaseModel):
    name: str
    title: str
    timezone: str
    calendar: str
    hours: list[Hours]
    special_days: list[SpecialDay]
    holiday: str | None = Field(description="where holidays go when no period is for them")
    otherwise: str = Field(description="where all other moments go")


class ScheduleChange(_Asked):
    title: Words | None = None
    timezone: Annotated[str, StringConstraints(max_length=64)] | None = None
    calendar: NameWord | Literal[""] | None = None
    hours: list[Hours] | None = Field(default=None, max_length=200)
    special_days: list[SpecialDay] | None = Field(default=None, max_length=1000)
    holiday: TargetWord | None = None
    otherwise: TargetWord | None = None


class NewSchedule(ScheduleChange):
    name: NameWord


class Moment(_Asked):
    at: datetime | None = None


class ScheduleTested(BaseModel):
    at: datetime
    target: str
    rule: Literal["special", "period", "holiday", "otherwise"]
    period: str
    open: bool
    reason: str


# --- calendars -----------------------------------------------------------------------------------------------------


class OwnDay(_Asked):
    """What the tenant says about a date: holiday, makeup (a worked day of a weekend), or ordinary."""

    date: DateWord
    kind: Literal["holiday", "makeup", "ordinary"]
    name: Words = ""


class Calendar(BaseModel):
    name: str
    title: str
    country: str
    days: list[OwnDay]


class CalendarChange(_Asked):
    title: Words | None = None
    country: Annotated[str, StringConstraints(max_length=3)] | None = Field(None, description="ISO 3166, or empty")
    days: list[OwnDay] | None = Field(default=None, max_length=1000, description="takes the place of those there are")


class NewCalendar(CalendarChange):
    name: NameWord


class CalendarDay(BaseModel):
    date: DateWord
    kind: Literal["workday", "weekend", "holiday", "makeup"]
    name: str
    source: Literal["own", "published", "computed"]


# --- lists ---------------------------------------------------------------------------------------------------------


class ListEntry(BaseModel):
    id: str
    kind: KindWord
    number: str
    match: MatchWord
    target: str | None = Field(description="a denied caller's way; a VIP's own queue or agent")
    priority: int
    name: str
    reason: str
    expires_at: datetime | None
    added_by: str
    added_at: datetime


class EntryChange(_Asked):
    """What is left out stays; `expires_at` null: for ever, `target` null: none."""

    target: TargetWord | None = None
    priority: int = Field(default=0, ge=0, le=1000)
    name: Words = ""
    reason: Annotated[str, StringConstraints(max_length=200)] = ""
    expires_at: datetime | None = None


class NewEntry(EntryChange):
    kind: KindWord
    number: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    match: MatchWord = "exact"


class LineProblem(BaseModel):
    line: int
    message: str


class Imported(BaseModel):
    """`wrong` counts lines that were left out, `problems` names the first hundred."""

    imported: int
    removed: int
    wrong: int
    problems: list[LineProblem]


class Removed(BaseModel):
    removed: int
