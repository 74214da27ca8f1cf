"""Where a caller is from: the longest beginning says it, a tenant's own word goes first, better nothing than 中国."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from cti.entry.places import Places, home, name_of, place_of, start_of
from cti.errors import BadRequest

KNOWN = Places(
    [
        ("10", "北京市"),
        ("134", "中国"),
        ("571", "浙江省杭州市"),
        ("955", "宁夏中卫市"),
        ("1380", "北京市"),
        ("13805", "江苏省"),
        ("1380571", "浙江省杭州市"),
    ]
)


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("+8613805711234", "浙江省杭州市"),  # the longest
        ("+8613805111234", "江苏省"),
        ("13801111234", "北京市"),  # however it is written
        ("0086 138-0111-1234", "北京市"),
        ("+8657188886666", "浙江省杭州市"),
        ("057188886666", "浙江省杭州市"),
        ("+861065529988", "北京市"),
        ("+8613401234567", None),  # 中国 says nothing
        ("+8619905711234", None),
        ("95588", None),  # a bank, not a subscriber in 0955
        ("+8695588", None),
        ("955880", None),
        ("4008111111", None),
        ("+864008111111", None),
        ("8008101234", None),
        ("+12125551234", None),
        ("+85221234567", None),
        ("10086", None),
        ("1001", None),
        ("anonymous", None),
        ("", None),
        ("名字", None),
        ("١٣٨٠٥٧١١٢٣٤", None),
        ("+86", None),
        ("9" * 200, None),
    ],
)
def test_the_longest_beginning_says_it(number: str, place: str | None) -> None:
    assert place_of(number, KNOWN) == place


def test_the_tenants_own_word_goes_first_however_short_it_is() -> None:
    own = Places([("138", "自定义"), ("1990571", "浙江省杭州市"), ("13805111234", "一号")])
    assert place_of("+8613805711234", own, KNOWN) == "自定义"
    assert place_of("+8613805111234", own, KNOWN) == "一号"
    assert place_of("+8619905711234", own, KNOWN) == "浙江省杭州市"
    assert place_of("+8657188886666", own, KNOWN) == "浙江省杭州市"


def test_a_tenant_may_say_that_nothing_is_to_be_shown() -> None:
    assert place_of("+8613805711234", Places([("1380571", "中国")]), KNOWN) is None


def test_nothing_known_is_nothing() -> None:
    assert place_of("+8613805711234") is None
    assert place_of("+8613805711234", Places()) is None


def test_rows_come_in_order_and_are_told_once() -> None:
    assert len(KNOWN) == 7
    assert dict(KNOWN)["1380571"] == "浙江省杭州市"
    assert len(KNOWN.names) == 5
    for wrong in ("1380571", "1380570", "0571", "", "13x"):
        with pytest.raises(ValueError, match=r"late|begins"):
            KNOWN.append(wrong, "x")


@given(
    any_.dictionaries(any_.from_regex(r"[1-9][0-9]{1,10}", fullmatch=True), any_.sampled_from("甲乙丙丁"), max_size=40),
    any_.from_regex(r"[1-9][0-9]{9,10}", fullmatch=True),
)
def test_it_finds_what_a_plain_search_finds(rows: dict[str, str], digits: str) -> None:
    places = Places(sorted(rows.items()))
    slow = max((start for start in rows if digits.startswith(start)), key=len, default=None)
    assert places.find(digits) == (None if slow is None else rows[slow])
    assert dict(places) == rows


def test_home_is_mobile_and_landline_alone() -> None:
    assert (home("13800001234"), home("01065529988"), home("4008111111")) == ("13800001234", "1065529988", None)


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("1990571", "1990571"),
        (" 138 ", "138"),
        ("0571", "571"),
        ("571", "571"),
        ("010", "10"),
        ("10", "10"),  # a spreadsheet has eaten the 0
        ("021", "21"),
        ("13800001234", "13800001234"),
        ("05718888666", "5718888666"),
    ],
)
def test_a_beginning_is_kept_without_the_0_of_its_area(written: str, start: str) -> None:
    assert start_of(written) == start
    assert start_of(start) == start


@pytest.mark.parametrize(
    "text",
    [
        "", "13", "57", "1", "110", "138000012345", "+861990571", "00861990571", "8613805711234", "8613805", "08613",
        "400", "800810", "1.99E+06", "138x", "１３８", "00571", "138 0571", "-138",
    ],
)  # fmt: skip
def test_what_begins_no_number_here_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        start_of(text)


def test_a_place_has_a_name() -> None:
    assert name_of(" 浙江省杭州市 ") == "浙江省杭州市"
    for wrong in ("", "  ", "x" * 81, "a\nb", "a\0"):
        with pytest.raises(BadRequest):
            name_of(wrong)
