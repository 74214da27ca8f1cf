"""Keys pressed in a call: RTP telephone events (RFC 4733), as phones send them. It declines to know who answers."""

from __future__ import annotations

import secrets
import socket
import struct
import time
from collections.abc import Iterator
from typing import Final

KEYS: Final = "0123456789*#"
PAYLOAD: Final = 101
RATE: Final = 8000
STEP: Final = 160  # 20 ms
STEP_SECONDS: Final = 0.02
HELD: Final = 4  # packets while the key is down
ENDS: Final = 3  # the end is said three times, in case one is lost
BETWEEN: Final = 0.12
PAUSE: Final = ","
PAUSE_SECONDS: Final = 2.0


def event(key: str, n: int) -> bytes:
    """What the n-th packet of a key press says; from `HELD` on, that it is over."""
    return struct.pack("!BBH", KEYS.index(key), (0x80 if n >= HELD else 0) | 10, STEP * min(n + 1, HELD))


def head(payload: int, number: int, stamp: int, source: int) -> bytes:
    """The head of an RTP packet; `payload` with 0x80 begins something new."""
    return struct.pack("!BBHII", 0x80, payload, number & 0xFFFF, stamp & 0xFFFFFFFF, source & 0xFFFFFFFF)


def packets(key: str, number: int, stamp: int, source: int) -> Iterator[bytes]:
    """One key press, a packet every 20 ms."""
    for n in range(HELD + ENDS):
        yield head(PAYLOAD | (0x80 if n == 0 else 0), number + n, stamp, source) + event(key, n)


def press(address: tuple[str, int], keys: str) -> None:
    """Press them one after another; a comma is a pause of two seconds."""
    number, source = 0, secrets.randbits(32)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for nth, key in enumerate(keys, 1):
            if key == PAUSE:
                time.sleep(PAUSE_SECONDS)
                continue
            for packet in packets(key, number, nth * RATE, source):
                out.sendto(packet, address)
                time.sleep(STEP_SECONDS)
            number += HELD + ENDS
            time.sleep(BETWEEN)
