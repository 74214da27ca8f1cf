"""One connection to Asterisk's manager interface: dial, see the banner, log in, watch that the peer is alive.

It lives once and is thrown away; when to try again is the session's affair. The secret itself never goes on the wire,
and nothing goes to a peer that has not greeted as Asterisk does.
"""

import asyncio
import hashlib
import ssl as tls
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from panoramisk.utils import IdGenerator

from adapters.asterisk.asks import Asks, Done
from adapters.asterisk.dial import Dialler
from adapters.asterisk.encode import Action, encode, plain
from adapters.asterisk.failures import Down, LinkFailure, Rejected
from adapters.asterisk.protocol import AmiProtocol, Counts
from adapters.asterisk.wire import Message

_next_id = IdGenerator("cti")  # a random part, so no caller can make a message that answers one of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Where to go, and as whom."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    events: bool
    ssl: tls.SSLContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. A dead peer is found after at most `ping_every` + 2 x `patience`, which is under 5."""

    connect: float = 5.0
    greeting: float = 2.0  # one that boots, or dies, may take a connection and never say a word on it
    login: float = 10.0  # Asterisk sleeps 1 s before it refuses
    booted: float = 3.0  # without FullyBooted for so long, log in anew: a booted Asterisk says it to each new login
    ping_every: float = 2.0
    patience: float = 1.25
    retry_first: float = 0.2
    retry_most: float = 5.0
    retry_soon: float = 1.0  # the most in the first minute: an Asterisk that restarts is back in five seconds
    retry_auth: float = 30.0
    settled: float = 10.0  # a connection that held this long starts the back-off anew


class AmiConnection:
    """From dialling to the loss, which is told to `on_lost` at most once and not after `close()`."""

    def __init__(
        self,
        login: Login,
        pace: Pace,
        *,
        asks: Asks,
        counts: Counts,
        wanted: Mapping[bytes, str],
        on_event: Callable[[Message], None],
        on_up: Callable[[str], None],
        on_lost: Callable[[Down], None],
    ) -> None:
        self._login, self._pace, self._asks = login, pace, asks
        self._on_up, self._on_lost = on_up, on_lost
        self._protocol = AmiProtocol(
            wanted=wanted,
            asks=asks,
            counts=counts,
            on_banner=self._greeted,
            on_event=on_event,
            on_lost=self._lost,
        )
        self._dialling: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()

    async def live(self) -> None:
        """Connect and stay until the end of it."""
        login = self._login
        task = self._dialling = Dialler(login.host, login.port, login.ssl, lambda: self._protocol).dial()
        try:
            await asyncio.wait({task}, timeout=self._pace.connect)
            if not task.done():
                self._lost(Down.SILENT)
            elif not task.cancelled() and (fault := task.exception()):
                self._lost(Down.REFUSED if isinstance(fault, ConnectionRefusedError) else Down.UNREACHABLE)
            elif not self._ended.is_set():
                if self._timer is None:
                    self._watch(self._pace.greeting, self._protocol.abort, Down.SILENT)
                await self._ended.wait()
        finally:
            self.close()

    def close(self) -> None:
        """End it now, in silence, at whatever stage it is."""
        if self._dialling is not None:
            self._dialling.cancel()
        self._protocol.close()
        self._end()

    def send(self, action: Action, done: Done, seconds: float, *, is_list: bool = False) -> bytes:
        """Write an action and note who wants its answer; returns its id. Raises BadValue before anything is noted."""
        action_id: str = _next_id()
        wire, key = encode(action, action_id), action_id.encode()
        self._asks.open(key, action.name, done, seconds, is_list=is_list)
        self._protocol.send(wire)
        return key

    def give_up(self, why: Down) -> None:
        """End it now and tell `on_lost`."""
        self._protocol.abort(why)

    def _greeted(self, _version: str) -> None:
        self._watch(self._pace.login, self._protocol.abort, Down.SILENT)
        self.send(Action("Challenge", [("AuthType", "MD5")]), self._challenged, self._pace.login)

    def _challenged(self, outcome: Message | LinkFailure, _items: list[Message]) -> None:
        if isinstance(outcome, LinkFailure):
            self._refused(outcome)
            return
        login = self._login
        proof = plain(outcome.get("Challenge") + login.secret).encode()
        key = hashlib.md5(proof, usedforsecurity=False).hexdigest()  # what the protocol has; nothing is stored so
        headers = [("AuthType", "MD5"), ("Username", login.username), ("Key", key)]
        headers.append(("Events", "on" if login.events else "off"))
        self.send(Action("Login", headers), self._logged_in, self._pace.login)

    def _logged_in(self, outcome: Message | LinkFailure, _items: list[Message]) -> None:
        if isinstance(outcome, LinkFailure):
            self._refused(outcome)
            return
        self._watch(self._pace.ping_every, self._ping)
        self._on_up(self._protocol.version)

    def _refused(self, outcome: LinkFailure) -> None:
        if isinstance(outcome, Rejected):
            self._protocol.abort(Down.AUTH)

    def _ping(self, misses: int = 0) -> None:
        self._protocol.heard = False
        self.send(Action("Ping"), lambda _outcome, _items: None, self._pace.ping_every)
        self._watch(self._pace.patience, self._listen, misses)

    def _listen(self, misses: int) -> None:
        if self._protocol.heard:
            self._watch(max(0.0, self._pace.ping_every - self._pace.patience), self._ping)
        elif misses:
            self._protocol.abort(Down.PING)
        else:
            self._ping(misses + 1)

    def _watch(self, seconds: float, act: Callable[..., None], *args: object) -> None:
        """Set the one timer there is: for the login first, for the pings after."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._ended.is_set():
            self._timer = asyncio.get_running_loop().call_later(seconds, act, *args)

    def _lost(self, why: Down) -> None:
        if not self._ended.is_set():
            self._end()
            self._on_lost(why)

    def _end(self) -> None:
        self._ended.set()
        if self._timer is not None:
            self._timer.cancel()
