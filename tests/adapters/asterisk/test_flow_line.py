"""Flows on FastAGI: prompts and messages are files, a digit cuts a prompt short, a caller may leave at any time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from adapters.asterisk.agi_line import AgiLine
from adapters.asterisk.flow_line import FlowLine
from adapters.store.flow_text import read
from cti.ids import CallId, Instant
from cti.ivr.flow import Flow, from_dict
from cti.ivr.line import HungUp, Recorded
from cti.ivr.outcome import Broken, Caller, Left, Outcome
from cti.ivr.ports import Ports
from cti.ivr.run import run
from cti.ivr.simulate import simulate
from tests.adapters.asterisk.agi_caller import HEADER, door_with
from tests.adapters.asterisk.agi_caller import Caller as Peer

FLOWS = Path(__file__).parents[3] / "dialplans" / "flows"
CALLER = Caller(call=CallId("1763812800-17-123456"), number="13800001234")
PORTS = Ports(now=lambda: Instant(1_763_812_800_000))

T = TypeVar("T")
PLAY = b'STREAM FILE "/prompts/zh/%s" "%s"\n'
ALL = b"0123456789*#"


def demo(name: str) -> Flow:
    return from_dict(read((FLOWS / f"{name}.yaml").read_text(encoding="utf-8")))


def prompt_file(name: str, language: str) -> str | None:
    if name == "missing":
        return None
    return "beep" if name == "tone" else f"/prompts/{language}/{name}"


class Asterisk:
    """Asterisk's side, with a caller who presses these keys, one at each question or at the end of a prompt.

    Hangs up instead of doing the n-th thing, if told so.
    """

    def __init__(self, keys: str = "", leaves: int = -1, *, typed_into_prompts: bool = False) -> None:
        self.keys, self.leaves, self.typed_into_prompts = list(keys), leaves, typed_into_prompts
        self.heard: list[bytes] = []

    def reply(self, command: bytes) -> bytes:
        self.heard.append(command)
        if len(self.heard) > self.leaves >= 0:
            gone = b"200 result=-1 (hangup) endpos=24000\n" if command.startswith(b"RECORD") else b"200 result=-1\n"
            return gone + b"HANGUP\n"
        if command.startswith(b"RECORD FILE"):
            return b"200 result=35 (dtmf) endpos=40000\n" if self.keys else b"200 result=59000 (timeout) endpos=0\n"
        cut = self.typed_into_prompts and command.startswith(b"STREAM FILE") and ALL in command
        if self.keys and (cut or command.startswith(b"WAIT FOR DIGIT")):
            return b"200 result=%d endpos=800\n" % ord(self.keys.pop(0))
        return b"200 result=0 endpos=8000\n"


async def serve(asterisk: Asterisk, talk: Callable[[FlowLine], Awaitable[T]]) -> T:
    """What comes of a conversation with this Asterisk."""
    outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    async def on_call(line: AgiLine) -> None:
        try:
            outcome.set_result(await talk(FlowLine(line, prompt_file, "/messages/{}".format)))
        except Exception as fault:
            outcome.set_exception(fault)

    async with door_with(on_call) as door, await Peer.knock(door.port) as peer:
        peer.say(HEADER)
        while command := await peer.hear():
            peer.say(asterisk.reply(command))
        async with asyncio.timeout(10):
            return await outcome


async def walk(asterisk: Asterisk, flow: Flow, ports: Ports = PORTS) -> Outcome:
    return await serve(asterisk, lambda line: run(flow, CALLER, line, ports))


async def test_prompts_are_files_played_one_after_the_other_until_a_digit_cuts_one() -> None:
    asterisk = Asterisk("5", typed_into_prompts=True)
    digit = await serve(asterisk, lambda line: line.play(["tone", "a", "b"], language="zh", escape="5"))
    assert digit == ""
    assert asterisk.heard == [b'STREAM FILE "beep" "5"\n', PLAY % (b"a", b"5"), PLAY % (b"b", b"5")]

    digit = await serve(asterisk, lambda line: line.play(["a", "b"], language="en", escape="0123456789*#"))
    assert digit == "5"
    assert asterisk.heard[3:] == [PLAY.replace(b"zh", b"en") % (b"a", ALL)]


async def test_a_prompt_that_is_not_there_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    asterisk = Asterisk()
    await serve(asterisk, lambda line: line.play(["missing", "a"], language="zh"))
    assert asterisk.heard == [PLAY % (b"a", b"")]
    assert "there is no prompt missing in zh" in caplog.text


@pytest.mark.parametrize(("key", "digit"), [("7", "7"), ("#", "#"), ("A", ""), ("", "")])
async def test_a_digit_is_waited_for(key: str, digit: str) -> None:
    asterisk = Asterisk(key)
    assert await serve(asterisk, lambda line: line.digit(2.5)) == digit
    assert asterisk.heard == [b'WAIT FOR DIGIT "2500"\n']


@pytest.mark.parametrize(("keys", "recorded"), [("#", Recorded(5.0, "#")), ("", Recorded(0.0))])
async def test_a_message_is_recorded_after_a_beep(keys: str, recorded: Recorded) -> None:
    asterisk = Asterisk(keys)
    assert await serve(asterisk, lambda line: line.record("m-1", seconds=60, stop_at="#", silence=4)) == recorded
    assert asterisk.heard == [
        b'STREAM FILE "beep" ""\n',
        b'RECORD FILE "/messages/m-1" "wav" "#" "60000" "s=4"\n',
    ]


async def test_a_message_without_a_limit_of_silence_says_nothing_of_it() -> None:
    asterisk = Asterisk()
    await serve(asterisk, lambda line: line.record("m", seconds=9))
    assert asterisk.heard[1] == b'RECORD FILE "/messages/m" "wav" "" "9000"\n'


TALKS: list[Callable[[FlowLine], Awaitable[object]]] = [
    lambda line: line.answer(),
    lambda line: line.play(["a"], language="zh"),
    lambda line: line.digit(1),
    lambda line: line.record("m", seconds=1),
]


@pytest.mark.parametrize("talk", TALKS)
async def test_a_caller_who_leaves_is_the_same_to_a_flow_whatever_was_done(
    talk: Callable[[FlowLine], Awaitable[object]],
) -> None:
    with pytest.raises(HungUp) as gone:
        await serve(Asterisk(leaves=0), talk)
    assert gone.value.recorded == 0


async def test_a_message_that_the_hang_up_ended_has_its_length() -> None:
    with pytest.raises(HungUp) as gone:
        await serve(Asterisk(leaves=1), lambda line: line.record("m", seconds=60))
    assert gone.value.recorded == 3.0

    outcome = await walk(Asterisk(leaves=3), demo("voicemail-demo"))
    assert outcome.end == Left()
    assert [message.seconds for message in outcome.messages] == [3.0]


@pytest.mark.parametrize("path", ["/a/../../etc/x", "/a\nb", "a b", "../x"])
async def test_no_path_but_a_plain_one_reaches_asterisk(path: str) -> None:
    async def with_path(line: FlowLine) -> Outcome:
        line._prompt_file = lambda *_: path
        return await run(demo("closed"), CALLER, line, PORTS)

    asterisk = Asterisk()
    outcome = await serve(asterisk, with_path)
    assert outcome.end == Broken(why="node closed: BadWord")
    assert asterisk.heard == [b"ANSWER\n"]


@pytest.mark.parametrize("keys", ["1", "2", "0", "9982", "99", ""])
@pytest.mark.parametrize("early", [False, True])
async def test_a_call_takes_the_way_that_the_simulator_foretold(keys: str, early: bool) -> None:
    flow = demo("main")
    asterisk = Asterisk(keys, typed_into_prompts=early)
    outcome = await walk(asterisk, flow)
    trial = await simulate(flow, CALLER, [f"!{key}" if early else key for key in keys], PORTS)
    assert outcome.end == trial.outcome.end
    assert [(one.node, one.exit, one.digits) for one in outcome.path] == [
        (one.node, one.exit, one.digits) for one in trial.outcome.path
    ]
    assert asterisk.heard[:2] == [b"ANSWER\n", PLAY % (b"greeting", ALL)]


@pytest.mark.parametrize("name", ["main", "voicemail-demo", "survey-3q", "collect-demo", "lookup-demo"])
async def test_a_caller_may_leave_at_every_command_of_a_flow(name: str) -> None:
    whole = Asterisk("1" * 40)
    await walk(whole, demo(name))
    for leaves in range(len(whole.heard)):
        asterisk = Asterisk("1" * 40, leaves)
        outcome = await walk(asterisk, demo(name))
        assert outcome.end == Left()
        assert len(asterisk.heard) == leaves + 1, "nothing is said to a caller who is gone"
