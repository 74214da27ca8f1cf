"""Places as sheets (CSV): `prefix,place` with or without that first line, in the encodings of Chinese spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cti.entry.places import name_of, start_of
from cti.entry.sheets import (
    MARK,
    MOST_PROBLEMS,
    MOST_ROWS,
    Problem,
    decoded,
    delimiter_of,
    line_of,
    plain_cell,
    rows_of,
)
from cti.errors import BadRequest

COLUMNS: Final = ("prefix", "place")
_CHINESE: Final[Mapping[str, str]] = {"号段": "prefix", "归属地": "place"}
_MOBILE: Final = tuple(f"1{n}" for n in range(3, 10))


@dataclass(frozen=True, slots=True)
class PlaceSheet:
    """What a sheet came to. `wrong` counts all lines that cannot be used, `problems` names the first of them."""

    rows: Sequence[tuple[str, str]]
    wrong: int
    problems: Sequence[Problem]


def read(data: bytes) -> PlaceSheet:
    """Each beginning once, with its place, and the lines that are none. Raises `BadRequest` for what is no sheet."""
    lines = csv.reader(io.StringIO(decoded(data), newline=""), delimiter=delimiter_of(data))
    places: dict[str, str] = {}
    problems: list[Problem] = []
    wrong = 0
    columns: Sequence[str] | None = None
    for n, cells in rows_of(lines):
        if n > MOST_ROWS:
            raise BadRequest(f"a sheet has at most {MOST_ROWS} lines")
        if isinstance(cells, str):
            wrong += 1
            problems.append(Problem(n, cells))
            break
        if columns is None:
            columns = _header(cells)
            if columns is not None:
                continue
            columns = COLUMNS
        if not any(map(str.strip, cells)):
            continue
        try:
            _take(places, dict(zip(columns, map(plain_cell, cells), strict=False)))
        except BadRequest as bad:
            wrong += 1
            if len(problems) < MOST_PROBLEMS:
                problems.append(Problem(n, bad.message))
    return PlaceSheet(list(places.items()), wrong, problems)


def _header(cells: Sequence[str]) -> list[str] | None:
    """The columns that a first line names, if it names them; raises `BadRequest` when places are not among them."""
    words = [_CHINESE.get(cell.strip(), cell.strip().lower()) for cell in cells]
    if "prefix" not in words:
        return None
    if "place" not in words:
        raise BadRequest("the first line names no column place 归属地")
    return words


def _take(places: dict[str, str], cells: Mapping[str, str]) -> None:
    start, name = start_of(cells.get("prefix", "")), name_of(cells.get("place", ""))
    if places.setdefault(start, name) != name:
        raise BadRequest(f"{start} is from {places[start]} in a line above")


def header() -> bytes:
    """How a sheet begins: the mark that tells spreadsheets it is UTF-8, and the names of the columns."""
    return MARK + line_of(COLUMNS)


def written(rows: Iterable[tuple[str, str]]) -> bytes:
    """The lines of these; `read` makes the same of them. Area codes have their 0, as people write them."""
    return b"".join(line_of((start if start.startswith(_MOBILE) else "0" + start, name)) for start, name in rows)
