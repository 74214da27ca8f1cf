"""Keeps a few programs running: one that dies is started again within a second, more slowly if it keeps dying.

It declines to know what they are.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from adapters.lab.children import Child
from adapters.lab.failures import LabFailure

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0
LIVED_WELL: Final = 15.0  # seconds; a program that died after so long starts with the first pause again


@dataclass(slots=True)
class Kept:
    """One program and what became of it."""

    name: str
    grace: float
    again: Callable[[], Child]
    """How it is started again: at once, without waiting for it, since others may have died with it."""
    child: Child | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0

    def start(self, launch: Callable[[], Child]) -> None:
        """Start it; a failure is the caller's."""
        self.child = launch()
        self.started = time.monotonic()


@dataclass(slots=True)
class Keeper:
    """All programs, in the order in which they were started."""

    say: Callable[[str], None]
    all: list[Kept] = field(default_factory=list)

    def start(
        self, name: str, launch: Callable[[], Child], *, grace: float, again: Callable[[], Child] | None = None
    ) -> None:
        """Start a program and keep it running from now on; `again` starts it anew without waiting for anything."""
        kept = Kept(name, grace, again or launch)
        kept.start(launch)
        self.all.append(kept)

    def look(self) -> None:
        """Start again what has died, as soon as it is due."""
        now = time.monotonic()
        for kept in self.all:
            if kept.child is not None and (code := kept.child.ended()) is not None:
                self._mourn(kept, code, now)
            if kept.child is None and now >= kept.due:
                self._revive(kept, now)

    def stop(self) -> None:
        """End all of them, the last one started first; each gets its grace."""
        for kept in reversed(self.all):
            if kept.child is not None:
                kept.child.stop(kept.grace)
                kept.child = None

    def _mourn(self, kept: Kept, code: int, now: float) -> None:
        if kept.child is not None:
            kept.child.stop(0.0)  # whatever it left behind
        kept.child = None
        if now - kept.started > LIVED_WELL:
            kept.pause = FIRST_PAUSE
        kept.due = now + kept.pause
        self.say(f"{kept.name} ended ({_reason(code)}); starting it again in {kept.pause:.1f} s")
        kept.pause = min(kept.pause * 2, LONGEST_PAUSE)

    def _revive(self, kept: Kept, now: float) -> None:
        try:
            kept.start(kept.again)
        except LabFailure as failure:
            kept.due = now + kept.pause
            kept.pause = min(kept.pause * 2, LONGEST_PAUSE)
            self.say(f"{failure}; trying again")


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
