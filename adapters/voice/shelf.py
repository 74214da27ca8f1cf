"""Where the files of a tenant's own prompts are: `<tenant>/<id>/<version>.<language>.wav`; nobody's words are in it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from pathlib import Path
from typing import Final

_SAFE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FILE: Final = re.compile(r"([0-9]{1,9})\.[a-z]{2}\.wav")


class Shelf:
    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def place(self, tenant: str, id: str, version: int, language: str) -> Path:
        """The file of one version. Every part is checked again here, though none comes from a request."""
        if not all(map(_SAFE.fullmatch, (tenant, id, language))) or version < 1:
            raise ValueError(f"no such place: {tenant!r}/{id!r}/{version}.{language!r}")
        return self._folder / tenant / id / f"{version}.{language}.wav"

    def newest(self, tenant: str, id: str) -> int:
        """The highest version there is a file of, wanted or left over from a run that died; 0 when there is none."""
        folder = self.place(tenant, id, 1, "zh").parent
        found = map(_FILE.fullmatch, os.listdir(folder)) if folder.is_dir() else ()
        return max((int(match[1]) for match in found if match), default=0)

    def draft(self) -> Path:
        """Where a file may be made that is no version yet; on the same disk as those."""
        return self._folder / ".drafts" / f"{secrets.token_hex(8)}.wav"

    def link(self, source: Path, target: Path) -> None:
        """Let `target` be the same file as `source`; raises `FileExistsError` rather than replace one."""
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target)

    def remove(self, tenant: str, id: str) -> None:
        """Remove all files of one prompt; a call that plays one hears it to the end."""
        shutil.rmtree(self.place(tenant, id, 1, "zh").parent, ignore_errors=True)
