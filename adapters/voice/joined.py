"""Several prompts as one file, for the one place where Asterisk plays a file and no list of them: Dial's option A.

A file is made when it is first wanted, which takes a millisecond, and kept: an agent's number stays the same.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from adapters.voice.sound import FORM, HEADER

MOST: Final = 1_000
"""Files that are kept; beyond them those go that were not wanted for the longest time."""


class Joiner:
    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute() / ".joined"
        self._made: dict[tuple[str, ...], str] = {}

    def __call__(self, files: Sequence[str]) -> str:
        """The file that says all of these, without its ending, like them. Raises `OSError`, `ValueError`.

        The second time nothing is read: a phone waits for it.
        """
        if len(files) == 1:
            return files[0]
        known = self._made.get(tuple(files))
        if known is not None:
            return known
        made = "\n".join(f"{file} {os.stat(f'{file}.wav').st_mtime_ns}" for file in files)
        target = self._folder / f"{hashlib.sha256(made.encode()).hexdigest()[:32]}.wav"
        if target.is_file() and target.stat().st_size > HEADER:
            os.utime(target)
        else:
            self._join(files, target)
            self._tidy()
        self._made[tuple(files)] = str(target.with_suffix(""))
        return self._made[tuple(files)]

    def forget(self) -> None:
        """Prompts have changed: look at each again before it is said."""
        self._made.clear()

    def _join(self, files: Sequence[str], target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(f".{secrets.token_hex(4)}")
        try:
            with wave.open(str(draft), "wb") as all_of_them:
                all_of_them.setparams((*FORM, 0, "NONE", ""))
                for file in files:
                    all_of_them.writeframes(_frames(f"{file}.wav"))
            with draft.open("rb+") as written:
                os.fsync(written.fileno())
            draft.chmod(0o644)  # Asterisk may be another user
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def _tidy(self) -> None:
        kept = sorted(self._folder.glob("*.wav"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for old in kept[MOST:]:
            old.unlink(missing_ok=True)
        if len(kept) > MOST:
            self.forget()


def _frames(file: str) -> bytes:
    try:
        with wave.open(file) as sound:
            form = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
            if form != FORM:
                raise ValueError(f"{file} is no sound of ours: {form}")
            return bytes(sound.readframes(sound.getnframes()))
    except (wave.Error, EOFError) as wrong:
        raise ValueError(f"{file}: {wrong}") from None
