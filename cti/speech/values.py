"""What is to be said, read from the text that a flow or a customer record has: strictly, and without a time zone."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cti.errors import BadRequest

MOST: Final = 10**12
"""Numbers stay below this: 一万亿, a trillion."""
LONGEST: Final = 40
MOST_DECIMALS: Final = 6

_NUMBER: Final = re.compile(r"-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?")
_DIGITS: Final = re.compile(rf"[0-9A-Za-z*#+]{{1,{LONGEST}}}")
_BETWEEN_DIGITS: Final = re.compile(r"[\s().-]+")
_CLOCK: Final = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}")
_ISO_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


class Unsayable(BadRequest, ValueError):
    """The value is not of the kind it was to be said as."""


def _cannot(value: object, what: str) -> Unsayable:
    return Unsayable(f"{str(value)[:40]!r} cannot be said as {what}")


def digits(value: object) -> str:
    """Digits, letters, star, hash and plus, to be said one by one; what people write between them is left out."""
    text = _BETWEEN_DIGITS.sub("", _text(value))
    if not _DIGITS.fullmatch(text):
        raise _cannot(value, "digits")
    return text.lower()


def number(value: object) -> Decimal:
    text = _text(value)
    if not _NUMBER.fullmatch(text) or len(text) > LONGEST:
        raise _cannot(value, "a number")
    found = Decimal(text.replace(",", ""))
    if abs(found) >= MOST:
        raise Unsayable(f"{text} is too large to be said")
    return round(found, MOST_DECIMALS) if -int(found.as_tuple().exponent) > MOST_DECIMALS else found


def money(value: object) -> int:
    """An amount of yuan as fen, which is what can be paid."""
    return int((number(value) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def count(value: object) -> int:
    """A whole number, not below nought."""
    found = number(value)
    if found != found.to_integral_value() or found < 0:
        raise _cannot(value, "a count")
    return int(found)


def seconds(value: object) -> int:
    """A length of time; parts of a second are not said."""
    found = number(value)
    if found < 0:
        raise _cannot(value, "a duration")
    return int(found)


def date_of(value: object) -> date:
    """A day: 2026-11-22, 20261122, or the day of a moment."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = _text(value)
    if not _ISO_DATE.fullmatch(text):
        return _read_moment(text, "a date").date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _cannot(value, "a date") from None


def weekday(value: object) -> int:
    """Monday is 1: of the number itself, or of a date."""
    text = _text(value)
    return int(text) if re.fullmatch("[1-7]", text) else date_of(value).isoweekday()


def time_of(value: object) -> time:
    """A time of day: 14:05, 14:05:30, or that of a moment."""
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    text = _text(value)
    if not _CLOCK.fullmatch(text):
        return _read_moment(text, "a time").time()
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise _cannot(value, "a time") from None


def moment(value: object) -> datetime:
    """A date with a time; it is said as it is written, in whatever zone that is."""
    return value if isinstance(value, datetime) else _read_moment(_text(value), "a date and time")


def _read_moment(text: str, what: str) -> datetime:
    if not _ISO_MOMENT.fullmatch(text):
        raise _cannot(text, what)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _cannot(text, what) from None


def _text(value: object) -> str:
    if isinstance(value, bool):
        raise _cannot(value, "anything")
    return str(value).strip()
