"""The rest of the server, pretended: a ledger in memory, a clock moved by hand, a spool that Asterisk filled."""

from __future__ import annotations

import os
import struct
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters.recordings.failures import NotThere, StorageFailure
from adapters.recordings.finisher import Finisher
from adapters.recordings.ports import Ports
from adapters.recordings.spool import Spool
from adapters.recordings.storage import DiskStorage, Storage
from cti.ids import AgentNo, CallId, Instant, LegId, QueueName, TenantId
from cti.recording.kept import Sound
from cti.recording.policy import RecordingRules
from cti.records import Call, Leg, Mark, Recording, SegmentKind

DEMO = TenantId("demo")
NOON = Instant(1_790_000_000_000)
LEFT, RIGHT = 1000, -2000


class Away(Exception):
    """The database is not there."""


class PretendLedger:
    def __init__(self) -> None:
        self.calls: dict[CallId, Call] = {}
        self.sounds: dict[str, Sound] = {}
        self.leave: list[tuple[TenantId, str, str]] = []
        self.tenants: dict[TenantId, RecordingRules] = {}
        self.away = False

    def _here(self) -> None:
        if self.away:
            raise Away("no database")

    async def ended(self, ids: Collection[CallId]) -> Mapping[CallId, Call]:
        self._here()
        return {one: self.calls[one] for one in ids if one in self.calls and self.calls[one].ended_at is not None}

    async def has(self, tenant: TenantId, name: str) -> bool:
        self._here()
        return name in self.sounds

    async def keep(self, sound: Sound) -> str | None:
        self._here()
        if sound.name in self.sounds:
            return None
        self.sounds[sound.name] = sound
        return f"id-of-{sound.name}"

    async def rules(self) -> Mapping[TenantId, RecordingRules]:
        self._here()
        return self.tenants

    async def older_than(self, tenant: TenantId, at: Instant) -> Sequence[str]:
        return [one.name for one in self.sounds.values() if one.tenant == tenant and one.began_at < at]

    async def forget(self, tenant: TenantId, ids: Collection[str]) -> Sequence[str]:
        self.leave += [(tenant, one, self.sounds.pop(one).place) for one in ids]
        return list(ids)

    async def leaving(self) -> Sequence[tuple[TenantId, str, str]]:
        self._here()
        return self.leave[:100]

    async def gone(self, tenant: TenantId, recording: str) -> None:
        self.leave = [one for one in self.leave if one[1] != recording]


class FullStorage:
    """A storage that takes so many bytes and no more, until it is given room."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.sounds: dict[str, bytes] = {}

    def prepare(self) -> None:
        pass

    async def put(self, place: str, chunks: Iterator[bytes]) -> None:
        sound = b""
        for chunk in chunks:
            sound += chunk
            if len(sound) > self.room:
                raise StorageFailure("No space left on device")
        self.sounds[place] = sound

    async def read(self, place: str, start: int, length: int) -> AsyncIterator[bytes]:
        if place not in self.sounds:
            raise NotThere(place)
        yield self.sounds[place][start : start + length]

    async def remove(self, place: str) -> None:
        self.sounds.pop(place, None)

    def free(self) -> int | None:
        return self.room


class Studio:
    def __init__(self, folder: Path, storage: Storage | None = None) -> None:
        self.folder = folder
        self.now = Instant(NOON + 3_600_000)
        self.ledger = PretendLedger()
        self.spool = Spool(folder / "spool")
        self.spool.prepare()
        self.storage = storage or DiskStorage(folder / "kept")
        self.told: list[str] = []
        self.rooms: list[str] = []
        self.forgotten: list[tuple[str, int]] = []
        self.ports = Ports(
            ledger=self.ledger,
            now=lambda: self.now,
            away=(Away,),
            kept=lambda _, recording: self.told.append(recording),
            room=self.rooms.append,
            forgotten=lambda _, ids, days: self.forgotten.extend((one, days) for one in ids),
        )
        self.finisher = Finisher(self.spool, self.storage, self.ports)

    def call(self, n: int = 1, *, answered: float | None = 1, ended: float | None = 4, **recording: Any) -> str:
        """A call that was delivered at noon; returns the name of its file."""
        began = Instant(NOON + n * 60_000)
        made = Call(
            id=CallId(f"1790000000-{n}-123456"),
            tenant=DEMO,
            number="+8613800001234",
            name="张伟明",
            dialled="4001",
            queue=QueueName("sales"),
            started_at=began,
            queued_at=began,
            legs=[Leg(LegId("l"), "PJSIP/x", "customer", began)],
        )
        name = f"{made.id}-987654321"
        made.recording = Recording(
            "always", "queue sales: always", name, began_at=began, state="on", marks=[Mark(began, "on")]
        )
        for field, value in recording.items():
            setattr(made.recording, field, value)
        if answered is not None:
            made.answered_at = Instant(began + round(answered * 1000))
            made.enter(SegmentKind.TALKING, made.answered_at, AgentNo("1001"))
        if ended is not None:
            made.ended_at = Instant(began + round(ended * 1000))
            made.close_segment(made.ended_at)
        self.ledger.calls[made.id] = made
        return name

    def written(self, name: str, seconds: float = 4, *, age: float = 60.0) -> Path:
        """What Asterisk leaves: one level left, another right."""
        path = self.spool.folder / f"{name}.raw"
        path.write_bytes(struct.pack("<hh", LEFT, RIGHT) * round(seconds * 8000))
        touched = self.now / 1000 - age
        os.utime(path, (touched, touched))
        return path

    def kept(self, name: str) -> bytes:
        return (self.folder / "kept" / self.ledger.sounds[name].place).read_bytes()


def samples(data: bytes) -> list[tuple[int, int]]:
    """Left and right of every moment of a WAV file."""
    return list(struct.iter_unpack("<hh", data[44:]))
