"""Actions as bytes: what may not go on the wire does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.asterisk.encode import Action, decode_value, encode, encode_variable
from adapters.asterisk.failures import BadValue


def test_the_id_comes_first_and_the_headers_in_order() -> None:
    action = Action("Redirect", [("Channel", "PJSIP/trunk-00000001"), ("Exten", "to_1_15_1001"), ("Priority", "1")])

    assert encode(action, "cti/7") == (
        b"ActionID: cti/7\r\nAction: Redirect\r\nChannel: PJSIP/trunk-00000001\r\n"
        b"Exten: to_1_15_1001\r\nPriority: 1\r\n\r\n"
    )


@pytest.mark.parametrize("bad", ["\r", "\n", "\r\n", "\0", "v\r\n\r\nAction: Originate"])
def test_a_line_break_or_nul_anywhere_is_refused(bad: str) -> None:
    for action in (
        Action("Setvar", [("Value", f"x{bad}y")]),
        Action("Setvar", [(f"Value{bad}", "x")]),
        Action(f"Setvar{bad}", []),
    ):
        with pytest.raises(BadValue) as caught:
            encode(action, "1")
        assert caught.value.code == "ami_bad_value"


@pytest.mark.parametrize("name", ["", "Value: x", "Vaлue", "-", "Action", "actionid", "A" * 65, "Value "])
def test_a_header_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadValue):
        encode(Action("Setvar", [(name, "x")]), "1")


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    wire = encode(Action("Setvar", [("Value", "a\ud800b张\udfff😀")]), "1")

    assert "Value: a\ufffdb张\ufffd😀\r\n".encode() in wire


def test_a_line_is_at_most_1000_bytes_long() -> None:
    encode(Action("Setvar", [("Value", "v" * (1000 - len("Value: ")))]), "1")
    encode(Action("Setvar", [("Variable", "v" * 900), ("Value", "v" * 900)]), "1")
    with pytest.raises(BadValue):
        encode(Action("Setvar", [("Value", "张" * 400)]), "1")


def test_an_action_has_at_most_120_headers() -> None:
    encode(Action("Originate", [("Variable", "CTI_A=1")] * 120), "1")
    with pytest.raises(BadValue):
        encode(Action("Originate", [("Variable", "CTI_A=1")] * 121), "1")


def test_neither_an_action_nor_its_refusal_shows_a_value() -> None:
    action = Action("Setvar", [("Value", "13800138000\n")])
    with pytest.raises(BadValue) as caught:
        encode(action, "1")

    assert "13800138000" not in repr(action) + str(caught.value) + repr(caught.value)


@given(st.text(), st.text())
def test_whatever_the_value_exactly_one_action_with_exactly_its_headers_leaves(first: str, second: str) -> None:
    try:
        wire = encode(Action("Setvar", [("Variable", first), ("Value", second)]), "1")
    except BadValue:
        return
    assert wire.endswith(b"\r\n\r\n")
    assert wire.count(b"\r\n\r\n") == 1
    lines = wire[:-4].split(b"\r\n")
    assert [line.split(b":")[0] for line in lines] == [b"ActionID", b"Action", b"Variable", b"Value"]
    assert wire.count(b"\n") == wire.count(b"\r") == 5


@pytest.mark.parametrize("name", ["CTI_HB", "CTI_FALLBACK_AFTER", "__CTI_CALLID"])
def test_our_variables_may_be_set(name: str) -> None:
    assert encode_variable(name, "17") == f"{name}=17"


@pytest.mark.parametrize(
    "name",
    ["ENV(LD_PRELOAD)", "AST_CONFIG(manager.conf,full,secret)", "CALLERID(num)", "CTI_", "CTI_a", "CTI_A1", "CTI_A\n",
     "_CTI_A", "___CTI_A", "X_CTI_A", "CTI_" + "A" * 25, "", "CTI_A=1,B"],
)  # fmt: skip
def test_no_other_variable_can_be_named(name: str) -> None:
    with pytest.raises(BadValue):
        encode_variable(name, "1")


def test_a_comma_cannot_smuggle_a_second_variable() -> None:
    assert encode_variable("CTI_NAME", 'a,CALLERID(num)="1\\') == "CTI_NAME=a%2CCALLERID%28num%29%3D%221%5C"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_encoded_value_is_harmless_and_comes_back_whole(value: str) -> None:
    _, _, wire = encode_variable("CTI_NAME", value).partition("=")

    assert set(wire) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")
    assert decode_value(wire) == value


def test_a_lone_surrogate_in_a_variable_becomes_a_replacement_character() -> None:
    assert encode_variable("CTI_NAME", "\ud800") == "CTI_NAME=%EF%BF%BD"
