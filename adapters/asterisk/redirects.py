"""Legs moved by AMI Redirect, one or two at once; asked again while a leg has not yet gone where it was sent before.

Asterisk marks a leg that it is to move with the very flag of one that is to be hung up, until that leg's own thread has
taken notice; meanwhile it refuses every further Redirect with "not up" and does nothing. That is a refusal, so asking
again is safe. A leg that does hang up is gone by the next try.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure, Rejected
from adapters.asterisk.wire import Message
from cti.ids import CallId

Done = Callable[[Message | LinkFailure], None]
Send = Callable[[Action, Done | None], None]

AGAIN_AFTER: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""Seconds between tries."""
ROOM: Final = "cti-room"
ENTERS_WITHIN: Final = 1.0
"""Seconds that a leg may take from the accepted order to the room; whoever waits for it goes then anyway."""
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


@dataclass(eq=False, slots=True)
class _Order:
    call: CallId
    done: Done
    entering: set[str] = field(default_factory=set)  # legs on the way into a room
    waited_for: bool = False  # all is carried out but that


class Redirects:
    """The newest order for a leg counts: an older one that waits for its next try is forgotten."""

    def __init__(self, send: Send, again_after: Sequence[float] = AGAIN_AFTER) -> None:
        self._send, self._again_after = send, again_after
        self._newest: dict[str, _Order] = {}  # channel -> the order that is under way for it
        self._entering: dict[str, _Order] = {}  # channel -> the order that sent it into a room
        self._under_way: dict[CallId, int] = {}
        self._then: dict[CallId, list[tuple[Callable[[], None], Callable[[], None]]]] = {}
        self._doubted: set[CallId] = set()

    def go(self, call: CallId, *steps: Step, done: Done) -> None:
        """Send one leg, or two at once, somewhere; `done` hears what came of it, unless a newer order took over."""
        order = _Order(call, done)
        self._under_way[call] = self._under_way.get(call, 0) + 1
        for step in steps:
            self._newest[step.channel] = order
            if self._entering:
                self.entered(step.channel)  # or is not going to, for a newer order took over
            if step.context == ROOM:
                self._entering[step.channel] = order
                order.entering.add(step.channel)
        self._try(order, steps, 0)

    def then(self, call: CallId, act: Callable[[], None], otherwise: Callable[[], None]) -> None:
        """Do this when the orders of that call have been carried out and its legs are in their rooms: a room that the
        last agent leaves while a customer comes in is closed with the customer inside. `otherwise` when an order has
        not been carried out, or when one before has come to nothing and nobody has looked since."""
        if call in self._under_way:
            self._then.setdefault(call, []).append((act, otherwise))
        elif call in self._doubted:
            otherwise()
        else:
            act()

    def entered(self, *names: str) -> None:
        """A leg, by whatever name or id it was sent, is in its room now."""
        for name in names:
            order = self._entering.pop(name, None)
            if order is not None:
                order.entering.discard(name)
                if order.waited_for and not order.entering:
                    self._over(order.call)

    def _wait_no_more(self, order: _Order) -> None:
        for name in tuple(order.entering):
            self.entered(name)

    def looked(self) -> None:
        """Somebody looks how things stand, and will put right what is not."""
        self._doubted.clear()

    def _over(self, call: CallId, *, failed: bool = False) -> None:
        self._under_way[call] -= 1
        if failed:
            self._doubted.add(call)
        if call in self._doubted:
            for _, otherwise in self._then.pop(call, ()):
                otherwise()
        if not self._under_way[call]:
            del self._under_way[call]
            for act, _ in self._then.pop(call, ()):
                act()

    def _try(self, order: _Order, steps: Sequence[Step], tries: int) -> None:
        wanted = [step for step in steps if self._newest.get(step.channel) is order]
        if not wanted:
            self._over(order.call)
            return

        def told(outcome: Message | LinkFailure) -> None:
            refused = isinstance(outcome, Rejected) and NOT_UP in outcome.why
            if refused and tries < len(self._again_after):
                loop = asyncio.get_running_loop()
                loop.call_later(self._again_after[tries], self._try, order, wanted, tries + 1)
                return
            for step in wanted:
                if self._newest.get(step.channel) is order:
                    del self._newest[step.channel]
            failed = isinstance(outcome, LinkFailure)
            if order.entering and order.call in self._then and not failed:
                order.waited_for = True
                asyncio.get_running_loop().call_later(ENTERS_WITHIN, self._wait_no_more, order)
            else:
                self._wait_no_more(order)
                self._over(order.call, failed=failed)
            order.done(outcome)

        self._send(redirect(wanted), told)
