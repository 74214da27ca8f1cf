"""Random bytes and half requests at the HTTP port: refused or ignored, and the server goes on."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import socket
from typing import Any

import pytest

from adapters.web import reception
from tests.adapters.web.world import World, code_of


def port_of(world: World) -> int:
    return int(world.url.rpartition(":")[2])


def nonsense(chance: random.Random) -> bytes:
    """Pure noise, or a request that begins well."""
    noise = chance.randbytes(chance.randrange(1, 200))
    match chance.randrange(6):
        case 0:
            return b"GET /api/v1/agents HTTP/1.1\r\nHost: x\r\nX-Y: " + noise + b"\r\n\r\n"
        case 1:
            return b"POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n" + noise
        case 2:
            return b"GET /" + noise + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        case 3:
            head = b"GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            return head + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + noise + b"\r\n\r\n"
    return noise


def throw(port: int, seed: int, how_many: int) -> None:
    chance = random.Random(seed)
    for n in range(how_many):
        with socket.create_connection(("127.0.0.1", port), 10) as peer:
            peer.sendall(nonsense(chance))
            if n % 3 == 0:
                peer.shutdown(socket.SHUT_WR)
            if n % 50 == 0:
                peer.settimeout(10)
                try:
                    peer.recv(100) if n % 3 == 0 else None
                except OSError:
                    pass


async def test_ten_thousand_random_byte_strings_at_the_port_change_nothing(
    served: World, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_debug(False)  # ten thousand connections take a minute with it
    caplog.set_level(logging.WARNING, "uvicorn.error")
    async with asyncio.TaskGroup() as tasks:
        for seed in range(4):
            tasks.create_task(asyncio.to_thread(throw, port_of(served), seed, 2500))
    assert (await served.ask("GET", "/agents", "boss")).status_code == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_peer_that_never_ends_its_request_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(reception, "BODY_SECONDS", 0.2)
    halves = (
        b"",
        b"GET / HT",
        b"POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nusername=",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /hea",
    )
    async with World().serving() as world, asyncio.timeout(10):
        for half in halves:
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(world))
            writer.write(half)
            try:
                await reader.read()
            except ConnectionResetError:
                pass
            writer.close()
        assert (await world.ask("GET", "/agents", "boss")).status_code == 200


async def test_headers_without_end_are_refused(served: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(served))
    writer.write(b"GET / HTTP/1.1\r\n")
    try:
        async with asyncio.timeout(10):
            while not reader.at_eof() and not writer.is_closing():
                writer.write(b"X-More: " + b"y" * 1000 + b"\r\n")
                await writer.drain()
                if reader._buffer:  # type: ignore[attr-defined]
                    break
            assert (await reader.read(20)).startswith(b"HTTP/1.1 400")
    except ConnectionResetError:
        pass
    writer.close()


JSON = {"Content-Type": "application/json"}

VALUES: list[Any] = [
    None,
    "",
    " ",
    "\x00",
    "a\r\nb",
    "\ud800",
    "𠮷" * 50,
    "‮abc",
    "'; drop table users; --",
    "../../etc/passwd",
    "${CHANNEL}",
    "x" * 5000,
    -1,
    1e308,
    2**70,
    True,
    [],
    {},
    [[[[[]]]]],
]


@pytest.mark.parametrize(
    ("method", "path", "field", "good"),
    [
        ("POST", "/agents", "agent_no", {"name": "x"}),
        ("POST", "/agents", "devices", {"agent_no": "1", "name": "x"}),
        ("POST", "/queues", "name", {}),
        ("POST", "/queues", "strategy", {"name": "x"}),
        ("POST", "/queues", "ring_seconds", {"name": "x"}),
        ("POST", "/users", "username", {"password": "12345678", "role": "agent"}),
        ("POST", "/users", "role", {"username": "x", "password": "12345678"}),
        ("PATCH", "/users/a1", "disabled", {}),
        ("PUT", "/agents/1001/status", "status", {}),
        ("PUT", "/agents/1001/status", "device", {"status": "ready"}),
        ("POST", "/agents/1002/force/ready", "reason", {}),
        ("POST", "/reasons", "code", {}),
        ("POST", "/reasons", "limit_seconds", {"code": "lunch"}),
        ("PUT", "/reasons/break", "title", {}),
        ("POST", "/dispositions", "parent", {"code": "sold"}),
        ("POST", "/dispositions", "queues", {"code": "sold"}),
        ("POST", "/calls/c-1/disposition/correct", "agent_no", {"code": "sold"}),
    ],
)
async def test_bad_values_in_bodies_are_refused_in_words(
    world: World, method: str, path: str, field: str, good: dict[str, Any]
) -> None:
    by = "a1" if path.endswith("/status") else "root"
    for value in VALUES:
        response = await world.ask(method, path, by, content=json.dumps({**good, field: value}), headers=JSON)
        assert response.status_code < 500, (value, response.text)
        if response.status_code >= 400:
            code_of(response)
        elif isinstance(value, str):
            assert "\x00" not in value
            assert "\n" not in value


@pytest.mark.parametrize("path", ["/agents", "/queues", "/calls", "/devices", "/users", "/events"])
async def test_bad_values_in_queries_are_refused_in_words(world: World, path: str) -> None:
    for name in ("limit", "cursor", "search", "after", "from", "queue", "result"):
        for value in VALUES:
            if value == "\ud800":
                continue  # cannot be written in a URL
            response = await world.ask("GET", path, "root", params={name: str(value)})
            assert response.status_code < 500, (name, value, response.text)
            if response.status_code >= 400:
                code_of(response)


async def test_a_body_nested_without_end_is_refused(world: World) -> None:
    for body in (b"[" * 200_000, b'{"a":' * 100_000, b"1" * 100_000, b'"\\ud800"', b"\xff\xfe", b"NaN"):
        response = await world.ask("POST", "/agents", "root", content=body, headers=JSON)
        assert code_of(response)[0] in (400, 422), body[:10]
