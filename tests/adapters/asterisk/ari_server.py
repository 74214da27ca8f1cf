"""A small Asterisk as far as ARI goes: objects in memory over those of its configuration, and it can start anew."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

from adapters.asterisk.ari import Ari

USER, SECRET = "cti", "s3cr3t"
_OBJECTS = "/ari/asterisk/config/dynamic/res_pjsip/"
_ADDS = ("match", "contact")
"""Fields of which a change only gets more."""


class AriServer:
    """`own`: what its configuration has, by (kind, name). `registered`: names that a phone is registered under."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, str]] = {}
        self.own: set[tuple[str, str]] = set()
        self.takes = {"auth", "aor", "endpoint", "identify", "registration"}
        self.registered: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.said: list[str | None] = []
        """What the next requests are answered with, as raw HTTP; None: with what they asked for."""
        self.lives = 1
        self.reads_only = False
        self.silent = asyncio.Event()
        self.silent.set()
        self.changed = asyncio.Event()
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def open(self, seconds: float = 5.0) -> AsyncIterator[Ari]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ari = Ari(self.url, USER, SECRET, seconds)
        try:
            yield ari
        finally:
            await ari.close()
            self.silent.set()
            server.close()
            for writer in self._writers:
                writer.close()
            await server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ari"

    def starts_anew(self) -> None:
        """What was pushed is gone; who was registered is still known."""
        self.lives += 1
        self.objects.clear()

    def names(self, kind: str) -> set[str]:
        return {name for one, name in self.objects if one == kind}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.split("\r\n")
                headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method, path, _ = first.split(" ")
                await self.silent.wait()
                if self.said and (word := self.said.pop(0)) is not None:
                    writer.write(word.encode())
                    continue
                proof = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
                allowed = headers.get("authorization") == f"Basic {proof}"
                status, answer = self._answer(method, path, body) if allowed else (401, _no("Authentication required"))
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        where = urlsplit(path).path
        if where == "/ari/asterisk/info":
            return 200, json.dumps({"status": {"startup_time": f"life {self.lives}"}}).encode()
        kind, _, name = where.removeprefix(_OBJECTS).partition("/")
        key = (kind, unquote(name))
        self.asked.append((method, f"{kind}/{unquote(name)}"))
        if method == "GET":
            found = self.objects.get(key, {} if key in self.own else None)
            if found is None:
                return 404, _no("not found")
            return 200, json.dumps([{"attribute": one, "value": value} for one, value in found.items()]).encode()
        if self.reads_only:
            return 403, _no("Write access denied")
        self.changed.set()
        return self._take(key) if method == "DELETE" else self._put(key, json.loads(body)["fields"])

    def _take(self, key: tuple[str, str]) -> tuple[int, bytes]:
        if key in self.own:
            return 403, _no("Could not delete object")
        if self.objects.pop(key, None) is None:
            return 404, _no("not found")
        if key[0] == "aor":
            self.registered.discard(key[1])
        return 204, b""

    def _put(self, key: tuple[str, str], fields: list[dict[str, str]]) -> tuple[int, bytes]:
        if key in self.own or key[0] not in self.takes:
            return 403, _no("Cannot update sorcery objects" if key in self.own else "Cannot create sorcery objects")
        old = self.objects.setdefault(key, {})
        for one in fields:
            name, value = one["attribute"], one["value"]
            old[name] = f"{old[name]},{value}" if name in _ADDS and name in old else value
        return 200, b"[]"


def _no(why: str) -> bytes:
    return json.dumps({"message": why}).encode()
