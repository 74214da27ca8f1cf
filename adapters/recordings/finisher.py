"""Brings what Asterisk has written into storage and on record, and only then lets go of it.

It remembers nothing: each look at the spool asks the database which calls have ended. Killed at any step, the next look
does the same again, with the same outcome. Whatever fails stays in the spool and is tried again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from adapters.recordings import wav
from adapters.recordings.failures import StorageFailure
from adapters.recordings.ports import Ports
from adapters.recordings.spool import Spool, SpoolFile
from adapters.recordings.storage import Storage
from cti.ids import Instant
from cti.recording.kept import Sound
from cti.recording.timeline import Cut, Marker, cut
from cti.records import Call

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
QUIET_MS: Final = 1_000
"""Asterisk closes its file a moment after the caller is gone."""
STRANGE_MS: Final = 24 * 3600 * 1000
"""After so long without a word of its call a file is put aside."""


class Finisher:
    def __init__(self, spool: Spool, storage: Storage, ports: Ports, *, quiet_ms: int = QUIET_MS) -> None:
        self.spool = spool
        self.storage = storage
        self.ports = ports
        self.trouble = ""
        """Why what is in the spool stays there; empty when nothing is wrong."""
        self.outcomes: Counter[str] = Counter()
        self.waiting_bytes = 0
        self.waiting_files = 0
        self._failures: tuple[type[Exception], ...] = (OSError, StorageFailure, *ports.away)
        self._quiet_ms = quiet_ms
        self._nudged = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    def nudge(self) -> None:
        """A call has ended: look sooner than usual."""
        self._nudged.set()

    async def run(self) -> None:
        """For a TaskGroup; never raises."""
        while True:
            await self.look()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._nudged.wait()
                await asyncio.sleep(self._quiet_ms / 1000)
            except TimeoutError:
                pass
            self._nudged.clear()

    async def look(self) -> None:
        """Take one look at the spool, and finish whatever can be finished."""
        async with self._one_at_a_time:
            await self._look()

    async def _look(self) -> None:
        try:
            files = await asyncio.to_thread(self.spool.files)
            self.waiting_bytes = sum(file.bytes for file in files)
            self.waiting_files = len(files)
            now = self.ports.now()
            quiet = [file for file in files if now - file.touched_at >= self._quiet_ms]
            over = await self.ports.ledger.ended({file.call for file in quiet}) if quiet else {}
            for file in quiet:
                call = over.get(file.call)
                if call is not None:
                    await self._finish(file, call)
                elif now - file.touched_at > STRANGE_MS:
                    self._put_aside(file)
        except self._failures as failure:
            self._fail(failure)
        except Exception as failure:
            log.exception("a look at the spool of recordings failed")
            self._fail(failure)
        else:
            self._succeed()

    async def _finish(self, file: SpoolFile, call: Call) -> None:
        length = wav.length_ms(file.bytes)
        recording = call.recording if call.recording is not None and call.recording.name == file.name else None
        began_at = recording.began_at if recording is not None else None
        part = cut(call, began_at or Instant(file.touched_at - length), length)
        if part is None:
            self.outcomes["nothing"] += 1
            log.info("%s: nothing of recording %s is kept: nobody was to be heard in it", call.id, file.name)
        elif not await self.ports.ledger.has(call.tenant, file.name):
            await self._keep(file, call, part)
        self.spool.remove(file)

    async def _keep(self, file: SpoolFile, call: Call, part: Cut) -> None:
        recording = call.recording
        seal = Seal(wav.sound(file.path, part.begins, part.ends, part.silent, swap=_swapped(call)))
        place = place_of(call, file.name, part.began_at)
        await self.storage.put(place, seal)
        sound = Sound(
            tenant=call.tenant,
            call=call.id,
            name=file.name,
            place=place,
            began_at=part.began_at,
            length_ms=part.length,
            bytes=seal.bytes,
            sha256=seal.sha256,
            mode="always" if recording is None else recording.mode,
            reason="recorded while nobody was looking" if recording is None else recording.reason,
            truncated=part.truncated,
            markers=tuple(map(_marked, part.markers)),
            kept_at=self.ports.now(),
        )
        kept = await self.ports.ledger.keep(sound)
        if part.truncated:
            self.outcomes["truncated"] += 1
            log.warning("%s: recording %s ends before its call", call.id, file.name)
        if kept is not None:
            self.outcomes["kept"] += 1
            self.ports.kept(sound, kept)

    def _put_aside(self, file: SpoolFile) -> None:
        self.outcomes["strange"] += 1
        log.error("recording %s belongs to no call that ended; it is put aside in %s", file.name, self.spool.folder)
        self.spool.set_aside(file)

    def _fail(self, failure: Exception) -> None:
        self.outcomes["failed"] += 1
        why = str(failure) or type(failure).__name__
        log.warning(
            "recordings stay in the spool (%d files, %d bytes): %s", self.waiting_files, self.waiting_bytes, why
        )
        self.trouble = f"recordings cannot be stored: {why}"

    def _succeed(self) -> None:
        if self.trouble:
            log.info("recordings are stored again")
        self.trouble = ""


class Seal:
    """Counts and sums what passes through; complete when all has passed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._sum = hashlib.sha256()
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        self._sum.update(chunk)
        self.bytes += len(chunk)
        return chunk

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()


def place_of(call: Call, name: str, at: Instant) -> str:
    """Tenant, day, name; the same however often it is asked. Nothing of it tells a customer's number."""
    return f"{call.tenant}/{datetime.fromtimestamp(at / 1000, UTC):%Y/%m/%d}/{name}.wav"


def _swapped(call: Call) -> bool:
    """Asterisk has the sound of the recorded channel left; the customer's is to be there."""
    return call.recording is not None and call.recording.side == "agent"


def _marked(marker: Marker) -> dict[str, object]:
    return {
        "kind": marker.kind,
        "from": round(marker.begins / 1000, 3),
        "to": round(marker.ends / 1000, 3),
        "agent_no": marker.agent_no,
    }
