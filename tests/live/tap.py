"""A listener on AMI that owes nothing to the server's own link: raw events in order, and a few questions."""

import asyncio
from collections.abc import Callable
from typing import Final, Self

PATIENCE: Final = 15.0

Words = dict[str, str]


class Tap:
    """One AMI session of a test."""

    def __init__(self, port: int, user: str, secret: str) -> None:
        self.port, self.user, self.secret = port, user, secret
        self.heard: list[Words] = []
        self.raw = bytearray()
        self._changed = asyncio.Event()
        self._count = 0

    async def open(self) -> Self:
        """Log in and wait for FullyBooted."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        await self._reader.readline()
        self._pump = asyncio.create_task(self._read())
        self.tell("Login", Username=self.user, Secret=self.secret)
        await self.until(lambda words: words.get("Event") == "FullyBooted")
        return self

    async def close(self) -> None:
        """Hang up."""
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    def tell(self, action: str, **headers: str | int) -> str:
        """Send an action and return its id."""
        self._count += 1
        number = f"tap-{self._count}"
        lines = [f"Action: {action}", f"ActionID: {number}", *(f"{key}: {value}" for key, value in headers.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return number

    async def ask(self, action: str, **headers: str | int) -> Words:
        """Send an action and return the response."""
        number = self.tell(action, **headers)
        return await self.until(lambda words: "Response" in words and words.get("ActionID") == number)

    async def ask_list(self, action: str, **headers: str | int) -> list[Words]:
        """Send an action that answers with a list and return the list."""
        number = self.tell(action, **headers)
        await self.until(lambda words: words.get("ActionID") == number and words.get("EventList") == "Complete")
        return [
            words
            for words in self.heard
            if words.get("ActionID") == number and "Event" in words and "EventList" not in words
        ]

    def redirect(self, channel: str, exten: str, context: str = "cti-want", step: str = "1") -> None:
        """Send a caller elsewhere."""
        self.tell("Redirect", Channel=channel, Context=context, Exten=exten, Priority=step)

    async def until(self, true: Callable[[Words], bool], seconds: float = PATIENCE, since: int = 0) -> Words:
        """Return the first message for which `true`, waiting for it if need be."""
        looked = since
        async with asyncio.timeout(seconds):
            while True:
                for words in self.heard[looked:]:
                    if true(words):
                        return words
                looked = len(self.heard)
                await self._changed.wait()

    async def event(self, name: str, seconds: float = PATIENCE, since: int = 0, **wanted: str) -> Words:
        """Return the first event (or UserEvent) of that name with those headers."""

        def is_it(words: Words) -> bool:
            named = words.get("UserEvent") if words.get("Event") == "UserEvent" else words.get("Event")
            return named == name and all(words.get(key) == value for key, value in wanted.items())

        return await self.until(is_it, seconds, since)

    async def _read(self) -> None:
        while True:
            message = await self._reader.readuntil(b"\r\n\r\n")
            self.raw += message
            words: Words = {}
            for line in message.decode("utf-8", "replace").split("\r\n"):
                key, colon, value = line.partition(":")
                if colon:
                    words.setdefault(key, value.strip())
            self.heard.append(words)
            self._changed.set()
            self._changed = asyncio.Event()
