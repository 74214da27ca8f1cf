"""One inbox, one writer: facts go in, boards decide; what follows is journaled, carried out, published, in that order.

Intent is on record before it is acted upon, and a ringing phone waits for nobody to be told; whoever carries out the
order to ring holds it back where a screen is to hear first. Waits on nothing: the journal, the publisher and the
carriers of effects are plain functions that return at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cti.board import Board
from cti.effects import Effect, Forget, Later, News, SaveAgent, SaveCall, SaveFigures
from cti.errors import Refused
from cti.events import Event, Started
from cti.features import new_board
from cti.ids import Instant, TenantId
from cti.news import Published
from cti.records import AgentRecord, Call, Figures

log = logging.getLogger(__name__)


SETTLE_SECONDS: Final = 0.004
"""How long the second half of a turn waits: until then Asterisk needs the processor, for the phone that is to ring."""


class Clock:
    """Wall time that never jumps: the wall is read once, and the monotonic clock goes on from there."""

    def __init__(self) -> None:
        self._wall = time.time()
        self._start = time.monotonic()

    def __call__(self) -> Instant:
        return Instant(round((self._wall + time.monotonic() - self._start) * 1000))


@dataclass(slots=True)
class Turn:
    """What one fact led to, as the journal keeps it. `n` rises by one over all tenants and restarts."""

    n: int
    at: Instant
    tenant: TenantId
    fact: Event | None  # None: the second half of the turn before
    news: list[Published] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    agents: list[AgentRecord] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)


@dataclass(slots=True)
class _Seat:
    """One tenant's board with its place in the journal."""

    board: Board
    seq: int
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carriers:
    """Who does what the boards wish for. None of them may wait; what they raise is logged and goes no further."""

    journal: Callable[[Turn], None]
    publish: Callable[[TenantId, Sequence[Published]], None]
    orders: Mapping[type[Effect], Callable[[TenantId, Any], None]]
    complete: Mapping[str, Callable[[TenantId, News], Mapping[str, object]]] = field(default_factory=dict)
    """By type: what news tell, with what is known outside the boards and no decision stands on; before they are on
    record."""


class Engine:
    def __init__(self, carriers: Carriers, clock: Callable[[], Instant], *, first_turn: int = 1) -> None:
        self.clock: Final = clock
        self._carriers = carriers
        self._seats: dict[TenantId, _Seat] = {}
        self._inbox: deque[tuple[TenantId, Event]] = deque()
        self._busy = False
        self._unsettled: tuple[TenantId, Instant] | None = None
        self._n = first_turn
        self.faults = 0
        self.turns = 0

    # --- the tenants ---

    def open(
        self,
        tenant: TenantId,
        started: Started,
        *,
        last_seq: int,
        seated: Callable[[TenantId], None] = lambda _: None,
    ) -> None:
        """Seat a tenant: its board begins with what the store remembers. `seated` is called before its first turn."""
        self._seats[tenant] = _Seat(new_board(tenant), last_seq)
        seated(tenant)
        self.post(started, tenant)

    def board(self, tenant: TenantId) -> Board:
        return self._seats[tenant].board

    def seq(self, tenant: TenantId) -> int:
        return self._seats[tenant].seq

    @property
    def tenants(self) -> list[TenantId]:
        return list(self._seats)

    # --- the inbox ---

    def post(self, event: Event, tenant: TenantId | None = None) -> None:
        """Take a fact in; without a tenant it is told to all of them, and those it does not concern ignore it."""
        if tenant is not None:
            self._inbox.append((tenant, event))
        else:
            self._inbox.extend((one, event) for one in self._seats)
        if self._busy:
            return  # the one who is at work takes it next
        self._work_off()

    def ask(self, event: Event, tenant: TenantId) -> None:
        """Take a wish in and say at once whether it can be; raises `Refused` and changes nothing."""
        assert not self._busy, "wishes come from people, never from within a turn"
        self._turn(tenant, event)
        self._work_off()

    def _work_off(self) -> None:
        while self._inbox:
            each, fact = self._inbox.popleft()
            try:
                self._turn(each, fact)
            except Refused as refusal:
                log.info("%s refused: %s", type(fact).__name__, refusal.message)
            except Exception:
                # One odd event must not cost the link, the other calls or the timers.
                self.faults += 1
                log.exception("%s could not be taken in", type(fact).__name__)

    def _turn(self, tenant: TenantId, event: Event) -> None:
        self._settle()
        seat = self._seats[tenant]
        self._busy = True
        try:
            effects = seat.board.decide(event)
            orders = [effect for effect in effects if type(effect) in self._carriers.orders]
            effects += seat.board.saves() if orders else seat.board.settle(event.at)
            turn = self._record(tenant, seat, event.at, event, effects)
            for order in orders:
                self._carry_out(tenant, order)
            self._tell(tenant, seat, turn, effects)
        finally:
            self._busy = False
        if orders:
            self._unsettled = (tenant, event.at)
            asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._settle)

    def _carry_out(self, tenant: TenantId, order: Effect) -> None:
        try:
            self._carriers.orders[type(order)](tenant, order)
        except Exception:
            self.faults += 1
            log.exception("%s could not be carried out", type(order).__name__)

    def _settle(self) -> None:
        """Finish the turn whose orders have gone out; always before the next one begins."""
        if self._unsettled is None:
            return
        (tenant, at), self._unsettled = self._unsettled, None
        seat = self._seats[tenant]
        effects = seat.board.settle(at)
        self._tell(tenant, seat, self._record(tenant, seat, at, None, effects), effects)

    def _record(
        self, tenant: TenantId, seat: _Seat, at: Instant, event: Event | None, effects: Sequence[Effect]
    ) -> Turn:
        """Number the news and journal the turn."""
        self.turns += 1
        turn = Turn(self._n, at, tenant, event)
        self._n += 1
        completes = self._carriers.complete
        for effect in effects:
            if isinstance(effect, News):
                seat.seq += 1
                told, complete = effect.data, completes.get(effect.type)
                if complete is not None:
                    told = complete(tenant, effect)
                turn.news.append(
                    Published(seat.seq, effect.type, effect.at, told, effect.call, effect.agents, effect.queue)
                )
            elif isinstance(effect, SaveCall):
                turn.calls.append(effect.call)
            elif isinstance(effect, SaveAgent):
                turn.agents.append(effect.record)
            elif isinstance(effect, SaveFigures):
                turn.figures.append(effect.figures)
        self._carriers.journal(turn)
        return turn

    def _tell(self, tenant: TenantId, seat: _Seat, turn: Turn, effects: Sequence[Effect]) -> None:
        """Set the timers and publish the news of a turn that is on record."""
        for effect in effects:
            if isinstance(effect, Later | Forget):
                self._set_timer(tenant, seat, effect)
        if turn.news:
            self._carriers.publish(tenant, turn.news)

    def _set_timer(self, tenant: TenantId, seat: _Seat, effect: Later | Forget) -> None:
        old = seat.timers.pop(effect.key, None)
        if old is not None:
            old.cancel()
        if isinstance(effect, Later):
            delay = max(effect.at - self.clock(), 0) / 1000
            loop = asyncio.get_running_loop()
            seat.timers[effect.key] = loop.call_later(delay, self._fire, tenant, seat, effect)

    def _fire(self, tenant: TenantId, seat: _Seat, effect: Later) -> None:
        seat.timers.pop(effect.key, None)
        self.post(effect.event, tenant)

    def close(self) -> None:
        """Stop all timers; nothing happens any more by itself."""
        self._settle()
        for seat in self._seats.values():
            for timer in seat.timers.values():
                timer.cancel()
            seat.timers.clear()
