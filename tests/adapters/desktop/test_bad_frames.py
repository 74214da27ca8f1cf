"""Ten thousand random frames, and random bytes under the frames: each answered or refused, nobody else notices."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import socket
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.desktop import messages
from adapters.desktop.settings import Limits
from cti.errors import BadRequest
from tests.adapters.desktop.client import StreamClient
from tests.adapters.desktop.world import World, queue_updated

GOOD: list[dict[str, Any]] = [
    {"op": "hello", "id": "1", "token": "a1", "resume": {"epoch": "e7", "seq": 1}},
    {"op": "subscribe", "id": "2", "topics": ["agent:me", "queue:sales"]},
    {"op": "command", "id": "3", "name": "agent.status", "args": {"status": "ready"}},
    {"op": "shown", "seq": 12},
    {"op": "pong"},
    {"op": "ping", "id": "4"},
    {"op": "unsubscribe", "topics": ["queue:sales"]},
]


def noise(chance: random.Random) -> str | bytes:
    """Bytes, text, or a good frame with some of it spoilt."""
    match chance.randrange(4):
        case 0:
            return chance.randbytes(chance.randrange(300))
        case 1:
            return "".join(chr(chance.choice((chance.randrange(32, 127), chance.randrange(0xD7FF)))) for _ in range(60))
    text = bytearray(json.dumps(chance.choice(GOOD)).encode())
    for _ in range(chance.randrange(1, 4)):
        text[chance.randrange(len(text))] = chance.randrange(32, 127)
    return text.decode()


async def test_ten_thousand_random_frames_are_answered_and_change_nothing(caplog: pytest.LogCaptureFixture) -> None:
    asyncio.get_running_loop().set_debug(False)
    chance = random.Random(2)
    limits = replace(Limits(), bad_frames=10**9)
    async with World(limits).serving() as world, StreamClient.open(world.url) as other:
        await other.sign_in("boss", "queue:*")
        async with StreamClient.open(world.url) as client, asyncio.TaskGroup() as tasks:
            await client.hello("a1")

            async def read() -> None:
                async for answer in client.socket:
                    if json.loads(answer).get("re") == "the end":
                        return

            tasks.create_task(read())
            for _ in range(10_000):
                await client.send(noise(chance))
            await client.send({"op": "ping", "id": "the end"})
        world.publish(queue_updated())
        assert (await other.event()).type == "queue.updated"
        await other.ask({"op": "ping"})
    assert {asked[0] for asked in world.desk.asked} <= {"opened", "closed", "status", "hang_up"}
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def upgraded(port: int) -> socket.socket:
    peer = socket.create_connection(("127.0.0.1", port), 10)
    peer.sendall(
        b"GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert peer.recv(4096).startswith(b"HTTP/1.1 101")
    return peer


def throw_under(port: int) -> None:
    chance = random.Random(3)
    for _ in range(500):
        with upgraded(port) as peer:
            peer.sendall(chance.randbytes(chance.randrange(1, 400)))


async def test_random_bytes_in_place_of_frames_end_that_connection_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with StreamClient.open(world.url) as other:
        await other.sign_in("boss", "queue:*")
        await asyncio.to_thread(throw_under, int(world.url.rpartition(":")[2]))
        world.publish(queue_updated())
        await other.event()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [("x" * 70_000, 1009), (b"x" * 70_000, 1009)],
)
async def test_a_frame_too_large_ends_the_connection(world: World, frame: str | bytes, code: int) -> None:
    async with StreamClient.open(world.url) as client:
        await client.hello("a1")
        await client.send(frame)
        assert await client.closed() == code


@pytest.mark.parametrize(
    "text",
    [
        "[" * 30_000,
        '{"op":"command","name":"x","args":' + '{"a":' * 10_000,
        '{"op":"shown","seq":1e400}',
        '{"op":"shown","seq":NaN}',
        '{"op":"shown","seq":99999999999999999999}',
        '{"op":"hello","token":"\\ud800"}',
        '{"op":"subscribe","topics":[]}',
        '{"op":"subscribe","topics":[1]}',
        '{"op":"ping","id":' + "1" * 5000 + "}",
        '{"op":"ping","id":"' + "1" * 65 + '"}',
        '{"op":"ping","id":true}',
        '{"op":1}',
        "",
    ],
)
def test_a_frame_that_makes_no_sense_is_a_bad_request(text: str) -> None:
    with pytest.raises(BadRequest):
        messages.parse(text)
    messages.id_of(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=8))
def test_any_json_is_a_frame_or_a_bad_request(value: object) -> None:
    for frame in (value, {"op": value}, *({**good, key: value} for good in GOOD for key in good)):
        text = json.dumps(frame)
        with suppress(BadRequest):
            messages.parse(text)
        messages.id_of(text)


def test_unknown_fields_are_ignored() -> None:
    assert isinstance(messages.parse('{"op":"ping","id":"1","more":{"x":1}}'), messages.Ping)
