"""A call centre whose legs can be moved: what Asterisk would say to each order of call control."""

from __future__ import annotations

from typing import Any

from cti import events as ev
from cti.control import events as ce
from cti.control.effects import Invite, Move
from cti.effects import Effect, HangUp
from cti.errors import Refused
from cti.ids import AgentNo, CallId, LegId
from cti.records import Call, Leg
from cti.shapes import agent_shape, call_shape
from tests.world import World


class ControlWorld(World):
    """Every agent is signed in with a free phone; only those named to `ready` get calls."""

    def __init__(self, *agents: str, **more: Any) -> None:
        super().__init__(*agents, **more)
        for agent in agents:
            self.status(agent, "not_ready", "培训")

    def talk(self, agent: str = "1001") -> CallId:
        self.ready(agent)
        call = self.caller_joins()
        self.answers(call)
        self.passes(10)
        return call

    def asks(self, kind: type[ce.Wish], agent: str, call: CallId, **words: Any) -> list[Effect]:
        return self.take(kind(at=self.now, agent=AgentNo(agent), call=call, **words))

    def refused(self, kind: type[ce.Wish], agent: str, call: CallId, **words: Any) -> str:
        """The code of the refusal, which has changed nothing."""
        before = self.everything()
        try:
            self.asks(kind, agent, call, **words)
        except Refused as refusal:
            assert self.everything() == before
            return refusal.code
        raise AssertionError(f"{kind.__name__} was accepted")

    def everything(self) -> object:
        board = self.board
        return (
            [call_shape(call) for call in board.calls.values()],
            [agent_shape(agent) for agent in board.agents.values()],
            {name: list(queue.line) for name, queue in board.queues.items()},
            sorted(self.timers),
        )

    # --- what Asterisk says ---

    def dials(self, call: CallId, by: LegId, device: str, leg: str) -> LegId:
        """One leg rings another."""
        dialled = LegId(leg)
        channel = f"PJSIP/{device}-0000000a"
        self.take(ev.LegDialled(at=self.now, leg=by, dialled=dialled, channel=channel, device=device))  # type: ignore[arg-type]
        self.take(ev.LegRinging(at=self.now, leg=dialled))
        return dialled

    def picked_up(self, leg: LegId) -> None:
        self.take(ev.LegAnswered(at=self.now, leg=leg))

    def gone(self, leg: LegId | str, cause: int = 16) -> None:
        self.take(ev.LegEnded(at=self.now, leg=LegId(leg), cause=cause))

    def invited(self) -> LegId:
        """The phone of the last invitation rings."""
        order = next(e for e in reversed(self.effects) if isinstance(e, Invite))
        self.take(ce.LegInvited(at=self.now, leg=order.leg, channel=f"PJSIP/{order.device}-0000000b"))
        self.take(ev.LegRinging(at=self.now, leg=order.leg))
        return order.leg

    def leg(self, call: CallId, agent: str) -> Leg:
        found = self.call(call).agent_leg(AgentNo(agent))
        assert found is not None
        return found

    def consulting(self, call: CallId, answered: bool = True) -> LegId:
        """1001 asks 1002."""
        self.asks(ce.ConsultAsked, "1001", call, to="agent:1002")
        leg = self.dials(call, self.leg(call, "1001").id, "1002", f"{call}-b")
        if answered:
            self.picked_up(leg)
        self.passes(5)
        return leg

    def follows_orders(self) -> None:
        """Whoever we hang up is gone."""
        for order in [e for e in self.effects if isinstance(e, HangUp)]:
            call: Call | None = self.board.calls.get(order.call)
            found = None if call is None else next((x for x in call.live() if x.address == order.channel), None)
            if found is not None:
                self.gone(found.id)

    def moves(self) -> list[str]:
        return [e.spot.kind for e in self.effects if isinstance(e, Move)]

    def spans(self, call: CallId) -> list[tuple[str, str | None, float]]:
        return [
            (one.kind.value, one.agent_no, ((one.ended_at or self.now) - one.started_at) / 1000)
            for one in self.call(call).segments
            if (one.ended_at or self.now) > one.started_at
        ]
