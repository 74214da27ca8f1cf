"""The folder into which Asterisk writes, and what lies in it. Whatever has no name of ours is left alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cti.ids import CallId, Instant

SUFFIX: Final = ".raw"
_NAME: Final = re.compile(r"(\d{1,20}-\d{1,20}-\d{1,10})-\d{9}")
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f,;|&$`'\"\\(){}\[\]<>*?]")
"""Signs that would mean something to the dialplan when it puts the folder before a name."""


@dataclass(frozen=True, slots=True)
class SpoolFile:
    name: str
    path: Path
    bytes: int
    touched_at: Instant

    @property
    def call(self) -> CallId:
        return CallId(self.name.rpartition("-")[0])


def is_name(name: str) -> bool:
    """Whether it is a name that our dialplan gives: a call's id and a number."""
    return _NAME.fullmatch(name) is not None


def is_fit(folder: Path) -> bool:
    """Whether Asterisk can be told to write into a folder of this name."""
    return folder.is_absolute() and _UNFIT.search(str(folder)) is None


class Spool:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._aside = folder / "aside"

    def prepare(self) -> None:
        """Make the folders; Asterisk may be another user of the same group."""
        for folder in (self.folder, self._aside):
            folder.mkdir(parents=True, exist_ok=True)

    def files(self) -> Sequence[SpoolFile]:
        """What Asterisk has written or is writing, oldest first."""
        found = []
        for path in self.folder.glob(f"*{SUFFIX}"):
            name = path.name.removesuffix(SUFFIX)
            if not is_name(name) or path.is_symlink():
                continue
            try:
                told = path.stat()
            except FileNotFoundError:
                continue
            found.append(SpoolFile(name, path, told.st_size, Instant(told.st_mtime_ns // 1_000_000)))
        return sorted(found, key=lambda one: (one.touched_at, one.name))

    def free(self) -> int:
        """Bytes that can still be written."""
        return shutil.disk_usage(self.folder).free

    def remove(self, file: SpoolFile) -> None:
        file.path.unlink(missing_ok=True)

    def set_aside(self, file: SpoolFile) -> Path:
        """Move a file out of the way that belongs to no call; it is not thrown away."""
        return file.path.rename(self._aside / file.path.name)
