"""Starts the server: takes its port and its database, runs it, and lets go of everything at the end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import socket
import sys
from typing import Final

import uvloop

from adapters.recordings.failures import NoStorage
from adapters.server import Server
from adapters.settings import Settings
from adapters.store.failures import StoreAway, StoreFailure
from adapters.store.lock import Server as Holder
from adapters.store.store import Store

log = logging.getLogger("cti")

RETRY_SECONDS: Final = 1.0


class CannotStart(Exception):
    """The server cannot run; the message says why in one line."""


def listen(host: str, port: int) -> socket.socket:
    """Raises `CannotStart` when the port is not free."""
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise CannotStart(f"CTI_HTTP_PORT {host}:{port}: {error.strerror}") from None


async def _store(settings: Settings, port: int) -> Store:
    """The database, as soon as it answers. Raises `CannotStart` when another server has it, or it is old."""
    holder = Holder(pid=os.getpid(), host=socket.gethostname(), port=port)
    waiting = False
    while True:
        try:
            return await Store.open(settings.database_url, settings.state_dir, holder)
        except StoreAway as away:
            if not waiting:
                log.warning("waiting for the database: %s", away)
                waiting = True
            await asyncio.sleep(RETRY_SECONDS)
        except StoreFailure as failure:
            raise CannotStart(str(failure)) from None


async def serve(settings: Settings) -> None:
    """Run the server until SIGINT or SIGTERM. Raises `CannotStart`."""
    listening = listen(settings.http_host, settings.http_port)
    with contextlib.closing(listening):
        store = await _store(settings, listening.getsockname()[1])
        try:
            loaded = await store.load()
        except BaseException:
            await store.close()
            raise
        try:
            server = Server(settings, store, loaded, listening)
        except NoStorage as wrong:
            await store.close()
            raise CannotStart(str(wrong)) from None
        try:
            await server.run()
        finally:
            await server.close()


def run(settings: Settings) -> None:
    """`serve` on a fast event loop. What was imported stays, so the collector need not look at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    sys.setswitchinterval(0.0005)  # the database's threads give the loop back at once
    uvloop.run(serve(settings))
