"""Where sounds are kept: on this machine's disk, or wherever else a `Storage` puts them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final, Protocol

from adapters.recordings.failures import NotThere, StorageFailure

BLOCK: Final = 64 * 1024
_PLACE: Final = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\.wav")


class Storage(Protocol):
    """Places are paths of ours; each method raises `StorageFailure`, and a place written twice holds the second."""

    def prepare(self) -> None:
        """Make what is needed to begin; may raise OSError."""
        ...

    async def put(self, place: str, chunks: Iterator[bytes]) -> None:
        """All of it is kept when this returns; after a failure there is nothing, or what was there before."""
        ...

    def read(self, place: str, start: int, length: int) -> AsyncIterator[bytes]:
        """So many bytes from there on; raises `NotThere`."""
        ...

    async def remove(self, place: str) -> None:
        """It is not there any more, or was not."""
        ...

    def free(self) -> int | None:
        """Bytes that can still be kept; None when nobody can say."""
        ...


def checked(place: str) -> str:
    """The place, if it is one of ours and leads nowhere else."""
    if not _PLACE.fullmatch(place):
        raise StorageFailure(f"{place[:80]!r} is no place of ours")
    return place


class DiskStorage:
    """A folder of this machine. A file has its name only when all of it is on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)

    async def put(self, place: str, chunks: Iterator[bytes]) -> None:
        await asyncio.to_thread(self._put, self._folder / checked(place), chunks)

    async def read(self, place: str, start: int, length: int) -> AsyncIterator[bytes]:
        path = self._folder / checked(place)
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except FileNotFoundError:
            raise NotThere(f"there is no {place}") from None
        except OSError as failure:
            raise StorageFailure(f"{place}: {failure.strerror}") from failure
        try:
            file.seek(start)
            while length > 0:
                block = await asyncio.to_thread(file.read, min(BLOCK, length))
                if not block:
                    raise StorageFailure(f"{place} is shorter than it was")
                length -= len(block)
                yield block
        finally:
            file.close()

    async def remove(self, place: str) -> None:
        try:
            await asyncio.to_thread((self._folder / checked(place)).unlink, missing_ok=True)
        except OSError as failure:
            raise StorageFailure(f"{place}: {failure.strerror}") from failure

    def free(self) -> int | None:
        return shutil.disk_usage(self._folder).free

    def _put(self, path: Path, chunks: Iterator[bytes]) -> None:
        part = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("wb") as file:
                    for chunk in chunks:
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                part.rename(path)
            finally:
                part.unlink(missing_ok=True)
            _sync(path.parent)
        except OSError as failure:
            raise StorageFailure(f"{path}: {failure.strerror}") from failure


def _sync(folder: Path) -> None:
    """See a new name through to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
