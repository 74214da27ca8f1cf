"""One login at Asterisk's manager interface, kept up: it comes back when the line is lost, and tells both.

It decides nothing about calls. Nothing it was asked to send is ever sent a second time: an action that was under way
when the line went ends as Lost, and what to do about it is for whoever re-reads the state first.
"""

import asyncio
import logging
import random
import ssl as tls
from collections.abc import Callable

from adapters.asterisk.asks import Asks
from adapters.asterisk.connection import AmiConnection, Login, Pace
from adapters.asterisk.encode import Action, encode
from adapters.asterisk.failures import Down, LinkFailure, Lost, NotSent
from adapters.asterisk.protocol import Counts
from adapters.asterisk.wire import Message

log = logging.getLogger(__name__)


class AmiSession:
    """A name, a login, and what is open on it."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        secret: str,
        name: str,
        events: bool,
        on_event: Callable[[Message], None] | None = None,
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[str], None] = lambda _why: None,
        wanted: frozenset[bytes] = frozenset(),
        pace: Pace | None = None,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        encode(Action("Login", [("Username", username)]), "")  # refuse here what would fail at every login
        self.name = name
        self.counts = Counts()
        self.version = ""
        self.why_down: str = "not_started"
        self._login = Login(host=host, port=port, username=username, secret=secret, events=events, ssl=ssl)
        self._on_event = on_event or (lambda _message: None)
        self._on_up, self._on_down = on_up, on_down
        self._wanted = {each: each.decode("ascii") for each in wanted}
        self._pace = pace or Pace()
        self._asks = Asks()
        self._connection: AmiConnection | None = None
        self._up = False
        self._closing = asyncio.Event()

    @property
    def up(self) -> bool:
        """True from the accepted login to the loss of the line."""
        return self._up

    @property
    def open_asks(self) -> int:
        """How many actions wait for an answer."""
        return len(self._asks)

    async def run(self) -> None:
        """Keep the session up until `close()`; returns only then, or by cancellation."""
        clock = asyncio.get_running_loop().time
        tries, down_since = 0, clock()
        try:
            while not self._closing.is_set():
                began = clock()
                await self._connect().live()
                if clock() - began > self._pace.settled:
                    tries, down_since = 0, clock()
                await self._rest(self._delay(tries, clock() - down_since))
                tries += 1
        finally:
            self.close()

    def close(self) -> None:
        """End everything now: the line, a connection being made, a wait for the next try, every open action."""
        self._closing.set()
        if self._connection is not None:
            self._connection.close()
        self._fall("closed")

    def redial(self, why: Down) -> None:
        """Drop the line, if there is one, and log in anew."""
        if self._connection is not None:
            self._connection.give_up(why)

    def send_nowait(
        self,
        action: Action,
        done: Callable[[Message | LinkFailure], None] | None = None,
        deadline: float = 5.0,
    ) -> None:
        """Send at once and wait for nothing; raises BadValue only.

        `done`, if given, gets the outcome within `deadline` seconds, never before this returns.
        """

        def tell(outcome: Message | LinkFailure, _items: list[Message]) -> None:
            if done is not None:
                done(outcome)
            elif isinstance(outcome, LinkFailure):
                log.warning("%s: %s", self.name, outcome)

        if self._up and self._connection is not None:
            self._connection.send(action, tell, deadline)
        else:
            encode(action, "")  # a bad value is refused at all times, not only while the line is up
            asyncio.get_running_loop().call_soon(tell, NotSent(action.name, f"{self.name} is down"), [])

    async def ask(self, action: Action, deadline: float) -> Message:
        """Return Asterisk's answer, or raise a LinkFailure after at most `deadline` seconds."""
        outcome, _ = await self._ask(action, deadline, is_list=False)
        return outcome

    async def ask_list(self, action: Action, deadline: float) -> list[Message]:
        """Return the items of a list action, without its response and its closing event."""
        _, items = await self._ask(action, deadline, is_list=True)
        return items

    async def _ask(self, action: Action, deadline: float, *, is_list: bool) -> tuple[Message, list[Message]]:
        if not self._up or self._connection is None:
            raise NotSent(action.name, f"{self.name} is down")
        answer: asyncio.Future[tuple[Message, list[Message]]] = asyncio.get_running_loop().create_future()

        def tell(outcome: Message | LinkFailure, items: list[Message]) -> None:
            if answer.done():
                return
            if isinstance(outcome, LinkFailure):
                answer.set_exception(outcome)
            else:
                answer.set_result((outcome, items))

        action_id = self._connection.send(action, tell, deadline, is_list=is_list)
        try:
            return await answer
        finally:
            self._asks.drop(action_id)

    def _connect(self) -> AmiConnection:
        self._connection = AmiConnection(
            self._login,
            self._pace,
            asks=self._asks,
            counts=self.counts,
            wanted=self._wanted,
            on_event=self._on_event,
            on_up=self._rise,
            on_lost=self._lost,
        )
        return self._connection

    def _rise(self, version: str) -> None:
        self._up, self.version, self.why_down = True, version, ""
        log.info("%s: logged in, protocol %s", self.name, version)
        self._tell(self._on_up)

    def _lost(self, why: Down) -> None:
        news = self._up or self.why_down != why
        self._fall(why)
        if news:
            log.warning("%s: down: %s", self.name, why)
            self._tell(self._on_down, str(why))

    def _fall(self, why: str) -> None:
        self._up, self.why_down = False, why
        self._asks.fail_all(Lost, why)

    def _tell(self, listener: Callable[..., None], *args: str) -> None:
        try:
            listener(*args)
        except Exception:
            self.counts.handler_errors += 1
            log.exception("%s: a listener failed", self.name)

    def _delay(self, tries: int, down_for: float) -> float:
        pace = self._pace
        if self.why_down == Down.AUTH:
            return pace.retry_auth * random.uniform(0.9, 1.1)  # each refusal costs Asterisk a second, and a log line
        most = pace.retry_soon if down_for < 60 else pace.retry_most
        return min(most, pace.retry_first * 2.0 ** min(tries, 10)) * random.uniform(0.5, 1.0)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            pass
