"""Where a number at home is from 归属地: the longest beginning that is known says it. Pure; knows no source.

Half a million beginnings are a few megabytes, and one is found in microseconds: there is a column for each length.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cti.entry.numbers import international
from cti.errors import BadRequest

COUNTRY: Final = "中国"
"""Says nothing to anybody, so it is shown to nobody."""

LONGEST_NAME: Final = 80
_CODE: Final = "+86"
_NOWHERE: Final = ("400", "800")
_START: Final = re.compile(r"1[3-9][0-9]{1,9}|(?:10|2[0-9])[0-9]{0,8}|[3-9][0-9]{2,10}")
_KEPT: Final = re.compile(r"[1-9][0-9]{0,10}")
_WITH_CODE: Final = re.compile(r"\+86|086|861[3-9]")
_SMALL: Final = 9
"""Digits that four bytes hold."""


class Column:
    """All beginnings of one length, ascending, and beside each the index of its name."""

    __slots__ = ("length", "names", "starts")

    def __init__(self, length: int) -> None:
        self.length = length
        self.starts = array("I" if length <= _SMALL else "Q")
        self.names = array("I")


class Places:
    """Beginnings of numbers, without +86 and 0, and the places they are from."""

    def __init__(self, rows: Iterable[tuple[str, str]] = ()) -> None:
        self.names: list[str] = []
        self.columns: list[Column] = []  # the longest first
        self._index: dict[str, int] = {}
        for start, name in rows:
            self.append(start, name)

    def append(self, start: str, name: str) -> None:
        """Add one that comes after all others of its length; raises `ValueError` for one that does not."""
        if not _KEPT.fullmatch(start):
            raise ValueError(f"{start!r} begins no number")
        column = self._column(len(start))
        number = int(start)
        if column.starts and column.starts[-1] >= number:
            raise ValueError(f"{start} comes too late")
        column.starts.append(number)
        column.names.append(self._name(name))

    def adopt(self, names: Sequence[str], columns: Iterable[Column]) -> None:
        """Take over what another process has put together."""
        self.names = list(names)
        self._index = {name: n for n, name in enumerate(self.names)}
        self.columns = sorted(columns, key=lambda one: -one.length)

    def _column(self, length: int) -> Column:
        for one in self.columns:
            if one.length == length:
                return one
        self.columns.append(Column(length))
        self.columns.sort(key=lambda one: -one.length)
        return self._column(length)

    def _name(self, name: str) -> int:
        found = self._index.setdefault(name, len(self.names))
        if found == len(self.names):
            self.names.append(name)
        return found

    def find(self, digits: str) -> str | None:
        """The name of the longest beginning of these digits."""
        known = len(digits)
        for column in self.columns:
            if column.length <= known:
                number = int(digits[: column.length])
                at = bisect_left(column.starts, number)
                if at < len(column.starts) and column.starts[at] == number:
                    return self.names[column.names[at]]
        return None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for column in self.columns:
            for number, name in zip(column.starts, column.names, strict=True):
                yield str(number), self.names[name]

    def __len__(self) -> int:
        return sum(len(one.starts) for one in self.columns)


def home(number: str) -> str | None:
    """The digits after +86 of a mobile or landline number, however it is written; None of any other.

    95588 is a bank everywhere, not a subscriber in 0955; 400 and 800 numbers are nowhere at all.
    """
    text = international(number)
    if not text.startswith(_CODE) or text.startswith(_NOWHERE, len(_CODE)):
        return None
    return text[len(_CODE) :]


def place_of(number: str, *known: Places) -> str | None:
    """Where a number is from, by the first of these that knows; None where it would only be the country."""
    digits = home(number)
    if digits is None:
        return None
    for places in known:
        if found := places.find(digits):
            return None if found == COUNTRY else found
    return None


def start_of(text: str) -> str:
    """A beginning as it is kept, without the 0 of an area code; raises `BadRequest` for what begins no number here."""
    digits = text.strip().removeprefix("0")
    if _WITH_CODE.match(digits):
        raise BadRequest(f"{text[:20]!r}: a beginning is written without +86")
    if not _START.fullmatch(digits):
        raise BadRequest(f"{text[:20]!r} is no beginning of a number: 3 to 11 digits, such as 1990571 or 0571")
    if digits.startswith(_NOWHERE):
        raise BadRequest(f"{text[:20]!r}: 400 and 800 numbers are from nowhere")
    return digits


def name_of(text: str) -> str:
    """The name of a place; raises `BadRequest`."""
    name = text.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise BadRequest(f"{name[:20]!r} is no place: it has 1 to {LONGEST_NAME} characters")
    return name
