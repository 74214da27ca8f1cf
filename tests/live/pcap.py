"""A caller's sound as a capture file for SIPp: a hum in ulaw, with keys pressed in it as RTP events (RFC 4733).

One stream, as of a real phone: while a key is down its event takes the place of the hum.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from adapters.lab.keypad import ENDS, HELD, PAYLOAD, STEP, STEP_SECONDS, event, head
from tests.live.tone import RATE, tone

Presses = Sequence[tuple[float, str]]
"""When, in seconds from the answer, which key goes down; a second apart or more."""

HUM: Final = 350
SOURCE: Final = 0x5EED
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
    down = {round(at / STEP_SECONDS): key for at, key in keys}
    number, pressed, since = 0, "", 0
    for tick in range(round(seconds / STEP_SECONDS)):
        if tick in down:
            pressed, since = down[tick], tick
        at, held = tick * STEP_SECONDS, tick - since
        if not pressed:
            place = tick * STEP % RATE
            yield at, head(0, number, tick * STEP, SOURCE) + hum[place : place + STEP]
            number += 1
        elif held < HELD:
            yield at, head(PAYLOAD | (0x80 if held == 0 else 0), number, since * STEP, SOURCE) + event(pressed, held)
            number += 1
        else:
            for n in range(ENDS):
                yield at + n / 1000, head(PAYLOAD, number + n, since * STEP, SOURCE) + event(pressed, HELD)
            number, pressed = number + ENDS, ""


def _ethernet(payload: bytes) -> bytes:
    udp = struct.pack("!HHHH", _PORT, _PORT, 8 + len(payload), 0) + payload
    loopback = bytes((127, 0, 0, 1))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, loopback, loopback)
    return bytes(12) + b"\x08\x00" + ip + udp
