"""A caller by script, on a clock that only the script moves: tries a flow with the very engine that serves calls."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cti.errors import BadRequest
from cti.ids import Instant
from cti.ivr.flow import Flow
from cti.ivr.line import HungUp, Recorded
from cti.ivr.outcome import Caller, Outcome
from cti.ivr.ports import Ports
from cti.ivr.run import run
from cti.ivr.talk import SLICE

MOST_EVENTS: Final = 500
PROMPT_SECONDS: Final = 2.0
DIGIT_SECONDS: Final = 0.3
MESSAGE_SECONDS: Final = 5.0
_EVENT: Final = re.compile(r"|!?(?:hangup|[0-9*#]{1,64})")


class BadScript(BadRequest):
    """Events that are none."""

    code = "bad_script"


@dataclass(frozen=True, slots=True)
class Heard:
    """One line of a transcript: `kind` is played, pressed, silence, recorded, left, step or end."""

    at: Instant
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    lines: tuple[Heard, ...]
    outcome: Outcome


class ScriptedLine:
    """A caller by script.

    Each event answers one question of the flow: digits, "" for silence, "hangup". After a "!" it comes into the prompt
    before the question instead. A caller whose script is over stays silent. `leaves`: hangs up at the n-th thing that
    is done on the line, counted from 0.
    """

    def __init__(self, events: Sequence[str], at: Instant, leaves: int | None = None) -> None:
        if len(events) > MOST_EVENTS:
            raise BadScript(f"at most {MOST_EVENTS} events")
        for n, event in enumerate(events):
            if not _EVENT.fullmatch(event):
                raise BadScript(f"event {n + 1} is neither digits, nor empty for silence, nor hangup")
        self._events = deque(events)
        self._typed: deque[str] = deque()
        self._asked = False
        self._at = float(at)
        self._leaves = leaves
        self.done = 0
        self.heard: list[Heard] = []

    def now(self) -> Instant:
        return Instant(round(self._at))

    def tell(self, kind: str, text: str) -> None:
        self.heard.append(Heard(self.now(), kind, text))

    async def answer(self) -> None:
        self._do()

    async def play(self, prompts: Sequence[str], *, language: str, escape: str = "") -> str:
        self._do()
        self._asked = False
        self.tell("played", f"[{language}] {' '.join(prompts)}")
        if self._events and self._events[0] == "!hangup":
            self._leave()
        if escape and not self._typed and self._events and self._events[0].startswith("!"):
            self._typed.extend(self._events.popleft()[1:])
        if escape and self._typed:
            return self._press()
        self._pass(PROMPT_SECONDS * len(prompts))
        return ""

    async def digit(self, seconds: float) -> str:
        self._do()
        if seconds <= SLICE and not self._typed:  # no question, but listening while something real is waited for
            await asyncio.sleep(seconds)
            self._pass(seconds)
            return ""
        if not self._typed and not self._asked:
            self._typed.extend(self._next())
        self._asked = True
        if self._typed:
            return self._press()
        self.tell("silence", f"{seconds:g} s")
        self._pass(seconds)
        return ""

    async def record(self, name: str, *, seconds: float, stop_at: str = "", silence: float = 0.0) -> Recorded:
        self._do()
        length = min(MESSAGE_SECONDS, seconds)
        if self._events and self._events[0].endswith("hangup"):
            self._pass(length)
            raise self._gone(recorded=length)
        said = self._next()
        self._pass(length if said else silence)
        digit = next((one for one in said if one in stop_at), "")
        self.tell("recorded", f"{length if said else 0:g} s")
        return Recorded(length if said else 0.0, digit)

    def _next(self) -> str:
        """What the caller types at the next question."""
        event = self._events.popleft() if self._events else ""
        if event.endswith("hangup"):
            self._leave()
        return event.removeprefix("!")

    def _press(self) -> str:
        self._pass(DIGIT_SECONDS)
        digit = self._typed.popleft()
        self.tell("pressed", digit)
        return digit

    def _do(self) -> None:
        if self.done == self._leaves:
            self._leave()
        self.done += 1

    def _leave(self) -> None:
        raise self._gone()

    def _gone(self, recorded: float = 0.0) -> HungUp:
        self.tell("left", "the caller hung up")
        return HungUp(recorded)

    def _pass(self, seconds: float) -> None:
        self._at += seconds * 1000


async def simulate(
    flow: Flow,
    caller: Caller,
    events: Sequence[str],
    ports: Ports,
    *,
    at: Instant | None = None,
    leaves: int | None = None,
) -> Transcript:
    """Walk a flow with a scripted caller (see `ScriptedLine`), who calls `at` an instant or now; or BadScript."""
    line = ScriptedLine(events, ports.now() if at is None else at, leaves)
    tried = replace(
        ports, now=line.now, on_step=lambda step: line.tell("step", f"{step.flow}/{step.node} {step.type}: {step.exit}")
    )
    outcome = await run(flow, caller, line, tried)
    line.tell("end", str(outcome.end))
    return Transcript(lines=tuple(line.heard), outcome=outcome)
