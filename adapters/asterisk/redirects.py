"""Legs moved by AMI Redirect, one or two at once; asked again while a leg has not yet gone where it was sent before.

Asterisk marks a leg that it is to move with the very flag of one that is to be hung up, until that leg's own thread has
taken notice; meanwhile it refuses every further Redirect with "not up" and does nothing. That is a refusal, so asking
again is safe. A leg that does hang up is gone by the next try.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure, Rejected
from adapters.asterisk.wire import Message

log = logging.getLogger(__name__)

Done = Callable[[Message | LinkFailure], None]
Send = Callable[[Action, Done | None], None]

AGAIN_AFTER: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""Seconds between tries."""
NOT_UP: Final = "not up"
"""Of "Redirect failed, channel not up." and "… extra channel not up."; both are looked at before anything is done."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a channel goes; `priority` is a number or a label."""

    channel: str
    context: str
    exten: str
    priority: str = "1"


def redirect(steps: Sequence[Step]) -> Action:
    """One action for one leg or for two: those that talk with one another go at the same instant."""
    headers: list[tuple[str, str]] = []
    for prefix, step in zip(("", "Extra"), steps, strict=False):
        headers += [
            (f"{prefix}Channel", step.channel),
            (f"{prefix}Context", step.context),
            (f"{prefix}Exten", step.exten),
            (f"{prefix}Priority", step.priority),
        ]
    return Action("Redirect", headers)


class Redirects:
    """The newest order for a leg counts: an older one that waits for its next try is forgotten."""

    def __init__(self, send: Send, again_after: Sequence[float] = AGAIN_AFTER) -> None:
        self._send, self._again_after = send, again_after
        self._newest: dict[str, object] = {}  # channel -> the order that is under way for it

    def go(self, *steps: Step, done: Done | None = None) -> None:
        """Send one leg, or two at once, somewhere; `done` hears what came of it, unless a newer order took over."""
        order = object()
        for step in steps:
            self._newest[step.channel] = order
        self._try(order, steps, done, 0)

    def _try(self, order: object, steps: Sequence[Step], done: Done | None, tries: int) -> None:
        wanted = [step for step in steps if self._newest.get(step.channel) is order]
        if not wanted:
            return

        def told(outcome: Message | LinkFailure) -> None:
            refused = isinstance(outcome, Rejected) and NOT_UP in outcome.why
            if refused and tries < len(self._again_after):
                loop = asyncio.get_running_loop()
                loop.call_later(self._again_after[tries], self._try, order, wanted, done, tries + 1)
                return
            for step in wanted:
                if self._newest.get(step.channel) is order:
                    del self._newest[step.channel]
            if done is not None:
                done(outcome)
            elif isinstance(outcome, LinkFailure):
                log.warning("a leg was not moved: %s", outcome)

        self._send(redirect(wanted), told)
