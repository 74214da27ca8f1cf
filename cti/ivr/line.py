"""What a flow can do with a caller. FastAGI is one line, the simulator's script another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

DIGITS: Final = "0123456789*#"


class HungUp(Exception):
    """The caller has left. `recorded`: seconds of the message that was being recorded then."""

    def __init__(self, recorded: float = 0.0) -> None:
        super().__init__("the caller has hung up")
        self.recorded = recorded


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message: how long it is, and the digit that ended it, if one did."""

    seconds: float
    digit: str = ""


class Line(Protocol):
    """One caller; one thing at a time. When the caller leaves, every method raises HungUp."""

    async def answer(self) -> None:
        """Take the call, if it is not taken yet."""

    async def play(self, prompts: Sequence[str], *, language: str, escape: str = "") -> str:
        """Play prompts without a gap; return the digit of `escape` that cut them short, or nothing at their end."""

    async def digit(self, seconds: float) -> str:
        """Return the next digit, or nothing when none comes in time."""

    async def record(self, name: str, *, seconds: float, stop_at: str = "", silence: float = 0.0) -> Recorded:
        """Record a message under a name (no path) until a digit of `stop_at`, `silence` or the most `seconds`."""
