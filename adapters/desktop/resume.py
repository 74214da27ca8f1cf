"""Picking up where a client left off: from the ring where it reaches, else from the journal, page by page.

A page is asked for when the one before has been written, so that a long absence never piles up in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.desktop.ring import Item
from adapters.desktop.settings import Limits
from cti.news import Published

if TYPE_CHECKING:
    from adapters.desktop.connection import Connection
    from adapters.desktop.room import Room


class JournalGap(Exception):
    """The journal does not go on from where the client left off."""


async def reaches(room: Room, seq: int, limits: Limits) -> bool:
    """Whether every event after `seq` can still be had; a journal that does not answer cannot promise it."""
    ring = room.ring
    if ring.tail <= seq <= ring.head:
        return True
    if seq > ring.head:
        return False
    try:
        return bool(await _page(room, seq, 1, limits.journal_deadline))
    except Exception:
        return False


async def catch_up(connection: Connection, room: Room) -> None:
    """Send everything after the connection's cursor; at the end it is live. Only one of these runs per connection."""
    limits = connection.limits
    while not connection.closing:
        ring = room.ring
        if connection.cursor >= ring.tail:
            connection.put_events(ring.after(connection.cursor, limits.journal_page))
            if connection.cursor >= ring.head:
                connection.live = True
                connection.outbox.flush()
                return
        else:
            page = await _page(room, connection.cursor, limits.journal_page, limits.journal_deadline)
            connection.put_events(page)
        await connection.drained()


async def _page(room: Room, seq: int, limit: int, deadline: float) -> list[Item]:
    """The next items from the journal, proved to go on without a gap."""
    async with asyncio.timeout(deadline):
        found = await room.journal.after(room.tenant, seq, limit)
        if not found and await room.journal.caught_up(deadline / 2):
            found = await room.journal.after(room.tenant, seq, limit)
    return _proved(found, seq, room)


def _proved(found: Sequence[Published], seq: int, room: Room) -> list[Item]:
    if not found or any(news.seq != seq + n for n, news in enumerate(found, 1)):
        raise JournalGap(f"the journal does not go on after {seq}")
    return [Item(news, room.mask) for news in found]
