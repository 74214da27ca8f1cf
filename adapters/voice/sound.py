"""What a finished sound is: 8,000 samples a second of 16 bits, one channel, as Asterisk plays it."""

from __future__ import annotations

import hashlib
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RATE: Final = 8000
FORM: Final = (1, 2, RATE)
"""Channels, bytes of a sample, samples a second."""
HEADER: Final = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A finished file: how long, how large, and what is in it."""

    milliseconds: int
    size: int
    sha256: str


def look(file: Path) -> Sound:
    """Measure a finished sound; raises `ValueError` when it is not one."""
    try:
        with wave.open(str(file)) as sound:
            form = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
            frames = sound.getnframes()
    except (wave.Error, EOFError) as wrong:
        raise ValueError(f"{file.name}: {wrong}") from None
    if form != FORM:
        raise ValueError(f"{file.name} is no sound of ours: {form}")
    content = file.read_bytes()
    return Sound(milliseconds=frames * 1000 // RATE, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def kind_of(content: bytes) -> str | None:
    """`wav` or `mp3`, told by the content, since a name is only a name; None for anything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "wav"
    if content[:3] == b"ID3":
        return "mp3"
    # The first frame of an mp3: eleven set bits, a version and layer III, a bit rate and a sample rate that exist.
    if len(content) > 4 and content[0] == 0xFF and content[1] & 0xE6 == 0xE2 and content[1] & 0x18 != 0x08:
        bit_rate, sample_rate = content[2] >> 4, content[2] >> 2 & 3
        return "mp3" if bit_rate not in (0, 15) and sample_rate != 3 else None
    return None
