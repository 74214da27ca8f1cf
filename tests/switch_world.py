"""A board, and beside it an Asterisk that it moves: what may happen in such a call centre, and what must hold in it."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from cti import events as ev
from cti.agents import Work
from cti.control import events as ce
from cti.effects import Effect, News, SaveCall
from cti.errors import Refused
from cti.features import new_board
from cti.ids import AgentNo, CallId, QueueName, TenantId
from cti.records import Call, QueueSettings, SegmentKind, State
from tests.control_world import ControlWorld
from tests.switch import Channel, Switch

AGENTS: Final = ("1001", "1002", "1003")
SUPERVISORS: Final = ("1900", "1901")
QUEUES: Final = tuple(QueueSettings(name=QueueName(name), acw_seconds=5) for name in ("sales", "support"))
ENGAGED: Final = (Work.TALKING, Work.HELD, Work.CONSULTING)
COUNTED: Final = (SegmentKind.TALKING, SegmentKind.HELD, SegmentKind.CONSULTING)

Fault = Callable[[], str]
"""What becomes of the next order: see `Switch.carry`; empty where it is carried out."""


class Centre(ControlWorld):
    """Each side hears of the other when a test lets it."""

    def __init__(self) -> None:
        self.switch = Switch(lambda: self.now)
        self.engaged: dict[str, int] = {}
        self.since: dict[str, int] = {}
        self.kept: dict[CallId, Call] = {}
        self.looked = False
        super().__init__(*AGENTS, *SUPERVISORS, queues=QUEUES)
        self.ready(*AGENTS[:2])

    def take(self, event: ev.Event) -> list[Effect]:
        effects = super().take(event)
        self.switch.wanted(effects)
        for one in effects:
            if isinstance(one, News) and one.type == "agent.updated":
                self._count(str(one.data["agent_no"]), Work(str(one.data["work"])), one.at)
            elif isinstance(one, SaveCall):
                self.kept[one.call.id] = copy.copy(one.call)
        return effects

    def _count(self, no: str, work: Work, at: int) -> None:
        """The time that agents spend in talks, by what the events say."""
        if no in self.since:
            self.engaged[no] = self.engaged.get(no, 0) + at - self.since.pop(no)
        if work in ENGAGED:
            self.since[no] = at

    # --- time goes on, on both sides ---

    def hears(self) -> None:
        """The next news, as of now: how late it is, is the clock's affair."""
        self.take(replace(self.switch.news.popleft(), at=self.now))

    def looks(self) -> None:
        self.switch.looks, self.looked = 0, True
        self.take(self.switch.snapshot((*AGENTS, *SUPERVISORS), list(self.board.calls)))

    def told(self) -> None:
        """What the link says of orders that failed, when it is due."""
        due = [event for at, event in self.switch.told if at <= self.now]
        self.switch.told = [one for one in self.switch.told if one[0] > self.now]
        for event in due:
            self.take(event)

    def settles(self, seconds: int = 0, fault: Fault = str) -> None:
        """Everything under way comes to its end, and then so many seconds go by."""
        switch = self.switch
        while True:
            while switch.orders or switch.news or switch.looks or any(at <= self.now for at, _ in switch.told):
                if switch.orders:
                    switch.carry(fault())
                elif switch.news:
                    self.hears()
                elif switch.looks:
                    self.looks()
                else:
                    self.told()
            switch.goes_on()
            if switch.orders or switch.news or switch.looks:
                continue
            if seconds <= 0 and not switch.told:
                return
            seconds -= 1
            self.passes(1)

    # --- what breaks ---

    def link_breaks(self) -> None:
        self.take(ev.LinkLost(at=self.now, reason="cut"))
        self.unheard()

    def unheard(self) -> None:
        """Nobody listens, and no order gets through."""
        self.switch.news.clear()
        self.switch.orders.clear()
        self.switch.told.clear()
        self.switch.looks = 0

    def killed(self) -> None:
        """kill -9, and a new server with what the store has of the old one."""
        calls = [self._remembered(one) for one in self.kept.values() if one.state is not State.ENDED]
        records = copy.deepcopy(self.records())
        self.timers.clear()
        self.unheard()
        self.looked = True
        self.board = new_board(TenantId("demo"))
        self.take(
            ev.Started(
                at=self.now,
                timezone="Asia/Shanghai",
                queues=self.queue_settings,
                agents=self.profiles,
                records=records,
                calls=tuple(calls),
            )
        )
        self.unheard()

    def _remembered(self, call: Call) -> Call:
        found = copy.deepcopy(call)
        found.consult, found.watches, found.told, found.told_queue = None, [], False, ""
        for leg in found.legs:
            leg.place, leg.muted = "", False
        return found

    # --- what may happen ---

    def calls_back(self, queue: str) -> None:
        """Somebody has asked for it before."""
        self.switch.count += 1
        call = CallId(f"{self.now // 1000}-{self.switch.count}-555555-cb")
        self.take(
            ev.CallbackAsked(
                at=self.now,
                call=call,
                source=call,
                queue=QueueName(queue),
                number="+8613900000000",
                name="x",
                since=self.now,
            )
        )


# --- what must hold ---------------------------------------------------------------------------------------------------


def nobody_is_lost(w: Centre) -> None:
    """At rest, every caller is with somebody, waits for somebody, or is on hold by somebody who can take them back."""
    customers = {one.call: one for one in w.switch.channels.values() if one.since is not None}
    inbound = {one.id for one in w.board.calls.values() if one.state is not State.DIALLING and not one.nobody_there}
    assert set(customers) == inbound, "a call that is not up, or a caller whom nobody knows"
    for call, leg in customers.items():
        _is_cared_for(w, w.board.calls[call], leg)


def _is_cared_for(w: Centre, call: Call, leg: Channel) -> None:
    where = f"{leg.context} {leg.room} {call.state} {[(x.id, x.kind, x.place) for x in call.live()]}"
    beside = {one.id for one in w.switch.channels.values() if one.room and one.room == leg.room and one is not leg}
    talkers = {one.id for one in call.live("agent", "party")}
    dial = leg.dial or leg.dialled
    match call.state:
        case State.WAITING:
            assert (leg.context, leg.queue) == ("cti-wait", call.queue), where
        case State.OFFERED | State.RINGING:
            assert dial is not None, where
            assert dial.callee.device == call.offers[-1].device, where
        case State.TALKING:
            assert beside & talkers or dial is not None, where
        case State.HELD if call.customer.place != "hold":  # by the agent's own phone
            assert beside & talkers or dial is not None, where
        case State.HELD:
            assert leg.context == "cti-hold", where
            assert any(one.call == call.id and one.work in ENGAGED for one in w.board.agents.values()), where
        case State.IVR:
            assert leg.context == "cti-entry", where
        case _:
            raise AssertionError(where)


def nothing_is_left_over(w: Centre) -> None:
    """No leg without a call and a place in it, nobody busy with nothing."""
    for one in w.switch.channels.values():
        call = w.board.calls.get(one.call)
        assert call is not None, f"{one.name} in {one.context} belongs to no call"
        leg = call.leg(one.id)
        assert leg is not None, f"{one.name} in {one.context} is no leg of its call"
        assert leg.ended_at is None, f"{one.name} in {one.context} has ended"
    for agent in w.board.agents.values():
        mine = [one for one in w.switch.channels.values() if one.device == agent.no and one.since is None]
        assert len(mine) == (agent.work not in (Work.IDLE, Work.ACW)), (agent.no, agent.work, mine)
        assert (agent.call is not None) == bool(mine), (agent.no, agent.work, agent.call)
    for call in w.board.calls.values():
        for leg in call.live():
            assert leg.id in w.switch.channels, f"{leg.id} of {call.state} {call.id} is a ghost"


def seconds_add_up(w: Centre) -> None:
    """What the events say of each agent's talks, the segments say too; nobody is in two at once."""
    for no in (*AGENTS, *SUPERVISORS):
        mine = sorted(
            (one.started_at, one.ended_at or w.now)
            for call in w.saved.values()
            for one in call.segments
            if one.agent_no == no and one.kind in COUNTED
        )
        for (_, end), (start, _) in pairwise(mine):
            assert start >= end, f"{no} in two talks at once"
        if not w.looked:  # what was learnt from a snapshot is dated back, and no event tells of it
            assert sum(end - start for start, end in mine) == w.engaged.get(no, 0), no


def over(w: Centre) -> None:
    """Everybody hangs up, and nothing remains of anything."""
    for call in [one for one in w.board.calls.values() if one.nobody_there and one.state is State.WAITING]:
        w.take(ev.CallbackCancelAsked(at=w.now, call=call.id, by="x"))
    for one in list(w.switch.channels.values()):
        w.switch.hangs_up(one, 16)
    w.settles(10)
    assert not w.switch.channels
    assert not w.board.calls
    assert not w.board.legs
    assert all(a.work is Work.IDLE and a.call is None for a in w.board.agents.values())
    for call in w.saved.values():
        assert all(one.ended_at is not None for one in call.segments)
        assert all(one.result is not None for one in call.offers)
    seconds_add_up(w)


# --- what may happen --------------------------------------------------------------------------------------------------

Command = tuple[type[ce.Wish], dict[str, Any]]
OTHERS: Final = ("agent:", "agent:", "agent:", "13900001111")
TALKING: Final[tuple[Command, ...]] = (
    *[(ce.HoldAsked, {})] * 4,
    *[(ce.ConsultAsked, {"to": to}) for to in OTHERS * 2],
    *[(ce.ConferenceAsked, {"to": to}) for to in OTHERS],
    *[(ce.TransferAsked, {"to": to}) for to in ("queue:support", "agent:", "13900001111", "survey", "flow:main")],
    (ce.RemoveAsked, {"leg": ""}),
)
HELD: Final[tuple[Command, ...]] = (
    *[(ce.RetrieveAsked, {})] * 6,
    *[(ce.ConsultAsked, {"to": to}) for to in OTHERS],
    *[(ce.TransferAsked, {"to": to}) for to in ("queue:sales", "agent:", "13900001111", "flow:main")],
)
ASKING: Final[tuple[Command, ...]] = (
    *[(ce.ConsultAlternateAsked, {})] * 3,
    (ce.ConsultCompleteAsked, {}),
    (ce.ConferenceAsked, {}),
    (ce.ConsultCancelAsked, {}),
)
MODES: Final = ("listen", "whisper", "barge", "intercept", "intercept")
FINAL: Final = ("survey", "13900001111")
"""Targets after which the customer's call may end without anybody's hanging up."""


class Life:
    """One step of anything that may happen. `gently`: nobody hangs up, and nobody sends a customer away."""

    def __init__(self, w: Centre, seed: int, fault: Fault = str, *, gently: bool = False) -> None:
        self.w, self.switch = w, w.switch
        self.rng = random.Random(seed)
        self.fault = fault
        self.gently = gently

    def goes_on(self, steps: int) -> None:
        for _ in range(steps):
            self.happens()
            if self.rng.random() < 0.05:
                self.w.settles(fault=self.fault)

    def happens(self) -> None:
        switch, rng = self.switch, self.rng
        what = rng.randrange(20)
        if what < 6 and switch.orders:
            switch.carry(self.fault() or ("late" if rng.random() < 0.1 else ""))
        elif what < 11 and switch.news:
            self.w.hears()
        elif what < 13:
            switch.goes_on()
            if switch.looks and rng.random() < 0.5:
                self.w.looks()
            self.w.told()
        elif what == 13:
            self.w.passes(rng.choice((0, 0.1, 0.6, 1)))
        elif what == 14 and len(self.w.board.calls) < 2:
            switch.incoming(rng.choice(("sales", "support")))
        else:
            try:
                self.commands() if what < 18 else self.people()
            except Refused:
                self.w.facts.pop()

    def commands(self) -> None:
        """Somebody wants something; mostly of a call they have."""
        w, rng = self.w, self.rng
        calls = list(w.board.calls.values())
        if not calls:
            return
        call = rng.choice(calls)
        if rng.random() < 0.25:
            self.supervises(call.id)
            return
        inside = [agent.no for agent in w.board.agents.values() if agent.call == call.id and agent.work in ENGAGED]
        if call.consult is not None and rng.random() < 0.9:
            inside = [call.consult.by]
        agent = rng.choice(inside) if inside and rng.random() < 0.95 else rng.choice(AGENTS)
        kind, words = self.fitting(call)
        said = dict(words)
        if said.get("to") == "agent:":
            said["to"] += rng.choice([one for one in (*AGENTS, *SUPERVISORS) if one != agent])
        if "leg" in said:
            said["leg"] = rng.choice([one.id for one in call.legs]) if call.legs else ""
        if not self.gently or (said.get("to") not in FINAL and kind is not ce.RemoveAsked):
            w.asks(kind, agent, call.id, **said)

    def fitting(self, call: Call) -> Command:
        """What somebody would want of such a call; now and then, something else."""
        rng = self.rng
        if rng.random() < 0.1:
            return rng.choice(TALKING + HELD + ASKING)
        if call.consult is not None:
            return rng.choice(ASKING)
        if call.state in (State.WAITING, State.OFFERED, State.RINGING) and rng.random() < 0.2:
            return (ce.PickUpAsked, {})
        return rng.choice(HELD if call.state is State.HELD else TALKING)

    def supervises(self, call: CallId) -> None:
        w, by = self.w, self.rng.choice(SUPERVISORS)
        match self.rng.randrange(6 if self.gently else 0, 20):
            case 0:
                w.take(ce.DropAsked(at=w.now, call=call, by=by))
            case 1 | 2:
                w.asks(ce.WatchStopAsked, by, call)
            case 3 | 4:
                w.asks(ce.PickUpAsked, by, call, anybody=True)
            case 5:
                w.take(ce.RequeueAsked(at=w.now, call=call, by=by, queue=QueueName("support"), front=True))
            case _:
                w.asks(ce.WatchAsked, by, call, mode=self.rng.choice(MODES))

    def people(self) -> None:
        """A phone rings, is picked up, is hung up; an agent comes back; a flow ends."""
        w, switch, rng = self.w, self.switch, self.rng
        ringing = [one for one in switch.channels.values() if not one.up]
        up = [one for one in switch.channels.values() if one.up]
        flows = [one for one in up if one.context == "cti-entry"]
        match rng.randrange(7 if self.gently else 0, 20):
            case 0 if ringing:
                switch.hangs_up(rng.choice(ringing), rng.choice((17, 19, 21, 16)))
            case 1 | 2 if up:
                switch.hangs_up(rng.choice(up), 16)
            case 3 if len(w.board.calls) < 3:
                call = CallId(f"{w.now // 1000}-{switch.count}-777777")
                to = rng.choice(("13900001111", "agent:1003"))
                w.take(ce.DialAsked(at=w.now, agent=AgentNo(rng.choice(AGENTS)), call=call, to=to))
            case 4 if len(w.board.calls) < 2:
                w.calls_back(rng.choice(("sales", "support")))
            case 5 if flows:
                switch.flow_ends(rng.choice(flows), "sales")
            case 6 if up:
                switch.holds(rng.choice(up), rng.choice((ev.LegHeld, ev.LegRetrieved)))
            case 7:
                w.status(rng.choice(AGENTS), "ready" if self.gently else rng.choice(("ready", "ready", "not_ready")))
            case _ if ringing:
                one = rng.choice(ringing)
                switch.rings(one) if not one.rang and rng.random() < 0.3 else switch.answers(one)
