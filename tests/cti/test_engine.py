"""One fact at a time: what it led to is journaled, then carried out, then published; and no fact costs another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cti import events as ev
from cti.board import Board, Rules
from cti.effects import Deliver, Effect, LookUp, News
from cti.engine import Carriers, Clock, Engine, Turn
from cti.errors import NotFound
from cti.ids import AgentNo, CallId, DeviceName, LegId, QueueName, TenantId
from cti.news import Published
from cti.records import AgentProfile, QueueSettings
from tests.adapters.asterisk.waiting import Bell

DEMO, OTHER = TenantId("demo"), TenantId("other")
AGENT = AgentNo("1001")


class Office:
    """Everything the engine tells, in one list, in order."""

    def __init__(self, *tenants: TenantId) -> None:
        self.bell = Bell()
        self.told: list[tuple[str, str]] = []
        self.turns: list[Turn] = []
        self.news: list[tuple[TenantId, Published]] = []
        self.orders: list[Effect] = []
        self.clock = Clock()
        carried: Mapping[type[Effect], Callable[[TenantId, Any], None]] = {Deliver: self._order, LookUp: self._order}
        self.engine = Engine(Carriers(self._journal, self._publish, carried), self.clock, first_turn=7)
        for tenant in tenants or (DEMO,):
            self.open(tenant)

    def open(self, tenant: TenantId, *, acw: int = 10) -> None:
        queue = QueueSettings(name=QueueName("sales"), acw_seconds=acw)
        who = AgentProfile(agent_no=AGENT, name="Li", devices=(DeviceName("1001"),), queues=(queue.name,))
        started = ev.Started(at=self.clock(), timezone="UTC", queues=(queue,), agents=(who,))
        self.engine.open(tenant, started, last_seq=40)
        devices = {DeviceName("1001"): "NOT_INUSE"}
        self.engine.post(ev.SnapshotTaken(at=self.clock(), legs=(), devices=devices), tenant)

    def completes(self, kind: str, complete: Callable[[TenantId, News], Mapping[str, object]]) -> None:
        """Let somebody outside have a word in news of this kind."""
        self.engine._carriers = replace(self.engine._carriers, complete={kind: complete})

    def carries(self, kind: type[Effect], act: Callable[[TenantId, Any], None]) -> None:
        """Have somebody else carry out orders of this kind."""
        orders = {**self.engine._carriers.orders, kind: act}
        self.engine._carriers = replace(self.engine._carriers, orders=orders)

    def _journal(self, turn: Turn) -> None:
        self.turns.append(turn)
        self.told.append(("journal", type(turn.fact).__name__))

    def _publish(self, tenant: TenantId, news: Sequence[Published]) -> None:
        self.news += [(tenant, one) for one in news]
        self.told += [("publish", one.type) for one in news]
        self.bell.ring()

    def _order(self, tenant: TenantId, order: Effect) -> None:
        self.orders.append(order)
        self.told.append(("order", type(order).__name__))
        self.bell.ring()

    # --- facts ---

    def ready(self, tenant: TenantId = DEMO) -> None:
        self.engine.ask(ev.StatusAsked(at=self.clock(), agent=AGENT, status="ready"), tenant)

    def caller(self, n: int = 1) -> ev.CallerWaiting:
        return ev.CallerWaiting(
            at=self.clock(),
            call=CallId(f"1-{n}-000000"),
            leg=LegId(f"c{n}"),
            channel=f"PJSIP/cti-trunk-{n:08x}",
            linkedid=f"c{n}",
            queue=QueueName("sales"),
            number="+8613800001234",
            name="张伟明",
            dialled="4001",
            since=self.clock(),
            priority=0,
            screened=False,
        )

    def answered_call(self, tenant: TenantId = DEMO) -> None:
        now = self.clock()
        self.engine.post(self.caller(), tenant)
        device = DeviceName("1001")
        for fact in (
            ev.LegDialled(at=now, leg=LegId("c1"), dialled=LegId("a1"), channel="PJSIP/1001-1", device=device),
            ev.LegRinging(at=now, leg=LegId("a1")),
            ev.LegAnswered(at=now, leg=LegId("a1")),
            ev.LegEnded(at=now, leg=LegId("a1"), cause=16),
            ev.LegEnded(at=now, leg=LegId("c1"), cause=16),
        ):
            self.engine.post(fact, tenant)

    def boom(self, kind: type[ev.Event], tenant: TenantId = DEMO) -> None:
        """Make a feature that falls over whenever it sees this kind of event."""

        def falls_over(board: Board, event: ev.Event) -> Sequence[Effect]:
            raise RuntimeError("a feature fell over")

        board = self.engine.board(tenant)
        features = {**board.rules.features, kind: (falls_over,)}
        board.rules = Rules(board.rules.folds, features, board.rules.assign, board.rules.closing)


async def test_a_fact_is_journaled_before_anything_is_ordered_and_its_news_come_after() -> None:
    office = Office()
    office.ready()
    office.told.clear()

    office.engine.post(office.caller(), DEMO)
    assert office.told[:2] == [("journal", "CallerWaiting"), ("order", "Deliver")]
    assert office.told[2] == ("order", "LookUp"), "whatever else was asked for waits for the ringing phone"
    assert {kind for kind, _ in office.told[3:]} == {"publish"}
    assert ("publish", "screen_pop.requested") in office.told
    decided = len(office.told)

    await office.bell.until(lambda: ("publish", "queue.updated") in office.told)
    assert office.told[decided] == ("journal", "NoneType"), "the rest comes when the phone rings already"
    assert office.told.index(("publish", "agent.updated")) > decided


async def test_news_are_completed_before_they_are_on_record_and_the_board_knows_nothing_of_it() -> None:
    office = Office()
    office.completes("screen_pop.requested", lambda tenant, news: {**news.data, "told": f"{tenant} {news.type}"})
    office.ready()
    office.engine.post(office.caller(), DEMO)
    office.engine.close()

    on_record = [one for turn in office.turns for one in turn.news if "told" in one.data]
    assert [one.data["told"] for one in on_record if one.type == "screen_pop.requested"] == [
        "demo screen_pop.requested"
    ]
    assert on_record == [one for _, one in office.news if "told" in one.data]


async def test_what_an_order_stands_on_is_journaled_before_it_leaves() -> None:
    office = Office()
    office.engine.post(office.caller(), DEMO)
    office.turns.clear()
    on_record: list[int] = []
    office.carries(Deliver, lambda *_: on_record.append(len(office.turns)))

    office.ready()  # and is given the caller who waits
    assert on_record == [1]
    (turn,) = office.turns
    assert [one.status for one in turn.agents] == ["ready"]
    assert [offer.agent_no for call in turn.calls for offer in call.offers] == [AGENT]
    office.engine.close()


async def test_an_order_that_cannot_be_carried_out_costs_neither_the_others_nor_the_news(
    caplog: pytest.LogCaptureFixture,
) -> None:
    office = Office()
    office.ready()

    def falls_over(tenant: TenantId, order: Effect) -> None:
        raise ValueError("nobody there")

    office.carries(LookUp, falls_over)
    office.told.clear()
    with caplog.at_level(logging.ERROR, "cti.engine"):
        office.engine.post(office.caller(), DEMO)

    assert office.engine.faults == 1
    assert [record.message for record in caplog.records] == ["LookUp could not be carried out"]
    assert ("order", "Deliver") in office.told
    assert ("publish", "screen_pop.requested") in office.told
    office.engine.close()


async def test_what_comes_of_an_order_at_once_is_taken_in_after_its_turn_also_when_a_person_wished_it() -> None:
    office = Office()
    office.engine.post(office.caller(), DEMO)

    def refused(tenant: TenantId, order: Deliver) -> None:
        office.told.append(("order", "Deliver"))
        failed = ev.DeliveryFailed(at=office.clock(), call=order.call, n=order.n, why="refused")
        office.engine.post(failed, tenant)

    office.carries(Deliver, refused)
    office.told.clear()
    office.ready()

    order, second = office.told.index(("order", "Deliver")), office.told.index(("journal", "DeliveryFailed"))
    assert order < office.told.index(("publish", "screen_pop.requested")) < second
    assert office.told.index(("journal", "NoneType")) < second, "the first turn is settled before"
    office.engine.close()


async def test_a_turn_is_settled_before_the_next_fact_is_looked_at() -> None:
    office = Office()
    office.ready()
    office.told.clear()

    office.engine.post(office.caller(1), DEMO)  # an order is on its way, half of the turn is open
    office.engine.post(office.caller(2), DEMO)  # ... and the next fact comes before the loop turns

    facts = [name for kind, name in office.told if kind == "journal"]
    assert facts[:3] == ["CallerWaiting", "NoneType", "CallerWaiting"]
    assert office.told.index(("publish", "agent.updated")) < office.told.index(("journal", "CallerWaiting"), 1)
    office.engine.close()


async def test_turns_and_sequences_have_no_gap() -> None:
    office = Office(DEMO, OTHER)
    office.ready()
    office.ready(OTHER)
    for n in range(1, 6):
        office.engine.post(office.caller(n))
    office.engine.close()
    assert len(office.orders) == 4

    assert [turn.n for turn in office.turns] == list(range(7, 7 + len(office.turns)))
    for tenant in (DEMO, OTHER):
        seqs = [one.seq for whose, one in office.news if whose == tenant]
        assert seqs == list(range(41, 41 + len(seqs)))
        assert office.engine.seq(tenant) == seqs[-1]
    told = [one.seq for turn in office.turns if turn.tenant == DEMO for one in turn.news]
    assert told == [one.seq for whose, one in office.news if whose == DEMO], "what is published is what is on record"


async def test_a_fact_without_a_tenant_is_told_to_all_of_them() -> None:
    office = Office(DEMO, OTHER)
    office.news.clear()
    office.engine.post(ev.LinkLost(at=office.clock(), reason="gone"))
    assert [(whose, one.type) for whose, one in office.news] == [(DEMO, "pbx.link_down"), (OTHER, "pbx.link_down")]


async def test_a_feature_that_falls_over_costs_its_own_fact_alone(caplog: pytest.LogCaptureFixture) -> None:
    office = Office(DEMO, OTHER)
    office.boom(ev.LegHeld)
    held = ev.LegHeld(at=office.clock(), leg=LegId("c1"))

    with caplog.at_level(logging.ERROR, "cti.engine"):
        office.engine.post(held)
        office.engine.post(office.caller(), DEMO)

    assert office.engine.faults == 1
    assert [record.message for record in caplog.records] == ["LegHeld could not be taken in"]
    assert office.turns[-2].tenant == OTHER, "the other tenant had its turn"
    assert ("publish", "call.queued") in office.told


async def test_a_carrier_that_posts_from_within_a_turn_is_heard_after_it() -> None:
    office = Office()
    publish = office.engine._carriers.publish
    again = iter((office.caller(2),))

    def answers_back(tenant: TenantId, news: Sequence[Published]) -> None:
        publish(tenant, news)
        for fact in again:
            office.engine.post(fact, tenant)
            office.told.append(("posted", type(fact).__name__))

    office.engine._carriers = replace(office.engine._carriers, publish=answers_back)
    office.told.clear()
    office.engine.post(office.caller(1), DEMO)

    assert [name for kind, name in office.told if kind in ("journal", "posted")] == ["CallerWaiting"] * 3
    assert [kind for kind, _ in office.told].index("posted") < [kind for kind, _ in office.told].index("journal", 1)
    assert len(office.engine.board(DEMO).calls) == 2


async def test_a_refused_wish_is_told_to_whoever_asked_and_leaves_no_trace() -> None:
    office = Office()
    turns = len(office.turns)
    with pytest.raises(NotFound):
        office.engine.ask(ev.StatusAsked(at=office.clock(), agent=AgentNo("7"), status="ready"), DEMO)
    office.engine.post(ev.AcwFinishAsked(at=office.clock(), agent=AGENT), DEMO)  # refused, and nobody is there to tell
    assert (len(office.turns), office.engine.faults) == (turns, 0)
    office.ready()


async def test_a_timer_fires_and_one_that_is_forgotten_does_not() -> None:
    office = Office()
    office.ready()
    office.answered_call()
    board = office.engine.board(DEMO)
    seat = office.engine._seats[DEMO]
    assert board.agents[AGENT].work == "acw"
    assert "acw:1001" in seat.timers
    assert not [key for key in seat.timers if key.startswith("offer:")], "the answer made the deadline pointless"

    office.engine.ask(ev.AcwFinishAsked(at=office.clock(), agent=AGENT), DEMO)
    assert "acw:1001" not in seat.timers
    office.engine.close()
    assert not seat.timers


async def test_after_call_work_ends_by_its_timer() -> None:
    office = Office(OTHER)
    office.open(DEMO, acw=1)
    office.ready()
    office.answered_call()
    agent = office.engine.board(DEMO).agents[AGENT]
    await office.bell.until(lambda: agent.routable)
    assert agent.record.acw_began is None
    assert [type(turn.fact).__name__ for turn in office.turns if turn.fact is not None][-1] == "AcwExpired"
    office.engine.close()


def test_wall_time_goes_on_with_the_monotonic_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    before = clock()
    monkeypatch.setattr("cti.engine.time.time", lambda: 0.0)  # somebody sets the machine's clock
    assert before <= clock() < before + 5_000
