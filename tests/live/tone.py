"""What phones say and hear: pure tones in ulaw over RTP, and a measure of how loud each pitch is in what arrives.

with Tone(caller).send(440), Tone(agent).send(1000):
    assert (await heard(agent))[440] > LOUD
"""

from __future__ import annotations

import asyncio
import math
import re
import struct
import wave
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from tests.live.phone import Leg, Phone

RATE: Final = 8000
FRAME: Final = 160  # 20 ms
PITCHES: Final = (350, 440, 620, 850, 1000, 1250, 1600)
"""All far from one another, and 25 or 50 whole waves in half a second."""

SENT: Final = 0.3
"""How loud a tone is sent: its amplitude, where 1.0 is all that ulaw can carry."""
LOUD: Final = 0.1
"""A tone at least this loud is there; several speakers in a conference stay above it."""
QUIET: Final = 0.01
"""A tone below this is not there."""
KEPT: Final = 10 * RATE


def _decoded(code: int) -> float:
    """G.711: a sign, three bits of exponent, four of mantissa, all inverted."""
    code = ~code & 0xFF
    size = (((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)
    return (0x84 - size if code & 0x80 else size - 0x84) / 32768


DECODED: Final = tuple(_decoded(code) for code in range(256))


def _encoded(level: float) -> int:
    return min(range(256), key=lambda code: abs(DECODED[code] - level))


def tone(hz: int, seconds: float = 1.0, level: float = SENT) -> bytes:
    """So much of a pure tone, as ulaw."""
    wave_ = [_encoded(level * math.sin(2 * math.pi * hz * n / RATE)) for n in range(RATE // math.gcd(RATE, hz))]
    count = int(seconds * RATE)
    return bytes((wave_ * (count // len(wave_) + 1))[:count])


def levels(sound: Sequence[float], pitches: Iterable[int] = PITCHES, rate: int = RATE) -> dict[int, float]:
    """How loud each pitch is (Goertzel): the amplitude of the tone, 0.0 when there is no sound at all."""
    found = {}
    for hz in pitches:
        turn = 2 * math.cos(2 * math.pi * hz / rate)
        before, now = 0.0, 0.0
        for sample in sound:
            before, now = now, sample + turn * now - before
        power = max(now * now + before * before - turn * now * before, 0.0)
        found[hz] = 2 * math.sqrt(power) / len(sound) if sound else 0.0
    return found


def channels(file: Path) -> list[list[float]]:
    """The sound of a 16-bit wav file, channel by channel."""
    with wave.open(str(file), "rb") as opened:
        assert opened.getsampwidth() == 2
        assert opened.getframerate() == RATE
        count = opened.getnchannels()
        data = opened.readframes(opened.getnframes())
    samples = struct.unpack(f"<{len(data) // 2}h", data)
    return [[one / 32768 for one in samples[n::count]] for n in range(count)]


class Ear(asyncio.DatagramProtocol):
    """The sound that arrives at a phone, by where it comes from; the last ten seconds are kept."""

    def __init__(self) -> None:
        self.sounds: dict[tuple[str, int], deque[float]] = {}
        self.count = 0
        self._arrived = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one packet of ulaw in; anything else is not sound."""
        if len(data) < 12 or data[0] >> 6 != 2 or data[1] & 0x7F != 0:
            return
        head = 12 + 4 * (data[0] & 0x0F)
        kept = self.sounds.setdefault(addr[:2], deque(maxlen=KEPT))
        kept.extend(DECODED[code] for code in data[head:])
        self.count += 1
        self._arrived.set()

    async def listen(self, seconds: float, source: tuple[str, int] | None, patience: float) -> list[float]:
        """The next so many seconds of sound; less when no more comes within `patience`."""
        self.sounds = {}
        wanted = round(seconds * RATE)
        try:
            async with asyncio.timeout(patience):
                while len(found := self._of(source)) < wanted:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            found = self._of(source)
        return found[-wanted:]

    def _of(self, source: tuple[str, int] | None) -> list[float]:
        if source is not None:
            return list(self.sounds.get(source, ()))
        return list(max(self.sounds.values(), key=len, default=()))


def media_of(leg: Leg) -> tuple[str, int]:
    """Where the other side of a leg wants its sound, as its newest SDP says."""
    body = next(message.body for message in reversed(leg.heard) if "m=audio" in message.body)
    host = re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", body, re.MULTILINE)
    assert host is not None
    assert port is not None
    return host[1], int(port[1])


def leg_of(phone: Phone) -> Leg:
    """The call a phone is in; a phone with several is asked about one of them by name."""
    live = [leg for leg in phone.legs.values() if leg.answered.is_set() and not leg.ended.is_set()]
    assert len(live) == 1, f"{phone.contact} is in {len(live)} calls"
    return live[0]


class Tone:
    """A phone that sings. It goes on until `stop`, the end of a `with`, or the end of the call."""

    def __init__(self, phone: Phone, leg: Leg | None = None) -> None:
        self.phone = phone
        self.leg = leg or leg_of(phone)
        self._sound = b""
        self._sent = 0
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._source = id(self) & 0xFFFFFFFF

    def send(self, hz: int, level: float = SENT) -> Self:
        """Sing at this pitch, from now on; another pitch may be asked for at any time."""
        self._sound = tone(hz, 1.0, level) if hz else bytes([_encoded(0.0)]) * RATE
        if self._timer is None:
            self._began = asyncio.get_running_loop().time() - self._sent * FRAME / RATE
            self._next()
        return self

    def silence(self) -> Self:
        """Send packets without a sound, as a phone does whose owner says nothing."""
        return self.send(0)

    def stop(self) -> None:
        """Send nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _next(self) -> None:
        self._timer = None
        if self.leg.ended.is_set():
            return
        loop = asyncio.get_running_loop()
        due = int((loop.time() - self._began) * RATE / FRAME)
        while self._sent <= due:  # more than one after a pause of this process
            place = self._sent * FRAME % RATE
            head = struct.pack("!BBHII", 0x80, 0, self._sent & 0xFFFF, self._sent * FRAME & 0xFFFFFFFF, self._source)
            self.phone.say(head + self._sound[place : place + FRAME], media_of(self.leg))
            self._sent += 1
        self._timer = loop.call_at(self._began + self._sent * FRAME / RATE, self._next)


async def heard(
    phone: Phone, pitches: Iterable[int] = PITCHES, *, leg: Leg | None = None, seconds: float = 0.5
) -> Mapping[int, float]:
    """How loud each pitch is in what this phone hears from now on, in this leg or wherever most sound comes from."""
    source = None if leg is None else media_of(leg)
    return levels(await phone.ear.listen(seconds, source, seconds + 0.7), pitches)


async def until_heard(
    phone: Phone,
    yes: Iterable[int],
    no: Iterable[int] = (),
    *,
    leg: Leg | None = None,
    patience: float = 10.0,
) -> Mapping[int, float]:
    """Wait until the phone hears each of `yes` and none of `no`; say what it heard instead when it never does."""
    wanted, unwanted = tuple(yes), tuple(no)
    found: Mapping[int, float] = {}
    try:
        async with asyncio.timeout(patience):
            while True:
                found = await heard(phone, {*PITCHES, *wanted, *unwanted}, leg=leg, seconds=0.3)
                if all(found[hz] > LOUD for hz in wanted) and all(found[hz] < QUIET for hz in unwanted):
                    return found
    except TimeoutError:
        raise AssertionError(f"wanted {wanted} and not {unwanted}, but heard {found}") from None
