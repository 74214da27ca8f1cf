"""How a test listens to a file, and makes one to upload."""

from __future__ import annotations

import io
import math
import wave
from array import array
from itertools import pairwise
from pathlib import Path


def samples(file: Path) -> array[int]:
    """The samples of a finished sound, which has our form."""
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000), file
        return array("h", sound.readframes(sound.getnframes()))


def left_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def wavs(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.wav"))


def loudest(file: Path) -> int:
    return max(map(abs, samples(file)))


def pitch(file: Path) -> float:
    """Of a single tone, in hertz: how often it goes through nought upwards."""
    heard = samples(file)
    crossings = sum(1 for before, after in pairwise(heard) if before < 0 <= after)
    return crossings * 8000 / len(heard)


def a_wav(*, seconds: float = 1.0, rate: int = 44100, channels: int = 2, width: int = 2, hertz: float = 440.0) -> bytes:
    """A tone as people upload it."""
    top = (1 << (8 * width - 2)) - 1
    tone = bytearray()
    for n in range(round(seconds * rate)):
        value = round(top * math.sin(2 * math.pi * hertz * n / rate))
        one = (value + 128).to_bytes(1, "little") if width == 1 else value.to_bytes(width, "little", signed=True)
        tone += one * channels
    whole = io.BytesIO()
    with wave.open(whole, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(bytes(tone))
    return whole.getvalue()
