"""What a session makes of the bytes it gets: every message whole, once, in order, whoever misbehaves."""

import asyncio
import logging
import random

import pytest

from adapters.asterisk.asks import Asks
from adapters.asterisk.failures import Down
from adapters.asterisk.protocol import LONGEST_MESSAGE, AmiProtocol, Counts
from adapters.asterisk.wire import Message
from tests.adapters.asterisk.ami_server import BANNER, AmiServer
from tests.adapters.asterisk.rig import session_on
from tests.adapters.asterisk.waiting import Ears


class Desk:
    """A protocol without a socket: fed by hand, it collects what comes out."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.lost: list[Down] = []
        self.counts = Counts()
        self.protocol = AmiProtocol(
            wanted={b"UserEvent": "UserEvent", b"Hangup": "Hangup"},
            asks=Asks(),
            counts=self.counts,
            on_banner=lambda _version: None,
            on_event=self.take,
            on_lost=self.lost.append,
        )

    def take(self, message: Message) -> None:
        self.heard.append(message)

    def feed(self, *chunks: bytes) -> None:
        for chunk in chunks:
            self.protocol.data_received(chunk)


STORY = (
    BANNER
    + "Event: UserEvent\r\nUserEvent: CtiWaiting\r\nCallerIDName: 欧阳娜娜 😀\r\nAccountCode: \r\n\r\n".encode()
    + b"Event: VarSet\r\nVariable: X\r\n\r\n"
    + "Event: Hangup\r\nCallerIDName: 张伟明\r\nCause: 16\r\n\r\n".encode()
)


def test_names_survive_every_split_between_reads() -> None:
    for at in range(len(STORY)):
        desk = Desk()
        desk.feed(STORY[:at], STORY[at:])
        assert [m["CallerIDName"] for m in desk.heard] == ["欧阳娜娜 😀", "张伟明"]
        assert desk.heard[0]["AccountCode"] == ""

    desk = Desk()
    desk.feed(*(STORY[i : i + 1] for i in range(len(STORY))))
    assert [m["CallerIDName"] for m in desk.heard] == ["欧阳娜娜 😀", "张伟明"]


def test_unwanted_events_are_counted_and_not_parsed() -> None:
    desk = Desk()
    desk.feed(STORY)

    assert (desk.counts.events, desk.counts.unwanted) == (3, 1)
    assert [m.name for m in desk.heard] == ["UserEvent", "Hangup"]


@pytest.mark.parametrize(
    "odd",
    [b"nonsense\r\n\r\n", b"Foo: Event: Hangup\r\n\r\n", b"\xff\0\r\n\r\n", b": \r\n\r\n", b"event: Hangup\r\n\r\n"],
)
def test_an_odd_message_is_counted_and_skipped(odd: bytes) -> None:
    desk = Desk()
    desk.feed(BANNER, odd, b"Event: Hangup\r\nCause: 16\r\n\r\n")

    assert desk.counts.odd == 1
    assert [m.name for m in desk.heard] == ["Hangup"]
    assert desk.lost == []


def test_empty_lines_too_many_between_messages_are_no_messages() -> None:
    desk = Desk()
    desk.feed(BANNER, b"\r\n\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\n\r\n\r\n\r\nEvent: Hangup\r\nCause: 17\r\n\r\n")

    assert [m["Cause"] for m in desk.heard] == ["16", "17"]
    assert desk.counts.odd == 0


def test_a_message_over_4_mib_is_skipped_and_the_next_one_is_heard() -> None:
    desk = Desk()
    desk.feed(BANNER, b"Event: UserEvent\r\nX: ", *[b"x" * 2**18] * 20)
    assert len(desk.protocol._tail) < LONGEST_MESSAGE
    desk.feed(b"x\r\n\r", b"\nEvent: Hangup\r\nCause: 16\r\n\r\n")

    assert desk.counts.oversize == 1
    assert [m.name for m in desk.heard] == ["Hangup"]


def test_a_message_just_under_4_mib_is_heard() -> None:
    desk = Desk()
    desk.feed(BANNER, b"Event: UserEvent\r\nX: ", *[b"x" * 2**18] * 15, b"\r\n\r\n")

    assert len(desk.heard[0]["X"]) == 15 * 2**18


def test_random_bytes_never_raise() -> None:
    dice = random.Random(20261122)
    for _ in range(2000):
        desk = Desk()
        desk.protocol.version = "11"
        words = [b"Event: Hangup", b"\r\n", b"\r\n\r\n", b"Response: ", b"ActionID: 1", b": ", dice.randbytes(9)]
        noise = [dice.choice(words) for _ in range(dice.randrange(40))]
        desk.feed(*noise, b"\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\n")
        assert desk.heard[-1]["Cause"] == "16"


async def test_an_exception_in_a_handler_costs_neither_the_link_nor_the_next_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, events=True) as session:
        take = ears.event

        def stumble(message: Message) -> None:
            take(message)
            if message["Cause"] == "1":
                raise KeyError("secret-number-13800138000")

        session._connection._protocol._on_event = stumble  # type: ignore[union-attr]
        peer = await server.logged_in("cti-events")
        with caplog.at_level(logging.ERROR):
            for cause in "1121":
                peer.event("Hangup", ("Cause", cause))
            await ears.bell.until(lambda: len(ears.events) == 5)  # FullyBooted was the first

        assert [m["Cause"] for m in ears.events[1:]] == ["1", "1", "2", "1"]
        assert session.up
        assert session.counts.handler_errors == 3
        assert len(caplog.records) == 2  # the first and the second, not each: a storm stays readable


async def test_events_come_in_the_order_asterisk_sent_them() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, events=True):
        peer = await server.logged_in("cti-events")
        for n in range(5000):
            peer.event("Hangup", ("N", str(n)), ("Pad", "x" * (n % 300)))
        await ears.bell.until(lambda: len(ears.events) == 5001)

        assert [m["N"] for m in ears.events[1:]] == [str(n) for n in range(5000)]


async def test_a_caller_who_is_named_like_a_header_is_only_a_name() -> None:
    """A display name `x,Event: Hangup` in a UserEvent makes a second Event header, and `ActionID` one that answers."""
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, events=True) as session:
        peer = await server.logged_in("cti-events")
        peer.event("UserEvent", ("Name", "x"), ("Event", "Hangup"), ("ActionID", "zz"), ("Response", "Error"))
        peer.event("UserEvent", ("Event", "Evil"), ("Event", "Evil"), ("Message", "a"), ("Message", "b"))
        peer.event("Hangup", ("Cause", "16"))
        await ears.bell.until(lambda: len(ears.events) == 4)

        assert ears.names == ["FullyBooted", "UserEvent", "UserEvent", "Hangup"]
        assert session.up


async def test_an_answer_to_nobody_is_counted_as_late() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, events=True) as session:
        peer = await server.logged_in("cti-events")
        peer.send(b"Response: Success\r\nActionID: cti/of-another/1/1\r\nMessage: x\r\n\r\n")
        peer.send(b"Response: Error\r\nMessage: no id at all\r\n\r\n")
        peer.event("Hangup", ("Cause", "16"))
        await ears.bell.until(lambda: "Hangup" in ears.names)

        assert session._asks.late == 2
        assert session.up


async def test_nothing_is_heard_after_close() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, events=True) as session:
        peer = await server.logged_in("cti-events")

        def hear_one(message: Message) -> None:
            ears.event(message)
            session.close()

        session._connection._protocol._on_event = hear_one  # type: ignore[union-attr]
        peer.send(b"Event: Hangup\r\nCause: 16\r\n\r\n" * 3)
        await server.until(lambda: peer.gone)

        assert ears.names == ["FullyBooted", "Hangup"]


async def test_a_storm_of_events_is_taken_without_loss() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, events=True) as session:
        peer = await server.logged_in("cti-events")
        for _ in range(40):
            peer.send(
                b"Event: VarSet\r\nVariable: X\r\nValue: 1\r\n\r\n" * 500 + b"Event: Hangup\r\nCause: 16\r\n\r\n" * 100
            )
            await asyncio.wait_for(server.logged_in("cti-events"), 1)
        await ears.bell.until(lambda: len(ears.events) == 4001)

        assert session.counts.unwanted == 20_000
        assert session.counts.events == 24_001
