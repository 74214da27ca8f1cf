"""How Chinese says things: 两 before measure words and large units, 零 for gaps, 幺 in numbers read digit by digit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

_PARTS_OF_DAY: Final = (
    (6, "time-dawn"), (12, "time-morning"), (13, "time-noon"), (18, "time-afternoon"), (24, "time-evening"),
)  # fmt: skip
_SIGNS: Final = {"*": "sign-star", "#": "sign-hash", "+": "sign-plus"}


def digits(text: str) -> list[str]:
    return [_SIGNS.get(one) or (f"digit-{one}" if one.isdigit() else f"letter-{one}") for one in text]


def whole(n: int, *, counts: bool = False) -> list[str]:
    """A whole number; `counts`: a measure word follows, so 2 is 两."""
    if n < 100:
        return ["num-liang" if counts and n == 2 else f"num-{n}"]
    said: list[str] = []
    gap = False
    for group, unit in ((n // 10**8, "num-yi"), (n // 10**4 % 10**4, "num-wan"), (n % 10**4, "")):
        if group:
            if said and (gap or group < 1000):
                said.append("num-0")
            said += _group(group, first=not said, counts=bool(unit))
            said += [unit] if unit else []
        gap = not group
    return said


def _group(n: int, *, first: bool, counts: bool) -> list[str]:
    """Up to four figures. 十二 is 一十二 unless the number begins with it."""
    thousands, hundreds, rest = n // 1000, n // 100 % 10, n % 100
    said: list[str] = []
    if thousands:
        said += [*whole(thousands, counts=True), "num-thousand"]
    if hundreds:
        said += [*whole(hundreds, counts=True), "num-hundred"]
    if not rest:
        return said
    if said and (rest < 10 or not hundreds):
        said.append("num-0")
    if 10 <= rest < 20 and (said or not first):
        said.append("num-1")
    return [*said, *whole(rest, counts=counts and not said)]


def number(value: Decimal) -> list[str]:
    sign = ["num-minus"] if value < 0 else []
    before, _, after = f"{abs(value):f}".partition(".")
    point = ["num-point", *(f"num-{one}" for one in after)] if after else []
    return [*sign, *whole(int(before)), *point]


def money(fen: int) -> list[str]:
    """元, 角, 分; a missing 角 between the others is 零."""
    sign = ["num-minus"] if fen < 0 else []
    yuan, rest = divmod(abs(fen), 100)
    jiao, fen = divmod(rest, 10)
    said = [*whole(yuan, counts=True), "unit-yuan"] if yuan or not rest else []
    if jiao:
        said += [*whole(jiao, counts=True), "unit-jiao"]
    elif fen and yuan:
        said.append("num-0")
    if fen:
        said += [*whole(fen, counts=True), "unit-fen"]
    return [*sign, *said]


def day(value: date) -> list[str]:
    return [*(f"num-{one}" for one in str(value.year)), "unit-year", f"month-{value.month}", f"day-{value.day}"]


def weekday(n: int) -> list[str]:
    return [f"weekday-{n}"]


def clock(value: time) -> list[str]:
    part = next(name for until, name in _PARTS_OF_DAY if value.hour < until)
    hour = value.hour if value.hour <= 12 else value.hour - 12
    said = [part, *whole(hour, counts=True), "unit-oclock"]
    if not value.minute and not value.second:
        return [*said, "time-sharp"]
    said += ["num-0"] if value.minute < 10 else []
    said += [f"num-{value.minute}"] if value.minute else []
    said.append("unit-minute-mark")
    return [*said, *whole(value.second, counts=True), "unit-second"] if value.second else said


def moment(value: datetime) -> list[str]:
    return [*day(value.date()), *clock(value.time())]


def duration(seconds: int) -> list[str]:
    parts = ((seconds // 86400, "day"), (seconds // 3600 % 24, "hour"), (seconds // 60 % 60, "minute"))
    said = [name for n, unit in parts if n for name in (*whole(n, counts=True), f"unit-{unit}")]
    last = seconds % 60
    return [*said, *whole(last, counts=True), "unit-second"] if last or not said else said


def agent_number(text: str) -> list[str]:
    return ["agent-no", *digits(text), "at-your-service"]


def callers_ahead(n: int) -> list[str]:
    return ["ahead-before", *whole(n, counts=True), "ahead-after"] if n else ["ahead-none"]


def expected_wait(seconds: int) -> list[str]:
    """In whole minutes, rounded up, since nobody minds being served early."""
    if seconds < 60:
        return ["wait-short"]
    return ["wait-about", *whole(-(-seconds // 60), counts=True), "unit-minute"]


SAYS: Final[Mapping[str, Callable[[Any], list[str]]]] = {
    "digits": digits,
    "number": number,
    "money": money,
    "date": day,
    "weekday": weekday,
    "time": clock,
    "datetime": moment,
    "duration": duration,
    "agent": agent_number,
    "callers_ahead": callers_ahead,
    "expected_wait": expected_wait,
}
