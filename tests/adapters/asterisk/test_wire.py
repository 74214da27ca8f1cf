"""Messages: what a header says, whatever else is in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.asterisk.wire import Message, unescape

EVENT = (
    "Event: UserEvent\r\nPrivilege: user,all\r\nTimestamp: 1763814000.123456\r\nUserEvent: CtiWaiting\r\n"
    "CallerIDName: 欧阳娜娜\r\nAccountCode: \r\nCall: 1763814000-17-204816"
).encode()


def test_a_header_is_found_by_its_exact_name() -> None:
    message = Message(EVENT)

    assert message.name == "UserEvent"
    assert message["CallerIDName"] == "欧阳娜娜"
    assert message.get("Timestamp") == "1763814000.123456"
    assert message.get("timestamp") == ""
    assert "Call" in message
    with pytest.raises(KeyError):
        message["Missing"]


def test_an_empty_header_is_kept_even_at_the_end() -> None:
    message = Message(b"Event: Newchannel\r\nExten: s\r\nAccountCode: ")

    assert "AccountCode" in message
    assert message["AccountCode"] == ""


def test_the_first_of_repeated_headers_wins_and_all_are_kept() -> None:
    message = Message(b"Event: UserEvent\r\nEvent: Hangup\r\nChanVariable: a=1\r\nActionID: x\r\nChanVariable: b=2")

    assert message.name == "UserEvent"
    assert message["Event"] == "UserEvent"
    assert message["ChanVariable"] == "a=1"
    assert message.all("ChanVariable") == ["a=1", "b=2"]
    assert message.all("Nothing") == []


def test_a_value_may_hold_the_separator() -> None:
    assert Message(b"Event: Hangup\r\nCause-txt: a: b: c")["Cause-txt"] == "a: b: c"


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert Message(b"Event: Hangup\r\nCallerIDName: \xff\xe5\xbc\xa0")["CallerIDName"] == "\ufffd张"


def test_a_response_has_no_event_name() -> None:
    assert Message.of(("Response", "Success"), ("Ping", "Pong")).name == ""


def test_the_repr_shows_no_value() -> None:
    assert "13800138000" not in repr(Message.of(("Event", "Hangup"), ("CallerIDNum", "13800138000")))


def test_it_reads_like_a_mapping() -> None:
    message = Message.of(("Event", "Hangup"), ("Cause", "16"), ("Cause", "17"))

    assert list(message) == ["Cause", "Event"]
    assert len(message) == 2
    assert list(message.items()) == [("Event", "Hangup"), ("Cause", "16"), ("Cause", "17")]


@given(st.binary(max_size=400))
def test_no_bytes_can_break_the_parser(raw: bytes) -> None:
    message = Message(b"Event: X\r\n" + raw)

    assert message.name == "X"
    assert message["Event"] == "X"
    assert all(isinstance(value, str) for _, value in message.items())


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        ("张伟明", "张伟明"),
        (r"\"Bob\"", '"Bob"'),
        (r"a\\nb", r"a\nb"),  # a backslash and an n, not a line break
        (r"a\nb\r\t", "a\nb\r\t"),
        (r"it\'s\?", "it's?"),
        (r"\a\b\f\v", "\a\b\f\v"),
        (r"\x", r"\x"),  # nothing Asterisk writes: left alone
        ("end\\", "end\\"),
        ("", ""),
    ],
)
def test_c_escapes_are_undone(escaped: str, plain: str) -> None:
    assert unescape(escaped) == plain


@given(st.text())
def test_unescaping_undoes_what_asterisk_does(text: str) -> None:
    letters = dict(zip("\a\b\f\n\r\t\v\\'\"?", "abfnrtv\\'\"?", strict=True))
    escaped = "".join("\\" + letters[each] if each in letters else each for each in text)

    assert unescape(escaped) == text
