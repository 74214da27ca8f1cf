"""Keys pressed on a phone: RTP telephone events (RFC 4733), as real phones send them."""

from __future__ import annotations

import asyncio
import itertools
from typing import Final

from adapters.lab.keypad import ENDS, HELD, STEP_SECONDS, packets
from tests.live.phone import Leg
from tests.live.tone import RATE, media_of

PAUSE: Final = 3  # packets' time between two keys

_numbers = itertools.count(1)


async def press(leg: Leg, digits: str) -> None:
    """Press keys one after another: each is down for 80 ms, and the next comes 120 ms after it."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    where, now = media_of(leg), loop.time()
    each = HELD + ENDS + PAUSE
    for nth, digit in enumerate(digits):
        number = next(_numbers) * each
        for n, packet in enumerate(packets(digit, number, number * RATE, id(leg))):
            loop.call_at(now + (nth * each + n) * STEP_SECONDS, leg.phone.say, packet, where)
    loop.call_at(now + len(digits) * each * STEP_SECONDS, done.set)
    await done.wait()
