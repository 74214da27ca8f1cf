"""A small Asterisk manager interface for tests: logs in, answers, and misbehaves on request, over a real socket.

It behaves as far as the tests need and knows nothing of calls; what it says is scripted or captured.
"""

import asyncio
import hashlib
import socket
import struct
from collections.abc import Callable
from typing import Self, cast

from tests.adapters.asterisk.waiting import Bell, turns

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
LISTED = b"".join(
    b"%s: Does it.  (Priv: %s)\r\n" % pair
    for pair in (
        (b"DeviceStateList", b"call,reporting,all"),
        (b"Hangup", b"system,call,all"),
        (b"Originate", b"originate,all"),
        (b"Ping", b"<none>"),
        (b"Redirect", b"call,all"),
        (b"Setvar", b"call,all"),
        (b"Status", b"system,call,reporting,all"),
    )
)


class Asked:
    """One action as it came in."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.lines = raw.decode().split("\r\n")
        self.headers = dict(line.split(": ", 1) for line in reversed(self.lines))
        self.name = self.headers.get("Action", "")
        self.id = self.headers.get("ActionID", "")

    def success(self, more: str = "", message: str = "Done") -> bytes:
        return f"Response: Success\r\nActionID: {self.id}\r\nMessage: {message}\r\n{more}\r\n".encode()

    def error(self, message: str) -> bytes:
        return f"Response: Error\r\nActionID: {self.id}\r\nMessage: {message}\r\n\r\n".encode()

    def item(self, name: str, more: str) -> bytes:
        return f"Event: {name}\r\nActionID: {self.id}\r\n{more}\r\n".encode()

    def complete(self, name: str, count: int) -> bytes:
        return self.item(name, f"EventList: Complete\r\nListItems: {count}\r\n")


Answer = Callable[[Asked], bytes]


class Peer(asyncio.Protocol):
    """The server's end of one connection."""

    def __init__(self, server: "AmiServer") -> None:
        self.server = server
        self.username = ""
        self.events = False
        self.asked: list[Asked] = []
        self.gone = False
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.server.peers.append(self)
        self.server.bell.ring()
        if self.server.deaf:
            self.transport.pause_reading()
        if not self.server.welcoming:
            self.transport.close()
        self.send(self.server.banner)

    def data_received(self, data: bytes) -> None:
        *pieces, self._tail = (self._tail + data).split(b"\r\n\r\n")
        for piece in pieces:
            asked = Asked(piece)
            self.asked.append(asked)
            if not self.server.black_hole:
                self.send(self._answer(asked))
        self.server.bell.ring()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self.server.bell.ring()

    def send(self, data: bytes) -> None:
        if data and not self.transport.is_closing():
            self.transport.write(data)

    def event(self, name: str, *headers: tuple[str, str]) -> None:
        self.send("".join(f"{k}: {v}\r\n" for k, v in (("Event", name), *headers)).encode() + b"\r\n")

    def cut(self) -> None:
        self.transport.abort()

    def reset(self) -> None:
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def named(self, name: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.name == name]

    def _answer(self, asked: Asked) -> bytes:
        scripted = self.server.answers.get(asked.name)
        if scripted is not None:
            return scripted(asked)
        match asked.name:
            case "Challenge":
                return asked.success("Challenge: 840415273\r\n")
            case "Login":
                return self._log_in(asked)
            case "ListCommands":
                return b"Response: Success\r\nActionID: %s\r\n%s\r\n" % (asked.id.encode(), LISTED)
            case "Ping":
                return asked.success("Ping: Pong\r\nTimestamp: 1763814000.000001\r\n")
        return asked.success()

    def _log_in(self, asked: Asked) -> bytes:
        secret = self.server.users.get(asked.headers["Username"], "")
        key = hashlib.md5(f"840415273{secret}".encode(), usedforsecurity=False).hexdigest()
        if not secret or asked.headers.get("Key") != key:
            self.transport.write(asked.error("Authentication failed"))
            self.transport.close()
            return b""
        self.username, self.events = asked.headers["Username"], asked.headers["Events"] == "on"
        booted = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
        return asked.success(message="Authentication accepted") + (
            booted if self.events and self.server.booted else b""
        )


class AmiServer:
    """Listens on loopback; every connection is a Peer in `peers`, in the order of arrival."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.peers: list[Peer] = []
        self.users = {"cti-events": "hear-me", "cti-control": "move-it"}
        self.answers: dict[str, Answer] = {}
        self.banner = BANNER
        self.booted = True
        self.welcoming = True
        self.black_hole = False
        self.deaf = False
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.shut()

    async def open(self) -> None:
        """Listen, on the port of before if there was one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Peer(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Die: stop listening and drop everybody."""
        if self._server is not None:
            await turns(10)  # asyncio leaks a connection that is being accepted while its server closes
            self._server.close()
            for peer in self.peers:
                peer.cut()
            await self._server.wait_closed()

    async def until(self, true: Callable[[], object]) -> None:
        await self.bell.until(true)

    async def logged_in(self, username: str = "cti-control") -> Peer:
        """Wait for a living login of this user, and return the latest."""
        await self.until(lambda: self._of(username))
        return self._of(username)[-1]

    def _of(self, username: str) -> list[Peer]:
        return [peer for peer in self.peers if peer.username == username and not peer.gone]

    def named(self, name: str) -> list[Asked]:
        return [asked for peer in self.peers for asked in peer.named(name)]
