"""Which numbers are dialled, and how fraud is turned away whatever it looks like."""

from __future__ import annotations

import pytest

from cti.control.dialling import DialRules, Way, digits
from cti.errors import BadRequest, RefusedByPolicy
from cti.targets import by_hand
from cti.trunks import Line

RULES = DialRules(caller_ids=("4000", "+862161234567"))


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("13900001111", "13900001111"),
        ("+86 139 0000 1111", "13900001111"),
        ("0086-13900001111", "13900001111"),
        ("02161234567", "02161234567"),
        ("+861012345678", "01012345678"),
        ("4001234567", "4001234567"),
        ("110", "110"),
        ("95588", "95588"),
    ],
)
def test_a_number_at_home_is_dialled_as_the_trunk_wants_it(written: str, dialled: str) -> None:
    assert RULES.allow(by_hand(f"number:{written}", ("number",)).name) == dialled


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [("13900001111", "13900001111"), ("01012345678", "01012345678"), ("008613900001111", "13900001111")],
)
def test_a_number_as_it_was_typed_is_the_same_number(typed: str, dialled: str) -> None:
    assert RULES.allow(typed) == dialled


@pytest.mark.parametrize("typed", ["0012025550123", "+860012025550123", "8616812345", "+8600861380000", "4000"])
def test_a_number_as_it_was_typed_is_refused_by_the_same_rules(typed: str) -> None:
    with pytest.raises(RefusedByPolicy):
        RULES.allow(typed)


@pytest.mark.parametrize(
    "written",
    [
        "+12025550123",
        "0012025550123",
        "00 1 202 555 0123",
        "011 1 202 555 0123",
        "16812345",
        "１３９００００１１１１",
        "13900001111&PJSIP/1001",
        "13900001111,30,g",
        "13900001111@evil.example",
        "13900001111;a=b",
        "${SHELL(id)}",
        "Local/13900001111@cti-call",
        "PJSIP/1@cti-trunk",
        "*69",
        "13900001111w1234",
        "sip:13900001111@example.com",
        "1" * 30,
        "1",
        "4000",
        "1002",
    ],
)
def test_what_no_rule_allows_is_refused_with_the_rule(written: str) -> None:
    with pytest.raises(RefusedByPolicy, match=r"^rule [a-z_]+: "):
        RULES.allow(by_hand(f"number:{written}", ("number",)).name)


@pytest.mark.parametrize(
    "text", ["", "number:", "number:\n1", "agent:../1", "queue:Sales", "flow:", "survey:x", "1002"]
)
def test_words_that_lead_nowhere_are_no_target(text: str) -> None:
    with pytest.raises(BadRequest):
        by_hand(text, ("agent", "queue", "flow", "survey"))


def test_only_a_number_of_ours_is_shown() -> None:
    assert RULES.shown("") == "4000"
    assert RULES.shown("+862161234567") == "862161234567"
    with pytest.raises(RefusedByPolicy, match="caller_id"):
        RULES.shown("110")


NORTH = Line(trunk="cti-trunk-north", caller_ids=("02188886666", "4008"))
SOUTH = Line(trunk="cti-trunk-south", caller_ids=("4008", "4009"), is_default=True)


@pytest.mark.parametrize(
    ("lines", "asked", "way"),
    [
        ((), "", Way("cti-trunk", "4000")),
        ((NORTH,), "", Way("cti-trunk", "4000")),  # made, and not for everything
        ((NORTH,), "4008", Way("cti-trunk-north", "4008")),
        ((NORTH,), "4000", Way("cti-trunk", "4000")),
        ((NORTH, SOUTH), "", Way("cti-trunk-south", "4008")),
        ((NORTH, SOUTH), "4008", Way("cti-trunk-south", "4008")),  # the default one first, where it may
        ((NORTH, SOUTH), "02188886666", Way("cti-trunk-north", "02188886666")),
        ((NORTH, SOUTH), "+862161234567", Way("cti-trunk", "862161234567")),
        ((Line(trunk="cti-trunk-x", is_default=True),), "", Way("cti-trunk-x", "")),
    ],
)
def test_a_caller_id_chooses_the_trunk_and_no_caller_id_the_default(
    lines: tuple[Line, ...], asked: str, way: Way
) -> None:
    rules = DialRules(caller_ids=("4000", "+862161234567"), lines=lines)
    assert rules.way(asked) == way
    assert rules.default_trunk == rules.way().trunk


def test_a_number_that_no_trunk_of_ours_may_show_is_refused() -> None:
    with pytest.raises(RefusedByPolicy, match="caller_id"):
        DialRules(lines=(NORTH, SOUTH)).way("110")


def test_a_site_names_its_own_trunk() -> None:
    assert DialRules(trunk="carrier").way() == Way("carrier", "")


def test_no_digit_is_invented() -> None:
    assert digits("+12025550123") == "12025550123"
