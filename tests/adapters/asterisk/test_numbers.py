"""Numbers that can be dialled are written one way; whatever else a caller sends is kept as it came."""

import pytest

from adapters.asterisk.numbers import LONGEST, written


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ("13800001234", "+8613800001234"),
        ("+8613800001234", "+8613800001234"),
        ("008613800001234", "+8613800001234"),
        ("02162345678", "+862162345678"),
        ("0755 8612 3456", "+8675586123456"),
        ("+442079460958", "+442079460958"),
        ("1001", "1001"),
        ("110", "110"),
        ("", ""),
        ("<unknown>", ""),
        ("anonymous", "anonymous"),
        ("1380000123a", "1380000123a"),
        ("+", "+"),
        ("1,2)${EPOCH}", "1,2)${EPOCH}"),
    ],
)
def test_a_number_is_written_one_way_or_left_as_it_came(came: str, kept: str) -> None:
    assert written(came) == kept


def test_what_is_written_is_written_the_same_again() -> None:
    for number in ("13800001234", "02162345678", "+442079460958", "1001"):
        assert written(written(number)) == written(number)


def test_a_number_without_end_is_cut() -> None:
    assert written("9" * 1000) == "9" * LONGEST
