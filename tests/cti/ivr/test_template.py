"""Variables in texts are filled in as text: no value becomes a second variable, a second word of a URL or a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ivr.template import LONGEST, fill, has_broken_hole, plain, variables_of


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${caller}", "138"),
        ("no ${name}, ${name}!", "no 张, 张!"),
        ("${customer.name}", "Ana"),
        ("${absent}|", "|"),
        ("$caller {caller} $${caller}", "$caller {caller} $138"),
        ("${evil}", "${caller}"),  # once, not again
    ],
)
def test_variables_are_filled_in_once(text: str, filled: str) -> None:
    values = {"caller": "138", "name": "张", "customer.name": "Ana", "evil": "${caller}"}
    assert fill(text, values) == filled


@given(st.text())
def test_a_value_in_a_url_stays_one_word_of_it(value: str) -> None:
    url = fill("https://crm.test/find?number=${caller}&by=phone", {"caller": value}, in_url=True)
    assert url.isascii()
    assert url.count("&") == 1
    assert not set(url.removeprefix("https://crm.test/find?")) & set("/?# \r\n@")


def test_a_filled_text_is_bounded() -> None:
    assert len(fill("${a}" * 100, {"a": "x" * 500})) == LONGEST


@pytest.mark.parametrize("text", ["${", "${Name}", "${a b}", "x ${a.b.c.d}", "${SHELL(id)}"])
def test_what_looks_like_a_variable_and_is_none_is_seen(text: str) -> None:
    assert has_broken_hole(text)
    assert not has_broken_hole("${a}")
    assert variables_of("${a} ${b.c} $d") == {"a", "b.c"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ana\r\nEvent: Hangup\0", "AnaEvent: Hangup"),
        (12.5, "12.5"),
        (True, "yes"),
        (False, "no"),
        (None, ""),
        ("x" * 600, "x" * 500),
        ({"a": 1}, None),
        ([1], None),
    ],
)
def test_a_value_from_elsewhere_is_one_line_of_text(value: object, text: str | None) -> None:
    assert plain(value) == text
