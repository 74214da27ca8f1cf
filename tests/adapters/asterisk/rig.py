"""A session or a link against the pretend Asterisk, started and ended around a test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from adapters.asterisk.connection import Pace
from adapters.asterisk.link import AmiLink
from adapters.asterisk.session import AmiSession
from tests.adapters.asterisk.ami_server import AmiServer
from tests.adapters.asterisk.waiting import Ears

BRISK = Pace(connect=2.0, login=2.0, ping_every=0.1, patience=0.06, retry_first=0.02, retry_most=0.05, retry_soon=0.04)
STEADY = replace(BRISK, patience=0.3)
"""For tests in which one ping too late would be one too many."""
CALM = Pace(retry_first=0.02, retry_most=0.05, retry_soon=0.04)
"""For tests that look at every byte: no ping comes within their time."""
WANTED = frozenset({b"UserEvent", b"Hangup", b"DialBegin", b"FullyBooted"})


@asynccontextmanager
async def session_on(
    server: AmiServer, ears: Ears, *, events: bool = False, pace: Pace = CALM, secret: str = "", wait: bool = True
) -> AsyncIterator[AmiSession]:
    username = "cti-events" if events else "cti-control"
    session = AmiSession(
        host="127.0.0.1",
        port=server.port,
        username=username,
        secret=secret or server.users[username],
        name="events" if events else "control",
        events=events,
        on_event=ears.event,
        on_up=ears.up,
        on_down=ears.down,
        wanted=WANTED,
        pace=pace,
    )
    running = asyncio.create_task(session.run())
    try:
        if wait:
            await ears.bell.until(lambda: ears.ups)
        yield session
    finally:
        session.close()
        await running


def link_to(server: AmiServer, ears: Ears, pace: Pace = CALM) -> AmiLink:
    return AmiLink(
        host="127.0.0.1",
        port=server.port,
        events_user="cti-events",
        events_secret="hear-me",
        user="cti-control",
        secret="move-it",
        wanted=WANTED - {b"FullyBooted"},
        on_event=ears.event,
        on_up=ears.up,
        on_down=ears.down,
        pace=pace,
    )


@asynccontextmanager
async def link_on(server: AmiServer, ears: Ears, *, pace: Pace = CALM, wait: bool = True) -> AsyncIterator[AmiLink]:
    link = link_to(server, ears, pace)
    running = asyncio.create_task(link.run())
    try:
        if wait:
            await ears.bell.until(lambda: ears.ups)
        yield link
    finally:
        link.close()
        await running
