"""A conversation on FastAGI: each question has its own answer, and a caller who leaves ends it, wherever it is."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from adapters.asterisk.agi_line import AgiLine
from adapters.asterisk.failures import BadWord, HungUp, LineRefused
from tests.adapters.asterisk.agi_caller import HEADER, Caller, door_with

Ask = Callable[[AgiLine], Awaitable[object]]


async def talk(ask: Ask, *replies: bytes, leave: bool = False) -> tuple[object, list[bytes]]:
    """Run `ask` on a line whose Asterisk answers each command with the next reply; return the outcome and commands."""
    outcome: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def on_call(line: AgiLine) -> None:
        try:
            outcome.set_result(await ask(line))
        except Exception as fault:
            outcome.set_result(fault)

    async with door_with(on_call) as door, await Caller.knock(door.port) as caller:
        caller.say(HEADER)
        heard = []
        for reply in replies:
            heard.append(await caller.hear())
            caller.say(reply)
        if leave:
            caller.leave()
        async with asyncio.timeout(10):
            return await outcome, heard


NAME = b'GET FULL VARIABLE "${URIENCODE(${CTI_NAME})}"\n'
CALLER = b'GET FULL VARIABLE "${URIENCODE(${CALLERID(name)})}"\n'
HELLO = b'STREAM FILE "cti/hello" '
DATA = b'GET DATA "beep" "3000" "4"\n'
DIGIT = b'WAIT FOR DIGIT "2500"\n'


@pytest.mark.parametrize(
    ("ask", "sent", "reply", "came"),
    [
        (lambda line: line.answer(), b"ANSWER\n", b"0", None),
        (lambda line: line.hangup(), b"HANGUP\n", b"1", None),
        (lambda line: line.set_variable("CTI_A", 'a,"b"'), b'SET VARIABLE "CTI_A" "a%2C%22b%22"\n', b"1", None),
        (lambda line: line.get_variable("CTI_NAME"), NAME, b"1 (a%252Cb)", "a,b"),
        (lambda line: line.get_variable("CALLERID(name)"), CALLER, b"1 (x%0A200%20r%28y%29)", "x\n200 r(y)"),
        (lambda line: line.get_variable("CALLERID(name)"), CALLER, b"1 (hangup)", "hangup"),
        (lambda line: line.stream_file("cti/hello", "12"), HELLO + b'"12"\n', b"49 endpos=800", "1"),
        (lambda line: line.stream_file("cti/hello"), HELLO + b'""\n', b"0 endpos=8000", ""),
        (lambda line: line.wait_for_digit(2.5), DIGIT, b"35", "#"),
        (lambda line: line.wait_for_digit(2.5), DIGIT, b"0", ""),
        (lambda line: line.get_data("beep", 3, 4), DATA, b"12 (timeout)", "12"),
        (lambda line: line.get_data("beep", 3, 4), DATA, b" (timeout)", ""),
        (lambda line: line.exec_("SayDigits", "1001"), b'EXEC "SayDigits" "1001"\n', b"0", None),
        (lambda line: line.exec_("Goto", "cti-wait", "s", "1"), b'EXEC "Goto" "cti-wait,s,1"\n', b"0", None),
    ],
)
async def test_what_is_said_and_what_comes_of_it(ask: Ask, sent: bytes, reply: bytes, came: object) -> None:
    assert await talk(ask, b"200 result=" + reply + b"\n") == (came, [sent])


@pytest.mark.parametrize(
    "reply",
    [
        b"HANGUP\n",
        b"HANGUP\n200 result=0\n",
        b"200 result=-1\n",
        b"511 Command Not Permitted on a dead channel or intercept routine\n",
        b"complete nonsense\n",
    ],
)
async def test_a_caller_who_leaves_ends_the_conversation(reply: bytes) -> None:
    outcome, _ = await talk(lambda line: line.answer(), reply)

    assert isinstance(outcome, HungUp)
    assert outcome.code == "agi_hung_up"


async def test_a_peer_that_is_cut_off_ends_the_conversation() -> None:
    for part in (b"", b"2", b"200 result=", b"100 Trying\n", b"520-usage:\nmore\n"):
        outcome, _ = await talk(lambda line: line.answer(), part, leave=True)
        assert isinstance(outcome, HungUp)


async def test_a_hang_up_between_two_commands_is_not_taken_for_an_answer() -> None:
    """Every later reply would be the one before; a number would come out as a name."""
    between = asyncio.Event()

    async def ask(line: AgiLine) -> object:
        await line.answer()
        await between.wait()
        return await line.get_variable("CHANNEL")

    outcome: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def on_call(line: AgiLine) -> None:
        try:
            await ask(line)
        except HungUp as fault:
            outcome.set_result(fault)
            with pytest.raises(HungUp):
                await line.answer()

    async with door_with(on_call) as door, await Caller.knock(door.port) as caller:
        caller.say(HEADER)
        await caller.hear()
        caller.say(b"200 result=0\n")
        caller.say(b"HANGUP\n")
        await caller.writer.drain()
        asyncio.get_running_loop().call_later(0.05, between.set)
        async with asyncio.timeout(10):
            assert isinstance(await outcome, HungUp)
        assert await caller.rest() == b""


async def test_an_answer_to_no_question_ends_the_conversation() -> None:
    async def ask(line: AgiLine) -> object:
        await line.answer()
        return await line.get_variable("CTI_NAME")

    outcome, heard = await talk(ask, b"200 result=0\n200 result=1 (forged)\n")

    assert isinstance(outcome, HungUp)
    assert heard == [b"ANSWER\n"]


async def test_a_long_usage_text_is_read_to_its_end() -> None:
    async def ask(line: AgiLine) -> object:
        with pytest.raises(LineRefused):
            await line.command("ANSWER")
        return await line.get_variable("CTI_NAME")

    usage = b"520-Invalid command syntax.  Proper usage follows:\nANSWER\n\n200 result=1\n520 End of proper usage.\n"
    outcome, heard = await talk(ask, usage, b"200 result=1 (Bob)\n")

    assert outcome == "Bob"
    assert len(heard) == 2


async def test_a_refused_command_leaves_the_line_good() -> None:
    async def ask(line: AgiLine) -> object:
        with pytest.raises(LineRefused):
            await line.exec_("SayAlpha", "x")
        with pytest.raises(LineRefused):
            await line.answer()
        return await line.wait_for_digit(1)

    assert (await talk(ask, b"200 result=-2\n", b"510 Invalid or unknown command\n", b"200 result=52\n"))[0] == "4"


async def test_silence_ends_the_conversation_by_the_deadline() -> None:
    outcome, _ = await talk(lambda line: line.command("ANSWER", seconds=0.05), b"")

    assert isinstance(outcome, HungUp)


async def test_endless_chatter_ends_the_conversation_by_the_deadline() -> None:
    outcome, _ = await talk(lambda line: line.command("ANSWER", seconds=0.05), b"100 Trying\n" * 500)

    assert isinstance(outcome, HungUp)


@pytest.mark.parametrize(
    "ask",
    [
        lambda line: line.get_variable("AST_CONFIG(manager.conf,full,secret)"),
        lambda line: line.get_variable("SHELL(id)"),
        lambda line: line.get_variable("CTI_X})}${SHELL(id)"),
        lambda line: line.set_variable("ENV(LD_PRELOAD)", "x"),
        lambda line: line.set_variable("CALLERID(num)", "x"),
        lambda line: line.stream_file("../../etc/passwd"),
        lambda line: line.stream_file("/etc/passwd"),
        lambda line: line.stream_file("a b"),
        lambda line: line.stream_file("beep", "1\n"),
        lambda line: line.exec_("System", "id"),
        lambda line: line.exec_("Goto", "a,b"),
        lambda line: line.exec_("SayDigits", "${SHELL(id)}"),
    ],
)
async def test_nothing_but_the_few_safe_things_can_be_said(ask: Ask) -> None:
    outcome, _ = await talk(ask)

    assert isinstance(outcome, BadWord)


async def test_two_questions_at_once_are_refused() -> None:
    async def ask(line: AgiLine) -> object:
        first = asyncio.ensure_future(line.answer())
        second = asyncio.ensure_future(line.answer())
        return await asyncio.gather(first, second, return_exceptions=True)

    outcome, heard = await talk(ask, b"200 result=0\n")

    assert isinstance(outcome, list)
    assert outcome[0] is None
    assert isinstance(outcome[1], RuntimeError)
    assert heard == [b"ANSWER\n"]


async def test_a_question_given_up_takes_the_line_with_it() -> None:
    async def ask(line: AgiLine) -> object:
        try:
            async with asyncio.timeout(0.02):
                await line.answer()
        except TimeoutError:
            return await line.get_variable("CTI_NAME")
        return "not given up"

    outcome, heard = await talk(ask, b"")

    assert isinstance(outcome, HungUp)
    assert heard == [b"ANSWER\n"]
