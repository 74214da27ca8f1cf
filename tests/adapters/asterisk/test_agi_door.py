"""The door of FastAGI, open to whoever knocks: scanners, slow ones, dying ones. The loop lives and nothing piles up."""

import asyncio
import random
import socket

import pytest

from adapters.asterisk.agi import AgiDoor
from adapters.asterisk.agi_line import AgiLine
from tests.adapters.asterisk.agi_caller import HEADER, Caller, door_with
from tests.adapters.asterisk.waiting import eventually, own_tasks


async def served(door: AgiDoor) -> None:
    """Prove that an honest call is served, now."""
    async with await Caller.knock(door.port) as caller:
        caller.say(HEADER)
        assert await caller.hear() == b'SET VARIABLE "CTI_DONE" "1"\n'
        caller.say(b"200 result=1\n")
        assert await caller.rest() == b""


async def test_without_a_flow_the_dialplan_is_told_that_it_was_served() -> None:
    async with door_with() as door:
        await served(door)
        await eventually(lambda: door.lines == 0)
        assert door.counts.calls == 1


async def test_a_port_scan_does_not_stop_the_loop() -> None:
    async with door_with() as door:
        for _ in range(300):
            async with await Caller.knock(door.port):
                pass
        await served(door)
        await eventually(lambda: door.lines == 0)
        assert door.counts.strangers == 300


@pytest.mark.parametrize("gently", [True, False])
async def test_a_hang_up_at_any_byte_of_the_header_is_survived(gently: bool) -> None:
    async with door_with() as door:
        for at in range(len(HEADER)):
            async with await Caller.knock(door.port) as caller:
                caller.say(HEADER[:at])
                if gently:
                    caller.writer.write_eof()
                    await caller.rest()
        await served(door)
        await eventually(lambda: door.lines == 0)
        assert door.counts.script_errors == 0


async def test_a_hang_up_at_any_byte_of_the_answer_is_survived() -> None:
    reply = b"100 Trying\n200 result=1 (x)\n"
    async with door_with() as door:
        for at in range(len(reply)):
            async with await Caller.knock(door.port) as caller:
                caller.say(HEADER)
                await caller.hear()
                caller.say(reply[:at])
        await served(door)
        await eventually(lambda: door.lines == 0)
        assert door.counts.script_errors == 0


def throw_bytes_at(port: int, times: int, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(times):
        start = dice.choice([b"", b"agi_network: yes\n", HEADER, HEADER + b"200 "])
        with socket.create_connection(("127.0.0.1", port), 10) as peer:
            peer.sendall(start + dice.randbytes(dice.randrange(1, 400)) + dice.choice([b"", b"\n", b"\n\n"]))


async def test_ten_thousand_random_byte_strings_leave_the_door_open() -> None:
    asyncio.get_running_loop().set_debug(False)  # three times as fast
    async with door_with() as door:
        await asyncio.to_thread(throw_bytes_at, door.port, 10_000, 20261122)
        await served(door)
        await eventually(lambda: door.lines == 0)

        assert door.counts.calls + door.counts.strangers + door.counts.turned_away == 10_001
        assert door.counts.script_errors == 0


async def test_a_half_open_peer_is_let_go_after_the_header_time() -> None:
    async with door_with(header_seconds=0.05) as door, await Caller.knock(door.port) as caller:
        caller.say(HEADER[:-1])
        assert await caller.rest() == b""
        assert door.counts.strangers == 1


async def test_a_peer_that_drips_its_header_gets_no_more_time_for_it() -> None:
    async with door_with(header_seconds=0.1) as door, await Caller.knock(door.port) as caller:
        loop = asyncio.get_running_loop()
        began = loop.time()

        def drip(n: int) -> None:
            caller.writer.write(b"agi_arg_%d: x\n" % n)
            loop.call_later(0.01, drip, n + 1) if not caller.writer.is_closing() and n < 200 else None

        drip(0)
        await caller.rest()
        assert loop.time() - began < 1.5


def test_a_header_has_two_seconds() -> None:
    assert AgiDoor("127.0.0.1", 0)._header_seconds == 2.0


async def test_a_header_over_16_kib_is_cut_off() -> None:
    async with door_with() as door:
        for flood in (b"x" * 100_000, b"agi_arg_1: " + b"y" * 20_000 + b"\n"):
            async with await Caller.knock(door.port) as caller:
                caller.say(flood)
                assert await caller.rest() == b""
        await served(door)


async def test_no_more_lines_than_allowed_are_open_at_once() -> None:
    async with door_with(most_lines=10) as door:
        callers = [await Caller.knock(door.port) for _ in range(10)]
        await eventually(lambda: door.lines == 10)
        async with await Caller.knock(door.port) as extra:
            assert await extra.rest() == b""
        assert door.counts.turned_away == 1
        for caller in callers:
            async with caller:
                pass
        await eventually(lambda: door.lines == 0)
        await served(door)


async def test_a_script_that_fails_ends_only_its_own_line(caplog: pytest.LogCaptureFixture) -> None:
    async def stumble(line: AgiLine) -> None:
        raise KeyError("a bug")

    async with door_with(stumble) as door:
        async with await Caller.knock(door.port) as caller:
            caller.say(HEADER)
            assert await caller.rest() == b""
        await eventually(lambda: door.counts.script_errors == 1)
        assert door.listening
    assert "the script of a line failed" in caplog.text


async def test_hundreds_of_calls_at_once_are_all_served() -> None:
    async with door_with() as door:
        await asyncio.gather(*(served(door) for _ in range(300)))
        assert door.counts.calls == 300


async def test_closing_the_door_ends_every_conversation() -> None:
    started = asyncio.Event()

    async def for_ever(line: AgiLine) -> None:
        started.set()
        await asyncio.Event().wait()

    async with door_with(for_ever) as door:
        caller = await Caller.knock(door.port)
        async with caller:
            caller.say(HEADER)
            await started.wait()
            await door.close()
            assert await caller.rest() == b""
            assert door.lines == 0
            assert not door.listening
            with pytest.raises(OSError):
                await Caller.knock(door.port)
    assert own_tasks() == []
