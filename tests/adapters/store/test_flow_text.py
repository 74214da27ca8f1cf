"""A flow written as YAML or JSON is read again as the same flow, and files of strangers are refused in words."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from adapters.store.flow_text import DEEPEST, MOST_BYTES, fit, read, read_json, read_yaml, write_json, write_yaml
from cti.errors import BadRequest

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
TRICKY = (
    *("no", "NO", "yes", "on", "off", "y", "~", "null", "true", "", " ", "1", "01", "0", "#", "*", "-", "<<", "="),
    *("1e5", "0x10", "1_000", "1.", ".5", ".inf", ".nan", "08:30", "8:30", "2026-10-01", "013800138000", "+86138"),
    *(
        "a: b",
        "a #b",
        "&a",
        "- 1",
        "|",
        "a\n",
        "\n a",
        "中文\n次行",
        "𠮷",
        "\ufeff",
        "\x85",
        "\u2028",
        "\t",
        "...",
        "---",
    ),
)
tricky = st.sampled_from(TRICKY)
words = text | tricky
plain = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 53), 1 << 53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
)
values = st.recursive(plain, lambda one: st.lists(one, max_size=4) | st.dictionaries(words, one, max_size=4))
documents = st.dictionaries(words, values, max_size=6)


def in_order(value: Any) -> Any:
    """The same value, with the order of keys as part of it, and 1 apart from 1.0 and true."""
    match value:
        case dict():
            return [(key, in_order(one)) for key, one in value.items()]
        case list():
            return [in_order(one) for one in value]
    return type(value).__name__, repr(value)


@given(documents)
def test_what_is_written_is_read_again_as_the_same(document: dict[str, Any]) -> None:
    assert in_order(read_yaml(write_yaml(document))) == in_order(document)
    assert in_order(read_json(write_json(document))) == in_order(document)


@given(st.dictionaries(text | tricky, text | tricky | st.booleans() | st.none(), max_size=6))
def test_readers_of_the_older_yaml_understand_what_is_written(document: dict[str, Any]) -> None:
    assert yaml.safe_load(write_yaml(document)) == document


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(noise: str) -> None:
    for reader in (read, read_yaml, read_json):
        with suppress(BadRequest):
            fit(reader(noise))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("country: no", {"country": "no"}),  # Norway
        ("sure: YES", {"sure": "YES"}),
        ("on: x", {"on": "x"}),
        ("exits: {1: sales, 0: operator, 01: x}", {"exits": {"1": "sales", "0": "operator", "01": "x"}}),
        ("number: 013800138000", {"number": "013800138000"}),
        ("open: 08:30", {"open": "08:30"}),
        ("open: 8:30", {"open": "8:30"}),
        ("day: 2026-10-01", {"day": "2026-10-01"}),
        ("mask: 1_000", {"mask": "1_000"}),
        ("hex: 0x10", {"hex": "0x10"}),
        ("seconds: 5", {"seconds": 5}),
        ("seconds: 2.5", {"seconds": 2.5}),
        ("masked: true", {"masked": True}),
        ("nothing:", {"nothing": None}),
        ("empty: ''", {"empty": ""}),
        ("tries: '3'", {"tries": "3"}),
        ('{"a": 1}', {"a": 1}),
        ("\ufefftitle: 主菜单", {"title": "主菜单"}),
    ],
)
def test_plain_words_are_text_unless_json_says_otherwise(line: str, value: dict[str, Any]) -> None:
    assert in_order(read(line)) == in_order(value)


def test_chinese_stays_readable_and_keys_keep_their_order() -> None:
    document = {"title": "主菜单", "start": "menu", "nodes": {"menu": {"say": "请按一"}, "bye": {}}}
    written = write_yaml(document)
    assert "主菜单" in written
    assert "请按一" in written
    assert list(read_yaml(written)) == ["title", "start", "nodes"]
    assert "请按一" in write_json(document)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("", "a flow is a mapping"),
        ("- a", "a flow is a mapping"),
        ("hello", "a flow is a mapping"),
        ("a: 1\na: 2", "line 2, column 1: 'a' stands there twice"),
        ("a: b: c", "line 1, column 5"),
        ("a:\n\t- b", "line 2"),
        ("a: &x 1", "anchors"),
        ("a: *x", "anchors"),
        ("a: !!python/object/apply:os.system [id]", "tags"),
        ("a: !!str 1", "tags"),
        ("? [a]\n: 1", "a key is a word"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: 1e999", "not finite"),
        (f"a: {'9' * 4400}", "too large"),
        (f"a: {1 << 54}", "too large"),
        ('a: "\\0"', "cannot be kept"),
        ("a: \x00", "unacceptable character"),
        ("a: " + "[" * 5000, f"deeper than {DEEPEST}"),
        ('{"a": ' + "[" * 5000, "no JSON"),
        ('{"a": ' * 40 + "1" + "}" * 40, f"deeper than {DEEPEST}"),
        ('{"a": 1', "no JSON"),
        ('{"a": NaN}', "no JSON"),
        ("a" * (MOST_BYTES + 1), "at most 1 MiB"),
    ],
)
def test_a_bad_file_is_refused_and_the_place_is_named(wrong: str, why: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read(wrong)
    assert why in refused.value.message


def test_an_anchor_that_would_grow_without_end_is_refused() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30))]
    with pytest.raises(BadRequest, match="anchors"):
        read_yaml("\n".join(lines))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"x", {1: 2, "a": {3}}, "\ud800", 1 << 60])
def test_what_cannot_be_kept_does_not_fit(value: object) -> None:
    with pytest.raises(BadRequest):
        fit({"a": value})
