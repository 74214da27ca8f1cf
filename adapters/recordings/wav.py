"""From Asterisk's raw stereo to a WAV file that every player knows: cut, silenced and turned round on its way.

Works in blocks, so that an hour of talk takes no more memory than a minute.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

RATE: Final = 8_000
FRAME: Final = 4  # two channels of 16 bits
HEADER: Final = 44
BLOCK: Final = 64 * 1024
_PER_MS: Final = RATE * FRAME // 1000


def length_ms(size: int) -> int:
    """How long a raw file of so many bytes lasts."""
    return size // _PER_MS


def size_of(ms: int) -> int:
    """How large the WAV file of so many milliseconds is."""
    return HEADER + ms * _PER_MS


def header(size: int) -> bytes:
    """What comes before so many bytes of sound: 16 bits, two channels, 8 kHz."""
    parts = (b"RIFF", size + HEADER - 8, b"WAVE", b"fmt ", 16, 1, 2, RATE, RATE * FRAME, FRAME, 16, b"data", size)
    return struct.pack("<4sI4s4sIHHIIHH4sI", *parts)


def sound(
    file: Path, begins: int, ends: int, silent: Sequence[tuple[int, int]] = (), *, swap: bool = False
) -> Iterator[bytes]:
    """The WAV file of a part of a raw file, times in milliseconds; `swap`: what was right comes left.

    A file that turns out shorter is filled up with silence: the header has been sent by then.
    """
    first, last = begins * _PER_MS, ends * _PER_MS
    yield header(last - first)
    with file.open("rb") as raw:
        raw.seek(first)
        at = first
        while at < last:
            size = min(BLOCK, last - at)
            block = bytearray(raw.read(size).ljust(size, b"\0"))
            for start, end in silent:
                _silence(block, start * _PER_MS - at, end * _PER_MS - at)
            yield _swapped(block) if swap else bytes(block)
            at += size


def _silence(block: bytearray, start: int, end: int) -> None:
    start, end = max(start, 0), min(end, len(block))
    if start < end:
        block[start:end] = bytes(end - start)


def _swapped(block: bytearray) -> bytes:
    samples = array("h", bytes(block))
    samples[0::2], samples[1::2] = samples[1::2], samples[0::2]
    return samples.tobytes()
