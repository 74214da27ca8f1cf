"""The page's line to Asterisk's SIP: who gets one, that nothing is lost or changed on it, and that it always ends."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from adapters.desktop.door import Door
from adapters.desktop.settings import Limits
from adapters.desktop.softphone import Softphones
from adapters.web.serving import HttpServer
from cti.ids import AgentNo
from cti.people import principal
from tests.adapters.desktop.world import DEMO, FakeTokens, everybody, turn_until

REGISTER = "REGISTER sip:x SIP/2.0\r\nTo: \u5f20\r\n\r\n"


@dataclass
class Exchange:
    """An Asterisk that says back what it hears, and a server in front of it."""

    softphones: Softphones
    tokens: FakeTokens
    url: str
    lines: list[ServerConnection] = field(default_factory=list)

    async def opened(self, token: str) -> ClientConnection:
        socket_ = await self.connected()
        await socket_.send(json.dumps({"op": "hello", "token": token}))
        return socket_

    async def connected(self) -> ClientConnection:
        return await connect(self.url, subprotocols=["sip"], proxy=None, compression=None)  # type: ignore[list-item]

    async def line(self, token: str) -> ClientConnection:
        opened = await self.opened(token)
        assert await told(opened) == '{"op":"welcome"}'
        return opened


async def told(line: ClientConnection) -> str | bytes:
    async with asyncio.timeout(5):
        return await line.recv()


async def code_of(line: ClientConnection) -> int:
    async with asyncio.timeout(5):
        with suppress(ConnectionClosed):
            async for _ in line:
                pass
    assert line.close_code is not None
    return line.close_code


@asynccontextmanager
async def exchange(
    limits: Limits | None = None, *, at: str | None = None, expires: float = 2e10
) -> AsyncIterator[Exchange]:
    """`at`: where the server looks for Asterisk instead."""
    lines: list[ServerConnection] = []

    async def echo(line: ServerConnection) -> None:
        assert line.subprotocol == "sip"
        lines.append(line)
        async for said in line:
            await line.send(said)

    tokens = FakeTokens(everybody(), expires)
    async with serve(echo, "127.0.0.1", 0, subprotocols=["sip"]) as far:  # type: ignore[list-item]
        port = next(iter(far.sockets)).getsockname()[1]
        softphones = Softphones(f"ws://127.0.0.1:{port}/ws" if at is None else at, tokens, limits)

        async def sip(websocket: Any) -> None:
            await softphones.serve(websocket)

        listening = socket.create_server(("127.0.0.1", 0))
        server = HttpServer(Starlette(routes=[WebSocketRoute("/api/v1/softphone", sip)]), Door)
        running = asyncio.create_task(server.run_on(listening))
        await server.ready.wait()
        url = f"ws://127.0.0.1:{listening.getsockname()[1]}/api/v1/softphone"
        made = Exchange(softphones, tokens, url, lines)
        try:
            yield made
        finally:
            softphones.close()
            server.stop()
            await running


async def test_what_is_said_on_a_line_arrives_as_it_was_both_ways() -> None:
    async with exchange() as here:
        line = await here.line("a1")
        assert line.subprotocol == "sip"
        await line.send(REGISTER)
        assert await told(line) == REGISTER
        await line.send(REGISTER.encode())
        assert await told(line) == REGISTER.encode()
        await line.send("\r\n\r\n")
        assert await told(line) == "\r\n", "answered by the server itself"
        assert here.softphones.open == 1
        await line.close()
        await turn_until(lambda: here.softphones.open == 0)
        await here.lines[0].wait_closed()


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"op":"hello","token":"nobody"}', 4401),
        ('{"op":"hello","token":"root"}', 4403),
        ('{"op":"hello","token":"crm"}', 4403),
        (REGISTER, 4400),
        (b"\x00", 4400),
        ('{"op":"ping"}', 4400),
    ],
)
async def test_a_line_that_begins_otherwise_is_refused_and_asterisk_hears_nothing(first: str, code: int) -> None:
    async with exchange() as here:
        line = await here.connected()
        await line.send(first)
        assert await code_of(line) == code
        assert here.lines == []


async def test_silence_before_the_hello_ends_a_line() -> None:
    async with exchange(Limits(hello=0.05)) as here:
        assert await code_of(await here.connected()) == 4408


async def test_where_asterisk_takes_no_browser_phones_a_page_is_told_for_good() -> None:
    async with exchange(at="") as here:
        assert await code_of(await here.opened("a1")) == 4403


async def test_an_asterisk_that_does_not_answer_is_worth_coming_back_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with exchange(at=f"ws://127.0.0.1:{port}/ws") as here:
        assert await code_of(await here.opened("a1")) == 1013


async def test_the_page_that_opens_last_has_the_phone() -> None:
    async with exchange() as here:
        first, other = await here.line("a1"), await here.line("a2")
        second = await here.line("a1")
        assert await code_of(first) == 4409
        for line in (second, other):
            await line.send(REGISTER)
            assert await told(line) == REGISTER


async def test_a_line_ends_with_the_token_or_the_role_it_was_opened_by() -> None:
    async with exchange() as here:
        first, second = await here.line("a1"), await here.line("a2")
        here.softphones.principal_changed("a1")
        await first.send(REGISTER)
        assert await told(first) == REGISTER, "nothing about this person has changed"
        here.tokens.people["a2"] = principal(DEMO, "a2", "quality", AgentNo("1002"))
        here.softphones.principal_changed("a2")
        assert await code_of(second) == 4403
        del here.tokens.people["a1"]
        here.softphones.principal_changed("a1")
        assert await code_of(first) == 4401
    async with exchange(expires=0) as here:
        assert await code_of(await here.opened("a1")) == 4401


async def test_when_asterisk_goes_or_the_server_stops_pages_come_back() -> None:
    async with exchange() as here:
        first, second = await here.line("a1"), await here.line("a2")
        here.lines[0].transport.abort()
        assert await code_of(first) == 1012
        here.softphones.close()
        assert await code_of(second) == 1012
        assert await code_of(await here.connected()) == 1012


async def test_a_frame_too_long_ends_the_line_it_came_on_and_no_other() -> None:
    async with exchange() as here:
        first, second = await here.line("a1"), await here.line("a2")
        await first.send("x" * 70_000)
        assert await code_of(first) == 1009
        await here.lines[1].send("y" * 70_000)
        assert await code_of(second) == 1012
