"""The boards as people meet them: a desk to ask at and a view to read from, for the web and the desktop."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from cti import events as ev
from cti.agents import AWAY
from cti.control import events as ce
from cti.engine import Engine
from cti.entry.numbers import international
from cti.errors import NoSuchTarget, NotFound
from cti.ids import AgentNo, CallId, DeviceName, Instant, OfferId, QueueName, TenantId
from cti.people import Principal, calls_for
from cti.permissions import DISPOSITIONS_CORRECT
from cti.records import Call
from cti.shapes import Shape, agent_shape, call_brief, call_shape, queue_shape

Sounds = Callable[[str, Collection[str], str], Sequence[str]]
"""Tenant, names of prompts, language -> the files of those that exist."""
Past = Callable[[TenantId, CallId], Awaitable[Call | None]]
"""Finds a call that is over; may raise `Refused`."""


class Desk:
    """Wishes of one tenant's people. Each returns at once (what is on record, in a moment) or raises `Refused`."""

    def __init__(self, engine: Engine, tenant: TenantId, sounds: Sounds, past: Past) -> None:
        self._engine = engine
        self._tenant = tenant
        self._sounds = sounds
        self._past = past
        self._dialled = 0

    def _ask(self, event: ev.Event) -> None:
        self._engine.ask(event, self._tenant)

    def status(
        self, agent: AgentNo, status: str, reason: str | None, device: str | None, by: str, forced: bool
    ) -> None:
        chosen = None if device is None else DeviceName(device)
        at = self._engine.clock()
        self._ask(ev.StatusAsked(at=at, agent=agent, status=status, reason=reason, device=chosen, by=by, forced=forced))

    def finish_acw(self, agent: AgentNo) -> None:
        self._ask(ev.AcwFinishAsked(at=self._engine.clock(), agent=agent))

    def hang_up(self, call: CallId, agent: AgentNo) -> None:
        self._ask(ev.HangUpAsked(at=self._engine.clock(), agent=agent, call=call))

    def wish(self, make: Callable[[Instant], ev.Event]) -> None:
        """Ask for what `make` says at this instant."""
        self._ask(make(self._engine.clock()))

    def supervise(self, call: CallId, who: Principal, permission: str, make: Callable[[Instant], ev.Event]) -> None:
        """The same, for a call within that person's reach; others are not found."""
        found = self._engine.board(self._tenant).call(call)
        reach = calls_for(who, permission, self._queues_of)
        if reach is not None and not reach.holds([offer.agent_no for offer in found.offers], found.queue):
            raise NotFound(f"no live call {call}")
        self.wish(make)

    def _queues_of(self, agent: AgentNo) -> Sequence[QueueName]:
        found = self._engine.board(self._tenant).agents.get(agent)
        return () if found is None else found.profile.queues

    def play(self, agent: AgentNo, call: CallId, prompt: str, side: str) -> None:
        if not self._sounds(self._tenant, (prompt,), ""):
            raise NoSuchTarget(f"there is no prompt {prompt[:64]!r}")
        self.wish(lambda at: ce.PlayAsked(at=at, agent=agent, call=call, prompt=prompt, side=side))

    def dial(self, agent: AgentNo, to: str, caller_id: str, recording: str = "") -> CallId:
        """Click-to-call; returns the call's id."""
        at = self._engine.clock()
        self._dialled += 1
        call = CallId(f"{at // 1000}-{self._dialled}-{secrets.randbelow(900_000) + 100_000}")
        self._ask(ce.DialAsked(at=at, agent=agent, call=call, to=to, caller_id=caller_id, recording=recording))
        return call

    async def dispose(self, call: CallId, agent: AgentNo, code: str, note: str, by: str = "") -> None:
        board = self._engine.board(self._tenant)
        known = call in board.calls or call in board.ended
        record = None if known else await self._past(self._tenant, call)
        self.wish(
            lambda at: ev.DispositionAsked(
                at=at, agent=agent, call=call, disposition=code, note=note.strip(), by=by, record=record
            )
        )

    async def correct(self, call: CallId, who: Principal, agent: AgentNo, code: str, note: str) -> None:
        if not who.reaches(DISPOSITIONS_CORRECT, agent):
            raise NotFound(f"there is no agent {agent}")
        await self.dispose(call, agent, code, note, who.username)

    def call_back(self, number: str, name: str, queue: QueueName, data: Mapping[str, str]) -> CallId:
        """Put a customer into a queue who is to be called back; returns the call's id."""
        at, number = self._engine.clock(), international(number)
        self._engine.board(self._tenant).dialling.allow(number)
        self._engine.board(self._tenant).queue(queue)
        self._dialled += 1
        source = CallId(f"{at // 1000}-{self._dialled}-{secrets.randbelow(900_000) + 100_000}")
        call = CallId(f"{source}-cb")
        data = {key: value for key, value in data.items() if key != "recording"}  # a flow's word, not a person's
        self._ask(
            ev.CallbackAsked(
                at=at, call=call, source=source, queue=queue, number=number, name=name, since=at, data=data
            )
        )
        return call

    def cancel_callback(self, call: CallId, by: str) -> None:
        self._ask(ev.CallbackCancelAsked(at=self._engine.clock(), call=call, by=by))

    def record(self, call: CallId, action: str, reach: Collection[AgentNo] | None, by: str) -> None:
        legs = self._engine.board(self._tenant).call(call).legs
        talking = {leg.agent_no for leg in legs if leg.agent_no is not None and leg.ended_at is None}
        if reach is not None and talking.isdisjoint(reach):
            raise NotFound(f"no live call {call}")
        self._ask(ev.RecordAsked(at=self._engine.clock(), call=call, action=action, by=by))

    def shown(self, agent: AgentNo, offer: OfferId) -> None:
        self._ask(ev.PopShown(at=self._engine.clock(), agent=agent, offer=offer))

    def desktop_opened(self, agent: AgentNo) -> None:
        self._engine.post(ev.DesktopOpened(at=self._engine.clock(), agent=agent), self._tenant)

    def desktop_closed(self, agent: AgentNo) -> None:
        self._engine.post(ev.DesktopClosed(at=self._engine.clock(), agent=agent), self._tenant)


class BoardView:
    """One tenant's live state, always as of the last published event."""

    def __init__(self, engine: Engine, tenant: TenantId, epoch: str) -> None:
        self._engine = engine
        self._tenant = tenant
        self._board = engine.board(tenant)
        self.epoch = epoch

    @property
    def seq(self) -> int:
        return self._engine.seq(self._tenant)

    @property
    def link_up(self) -> bool:
        return self._board.link_up

    def agents(self) -> Sequence[Shape]:
        return [agent_shape(self._board.agents[no]) for no in sorted(self._board.agents)]

    def agent(self, no: AgentNo) -> Shape | None:
        agent = self._board.agents.get(no)
        return None if agent is None else agent_shape(agent)

    def queues(self) -> Sequence[Shape]:
        return [queue_shape(self._board.queues[name]) for name in sorted(self._board.queues)]

    def queue(self, name: QueueName) -> Shape | None:
        queue = self._board.queues.get(name)
        return None if queue is None else queue_shape(queue)

    def queues_of(self, agent: AgentNo) -> Sequence[QueueName]:
        found = self._board.agents.get(agent)
        return () if found is None else found.profile.queues

    def live_calls(self) -> Sequence[Shape]:
        return [call_brief(call) for call in self._board.calls.values()]

    def calls_of(self, agent: AgentNo) -> Sequence[Shape]:
        return [call_brief(call) for call in self._board.calls.values() if agent in call.concerned]

    def call(self, call: CallId) -> Shape | None:
        found = self._board.calls.get(call)
        return None if found is None else call_shape(found)

    def devices(self, also: Collection[str] = ()) -> Sequence[Shape]:
        board = self._board
        known: dict[DeviceName, AgentNo | None] = {**dict.fromkeys(map(DeviceName, also)), **board.owners}
        return [
            {
                "name": device,
                "state": board.devices.get(device, "UNKNOWN"),
                "reachable": board.devices.get(device, "") not in AWAY,
                "agent_no": known[device],
            }
            for device in sorted(known)
        ]
