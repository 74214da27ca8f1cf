"""A caller's sound as a capture file for SIPp: a hum in ulaw, with keys pressed in it as RTP events (RFC 4733).

One stream, as of a real phone: while a key is down its event takes the place of the hum.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.live.keys import ENDS, HELD, KEYS, PAYLOAD, STEP
from tests.live.tone import RATE, tone

Presses = Sequence[tuple[float, str]]
"""When, in seconds from the answer, which key goes down; a second apart or more."""

FRAME: Final = STEP / RATE
HUM: Final = 350
_PORT: Final = 6000
"""SIPp puts the ports of the call in its place."""


def write_pcap(file: Path, keys: Presses, seconds: float) -> None:
    """Write so many seconds of sound with these keys in it."""
    with file.open("wb") as opened:
        opened.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for at, packet in _rtp(keys, seconds):
            frame = _ethernet(packet)
            whole = int(at)
            opened.write(struct.pack("<IIII", whole, round((at - whole) * 1e6), len(frame), len(frame)) + frame)


def _rtp(keys: Presses, seconds: float) -> Iterator[tuple[float, bytes]]:
    hum = tone(HUM, 1.0, 0.05)
    down = {round(at / FRAME): key for at, key in keys}
    number, pressed, since = 0, "", 0
    for tick in range(round(seconds / FRAME)):
        if tick in down:
            pressed, since = down[tick], tick
        held = tick - since
        if pressed and held <= HELD:
            ends = held == HELD
            event = struct.pack("!BBH", KEYS.index(pressed), (0x80 if ends else 0) | 10, STEP * min(held + 1, HELD))
            for n in range(ENDS if ends else 1):  # the end is said three times, in case one is lost
                yield tick * FRAME + n * 0.001, _head(PAYLOAD | (0x80 if held == 0 else 0), number, since) + event
                number += 1
            pressed = "" if ends else pressed
        else:
            place = tick * STEP % RATE
            yield tick * FRAME, _head(0, number, tick) + hum[place : place + STEP]
            number += 1


def _head(payload: int, number: int, tick: int) -> bytes:
    return struct.pack("!BBHII", 0x80, payload, number & 0xFFFF, tick * STEP, 0x5EED)


def _ethernet(payload: bytes) -> bytes:
    udp = struct.pack("!HHHH", _PORT, _PORT, 8 + len(payload), 0) + payload
    loopback = bytes((127, 0, 0, 1))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, loopback, loopback)
    return bytes(12) + b"\x08\x00" + ip + udp
