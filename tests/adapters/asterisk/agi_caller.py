"""Asterisk's side of a FastAGI connection for tests, and the door it knocks at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from adapters.asterisk.agi import AgiDoor, OnCall

HEADER = (
    "agi_network: yes\nagi_network_script: flow\nagi_request: agi://127.0.0.1:24573/flow\n"
    "agi_channel: PJSIP/cti-trunk-00000001\nagi_language: en\nagi_uniqueid: 1763814000.17\nagi_callerid: 13800001234\n"
    "agi_calleridname: 张伟明\nagi_extension: 4000\nagi_accountcode: \nagi_threadid: 139832\n\n"
).encode()


class Caller:
    """One connection to the door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def knock(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self.leave()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    def leave(self) -> None:
        self.writer.transport.abort()

    async def hear(self) -> bytes:
        """The next command, or nothing at the end."""
        async with asyncio.timeout(10):
            return await self.reader.readline()

    async def rest(self) -> bytes:
        """All that still comes until the door closes."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


@asynccontextmanager
async def door_with(
    on_call: OnCall | None = None, *, header_seconds: float = 5.0, most_lines: int = 1000
) -> AsyncIterator[AgiDoor]:
    extra = {} if on_call is None else {"on_call": on_call}
    door = AgiDoor("127.0.0.1", 0, header_seconds=header_seconds, most_lines=most_lines, **extra)
    await door.start()
    try:
        yield door
    finally:
        await door.close()
