"""What a flow may ask over HTTP: allowed hosts only, JSON objects only, in time, and never by way of a redirect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.crm import MOST_BYTES, Crm
from cti.ivr.ports import LookupFailed

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"


@asynccontextmanager
async def crm_saying(answer: bytes | None) -> AsyncIterator[tuple[Crm, str, list[str]]]:
    """A CRM that gives one answer to everything, or none at all."""
    asked: list[str] = []
    silent = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0])
        if answer is None:
            await silent.wait()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    crm = Crm([host])
    try:
        yield crm, host, asked
    finally:
        await crm.close()
        silent.set()
        server.close()
        await server.wait_closed()


def ok(body: bytes) -> bytes:
    return OK % (len(body), body)


async def test_a_customer_comes_as_fields() -> None:
    async with crm_saying(ok('{"name": "张伟明", "level": 3}'.encode())) as (crm, host, asked):
        assert await crm.fetch(f"http://{host}/c?n=138", 2.0) == {"name": "张伟明", "level": 3}
        assert asked == ["GET /c?n=138 HTTP/1.1"]


async def test_a_customer_whom_the_crm_does_not_know_is_nobody() -> None:
    async with crm_saying(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as (crm, host, _):
        assert await crm.fetch(f"http://{host}/c", 2.0) is None


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        ok(b"[1, 2]"),
        ok(b"<html>"),
        ok(b'{"x": "' + b"y" * MOST_BYTES + b'"}'),
        b"garbage",
        None,
    ],
)
async def test_whatever_else_a_crm_does_is_a_failed_look_up(answer: bytes | None) -> None:
    async with crm_saying(answer) as (crm, host, _):
        with pytest.raises(LookupFailed):
            await crm.fetch(f"http://{host}/c", 0.3)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "http://{host}@127.0.0.1:9/",
        "http://127.0.0.1:9#{host}",
        "gopher://{host}/",
        "//{host}/",
        "",
    ],
)
async def test_nobody_is_asked_who_is_not_allowed(url: str) -> None:
    async with crm_saying(ok(b"{}")) as (crm, host, asked):
        with pytest.raises(LookupFailed, match="CTI_CRM_HOSTS"):
            await crm.fetch(url.replace("{host}", host), 1.0)
        assert asked == []
