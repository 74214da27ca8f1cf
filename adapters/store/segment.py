"""One file of the spool: a header of fixed size, then one line per turn. Knows bytes and where they are torn.

The header's state is one byte, changed in place, because that works on a full disk too: `o` open, `h` lines are held in
memory because the disk refused them, `c` closed cleanly.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import msgspec

HEADER_SIZE: Final = 256
_STATE_AT: Final = len(b'{"state":"')
OPEN, HOLDING, CLOSED = "o", "h", "c"


class Header(msgspec.Struct):
    """`store` is the database's own id, `boot` the machine's current start, `born` this very file's name for itself."""

    state: str
    store: str
    boot: str
    born: str


@dataclass(frozen=True, slots=True)
class Found:
    """A segment that was there when we came."""

    serial: int
    path: Path
    header: Header
    size: int

    @classmethod
    def at(cls, path: Path) -> Self | None:
        """What the file says of itself; None when it is no segment (a crash can leave one without its header)."""
        with path.open("rb") as file:
            head = file.read(HEADER_SIZE)
        try:
            header = msgspec.json.decode(head, type=Header)
        except msgspec.DecodeError:
            return None
        return cls(int(path.stem), path, header, path.stat().st_size)


def path_of(folder: Path, serial: int) -> Path:
    return folder / f"{serial:010d}.spool"


def create(path: Path, header: Header) -> int:
    """A new segment, open for writing; raises OSError and leaves nothing behind."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        head = msgspec.json.encode(header).ljust(HEADER_SIZE - 1) + b"\n"
        if os.write(fd, head) != HEADER_SIZE:
            raise OSError("the header did not fit")
    except OSError:
        os.close(fd)
        path.unlink(missing_ok=True)
        raise
    return fd


def set_state(fd: int, state: str) -> None:
    os.pwrite(fd, state.encode(), _STATE_AT)


def cut_torn_tail(path: Path) -> int:
    """Remove what follows the last line end; a crash in the middle of a write leaves that. Returns the bytes cut."""
    with path.open("r+b") as file:
        content = file.read()
        whole = max(content.rfind(b"\n") + 1, HEADER_SIZE)
        if whole < len(content):
            file.truncate(whole)
            os.fsync(file.fileno())
    return max(len(content) - whole, 0)


def last_line(path: Path) -> bytes | None:
    content = path.read_bytes()[HEADER_SIZE:]
    return content.rstrip(b"\n").rpartition(b"\n")[2] or None


def sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
