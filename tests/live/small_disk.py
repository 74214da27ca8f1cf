"""A disk that is soon full: a file system in memory, which only this test process and its children see."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MS_REMOUNT: Final = 0x20
MNT_DETACH: Final = 0x2

_libc = ctypes.CDLL(None, use_errno=True)


class SmallDisk:
    def __init__(self, folder: Path, kilobytes: int) -> None:
        self.folder = folder
        self._mount(0, kilobytes)

    def grow(self, kilobytes: int) -> None:
        """Somebody makes room."""
        self._mount(MS_REMOUNT, kilobytes)

    def remove(self) -> None:
        _checked(_libc.umount2(str(self.folder).encode(), MNT_DETACH))

    def _mount(self, flags: int, kilobytes: int) -> None:
        words = f"size={kilobytes}k,mode=0777".encode()
        _checked(_libc.mount(b"none", str(self.folder).encode(), b"tmpfs", flags, words))


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[SmallDisk]:
    made = SmallDisk(folder, kilobytes)
    try:
        yield made
    finally:
        made.remove()


def _checked(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
