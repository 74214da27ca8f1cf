"""One walk's conversation: what is played and typed, ahead of time or not, and the variables it fills."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from itertools import groupby
from typing import Final, TypeVar

from cti.ivr.flow import LANGUAGES, Flow, Node
from cti.ivr.line import DIGITS, HungUp, Line, Recorded
from cti.ivr.outcome import MASK, Answer, Caller, Message
from cti.ivr.ports import LookupFailed, Ports
from cti.ivr.settings import in_language
from cti.ivr.template import fill, variables_of

log: Final = logging.getLogger(__name__)
T = TypeVar("T")

MOST_AHEAD: Final = 64
SLICE: Final = 0.2
"""Seconds of listening at a time while something else is waited for."""


class Talk:
    """What a node has to do its work with."""

    def __init__(self, flow: Flow, caller: Caller, line: Line, ports: Ports) -> None:
        self._line = line
        self._ahead: deque[str] = deque()
        self._call = caller.call
        self.ports: Final = ports
        self.language = caller.language or flow.language
        self.variables: Final[dict[str, str]] = {
            **caller.variables,
            **caller.secrets,
            "call": caller.call,
            "caller": caller.number,
            "name": caller.name,
            "dialled": caller.dialled,
        }
        self.secret: Final[set[str]] = set(caller.secrets)
        self.answers: Final[list[Answer]] = []
        self.messages: Final[list[Message]] = []
        self.node = flow.nodes[flow.start]
        self.typed = ""
        self.typed_now = False
        """Whether the caller has typed anything since this was last reset."""
        self.masked = False

    def begin(self, node: Node) -> None:
        """The conversation of the next node begins; what was typed ahead stays."""
        self.node, self.typed, self.masked = node, "", False

    @property
    def shown_digits(self) -> str:
        """What was typed at this node, as it may be shown."""
        return MASK if self.masked and self.typed else self.typed

    async def play(self, prompts: Sequence[str], *, barge_in: bool = True) -> None:
        """Play prompts. A digit cuts them short and counts as typed at the next question, as do digits typed ahead."""
        for language, some in groupby(prompts, lambda prompt: in_language(prompt)[0]):
            if barge_in and self._ahead:
                return
            names = [in_language(prompt)[1] for prompt in some]
            escape = DIGITS if barge_in else ""
            self._keep(await self._line.play(names, language=language or self.language, escape=escape))

    async def digit(self, seconds: float) -> str:
        """The next digit, or nothing when none comes in time."""
        if not self._ahead:
            self._keep(await self._line.digit(seconds))
        digit = self._ahead.popleft() if self._ahead else ""
        self.typed += digit
        return digit

    async def digits(self, most: int, *, first: float, between: float, terminator: str) -> str:
        """Up to `most` digits; the terminator, or a pause, ends them sooner."""
        found = ""
        while len(found) < most:
            digit = await self.digit(between if found else first)
            if not digit or digit == terminator:
                break
            found += digit
        return found

    def clear(self) -> None:
        """Forget what was typed ahead."""
        self._ahead.clear()

    async def record(self, *, seconds: float, stop_at: str, silence: float, least: float) -> Message:
        """Record a message; a caller who hangs up at its end has left it all the same. One shorter than `least` is
        none."""
        at = self.ports.now()
        name = f"{re.sub('[^A-Za-z0-9-]', '-', self._call)}-{at}-{len(self.messages) + 1}"
        try:
            recorded = await self._line.record(name, seconds=seconds, stop_at=stop_at, silence=silence)
        except HungUp as gone:
            self._keep_message(Message(name=name, node=self.node.id, seconds=gone.recorded, at=at), least)
            raise
        self._ended_by(recorded)
        message = Message(name=name, node=self.node.id, seconds=recorded.seconds, at=at)
        self._keep_message(message, least)
        return message

    def _keep_message(self, message: Message, least: float) -> None:
        if message.seconds <= 0 or message.seconds < least:
            self.ports.on_empty(message)
            return
        self.messages.append(message)
        self.ports.on_message(message)

    def answer(self, survey: str, question: str, value: str, label: str) -> None:
        """Keep and tell the answer to a question."""
        answer = Answer(survey=survey, question=question, value=value, label=label, at=self.ports.now())
        self.answers.append(answer)
        self.ports.on_answer(answer)

    async def meanwhile(self, work: Awaitable[T], seconds: float) -> T:
        """Wait for `work`, listening to what the caller types ahead; LookupFailed when it fails or takes longer."""
        task = asyncio.ensure_future(work)
        ends = self.ports.now() + seconds * 1000
        try:
            await asyncio.wait({task}, timeout=0.05)
            while not task.done():
                if self.ports.now() >= ends:
                    raise LookupFailed(f"no answer in {seconds:g} seconds")
                self._keep(await self._line.digit(SLICE))
            return task.result()
        except (HungUp, LookupFailed):
            raise
        except Exception as fault:
            log.warning("call %s: node %s looked up in vain: %s", self._call, self.node.id, type(fault).__name__)
            raise LookupFailed(type(fault).__name__) from fault
        finally:
            task.cancel()
            task.add_done_callback(_forget)

    def words(self, kind: str, value: str, language: str = "") -> Sequence[str]:
        """The prompts that say a value; ValueError when it cannot be said."""
        return self.ports.say(kind, value, language or self.language)

    def fill(self, text: str, *, in_url: bool = False) -> str:
        return fill(text, self.variables, in_url=in_url)

    def set(self, name: str, value: str, *, secret: bool = False) -> None:
        """Set a variable; `language` is what prompts are spoken in from now on."""
        self.variables[name] = value
        (self.secret.add if secret else self.secret.discard)(name)
        if name == "language" and value in LANGUAGES:
            self.language = value

    def is_secret(self, text: str) -> bool:
        """Whether a text has a secret in it, once filled."""
        return not self.secret.isdisjoint(variables_of(text))

    def shown_variables(self) -> Mapping[str, str]:
        return {name: MASK if name in self.secret else value for name, value in self.variables.items()}

    def secrets(self) -> Mapping[str, str]:
        return {name: self.variables[name] for name in self.secret}

    def _keep(self, digit: str) -> None:
        if digit:
            self.typed_now = True
            if len(self._ahead) < MOST_AHEAD:
                self._ahead.append(digit)

    def _ended_by(self, recorded: Recorded) -> None:
        """The digit that ends a message is spent with it."""
        self.typed += recorded.digit
        self.typed_now = self.typed_now or bool(recorded.digit)


def _forget(task: asyncio.Future[T]) -> None:
    """Nobody waits for it any more, whatever it came to."""
    if not task.cancelled():
        task.exception()
