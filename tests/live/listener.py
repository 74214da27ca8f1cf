"""What callers heard and when, told from the RTP on the wire: prompts are known by their sound, whoever played them.

A prompt is late by the time from what it follows - the answer, the end of the prompt before, a key, a silence that was
long enough - to its first sample.
"""

from __future__ import annotations

import re
import socket
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

from adapters.lab.keypad import KEYS, PAYLOAD
from adapters.lab.sound import to_ulaw
from adapters.voice.build import place as voice_file
from tests.live.tone import RATE
from tests.live.wire import Packet, Wire, caller_of

MUSIC: Final = "music"
"""Whatever is none of the prompts."""
PROMPTS: Final = ("greeting", "main-menu", "invalid", "timeout")
"""Those of the main flow."""
SILENCE: Final = 5.0
"""How long the menu of the main flow waits for a key before it says `timeout`."""
WINDOW: Final = 48
"""So many samples, six milliseconds, are found in one place of one prompt, or are silence."""
STRANGE: Final = 3
"""So many packets in a row that are in no prompt are music; one may hold the seam of two prompts."""
_AUDIO: Final = re.compile(rb"m=audio ([0-9]+)")
_CALL_ID: Final = re.compile(rb"\r\nCall-ID: ([^\r]+)")


@dataclass(slots=True)
class Heard:
    """One piece of sound at one caller."""

    name: str
    begins: float
    ends: float


@dataclass(slots=True)
class Call:
    """What went to one caller and came from them, in order of time."""

    answered: float = 0.0
    sound: list[tuple[float, bytes]] = field(default_factory=list)
    keys: list[tuple[float, str]] = field(default_factory=list)
    """When each key was let go."""


class Listener(Wire):
    """Notes, while in its `with`, what Asterisk sends to callers of the trunk and what they press."""

    protocols: ClassVar[frozenset[int]] = frozenset({socket.IPPROTO_UDP, socket.IPPROTO_TCP})

    def __init__(self, sip_port: int, agi_port: int) -> None:
        super().__init__()
        self._sip_port, self._agi_port = sip_port, agi_port
        self._ports: dict[int, str] = {}
        self._ids: dict[bytes, str] = {}
        self._pressed: set[tuple[int, bytes]] = set()
        self._replied: dict[int, float] = {}
        self.calls: dict[str, Call] = defaultdict(Call)
        """By the caller's number."""
        self.turns: list[float] = []
        """Seconds from a reply of Asterisk's to the server's next command, over all FastAGI lines."""

    def take(self, packet: Packet) -> None:
        if packet.protocol == socket.IPPROTO_TCP:
            self._take_agi(packet)
        elif self._sip_port in (packet.source, packet.target):
            self._take_sip(packet)
        elif packet.target in self._ports and packet.payload[1] & 0x7F == 0:
            self.calls[self._ports[packet.target]].sound.append((packet.at, packet.payload[12:]))
        elif packet.source in self._ports and packet.payload[1] & 0x7F == PAYLOAD:
            self._take_key(packet)

    def _take_agi(self, packet: Packet) -> None:
        if packet.target == self._agi_port and packet.payload.startswith(b"200 "):
            self._replied[packet.source] = packet.at
        elif packet.source == self._agi_port and packet.payload and packet.target in self._replied:
            self.turns.append(packet.at - self._replied.pop(packet.target))

    def _take_sip(self, packet: Packet) -> None:
        found = _CALL_ID.search(packet.payload)
        if found is None:
            return
        if packet.payload.startswith(b"INVITE ") and packet.target == self._sip_port:
            port = _AUDIO.search(packet.payload)
            if port is not None:
                self._ids[found[1]] = self._ports[int(port[1])] = caller_of(packet.payload)
        elif packet.payload.startswith(b"SIP/2.0 200") and found[1] in self._ids:
            call = self.calls[self._ids[found[1]]]
            call.answered = call.answered or packet.at

    def _take_key(self, packet: Packet) -> None:
        key, flags = struct.unpack_from("!BB", packet.payload, 12)
        press = (packet.source, packet.payload[4:8])
        if flags & 0x80 and press not in self._pressed:
            self._pressed.add(press)
            self.calls[self._ports[packet.source]].keys.append((packet.at, KEYS[key]))


class PromptEar:
    """Knows prompts by any few milliseconds of them."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._places: dict[bytes, tuple[str, int] | None] = {}
        self._lengths: dict[str, int] = {}
        with TemporaryDirectory(prefix="cti-ear-") as folder:
            for name, file in files.items():
                raw = Path(folder) / name
                to_ulaw(file, raw)
                self._learn(name, raw.read_bytes()[:-RATE])  # without the second of silence at its end

    def _learn(self, name: str, sound: bytes) -> None:
        self._lengths[name] = len(sound)
        for at in range(len(sound) - WINDOW + 1):
            window = sound[at : at + WINDOW]
            self._places[window] = None if window in self._places else (name, at)

    def hear(self, sound: Sequence[tuple[float, bytes]]) -> Iterator[Heard]:
        """The prompts and the music of one call, in order; a prompt ends where it would if nobody cut it short."""
        now: Heard | None = None
        last = 0
        for at, (name, sample) in self._known(sound):
            if now is None or now.name != name or (name != MUSIC and sample < last):
                if now is not None:
                    yield now
                now = Heard(name, at - sample / RATE, at)
            now.ends, last = at + (self._lengths.get(name, sample) - sample) / RATE, sample
        if now is not None:
            yield now

    def _known(self, sound: Sequence[tuple[float, bytes]]) -> Iterator[tuple[float, tuple[str, int]]]:
        """The packets that can be told, without those few strange ones that hold a seam."""
        strange: list[float] = []
        for at, payload in [*sound, (0.0, b"")]:
            place = self._place(payload)
            if place == (MUSIC, 0) and payload:
                strange.append(at)
                continue
            if len(strange) >= STRANGE:
                yield from ((one, (MUSIC, 0)) for one in strange)
            strange = []
            if place is not None and payload:
                yield at, place

    def _place(self, payload: bytes) -> tuple[str, int] | None:
        """Which prompt this is and how far in it; None where that cannot be told."""
        silent = False
        for at in range(0, len(payload) - WINDOW + 1, WINDOW // 3):
            window = payload[at : at + WINDOW]
            if window in self._places:
                place = self._places[window]
                if place is not None:
                    return place[0], place[1] - at
                silent = True
        return None if silent else (MUSIC, 0)


def ear_of_main(voice: Path) -> PromptEar:
    """An ear for the main flow, as the built-in prompts say it."""
    return PromptEar({name: voice_file(voice, "zh", name) for name in PROMPTS})


def late(call: Call, heard: Sequence[Heard]) -> Iterator[tuple[str, float]]:
    """What each piece of a caller of the main flow followed, and how many milliseconds late it was."""
    before = Heard("answer", call.answered, call.answered)
    for now in heard:
        keys = [at for at, _ in call.keys if before.begins < at < now.begins]
        cause = "key" if keys else before.name if before.name == "answer" else "prompt"
        due = keys[-1] if keys else before.ends
        if now.name == "timeout" and not keys:
            cause, due = "silence", before.ends + SILENCE
        yield f"{cause} to {MUSIC if now.name == MUSIC else 'prompt'}", (now.begins - due) * 1000
        before = now
