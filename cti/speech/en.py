"""How English says things: American numbers without "and", the day after the month, years in pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

_SIGNS: Final = {"*": "sign-star", "#": "sign-hash", "+": "sign-plus"}
_GROUPS: Final = ((10**9, "num-billion"), (10**6, "num-million"), (10**3, "num-thousand"), (1, ""))


def digits(text: str) -> list[str]:
    return [_SIGNS.get(one) or (f"digit-{one}" if one.isdigit() else f"letter-{one}") for one in text]


def whole(n: int) -> list[str]:
    if n == 0:
        return ["num-0"]
    said: list[str] = []
    for size, unit in _GROUPS:
        if group := n // size % 1000:
            hundreds, rest = divmod(group, 100)
            said += [f"num-{hundreds}", "num-hundred"] if hundreds else []
            said += [f"num-{rest}"] if rest else []
            said += [unit] if unit else []
    return said


def _counted(n: int, unit: str) -> list[str]:
    return [*whole(n), unit if n == 1 else f"{unit}s"]


def number(value: Decimal) -> list[str]:
    sign = ["num-minus"] if value < 0 else []
    before, _, after = f"{abs(value):f}".partition(".")
    point = ["num-point", *(f"num-{one}" for one in after)] if after else []
    return [*sign, *whole(int(before)), *point]


def money(fen: int) -> list[str]:
    """Yuan and fen: English has no word for a jiao that callers know."""
    sign = ["num-minus"] if fen < 0 else []
    yuan, fen = divmod(abs(fen), 100)
    said = [*whole(yuan), "unit-yuan"] if yuan or not fen else []
    joined = ["word-and"] if said and fen else []
    return [*sign, *said, *joined, *whole(fen), "unit-fen"] if fen else [*sign, *said]


def day(value: date) -> list[str]:
    return [f"month-{value.month}", f"day-{value.day}", *_year(value.year)]


def _year(n: int) -> list[str]:
    century, rest = divmod(n, 100)
    if n < 1000 or (century % 10 == 0 and rest < 10):
        return whole(n)
    if not rest:
        return [f"num-{century}", "num-hundred"]
    return [f"num-{century}", *(["num-oh"] if rest < 10 else []), f"num-{rest}"]


def weekday(n: int) -> list[str]:
    return [f"weekday-{n}"]


def clock(value: time) -> list[str]:
    said = [f"num-{value.hour % 12 or 12}"]
    if value.minute:
        said += [*(["num-oh"] if value.minute < 10 else []), f"num-{value.minute}"]
    said.append("time-am" if value.hour < 12 else "time-pm")
    return [*said, "word-and", *_counted(value.second, "unit-second")] if value.second else said


def moment(value: datetime) -> list[str]:
    return [*day(value.date()), "word-at", *clock(value.time())]


def duration(seconds: int) -> list[str]:
    parts = (
        (seconds // 86400, "unit-day"),
        (seconds // 3600 % 24, "unit-hour"),
        (seconds // 60 % 60, "unit-minute"),
    )
    said = [name for n, unit in parts if n for name in _counted(n, unit)]
    last = seconds % 60
    return [*said, *_counted(last, "unit-second")] if last or not said else said


def agent_number(text: str) -> list[str]:
    return ["agent-no", *digits(text), "at-your-service"]


def callers_ahead(n: int) -> list[str]:
    if n == 0:
        return ["ahead-none"]
    return ["ahead-one"] if n == 1 else ["ahead-before", *whole(n), "ahead-after"]


def expected_wait(seconds: int) -> list[str]:
    """In whole minutes, rounded up, since nobody minds being served early."""
    if seconds < 60:
        return ["wait-short"]
    return ["wait-about", *_counted(-(-seconds // 60), "unit-minute")]


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
