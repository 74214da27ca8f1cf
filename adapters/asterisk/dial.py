"""panoramisk's Manager, kept to the one thing asked of it here: making a connection for a protocol of ours.

Its login, pings, re-sending, callbacks and timers are each the cause of a proved fault (a second Originate after a
reconnect, a login after close), so they are cut off rather than trusted to stay unused.
"""

import asyncio
import ssl as tls
from collections.abc import Callable
from typing import Any, NoReturn, cast

import panoramisk

from adapters.asterisk.protocol import AmiProtocol


class Dialler(panoramisk.Manager):  # type: ignore[misc]
    """Connects when told to, once each time. It never sees a secret."""

    def __init__(self, host: str, port: int, ssl: tls.SSLContext | None, protocol: Callable[[], AmiProtocol]) -> None:
        super().__init__(
            host=host,
            port=port,
            ssl=ssl,
            protocol_factory=protocol,
            loop=asyncio.get_running_loop(),
        )

    def dial(self) -> "asyncio.Task[Any]":
        """Begin to connect; the task ends when there is a connection, or with OSError."""
        return cast("asyncio.Task[Any]", self.connect())

    def connection_made(self, f: "asyncio.Future[Any]") -> None:
        """Nothing more: the session logs in when it has seen the banner. (Looking at the outcome marks it as seen.)"""
        if not f.cancelled():
            f.exception()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing: the session decides when to connect again."""

    def ping(self) -> None:
        """Nothing: the session pings, and watches for the answers."""

    def close(self) -> None:
        """Nothing: the session closes its own protocol."""

    def send_action(self, action: object, as_list: object = None, **kwargs: object) -> NoReturn:
        """Refuse: actions go through the session, with a deadline and never twice."""
        raise NotImplementedError("actions go through AmiSession")
