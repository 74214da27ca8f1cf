"""Lists as sheets (CSV), as people's spreadsheets read and write them: UTF-8 and GB18030 in, UTF-8 with a mark out.

What begins like a formula is given an apostrophe on its way out, and loses it on its way in.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from cti.entry.entries import PATTERN, ListEntry, checked, kind_of
from cti.entry.lists import refuse_more_patterns
from cti.errors import BadRequest
from cti.ids import Instant
from cti.targets import ENDS, target

COLUMNS: Final = ("number", "match", "name", "target", "priority", "expires_at", "reason", "added_by", "added_at")
MOST_ROWS: Final = 2_000_000
MOST_PROBLEMS: Final = 100
MARK: Final = codecs.BOM_UTF8

_CHINESE: Final[Mapping[str, str]] = {
    "号码": "number",
    "电话": "number",
    "匹配": "match",
    "姓名": "name",
    "去向": "target",
    "优先级": "priority",
    "有效期": "expires_at",
    "原因": "reason",
    "添加人": "added_by",
    "添加时间": "added_at",
}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_UNKNOWN: Final = Instant(0)
_OF_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line of a sheet."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet came to. `wrong` counts all lines that cannot be used, `problems` names the first of them."""

    entries: Sequence[ListEntry]
    wrong: int
    problems: Sequence[Problem]


class Flawed(Protocol):
    """A sheet with lines that cannot be used, whatever it is of."""

    @property
    def wrong(self) -> int: ...

    @property
    def problems(self) -> Sequence[Problem]: ...


class BadSheet(BadRequest):
    """A sheet with lines that cannot be used; nothing of it was imported."""

    code = "import_broken"

    def __init__(self, sheet: Flawed) -> None:
        first = sheet.problems[0]
        super().__init__(f"{sheet.wrong} lines cannot be used, the first is line {first.line}: {first.message}")
        self.problems = sheet.problems


def read(kind: str, data: bytes, *, zone: str, by: str = "", at: Instant = _UNKNOWN) -> Sheet:
    """The entries of a sheet and the lines that are none. A date without a time lasts to its end, in this zone."""
    kind_of(kind)
    lines = csv.reader(io.StringIO(decoded(data), newline=""), delimiter=delimiter_of(data))
    entries: list[ListEntry] = []
    problems: list[Problem] = []
    wrong = patterns = 0
    columns: Sequence[str] | None = None
    for n, cells in rows_of(lines):
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
            entry = _entry(kind, dict(zip(columns, map(plain_cell, cells), strict=False)), ZoneInfo(zone), by, at)
            patterns += entry.match == PATTERN
            refuse_more_patterns(patterns)
            entries.append(entry)
        except BadRequest as bad:
            wrong += 1
            if len(problems) < MOST_PROBLEMS:
                problems.append(Problem(n, bad.message))
        if n > MOST_ROWS:
            raise BadRequest(f"a sheet has at most {MOST_ROWS} lines")
    return Sheet(entries, wrong, problems)


def header() -> bytes:
    """How a sheet begins: the mark that tells spreadsheets it is UTF-8, and the names of the columns."""
    return MARK + line_of(COLUMNS)


def written(entries: Iterable[ListEntry]) -> bytes:
    """The lines of these entries; `read` makes the same entries of them."""
    return b"".join(line_of(_cells(one)) for one in entries)


def decoded(data: bytes) -> str:
    """The text of a sheet; raises `BadRequest` for what is none."""
    if data.startswith(_OF_UTF16):
        raise BadRequest("this is UTF-16; save it as UTF-8 or GB18030")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise BadRequest("this is no text in UTF-8 or GB18030")


def delimiter_of(data: bytes) -> str:
    """What divides the cells, by the first line."""
    first = data.split(b"\n", 1)[0]
    return max(",;\t", key=lambda one: first.count(one.encode()))


def rows_of(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | str]]:
    """Each row with its number; words instead of cells where the sheet cannot be read any further."""
    n = 0
    try:
        for n, cells in enumerate(lines, 1):
            yield n, cells
    except csv.Error as error:
        yield n + 1, f"the sheet cannot be read from here on: {error}"


def _header(cells: Sequence[str]) -> list[str] | None:
    """The columns that a first line names, if it names them."""
    words = [_CHINESE.get(cell.strip(), cell.strip().lower()) for cell in cells]
    return words if "number" in words else None


def plain_cell(cell: str) -> str:
    """A cell without the apostrophe that keeps it from being a formula."""
    cell = cell.strip(" ")
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _entry(kind: str, cells: Mapping[str, str], zone: ZoneInfo, by: str, at: Instant) -> ListEntry:
    to, priority = cells.get("target", ""), cells.get("priority", "") or "0"
    if not (priority.isascii() and priority.isdecimal() and len(priority) < 6):
        raise BadRequest(f"{priority[:20]!r} is no priority")
    found = checked(
        ListEntry(
            kind=kind,
            number=cells.get("number", ""),
            match=cells.get("match", "") or "exact",
            target=target(to, ENDS) if to else None,
            priority=int(priority),
            expires_at=moment_of(cells.get("expires_at", ""), zone),
            added_by=by,
            added_at=at,
        )
    )
    return _with_words(found, cells.get("name", ""), cells.get("reason", ""))


def _with_words(entry: ListEntry, name: str, reason: str) -> ListEntry:
    if len(name) > 80 or len(reason) > 200:
        raise BadRequest("a name has at most 80 characters, a reason 200")
    return replace(entry, name=name, reason=reason) if name or reason else entry


def moment_of(text: str, zone: ZoneInfo) -> Instant | None:
    """When an entry runs out: a date lasts to its end; nothing is never. Raises `BadRequest`."""
    if not text:
        return None
    try:
        if len(text) == len("2026-10-01"):
            found = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), zone)
        else:
            found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=zone)
        return Instant(round(found.timestamp() * 1000))
    except (ValueError, OverflowError, OSError):
        raise BadRequest(f"{text[:40]!r} is no date or time, such as 2026-10-01 or 2026-10-01T18:00") from None


def _cells(entry: ListEntry) -> list[str]:
    return [
        entry.number,
        entry.match,
        entry.name,
        "" if entry.target is None else str(entry.target),
        str(entry.priority),
        _stamp(entry.expires_at),
        entry.reason,
        entry.added_by,
        _stamp(entry.added_at),
    ]


def _stamp(at: Instant | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def line_of(cells: Sequence[str]) -> bytes:
    """A line of these cells, none of which is a formula."""
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue().encode()
