"""Something to hear on the robots' calls: turns a prompt of Asterisk's into the raw ulaw that SIPp sends."""

import wave
from pathlib import Path
from typing import Final

BIAS: Final = 0x84
CLIP: Final = 32635


def to_ulaw(source: Path, target: Path) -> None:
    """Write `source`, a wav of 8000 samples a second, as ulaw with a second of silence after it."""
    with wave.open(str(source)) as sound:
        frames = sound.readframes(sound.getnframes())
    samples = memoryview(frames).cast("h")
    target.write_bytes(bytes(map(_TABLE.__getitem__, (sample >> 2 for sample in samples))) + b"\xff" * 8000)


def _ulaw(sample: int) -> int:
    """Return one sample in G.711's logarithmic form."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), CLIP) + BIAS
    exponent = max(magnitude.bit_length() - 8, 0)
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3)) & 0x0F) & 0xFF


# Two bits of a sample are below what ulaw can tell apart; they are rounded as Asterisk rounds them.
_TABLE: Final = {quarter: _ulaw(quarter << 2 | 3) for quarter in range(-8192, 8192)}
