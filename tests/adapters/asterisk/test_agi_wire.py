"""FastAGI in bytes: one command is one line, one reply is one value, a caller's text is only text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.asterisk.agi_wire import AgiReply, Answer, Garbled, command, environment
from adapters.asterisk.failures import BadWord
from tests.adapters.asterisk.agi_caller import HEADER


def read(*lines: bytes) -> AgiReply | None:
    answer = Answer()
    for line in lines[:-1]:
        assert answer.take(line) is None
    return answer.take(lines[-1])


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        ([b"200 result=0"], AgiReply(200, "0")),
        ([b"200 result=-1"], AgiReply(200, "-1")),
        ([b"200 result=132456"], AgiReply(200, "132456")),
        ([b"200 result=12#"], AgiReply(200, "12#")),
        ([b"200 result= (timeout)"], AgiReply(200, "", "timeout")),
        ([b"200 result=12 (timeout)"], AgiReply(200, "12", "timeout")),
        ([b"200 result=49 endpos=2240"], AgiReply(200, "49", "", 2240)),
        ([b"200 result=1 ()"], AgiReply(200, "1", "")),
        ([b"200 result=1 (hangup)"], AgiReply(200, "1", "hangup")),  # a caller of that name has not hung up
        ([b"200 result=1 () result=-1 ()"], AgiReply(200, "1", ") result=-1 (")),
        ([b"200 result=1 (a) b) endpos=7"], AgiReply(200, "1", "a) b", 7)),
        (["200 result=1 (欧阳娜娜)".encode()], AgiReply(200, "1", "欧阳娜娜")),
        ([b"100 Trying...", b"200 result=0"], AgiReply(200, "0")),
        ([b"510 Invalid or unknown command"], AgiReply(510, "", "Invalid or unknown command")),
        ([b"511 Command Not Permitted"], AgiReply(511, "", "Command Not Permitted")),
        ([b"520-Invalid command syntax.  Proper usage follows:", b"200 result=1 (x)", b"", b"520 End of proper usage."],
         AgiReply(520, "", "usage")),
        ([b"520 Invalid command syntax.  Proper usage not available."],
         AgiReply(520, "", "Invalid command syntax.  Proper usage not available.")),
    ],
)  # fmt: skip
def test_a_reply_is_read_for_what_it_is(lines: list[bytes], reply: AgiReply) -> None:
    assert read(*lines) == reply


@pytest.mark.parametrize(
    "line", [b"", b"HANGUP now", b"200", b"200 nothing", b"20 result=1", b"200-result=1", b"\xff\xfe 12"]
)
def test_what_asterisk_does_not_write_is_garbled(line: bytes) -> None:
    with pytest.raises(Garbled):
        read(line)


@given(st.binary(max_size=200))
def test_no_line_does_worse_than_be_garbled(line: bytes) -> None:
    try:
        read(line)
    except Garbled:
        pass


def test_a_word_is_quoted_whole() -> None:
    assert command("SET VARIABLE", "CTI_NAME", 'a "b" \\ c') == b'SET VARIABLE "CTI_NAME" "a \\"b\\" \\\\ c"\n'
    assert command("STREAM FILE", "beep", "") == b'STREAM FILE "beep" ""\n'
    assert command("ANSWER") == b"ANSWER\n"


@pytest.mark.parametrize("word", ["a\nGET VARIABLE CHANNEL", "a\r", "\0", "x" * 1900])
def test_a_word_cannot_become_a_second_command(word: str) -> None:
    with pytest.raises(BadWord):
        command("SET VARIABLE", "CTI_NAME", word)


@pytest.mark.parametrize("verb", ["", "answer", "ANSWER\n", "SET VARIABLE x", "EXEC System rm", 'A "'])
def test_a_verb_is_capital_words_only(verb: str) -> None:
    with pytest.raises(BadWord):
        command(verb)


@given(st.text(max_size=100))
def test_whatever_the_word_the_command_is_one_line(word: str) -> None:
    try:
        wire = command("SET VARIABLE", "CTI_NAME", word)
    except BadWord:
        return
    assert wire.count(b"\n") == 1
    assert wire.endswith(b'"\n')
    bare = wire[:-1].replace(b"\\\\", b"").replace(b'\\"', b"")
    assert bare.count(b'"') == 4


def test_the_header_is_what_asterisk_said_of_the_call() -> None:
    env = environment(HEADER.rstrip().split(b"\n"))

    assert env["agi_calleridname"] == "张伟明"
    assert env["agi_accountcode"] == ""
    assert env["agi_uniqueid"] == "1763814000.17"


@pytest.mark.parametrize(
    "lines",
    [
        [b"agi_channel: a", b"agi_callerid: 1", b"agi_channel: b"],  # from a line break in a caller's number
        [b"agi_channel: a", b"200 result=0"],
        [b"GET / HTTP/1.1", b"Host: x"],
        [b"agi_callerid: 1"],
        [],
    ],
)
def test_a_forged_header_is_garbled(lines: list[bytes]) -> None:
    with pytest.raises(Garbled):
        environment(lines)
