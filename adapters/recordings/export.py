"""A selection of recordings as one ZIP file with a list of them, made while it is sent: nothing of it is kept."""

from __future__ import annotations

import csv
import io
import logging
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Final

from adapters.recordings.failures import StorageFailure
from adapters.recordings.storage import Storage
from cti.recording.kept import Kept

log = logging.getLogger(__name__)

LIST: Final = "recordings.csv"
MISSING: Final = "missing.txt"
COLUMNS: Final = (
    "file",
    "id",
    "call",
    "began_at",
    "seconds",
    "number",
    "name",
    "dialled",
    "direction",
    "queue",
    "agents",
    "disposition",
    "mode",
    "truncated",
    "sha256",
)


class _Out(io.RawIOBase):
    """Takes what the ZIP writer writes until it is sent; cannot go back, so the writer does not try."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


async def zipped(chosen: Sequence[Kept], storage: Storage) -> AsyncIterator[bytes]:
    """The ZIP file, piece by piece. A sound that cannot be had costs nobody the others: it is named at the end."""
    out, missing = _Out(), list[Kept]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_entry(LIST, None), table(chosen))
        for kept in chosen:
            blocks = storage.read(kept.sound.place, 0, kept.sound.bytes)
            try:
                first = await anext(blocks, b"")
            except StorageFailure as failure:
                log.error("recording %s cannot be exported: %s", kept.id, failure)
                missing.append(kept)
                continue
            with archive.open(_entry(file_name(kept), kept), "w", force_zip64=True) as entry:
                entry.write(first)
                yield out.taken()
                async for block in blocks:
                    entry.write(block)
                    yield out.taken()
        if missing:
            archive.writestr(_entry(MISSING, None), "".join(f"{file_name(one)}\n" for one in missing))
        yield out.taken()
    yield out.taken()


def file_name(kept: Kept) -> str:
    """When, and which; no number of a customer."""
    return f"{_began(kept):%Y%m%dT%H%M%SZ}_{kept.id}.wav"


def table(chosen: Sequence[Kept]) -> bytes:
    """UTF-8 with the mark that spreadsheets want; no cell that one of them would take for a formula."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for kept in chosen:
        sound = kept.sound
        cells = (
            *(file_name(kept), kept.id, sound.call, _began(kept).isoformat(), sound.length_ms / 1000, kept.number),
            *(kept.caller, kept.dialled, kept.direction, kept.queue, " ".join(kept.agents), kept.disposition),
            *(sound.mode, "yes" if sound.truncated else "no", sound.sha256),
        )
        rows.writerow([_plain(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _plain(cell: object) -> str:
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _began(kept: Kept) -> datetime:
    return datetime.fromtimestamp(kept.sound.began_at / 1000, UTC)


def _entry(name: str, kept: Kept | None) -> zipfile.ZipInfo:
    at = datetime.now(UTC) if kept is None else _began(kept)
    found = zipfile.ZipInfo(name, at.timetuple()[:6])
    found.external_attr = 0o600 << 16
    return found
