"""Reads the spool's files from a place on, whole lines only. Blocks, so it is called in a thread; writes nothing."""

from __future__ import annotations

import os
from typing import Final

import msgspec

from adapters.store import segment
from adapters.store.segment import HEADER_SIZE
from adapters.store.spool import Spool

_CHUNK: Final = 256 << 10


class Place(msgspec.Struct, frozen=True):
    """Where reading goes on. `born` proves that the file is still the same one."""

    serial: int = 0
    offset: int = HEADER_SIZE
    born: str = ""


class Tail:
    def __init__(self, spool: Spool, place: Place) -> None:
        self.spool = spool
        known = place.serial > 0 and spool.born(place.serial) == place.born
        self.place = place if known else Place()

    @property
    def behind(self) -> int:
        """Bytes not yet read."""
        return self.spool.bytes_after(self.place.serial, self.place.offset)

    def read(self, most: int) -> list[tuple[bytes, Place]]:
        """At most `most` lines, each with the place after it; none when all is read. The place stays where it was."""
        lines: list[tuple[bytes, Place]] = []
        place = self.place
        while len(lines) < most:
            place = self._settled(place)
            if place.serial == 0:
                break
            later = self._later(place.serial)  # asked before reading: once there is a later file, this one is complete
            chunk = self._chunk(place)
            if chunk is None:
                if later is None:
                    break
                place = later
                continue
            for line in chunk.split(b"\n")[: most - len(lines)]:
                place = Place(place.serial, place.offset + len(line) + 1, place.born)
                lines.append((line, place))
        return lines

    def _settled(self, place: Place) -> Place:
        return place if place.serial else self._later(0) or place

    def _later(self, serial: int) -> Place | None:
        following = next((one for one in self.spool.serials if one > serial), None)
        if following is None:
            return None
        return Place(following, HEADER_SIZE, self.spool.born(following) or "")

    def _chunk(self, place: Place) -> bytes | None:
        """Whole lines from this place, without the last line end; None when there is no whole line."""
        try:
            fd = os.open(segment.path_of(self.spool.folder, place.serial), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            size = _CHUNK
            while True:
                content = os.pread(fd, size, place.offset)
                end = content.rfind(b"\n")
                if end >= 0:
                    return content[:end]
                if len(content) < size:
                    return None
                size *= 4
        finally:
            os.close(fd)
