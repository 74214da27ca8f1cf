"""Keys pressed on a phone: RTP telephone events (RFC 4733), as real phones send them."""

from __future__ import annotations

import asyncio
import itertools
import struct
from typing import Final

from tests.live.phone import Leg
from tests.live.tone import media_of

KEYS: Final = "0123456789*#"
PAYLOAD: Final = 101
STEP: Final = 160  # 20 ms of 8 kHz
HELD: Final = 4  # packets while the key is down
ENDS: Final = 3  # the end is said three times, in case one is lost
PAUSE: Final = 3  # packets' time between two keys

_numbers = itertools.count(1)


async def press(leg: Leg, digits: str) -> None:
    """Press keys one after another: each is down for 80 ms, and the next comes 120 ms after it."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    where, now = media_of(leg), loop.time()
    source = id(leg) & 0xFFFFFFFF
    for nth, digit in enumerate(digits):
        begin = nth * (HELD + ENDS + PAUSE)
        stamp = next(_numbers) * 8000 & 0xFFFFFFFF
        for n in range(HELD + ENDS):
            marked = PAYLOAD | (0x80 if n == 0 else 0)
            head = struct.pack("!BBHII", 0x80, marked, next(_numbers) & 0xFFFF, stamp, source)
            event = struct.pack("!BBH", KEYS.index(digit), (0x80 if n >= HELD else 0) | 10, STEP * min(n + 1, HELD))
            loop.call_at(now + (begin + n) * 0.02, leg.phone.say, head + event, where)
    loop.call_at(now + len(digits) * (HELD + ENDS + PAUSE) * 0.02, done.set)
    await done.wait()
