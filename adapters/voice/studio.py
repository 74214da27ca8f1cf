"""Makes sounds: speaks text with espeak-ng, and turns uploads into what Asterisk plays natively with sox.

Every job works in a folder of its own that is gone afterwards; the finished file is put where it was asked for at once.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from adapters.voice.programs import Failed, Programs, find, run
from adapters.voice.sound import RATE, Sound, kind_of, look
from adapters.voice.texts import plain, spoken
from cti.errors import BadRequest, NotPlayable

MOST_BYTES: Final = 10 << 20
MOST_SECONDS: Final = 600
SPEAK_SECONDS: Final = 30.0
CONVERT_SECONDS: Final = 60.0

VOICES: Final = {"zh": ("-v", "cmn", "-s", "160"), "en": ("-v", "en-us", "-s", "155")}
FORM: Final = ("-t", "wav", "-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed-integer")
LEVEL: Final = ("norm", "-3")
# From the first to the last moment louder than -50 dB; what is added keeps words apart and plosives whole.
TRIMMED: Final = ("silence", "1", "0.005", "-50d", "reverse", "silence", "1", "0.005", "-50d", "reverse")
PADDED: Final = ("pad", "0.02", "0.05")
PADDING_MS: Final = 70


class Studio:
    """`folder` has the unpacked programs, if there are any; the rest of the machine is looked at first."""

    def __init__(self, folder: Path, at_once: int | None = None) -> None:
        self._folder = folder
        self._places = asyncio.Semaphore(at_once or os.cpu_count() or 1)
        self._found: Programs | None = None

    @property
    def programs(self) -> Programs:
        """Raises `NoVoice`; looked for anew until there."""
        self._found = self._found or find(self._folder)
        return self._found

    async def speak(self, text: str, language: str, target: Path) -> Sound:
        """Put the spoken text at `target`. Raises `BadRequest`, `NotPlayable`, `NoVoice`."""
        if language not in VOICES:
            raise BadRequest(f"there is no voice for {language[:20]!r}; there are {', '.join(VOICES)}")
        line = spoken(plain(text))
        async with self._at_work(target) as folder:
            raw = folder / "spoken.wav"
            # The text comes by the input, so that one that looks like an option is none.
            command = (*self.programs.espeak, *VOICES[language], "-b", "1", "--stdin", "-w", str(raw))
            try:
                await run(self.programs, command, say=line.encode(), folder=folder, seconds=SPEAK_SECONDS)
                await self._finish(folder, raw, "wav", (*TRIMMED, *PADDED, *LEVEL))
            except Failed as failure:
                raise NotPlayable(f"the text cannot be spoken: {failure}") from None
            return await asyncio.to_thread(_deliver, folder, target, PADDING_MS, "nothing of this text can be heard")

    async def convert(self, content: bytes, target: Path) -> Sound:
        """Put an upload, wav or mp3, at `target` as a sound of ours. Raises `NotPlayable`, `NoVoice`."""
        if len(content) > MOST_BYTES:
            raise NotPlayable(f"a prompt has at most {MOST_BYTES >> 20} MiB")
        kind = kind_of(content)
        if kind is None:
            raise NotPlayable("this is neither a wav nor an mp3 file")
        async with self._at_work(target) as folder:
            raw = folder / "upload"
            await asyncio.to_thread(raw.write_bytes, content)
            try:
                await self._finish(folder, raw, kind, ("trim", "0", str(MOST_SECONDS + 1), *LEVEL))
            except Failed:
                raise NotPlayable(f"this {kind} file cannot be read as sound") from None
            return await asyncio.to_thread(_deliver, folder, target, 0, "there is no sound in this file")

    async def _finish(self, folder: Path, raw: Path, kind: str, effects: tuple[str, ...]) -> None:
        """Let sox make `finished.wav`; it is told what it reads, so that it tries none of its other formats."""
        command = (*self.programs.sox, "-V1", "-R", "-D", "-t", kind, str(raw), *FORM, str(folder / "finished.wav"))
        await run(self.programs, (*command, *effects), folder=folder, seconds=CONVERT_SECONDS)

    @asynccontextmanager
    async def _at_work(self, target: Path) -> AsyncIterator[Path]:
        """A place in the queue, and a folder on the target's disk."""
        async with self._places:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as name:
                yield Path(name)


def _deliver(folder: Path, target: Path, nothing_ms: int, otherwise: str) -> Sound:
    finished = folder / "finished.wav"
    try:
        sound = look(finished)
    except (ValueError, OSError):
        raise NotPlayable(otherwise) from None
    if sound.milliseconds <= nothing_ms:
        raise NotPlayable(otherwise)
    if sound.milliseconds > MOST_SECONDS * 1000:
        raise NotPlayable(f"a prompt lasts at most {MOST_SECONDS // 60} minutes")
    with finished.open("rb+") as file:
        os.fsync(file.fileno())
    finished.chmod(0o644)  # Asterisk may be another user
    finished.replace(target)
    return sound
