"""The line of flows (`cti.ivr.line`) over FastAGI: names of prompts and messages become files, HungUp becomes theirs.

Each prompt is one STREAM FILE, which tells the digit that cut it short; between two there is one round trip.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Final

from adapters.asterisk import failures
from adapters.asterisk.agi_line import AgiLine
from cti.ivr.line import DIGITS, HungUp, Recorded

log: Final = logging.getLogger(__name__)

LONGEST_PROMPT: Final = 900.0

PromptFile = Callable[[str, str], str | None]
"""Name, language -> an absolute path without its ending, or a sound of Asterisk's own; None when there is neither."""


class FlowLine:
    """One caller. `message_file`: the name of a message -> the absolute path, without ending, to record it at."""

    def __init__(self, line: AgiLine, prompt_file: PromptFile, message_file: Callable[[str], str]) -> None:
        self._line = line
        self._prompt_file, self._message_file = prompt_file, message_file

    async def answer(self) -> None:
        with _leaving():
            await self._line.answer()

    async def play(self, prompts: Sequence[str], *, language: str, escape: str = "") -> str:
        """A prompt that is not there is passed over: the caller may still know what to press."""
        for name in prompts:
            file = self._prompt_file(name, language)
            if file is None:
                log.warning("there is no prompt %s in %s", name, language)
                continue
            with _leaving():
                digit = await self._line.stream_file(_sound(file), escape, LONGEST_PROMPT)
            if digit:
                return digit
        return ""

    async def digit(self, seconds: float) -> str:
        """The keys A to D, which some equipment sends and no flow knows, count as nothing pressed."""
        with _leaving():
            digit = await self._line.wait_for_digit(seconds)
        return digit if digit in DIGITS else ""

    async def record(self, name: str, *, seconds: float, stop_at: str = "", silence: float = 0.0) -> Recorded:
        """After a beep."""
        file = PurePath(self._message_file(name))
        with _leaving():
            await self._line.stream_file("beep")
            digit, length = await self._line.record_file(file, stop_at, seconds, silence)
        return Recorded(length, digit)


@contextmanager
def _leaving() -> Iterator[None]:
    try:
        yield
    except failures.HungUp as gone:
        raise HungUp(gone.recorded) from None


def _sound(file: str) -> str | PurePath:
    return PurePath(file) if file.startswith("/") else file
