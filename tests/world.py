"""A call centre in a test: a pretend Asterisk that keeps the dialplan's promises, and a clock moved by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cti import events as ev
from cti.board import Board
from cti.dispositions import Disposition
from cti.effects import Deliver, Effect, Forget, HangUp, Later, News, Recall, SaveCall, TakeSnapshot
from cti.features import new_board
from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, QueueName, TenantId
from cti.reasons import Reason
from cti.records import AgentProfile, AgentRecord, Call, Figures, QueueSettings, State
from cti.shapes import agent_shape, call_brief

MONDAY_10 = Instant(1_795_399_200_000)  # 2026-11-23 10:00 in Shanghai


class World:
    """Queues are named like their agents expect; every agent starts signed out with a registered desk phone."""

    def __init__(
        self,
        *agents: str,
        queues: Iterable[QueueSettings] = (),
        acw: int = 0,
        reasons: Iterable[Reason] = (),
        dispositions: Iterable[Disposition] = (),
    ) -> None:
        self.now = MONDAY_10
        self.reasons, self.dispositions = tuple(reasons), tuple(dispositions)
        self.queue_settings = tuple(queues) or (QueueSettings(name=QueueName("sales"), acw_seconds=acw),)
        self.profiles = tuple(
            AgentProfile(
                agent_no=AgentNo(no),
                name=f"Agent {no}",
                devices=(DeviceName(no), DeviceName(f"{no}-web")),
                queues=tuple(q.name for q in self.queue_settings),
            )
            for no in agents
        )
        self.board: Board = new_board(TenantId("demo"))
        self.facts: list[ev.Event] = []
        self.effects: list[Effect] = []
        self.timers: dict[str, Later] = {}
        self.saved: dict[CallId, Call] = {}
        self.folded: dict[CallId, Mapping[str, object]] = {}
        self.seen: dict[AgentNo, Mapping[str, object]] = {}
        self.counter = 0
        self.take(
            ev.Started(
                at=self.now,
                timezone="Asia/Shanghai",
                queues=self.queue_settings,
                agents=self.profiles,
                vips={"+8613800000001": 10},
                reasons=self.reasons,
                dispositions=self.dispositions,
            )
        )
        self.take(ev.SnapshotTaken(at=self.now, legs=(), devices={DeviceName(no): "NOT_INUSE" for no in agents}))

    # --- the machine ---

    def take(self, event: ev.Event) -> list[Effect]:
        self.facts.append(event)
        effects = self.board.take(event)
        for effect in effects:
            if isinstance(effect, Later):
                self.timers[effect.key] = effect
            elif isinstance(effect, Forget):
                self.timers.pop(effect.key, None)
            elif isinstance(effect, SaveCall):
                self.saved[effect.call.id] = effect.call
        self.effects += effects
        self._fold(event, effects)
        return effects

    def _fold(self, event: ev.Event, effects: Iterable[Effect]) -> None:
        """What clients make of the news is how each agent and each call stands."""
        for one in effects:
            if isinstance(one, News) and one.type.startswith("call.") and one.type != "call.left":
                assert one.call is not None
                self.folded[one.call] = one.data
            elif isinstance(one, News) and one.type == "agent.updated":
                self.seen[AgentNo(str(one.data["agent_no"]))] = one.data
        for no, shown in self.seen.items():
            assert no not in self.board.agents or shown == agent_shape(self.board.agents[no]), f"after {event}"
        for call in self.board.calls.values():
            if call.told and call.state is not State.ENDED:
                now, told = call_brief(call), self.folded[call.id]
                assert {key: told[key] for key in now} == now, f"after {event}"

    def passes(self, seconds: float) -> None:
        """Let time go by; timers fire in order."""
        until = Instant(self.now + round(seconds * 1000))
        while True:
            due = sorted((t for t in self.timers.values() if t.at <= until), key=lambda t: (t.at, t.key))
            if not due:
                break
            del self.timers[due[0].key]
            self.now = max(self.now, due[0].at)
            self.take(due[0].event)
        self.now = until

    # --- people ---

    def edited(self) -> None:
        """Somebody has changed queues, reasons or dispositions, as they stand here now."""
        self.take(
            ev.DirectoryChanged(
                at=self.now,
                queues=self.queue_settings,
                agents=self.profiles,
                reasons=self.reasons,
                dispositions=self.dispositions,
            )
        )

    def status(self, agent: str, status: str, reason: str | None = None, *, forced: bool = False) -> None:
        self.take(ev.StatusAsked(at=self.now, agent=AgentNo(agent), status=status, reason=reason, forced=forced))

    def ready(self, *agents: str) -> None:
        for agent in agents:
            self.status(agent, "ready")

    # --- callers ---

    def caller_joins(self, queue: str = "sales", number: str = "+8613900000000", **more: object) -> CallId:
        self.counter += 1
        n = self.counter
        call = CallId(f"{self.now // 1000}-{n}-000000")
        words: dict[str, object] = {"priority": 0, "screened": False, "name": "王小明", **more}
        self.take(
            ev.CallerWaiting(
                at=self.now,
                call=call,
                leg=LegId(f"c{n}"),
                channel=f"PJSIP/cti-trunk-{n:08x}",
                linkedid=f"c{n}",
                queue=QueueName(queue),
                number=number,
                dialled="4001",
                since=self.now,
                **words,  # type: ignore[arg-type]
            )
        )
        return call

    def caller_leaves(self, call: CallId) -> None:
        record = self.call(call)
        agent_leg = next((leg for leg in record.legs[1:] if leg.ended_at is None), None)
        if agent_leg is not None:  # app_dial hangs the called leg up before the calling one
            self.take(ev.LegEnded(at=self.now, leg=agent_leg.id, cause=16))
        self.take(ev.LegEnded(at=self.now, leg=record.customer.id, cause=16))

    # --- phones ---

    def _dial(self, call: CallId) -> LegId:
        record = self.call(call)
        offer = record.offers[-1]
        leg = LegId(f"{record.customer.id}-a{offer.n}")
        if record.leg(leg) is None:
            self.take(
                ev.LegDialled(
                    at=self.now,
                    leg=record.customer.id,
                    dialled=leg,
                    channel=f"PJSIP/{offer.device}-{offer.n:08x}",
                    device=offer.device,
                )
            )
        return leg

    def rings(self, call: CallId) -> None:
        self.take(ev.LegRinging(at=self.now, leg=self._dial(call)))

    def answers(self, call: CallId) -> None:
        leg = self._dial(call)
        if self.call(call).state is State.OFFERED:
            self.rings(call)
        self.take(ev.LegAnswered(at=self.now, leg=leg))
        self.take(ev.LegJoined(at=self.now, leg=leg, bridge="b1"))

    def agent_hangs_up(self, call: CallId) -> None:
        record = self.call(call)
        leg = next(leg for leg in record.legs[1:] if leg.ended_at is None)
        self.take(ev.LegEnded(at=self.now, leg=leg.id, cause=16))
        self.take(ev.LegEnded(at=self.now, leg=record.customer.id, cause=16))

    def delivery_ends(self, call: CallId, status: str, cause: int = 0, *, rang: bool = True) -> None:
        record = self.call(call)
        n = record.offers[-1].n
        leg = self._dial(call)
        if rang and record.state is State.OFFERED:
            self.rings(call)
        self.take(ev.LegEnded(at=self.now, leg=leg, cause=cause))
        self.take(ev.DeliveryEnded(at=self.now, call=call, n=n, status=status, cause=cause))

    def rings_out(self, call: CallId) -> None:
        self.rings(call)
        self.passes(15)
        self.delivery_ends(call, "NOANSWER")

    # --- what can be seen ---

    def call(self, call: CallId) -> Call:
        return self.board.calls.get(call) or self.saved[call]

    def rung(self, call: CallId) -> list[str]:
        return [offer.agent_no for offer in self.call(call).offers]

    def delivered(self) -> list[tuple[str, str]]:
        return [(e.call, e.device) for e in self.effects if isinstance(e, Deliver)]

    def news(self, call: CallId | None = None) -> list[str]:
        return [
            e.type
            for e in self.effects
            if isinstance(e, News) and (call is None or (e.call == call and not e.type.startswith("agent.")))
        ]

    def last(self, kind: str) -> dict[str, object]:
        return dict(next(e for e in reversed(self.effects) if isinstance(e, News) and e.type == kind).data)

    def wished(self, kind: type[Effect]) -> list[Effect]:
        return [e for e in self.effects if isinstance(e, kind)]

    def work(self, agent: str) -> str:
        return self.board.agents[AgentNo(agent)].work.value

    def says(self, agent: str) -> tuple[str, str | None]:
        record = self.board.agents[AgentNo(agent)].record
        return (record.status, record.reason)

    def figures(self, agent: str, queue: str = "sales") -> Figures:
        return self.board.queues[QueueName(queue)].figures_of(AgentNo(agent))

    def records(self) -> tuple[AgentRecord, ...]:
        return tuple(agent.record for agent in self.board.agents.values())


__all__ = ["HangUp", "Recall", "TakeSnapshot", "World"]
