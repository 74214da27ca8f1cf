"""Sheets of places: as Chinese spreadsheets write them, every wrong line named, and out as they went in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from cti.entry.place_sheets import PlaceSheet, header, read, written
from cti.entry.sheets import MOST_PROBLEMS, BadSheet
from cti.errors import BadRequest

HANGZHOU = [("1990571", "浙江省杭州市"), ("571", "浙江省杭州市"), ("10", "北京市")]


def sheet(text: str, encoding: str = "utf-8") -> PlaceSheet:
    return read(text.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("first", ["prefix,place\n", "号段,归属地\r\n", "Prefix, Place\n", ""])
def test_sheets_of_chinese_spreadsheets_are_understood(first: str, encoding: str) -> None:
    found = sheet(f"{first}1990571,浙江省杭州市\r\n\n 0571 ,浙江省杭州市\n010,北京市", encoding)
    assert (list(found.rows), found.wrong) == (HANGZHOU, 0)


def test_columns_may_be_in_any_order_and_divided_otherwise() -> None:
    found = sheet("运营商;归属地;号段\n电信;浙江省杭州市;1990571\n")
    assert list(found.rows) == [("1990571", "浙江省杭州市")]


def test_every_wrong_line_is_named_with_what_is_wrong() -> None:
    found = sheet(
        "prefix,place\n1990571,杭州\n19x,杭州\n1990572\n,杭州\n+861990573,杭州\n1990571,湖州\n1990571,杭州\n400,杭州\n"
    )
    assert list(found.rows) == [("1990571", "杭州")]
    assert [one.line for one in found.problems] == [3, 4, 5, 6, 7, 9]
    said = [one.message for one in found.problems]
    assert "'19x' is no beginning of a number" in said[0]
    assert "no place" in said[1]
    assert "without +86" in said[3]
    assert said[4] == "1990571 is from 杭州 in a line above"
    assert "6 lines cannot be used, the first is line 3" in BadSheet(found).message


def test_a_list_of_problems_has_an_end_and_they_are_counted() -> None:
    found = sheet("x,y\n" * 500)
    assert (len(found.problems), found.wrong) == (MOST_PROBLEMS, 500)


@pytest.mark.parametrize("data", ["1,2".encode("utf-16"), b"PK\x03\x04\0\0", b"\xff\xff", b"prefix,city\n1,2\n"])
def test_what_is_no_sheet_of_places_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read(data)


def test_a_sheet_that_breaks_off_is_wrong() -> None:
    found = sheet('1990571,杭州\n1990572,"' + "x" * 200_000 + '"\n')
    assert (found.wrong, found.problems[0].line) == (1, 2)


def test_what_is_written_has_the_0_of_area_codes_and_no_formula() -> None:
    data = header() + written([*HANGZHOU, ("138", "=1+1")])
    assert data.decode("utf-8-sig").splitlines() == [
        "prefix,place",
        "1990571,浙江省杭州市",
        "0571,浙江省杭州市",
        "010,北京市",
        "138,'=1+1",
    ]
    assert list(read(data).rows) == [*HANGZHOU, ("138", "=1+1")]


@given(
    any_.dictionaries(
        any_.from_regex(r"1[3-9][0-9]{1,9}|10[0-9]{0,8}|[5-7][0-9]{2,10}", fullmatch=True),
        any_.text(any_.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
            lambda t: t[0] != "'"
        ),
        max_size=5,
    )
)
def test_whatever_goes_out_comes_back(rows: dict[str, str]) -> None:
    assert dict(read(header() + written(rows.items())).rows) == rows
