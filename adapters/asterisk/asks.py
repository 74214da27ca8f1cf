"""Actions that wait for their answer, by id: matched, collected into lists, and ended by a deadline or a lost link.

It never sends anything, so nothing can be sent twice from here.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from adapters.asterisk.failures import LinkFailure, Rejected, SentUnknown, TooMuch
from adapters.asterisk.wire import Message

log = logging.getLogger(__name__)

Outcome = Message | LinkFailure
Done = Callable[[Outcome, list[Message]], None]

_ACTION_ID: Final = b"\r\nActionID: "
MOST_ITEMS: Final = 50_000
MOST_BYTES: Final = 32 * 2**20


def action_id_of(piece: bytes) -> bytes:
    """Return the id a message carries, without parsing the rest; empty where there is none."""
    at = piece.find(_ACTION_ID)
    if at < 0:
        return b""
    start = at + len(_ACTION_ID)
    end = piece.find(b"\r\n", start)
    return piece[start:] if end < 0 else piece[start:end]


@dataclass(slots=True, eq=False)
class _Ask:
    action: str
    done: Done
    timer: asyncio.TimerHandle
    is_list: bool
    items: list[Message] = field(default_factory=list)
    size: int = 0


class Asks:
    """The open questions of one session."""

    def __init__(self) -> None:
        self._open: dict[bytes, _Ask] = {}
        self.lists = 0
        """How many of them gather a list; while it is 0 no event needs to be looked at for an id."""
        self.late = 0

    def __len__(self) -> int:
        return len(self._open)

    def open(self, action_id: bytes, action: str, done: Done, seconds: float, *, is_list: bool = False) -> None:
        """Note that `action` is on its way; `done` is called exactly once, or never after `drop`."""
        timer = asyncio.get_running_loop().call_later(seconds, self._expire, action_id)
        self._open[action_id] = _Ask(action, done, timer, is_list)
        self.lists += is_list

    def drop(self, action_id: bytes) -> None:
        """Forget a question whose asker has left; its answer will be a late one."""
        self._take(action_id)

    def answered(self, piece: bytes) -> None:
        """Take a response."""
        action_id = action_id_of(piece)
        ask = self._open.get(action_id)
        if ask is None:
            self.late += 1
            return
        message = Message(piece, "")
        if message.get("Response") == "Error":
            self._end(action_id, Rejected(ask.action, message.get("Message")))
        elif not ask.is_list:
            self._end(action_id, message)

    def listed(self, piece: bytes, name: str) -> bool:
        """Take an event if it belongs to a list that is being gathered."""
        action_id = action_id_of(piece)
        ask = self._open.get(action_id)
        if ask is None or not ask.is_list:
            return False
        message = Message(piece, name)
        if name.endswith("Complete") or message.get("EventList") == "Complete":
            self._end(action_id, message)
            return True
        ask.items.append(message)
        ask.size += len(piece)
        if len(ask.items) > MOST_ITEMS or ask.size > MOST_BYTES:
            self._end(action_id, TooMuch(ask.action, "a longer list than can be taken"))
        return True

    def fail_all(self, kind: type[LinkFailure], why: str) -> None:
        """End every open question at once."""
        for action_id, ask in list(self._open.items()):
            self._end(action_id, kind(ask.action, why))

    def _expire(self, action_id: bytes) -> None:
        self._end(action_id, SentUnknown(self._open[action_id].action, "no answer by the deadline"))

    def _take(self, action_id: bytes) -> _Ask | None:
        ask = self._open.pop(action_id, None)
        if ask is not None:
            ask.timer.cancel()
            self.lists -= ask.is_list
        return ask

    def _end(self, action_id: bytes, outcome: Outcome) -> None:
        ask = self._take(action_id)
        if ask is None:
            return
        try:
            ask.done(outcome, ask.items)
        except Exception:
            log.exception("whoever asked for %s failed on the outcome", ask.action)
