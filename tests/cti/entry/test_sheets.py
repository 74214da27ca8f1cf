"""Sheets come and go unharmed: in the encodings of Chinese spreadsheets, every wrong line named, and no formula."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from cti.entry import sheets
from cti.entry.entries import ListEntry, checked
from cti.entry.sheets import BadSheet, Sheet, header, written
from cti.errors import BadRequest
from cti.ids import Instant
from cti.targets import Target

ZONE = "Asia/Shanghai"


def read(data: str | bytes, kind: str = "deny", encoding: str = "utf-8") -> Sheet:
    return sheets.read(kind, data.encode(encoding) if isinstance(data, str) else data, zone=ZONE, by="boss")


def test_a_bare_column_of_numbers_is_a_list() -> None:
    found = read("13800001234\n+86 139-0000-0000\r\n\n010 6552 9988\n")
    assert [one.number for one in found.entries] == ["13800001234", "13900000000", "01065529988"]
    assert (found.wrong, {one.added_by for one in found.entries}) == (0, {"boss"})
    assert {str(one.target) for one in found.entries} == {"hangup"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_sheets_of_chinese_spreadsheets_are_understood(encoding: str, delimiter: str) -> None:
    rows = [
        ["姓名", "号码", "原因", "匹配", "有效期", "优先级", "去向"],
        ["𠮷田", "138", "骚扰", "prefix", "", "", ""],
        ["", "12", "", "", "", "5", ""],
    ]
    found = read("\r\n".join(delimiter.join(row) for row in rows), encoding=encoding)
    first, second = found.entries
    assert (first.name, first.number, first.reason, first.match) == ("𠮷田", "138", "骚扰", "prefix")
    assert (second.number, second.match, second.target) == ("12", "exact", Target("hangup"))


def test_an_end_is_a_moment_or_the_end_of_a_day() -> None:
    found = read("number,expires_at\n1,2026-10-01\n2,2026-10-01T18:00\n3,2026-10-01T18:00:00Z\n4,\n")
    ends = [
        None if one.expires_at is None else datetime.fromtimestamp(one.expires_at / 1000, UTC) for one in found.entries
    ]
    assert [str(one) for one in ends] == [
        "2026-10-01 16:00:00+00:00",
        "2026-10-01 10:00:00+00:00",
        "2026-10-01 18:00:00+00:00",
        "None",
    ]


def test_every_wrong_line_is_named_with_what_is_wrong() -> None:
    found = read(
        "number,match,target,priority,expires_at,name\n"
        "13800001234,,,,,\n"
        "1.38E+10,,,,,\n"
        "138,exactly,,,,\n"
        "138,,moon:x,,,\n"
        "138,,,ten,,\n"
        "138,,,,tomorrow,\n"
        f"138,,,,,{'x' * 81}\n"
        ",,,,,somebody\n"
    )
    assert [one.number for one in found.entries] == ["13800001234"]
    assert [one.line for one in found.problems] == [3, 4, 5, 6, 7, 8, 9]
    assert "'1.38E+10' is no telephone number" in found.problems[0].message
    error = BadSheet(found)
    assert (error.code, error.problems) == ("import_broken", found.problems)
    assert "7 lines cannot be used, the first is line 3" in error.message


def test_a_list_of_problems_has_an_end_and_they_are_counted() -> None:
    found = read("number\n" + "x\n" * 500)
    assert (len(found.problems), found.wrong) == (sheets.MOST_PROBLEMS, 500)
    assert read("number,match\n" + "".join(f"1{n}*,pattern\n" for n in range(1001))).wrong == 1


@pytest.mark.parametrize(
    "data", ["13800001234".encode("utf-16"), b"\x89PNG\r\n\x1a\n\0\0\0", b"PK\x03\x04\0\0", b"\xff\xff"]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read(data)


def test_a_sheet_that_breaks_off_is_read_so_far() -> None:
    found = read('number,reason\n1,a\n2,"' + "x" * 200_000 + '"\n')
    assert [one.number for one in found.entries] == ["1"]
    assert (found.wrong, found.problems[0].line) == (1, 3)


def test_no_cell_is_a_formula_and_what_was_written_is_read_again() -> None:
    entries = [
        checked(ListEntry(kind="vip", number="+85212345678", name="=HYPERLINK(1)", reason="@x", priority=3)),
        checked(ListEntry(kind="vip", number="138", match="prefix", target=Target("queue", "sales"), name="-1")),
        checked(ListEntry(kind="vip", number="139*", match="pattern", expires_at=Instant(1_790_000_000_123))),
        checked(ListEntry(kind="vip", number="*97#", name='a "b", c\nd')),
    ]
    data = header() + written(entries)
    assert data.startswith(b"\xef\xbb\xbfnumber,")
    for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    again = [replace(one, added_by="", added_at=Instant(0)) for one in read(data, "vip").entries]
    assert again == entries


texts = any_.text(any_.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(
    any_.lists(
        any_.builds(
            ListEntry,
            kind=any_.just("deny"),
            number=any_.from_regex(r"\+?[0-9]{3,20}", fullmatch=True),
            match=any_.sampled_from(["exact", "prefix"]),
            name=texts,
            reason=texts,
            expires_at=any_.none() | any_.integers(0, 4_000_000_000_000),
        ),
        max_size=5,
    )
)
def test_whatever_is_on_a_list_comes_back_as_it_went(entries: list[Any]) -> None:
    good = []
    for one in entries:
        try:
            good.append(
                checked(replace(one, name=one.name.strip(" ").lstrip("'"), reason=one.reason.strip(" ").lstrip("'")))
            )
        except BadRequest:
            continue
    again = [replace(one, added_by="", added_at=Instant(0)) for one in read(header() + written(good)).entries]
    assert again == good
