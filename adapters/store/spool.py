"""The write-ahead spool: a turn of the engine is in these files before anybody hears of it. Knows lines, not meanings.

`append` never fails and never waits. When the disk refuses, lines are held in memory and tried again; when even that
is full, facts go first, then the oldest lines, which leaves a gap that the drain sees and that ends the epoch.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from adapters.store import segment
from adapters.store.held import Held
from adapters.store.segment import HEADER_SIZE, Found, Header
from adapters.store.turn import number_of

log = structlog.get_logger()

SEGMENT_BYTES: Final = 8 << 20
HELD_MOST: Final = 64 << 20
KEEP_SECONDS: Final = 900.0
SYNC_SECONDS: Final = 1.0
_RETRY_BYTES: Final = 1 << 20


def boot_id() -> str:
    """Names the running start of this machine: what a process wrote survives its death, but not the machine's."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown-" + secrets.token_hex(8)


class Spool:
    def __init__(
        self,
        folder: Path,
        store: str = "",
        *,
        boot: str | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        held_most: int = HELD_MOST,
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:
        self.folder = folder
        self.store = store
        self.boot = boot_id() if boot is None else boot
        self.segment_bytes = segment_bytes
        self.keep_seconds = keep_seconds
        self.on_append: Callable[[], None] = lambda: None
        self.trouble: str | None = None  # what the disk said, while it refuses
        self.held = Held(held_most)
        self._partial = b""  # what is missing of a line that the disk took only half of
        self._fd = -1
        self._written = 0
        self._serial = 0
        self._sizes: dict[int, int] = {}
        self._borns: dict[int, str] = {}
        self._retired: list[int] = []
        self._dirty = False
        self._last: bytes | None = None
        self._files = threading.Lock()  # between a sync in its thread and a close
        self.tail_doubtful = False
        """Whether lines that people saw may be missing at the end."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._survey()

    # --- what was there ---

    def _survey(self) -> None:
        """Take stock of the folder, cut what is torn, and judge whether the end is whole."""
        found = [one for path in sorted(self.folder.glob("[0-9]*.spool")) if (one := self._known(path))]
        for one in found:
            self._sizes[one.serial], self._borns[one.serial] = one.size, one.header.born
        if not found:
            return
        last = found[-1]
        cut = segment.cut_torn_tail(last.path)
        if cut:
            log.warning("spool: a torn line was cut", file=last.path.name, bytes=cut)
            self._sizes[last.serial] -= cut
        lines = (segment.last_line(one.path) for one in reversed(found))
        self._last = next((line for line in lines if line), None)
        if last.header.state == segment.HOLDING:
            self.tail_doubtful = True
        elif last.header.state == segment.OPEN and last.header.boot != self.boot:
            self.tail_doubtful = True  # the machine died, and with it what the kernel had not yet put on the disk

    def _known(self, path: Path) -> Found | None:
        """The segment, unless it is broken or another database's: that one is put aside, not touched."""
        self._serial = max(self._serial, int(path.stem))
        found = Found.at(path)
        if found is not None and found.header.store == self.store:
            return found
        self.tail_doubtful = self.tail_doubtful or found is None
        log.warning("spool: put aside, not of this database", file=path.name)
        path.rename(path.with_name(f"{path.stem}-{secrets.token_hex(4)}.aside"))
        return None

    @property
    def last_n(self) -> int:
        """The number of the newest line, 0 when there is none."""
        try:
            return 0 if self._last is None else number_of(self._last)
        except ValueError:
            return 0  # the machine died while the disk wrote; the drain puts that line aside

    @property
    def held_bytes(self) -> int:
        """What memory holds because the disk did not take it."""
        return self.held.bytes + len(self._partial)

    @property
    def serials(self) -> list[int]:
        return sorted(self._sizes)

    @property
    def newest(self) -> int:
        """The segment that is written now, or 0."""
        return self._serial if self._fd >= 0 else 0

    def born(self, serial: int) -> str | None:
        return self._borns.get(serial)

    def bytes_after(self, serial: int, offset: int) -> int:
        """How much stands in the files after this place, and in memory."""
        sizes = dict(self._sizes)
        sizes[self.newest] = self._written
        later = sum(size - HEADER_SIZE for one, size in sizes.items() if one > serial)
        return later + max(sizes.get(serial, offset) - offset, 0) + self.held_bytes

    # --- the hot path ---

    def begin(self) -> None:
        """Start writing, in a segment of our own. Until then a doubtful tail is still seen by the next start."""
        if self._fd < 0:
            self._fd = self._next_segment()
            os.fsync(self._fd)
            segment.sync_folder(self.folder)

    def append(self, line: bytes) -> None:
        """Take one line, without its line end."""
        if self._fd < 0:
            self.begin()
        self._last = line
        if self.held or self._partial:
            self.held.add(line)
            self._retry()
        elif not self._put(line):
            self.held.add(line)
        self.on_append()

    def _put(self, line: bytes) -> bool:
        """Write one line; False when the disk took nothing of it."""
        whole = line + b"\n"
        taken = self._write(whole)
        if taken and taken < len(whole):
            self._partial = whole[taken:]
            self._alarm("the disk took only part of a line")
        elif taken and self._written >= self.segment_bytes:
            self._rotate()
        return taken > 0

    def _write(self, content: bytes) -> int:
        try:
            taken = os.write(self._fd, content)
        except OSError as failure:
            self._alarm(failure.strerror or str(failure))
            return 0
        self._written += taken
        self._dirty = True
        return taken

    def _rotate(self) -> None:
        try:
            new = self._next_segment()
        except OSError as failure:
            log.warning("spool: no new segment yet", why=failure.strerror)
            return
        self._retired.append(self._fd)
        self._fd = new

    def _next_segment(self) -> int:
        serial = self._serial + 1
        header = Header(segment.OPEN, self.store, self.boot, secrets.token_hex(8))
        fd = segment.create(segment.path_of(self.folder, serial), header)
        if self._fd >= 0:
            self._sizes[self._serial] = self._written
        self._serial, self._written = serial, HEADER_SIZE
        self._sizes[serial], self._borns[serial] = HEADER_SIZE, header.born
        return fd

    # --- the disk refuses ---

    def _alarm(self, why: str) -> None:
        if self.trouble is None:
            log.error("spool: the disk refuses; lines are held in memory", why=why, folder=str(self.folder))
            self._mark(segment.HOLDING)
        self.trouble = why

    def _mark(self, state: str) -> None:
        try:
            segment.set_state(self._fd, state)
        except OSError as failure:
            log.error("spool: could not mark the segment", state=state, why=failure.strerror)

    def _retry(self) -> None:
        """Write what is held, oldest first, a bounded piece at a time, until the disk refuses again."""
        if self._partial:
            taken = self._write(self._partial)
            self._partial = self._partial[taken:]
        budget = _RETRY_BYTES
        while self.held and not self._partial and budget > 0 and self._put(self.held.first):
            budget -= self.held.pop()
        if not self.held and not self._partial and self.trouble is not None:
            log.info("spool: the disk takes lines again", dropped=self.held.dropped)
            self.trouble = None
            self._mark(segment.OPEN)

    # --- the slow path ---

    async def run(self) -> None:
        """Make safe against a power cut, once a second; for a TaskGroup."""
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            if self.held or self._partial:
                self._retry()
            if self._dirty or self._retired:
                self._dirty = False
                await asyncio.to_thread(self.sync)

    def sync(self) -> None:
        """Put on the disk what the kernel still holds; blocks."""
        with self._files:
            retired, self._retired = self._retired, []
            for fd in retired:
                self._sync_one(fd)
                os.close(fd)
            if self._fd >= 0:
                self._sync_one(self._fd)

    def _sync_one(self, fd: int) -> None:
        try:
            os.fdatasync(fd)
        except OSError as failure:
            log.error("spool: sync failed", why=failure.strerror)

    def forget_before(self, serial: int) -> None:
        """Delete drained segments older than `serial`, once nobody may want to look at them any more; blocks."""
        for old in [one for one in self.serials if one < serial]:
            path = segment.path_of(self.folder, old)
            try:
                if time.time() - path.stat().st_mtime < self.keep_seconds:
                    continue
                path.unlink()
            except FileNotFoundError:
                pass
            self._sizes.pop(old, None)
            self._borns.pop(old, None)

    def close(self) -> None:
        """End cleanly: all is on the disk and the files say so; blocks."""
        if self._fd < 0:
            return
        if self.held or self._partial:
            self._retry()
        self.sync()
        if not self.held and not self._partial:
            self._mark(segment.CLOSED)
            self._sync_one(self._fd)
        with self._files:
            os.close(self._fd)
            self._sizes[self._serial] = self._written
            self._fd = -1
