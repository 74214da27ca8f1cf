"""The link to one Asterisk: three AMI sessions, since Asterisk serves a session's actions one at a time in the thread
that also writes its events.

`events` hears and sends nothing but pings; `control` moves calls; `bulk` asks what takes long. The link is up when all
three are logged in and Asterisk has said that it is fully booted. What is then re-read is decided elsewhere.
"""

import asyncio
import logging
import ssl as tls
from collections.abc import Callable, Mapping
from typing import Final

from adapters.asterisk.connection import Pace
from adapters.asterisk.encode import Action
from adapters.asterisk.failures import Down, LinkFailure
from adapters.asterisk.session import AmiSession
from adapters.asterisk.wire import Message

log = logging.getLogger(__name__)

FULLY_BOOTED: Final = "FullyBooted"
_PRIVILEGE_NOTE: Final = "(Priv: "


class AmiLink:
    """Three sessions that rise and fall as one.

    `on_event` gets every wanted event in order, also those from before `on_up`: news that a snapshot must not undo.
    `on_down` comes once when the link is lost, and while it is down again for a refused login, which nothing but a
    person can mend; its word is `<session>: <why>`.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        events_user: str,
        events_secret: str,
        user: str,
        secret: str,
        wanted: frozenset[bytes],
        on_event: Callable[[Message], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
        pace: Pace | None = None,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        self._on_event, self._on_up, self._on_down = on_event, on_up, on_down
        self._wants_booted = FULLY_BOOTED.encode() in wanted
        self._booted = False
        self._up = False
        self._unbooted: asyncio.TimerHandle | None = None
        self._patience: Final = (pace or Pace()).booted
        self.grants: frozenset[str] = frozenset()
        """The actions that Asterisk lets the control user take, as it last listed them."""

        def session(name: str, username: str, its_secret: str, *, events: bool = False) -> AmiSession:
            return AmiSession(
                host=host,
                port=port,
                username=username,
                secret=its_secret,
                name=name,
                events=events,
                on_event=self._heard if events else None,
                on_up=self._look,
                on_down=lambda why: self._fell(name, why),
                wanted=wanted | {FULLY_BOOTED.encode()} if events else frozenset(),
                pace=pace,
                ssl=ssl,
            )

        self.events: Final = session("events", events_user, events_secret, events=True)
        self.control: Final = session("control", user, secret)
        self.bulk: Final = session("bulk", user, secret)

    @property
    def up(self) -> bool:
        """True while everything that `on_up` promised holds."""
        return self._up

    @property
    def reasons(self) -> Mapping[str, str]:
        """What is missing, by session; empty when the link is up."""
        missing = {each.name: each.why_down for each in self._sessions() if not each.up}
        if not missing and not self._booted:
            missing[self.events.name] = Down.NOT_BOOTED
        return missing

    async def run(self) -> None:
        """Keep all three up until `close()` or cancellation."""
        async with asyncio.TaskGroup() as group:
            for each in self._sessions():
                group.create_task(each.run(), name=f"ami {each.name}")

    def close(self) -> None:
        """End all three, without a word to `on_down`."""
        self._up = False
        self._stop_waiting()
        for each in self._sessions():
            each.close()

    def _sessions(self) -> tuple[AmiSession, AmiSession, AmiSession]:
        return self.events, self.control, self.bulk

    def _heard(self, message: Message) -> None:
        if message.name == FULLY_BOOTED:
            self._booted = True
            self._stop_waiting()
            self._look()
            if not self._wants_booted:
                return
        self._on_event(message)

    def _look(self) -> None:
        if self.events.up and not self._booted and self._unbooted is None:
            loop = asyncio.get_running_loop()
            self._unbooted = loop.call_later(self._patience, self.events.redial, Down.NOT_BOOTED)
        if self._up or not self._booted or not all(each.up for each in self._sessions()):
            return
        self._up = True
        self.bulk.send_nowait(Action("ListCommands"), self._granted)
        self._on_up()

    def _fell(self, name: str, why: str) -> None:
        if name == self.events.name:
            self._booted = False
            self._stop_waiting()
        was_up, self._up = self._up, False
        if was_up or why == Down.AUTH:
            self._on_down(f"{name}: {why}")

    def _stop_waiting(self) -> None:
        if self._unbooted is not None:
            self._unbooted.cancel()
            self._unbooted = None

    def _granted(self, outcome: Message | LinkFailure) -> None:
        if isinstance(outcome, LinkFailure):
            log.warning("the privileges of the control user are unknown: %s", outcome)
            return
        self.grants = granted(outcome)


def granted(listing: Message) -> frozenset[str]:
    """Return the names of the actions in an answer to `ListCommands`."""
    return frozenset(name for name, note in listing.items() if _PRIVILEGE_NOTE in note)
