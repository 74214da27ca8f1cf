"""A callback keeps its place, rings the agent first, and dials the customer once, whatever dies in between."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from cti import events as ev
from cti.control import events as ce
from cti.control.effects import Invite
from cti.effects import HangUp
from cti.ids import CallId, DeviceName, Instant, LegId, QueueName
from cti.records import Result, State
from tests.world import World

NUMBER = "+8613800000007"


def asks(world: World, since: float = 0.0, number: str = NUMBER) -> CallId:
    """Somebody who came `since` seconds ago asks to be called back."""
    world.counter += 1
    call = CallId(f"c{world.counter}-cb")
    world.take(
        ev.CallbackAsked(
            at=world.now,
            call=call,
            source=CallId(f"c{world.counter}"),
            queue=QueueName("sales"),
            number=number,
            name="张伟明",
            since=Instant(world.now - round(since * 1000)),
        )
    )
    return call


def invited(world: World) -> list[Invite]:
    return [one for one in world.effects if isinstance(one, Invite)]


def agent_answers(world: World, call: CallId) -> None:
    leg = world.board.calls[call].legs[0].id
    world.take(ce.LegInvited(at=world.now, leg=leg, channel="PJSIP/1001-00000001"))
    world.take(ev.LegAnswered(at=world.now, leg=leg))


def customer_rings(world: World, call: CallId) -> LegId:
    known = world.board.calls[call]
    leg = LegId(f"{call}-out")
    world.take(
        ev.LegDialled(
            at=world.now,
            leg=known.legs[0].id,
            dialled=leg,
            channel="PJSIP/cti-trunk-00000002",
            device=DeviceName("cti-trunk"),
        )
    )
    return leg


def test_a_callback_keeps_its_place_against_later_callers() -> None:
    world = World("1001")
    callback = asks(world, since=60)
    later = world.caller_joins()
    world.status("1001", "ready")

    assert [(one.call, one.device, one.spot.number) for one in invited(world)] == [(callback, "1001", "13800000007")]
    assert world.board.calls[later].state is State.WAITING
    pop = world.last("screen_pop.requested")
    assert (pop["direction"], pop["caller"]) == ("callback", {"number": NUMBER, "name": "张伟明", "place": None})


def test_a_callback_asked_for_while_waiting_has_the_place_the_rank_and_the_needs_of_that_call() -> None:
    world = World("1001")
    caller = world.caller_joins(number=NUMBER, priority=7, skills={"english": 5})
    world.passes(300)
    world.board.calls[caller].journey.data["order"] = "88"
    world.take(
        ev.CallbackAsked(
            at=world.now,
            call=CallId(f"{caller}-cb"),
            source=caller,
            queue=QueueName("sales"),
            number=NUMBER,
            name="张伟明",
            since=world.now,
        )
    )
    asked, source = world.board.calls[CallId(f"{caller}-cb")], world.board.calls[caller]
    assert asked.queued_at == source.queued_at == world.now - 300_000
    assert (asked.priority, asked.skills, asked.journey.data) == (7, {"english": 5}, {"order": "88"})


def test_an_agent_who_answers_talks_with_the_customer_and_the_record_says_so() -> None:
    world = World("1001", acw=10)
    callback = asks(world, since=60)
    world.status("1001", "ready")
    agent_answers(world, callback)
    customer = customer_rings(world, callback)
    world.passes(6)
    world.take(ev.LegAnswered(at=world.now, leg=customer))
    assert world.work("1001") == "talking"
    assert not world.board.queues[QueueName("sales")].waiting
    world.passes(20)
    world.take(ev.LegEnded(at=world.now, leg=customer, cause=16))

    record = world.saved[callback]
    assert (record.result, record.talked(), record.direction) == (Result.ANSWERED, 20_000, "callback")
    assert world.work("1001") == "acw"
    assert world.figures("1001").calls == 1
    assert len(invited(world)) == 1


def test_an_agent_who_lets_it_ring_is_passed_over_and_the_callback_waits_on() -> None:
    world = World("1001", "1002")
    callback = asks(world, since=60)
    world.status("1001", "ready")
    leg = world.board.calls[callback].legs[0].id
    world.take(ev.LegEnded(at=world.now, leg=leg, cause=19))

    assert world.board.calls[callback].state is State.WAITING
    assert world.says("1001") == ("not_ready", "no_answer")
    assert [offer.result for offer in world.board.calls[callback].offers] == ["no_answer"]
    world.status("1002", "ready")
    assert [one.device for one in invited(world)] == ["1001", "1002"]
    assert world.board.calls[callback].queued_at == world.board.calls[callback].started_at - 60_000


@pytest.mark.parametrize(
    ("cause", "why"), [(17, "customer:busy"), (19, "customer:no_answer"), (1, "customer:wrong_number")]
)
def test_a_customer_who_is_not_reached_is_dialled_once_and_the_record_says_why(cause: int, why: str) -> None:
    world = World("1001")
    callback = asks(world)
    world.status("1001", "ready")
    agent_answers(world, callback)
    customer = customer_rings(world, callback)
    world.take(ev.LegEnded(at=world.now, leg=customer, cause=cause))
    record = world.saved[callback]
    assert (record.result, record.cause) == (Result.NOT_REACHED, why)
    assert len(invited(world)) == 1
    assert world.work("1001") == "idle"


def test_a_number_that_may_not_be_dialled_is_refused_and_on_record() -> None:
    world = World("1001")
    callback = asks(world, number="+12025550123")
    world.status("1001", "ready")
    assert not invited(world)
    assert world.saved[callback].result is Result.NOT_REACHED
    assert "international" in world.saved[callback].cause


def restarted(world: World) -> World:
    """A new server with what the store has of the old one."""
    new = World(*(profile.agent_no for profile in world.profiles))
    calls = tuple(replace(copy.deepcopy(call), told_as=(), consult=None) for call in world.board.calls.values())
    new.board = type(new.board)(new.board.tenant, new.board.rules)
    new.now = world.now
    new.take(
        ev.Started(
            at=world.now,
            timezone="Asia/Shanghai",
            queues=world.queue_settings,
            agents=world.profiles,
            records=world.records(),
            calls=calls,
        )
    )
    return new


def looks(world: World, *, legs: tuple[ev.LegSeen, ...] = (), **more: Any) -> None:
    devices = {DeviceName(profile.agent_no): "NOT_INUSE" for profile in world.profiles}
    world.take(ev.SnapshotTaken(at=world.now, legs=legs, devices=devices, **more))


def at_step(step: str) -> tuple[World, CallId]:
    world = World("1001")
    callback = asks(world, since=60)
    if step != "waiting":
        world.status("1001", "ready")
    if step in ("agent answered", "customer dialled"):
        agent_answers(world, callback)
    if step == "customer dialled":
        customer_rings(world, callback)
    world.passes(1)
    return world, callback


@pytest.mark.parametrize("step", ["waiting", "ordered", "agent answered", "customer dialled"])
def test_a_server_that_is_killed_at_any_step_dials_the_customer_at_most_once(step: str) -> None:
    world, callback = at_step(step)
    dialled = frozenset({callback}) if step == "customer dialled" else frozenset()

    new = restarted(world)
    looks(new, dialled=dialled)
    if step == "waiting":
        new.status("1001", "ready")

    ordered = [one.call for one in invited(new)]
    if step != "customer dialled":
        assert ordered == [callback], "nobody had dialled, so it is done now, once"
        assert new.board.calls[callback].queued_at == world.board.calls[callback].queued_at
    else:
        assert not ordered, "it has been dialled, so it is not dialled again"
        assert new.saved[callback].result is Result.NOT_REACHED
        assert new.work("1001") == "idle"


@pytest.mark.parametrize("step", ["waiting", "ordered", "agent answered", "customer dialled"])
@pytest.mark.parametrize("server_too", [False, True], ids=["Asterisk", "both"])
def test_an_asterisk_that_died_may_have_forgotten_that_it_dialled(step: str, server_too: bool) -> None:
    """A mark of its last second is lost; then what anybody heard of the agent's answer decides."""
    world, callback = at_step(step)
    world.take(ev.LinkLost(at=world.now, reason="eof"))
    world.passes(1)

    new = restarted(world) if server_too else world
    before = len(invited(new))
    looks(new, booted_at=new.now)
    if step == "waiting":
        new.status("1001", "ready")

    unheard_of = step in ("agent answered", "customer dialled") or (step == "ordered" and server_too)
    assert len(invited(new)) - before == (0 if unheard_of else 1)
    if unheard_of:
        assert new.saved[callback].cause == "unknown: the server was away"


def seen(callback: CallId, leg: str, place: str, state: str, **more: Any) -> ev.LegSeen:
    trunk = place != "cti-call"
    return ev.LegSeen(
        leg=LegId(leg),
        channel=f"PJSIP/{'cti-trunk' if trunk else '1001'}-00000001",
        linkedid=leg,
        place=place,
        state=state,
        device=DeviceName("cti-trunk" if trunk else "1001"),
        number="",
        name="",
        seconds=1,
        call=callback,
        **more,
    )


@pytest.mark.parametrize("talking", [False, True])
def test_a_customer_dialled_while_the_server_was_away_is_its_customer_when_it_is_back(talking: bool) -> None:
    world, callback = at_step("ordered")
    new = restarted(world)
    bridge = "b1" if talking else ""
    agent = seen(callback, new.board.calls[callback].legs[0].id, "cti-call", "Up", bridge=bridge)
    customer = seen(callback, "o1", "cti-trunk", "Up" if talking else "Ringing", bridge=bridge, since=new.now)
    looks(new, legs=(agent, customer), dialled=frozenset({callback}))

    if not talking:
        assert new.board.calls[callback].state is State.DIALLING
        new.take(ev.LegAnswered(at=new.now, leg=LegId("o1")))
    assert (new.board.calls[callback].state, new.work("1001")) == (State.TALKING, "talking")
    new.passes(20)
    new.take(ev.LegEnded(at=new.now, leg=LegId("o1"), cause=16))
    assert (new.saved[callback].result, new.saved[callback].talked()) == (Result.ANSWERED, 20_000)
    assert not invited(new)


def test_an_agent_who_answered_unheard_and_whose_customer_is_gone_is_not_taken_for_one_who_let_it_ring() -> None:
    world, callback = at_step("ordered")
    new = restarted(world)
    agent = LegId(new.board.calls[callback].legs[0].id)
    looks(new, legs=(seen(callback, agent, "cti-call", "Up", bridge=""),), dialled=frozenset({callback}))
    new.take(ev.LegEnded(at=new.now, leg=agent, cause=16))
    assert new.saved[callback].result is Result.NOT_REACHED
    assert not invited(new)


def last_words(callback: CallId, world: World, talked: int, cause: int) -> ev.LastWords:
    return ev.LastWords(
        call=callback,
        queue=QueueName(""),
        since=world.now,
        ended_at=world.now,
        talked=talked,
        device=None,
        cause=cause,
        number="",
        dialled="13800000007",
    )


def test_a_whole_talk_that_nobody_heard_of_is_on_record_by_its_last_words() -> None:
    world, callback = at_step("ordered")
    new = restarted(world)
    new.passes(60)
    words = last_words(callback, new, 20_000, 16)
    new.passes(5)
    looks(new, dialled=frozenset({callback}), last_words=(words,))
    record = new.saved[callback]
    assert (record.result, record.talked(), record.ended_at) == (Result.ANSWERED, 20_000, words.ended_at)
    assert not invited(new)
    assert new.work("1001") in ("acw", "idle")


def test_a_customer_who_declined_unheard_is_on_record_as_busy() -> None:
    world, callback = at_step("ordered")
    new = restarted(world)
    looks(new, dialled=frozenset({callback}), last_words=(last_words(callback, new, 0, 17),))
    assert (new.saved[callback].result, new.saved[callback].cause) == (Result.NOT_REACHED, "customer:busy")
    assert not invited(new)


def test_a_look_at_asterisk_that_is_quicker_than_the_order_to_ring_changes_nothing() -> None:
    world, callback = at_step("ordered")
    looks(world)
    assert world.board.calls[callback].state is State.DIALLING
    world.passes(5)
    looks(world)
    assert len(invited(world)) == 2, "it never rang, so it is offered again"


def test_a_phone_that_rings_for_an_offer_that_was_given_up_is_hung_up() -> None:
    world, callback = at_step("ordered")
    leg = world.board.calls[callback].legs[0].id
    world.passes(5)
    looks(world)
    world.take(ce.LegInvited(at=world.now, leg=leg, channel="PJSIP/1001-00000001"))
    assert [one.channel for one in world.effects if isinstance(one, HangUp)] == [leg]


def test_a_callback_under_way_is_not_disturbed_by_a_snapshot() -> None:
    world = World("1001")
    callback = asks(world)
    world.status("1001", "ready")
    leg = world.board.calls[callback].legs[0]
    seen = ev.LegSeen(
        leg=leg.id,
        channel="PJSIP/1001-00000001",
        linkedid=leg.id,
        place="cti-call",
        state="Ringing",
        bridge="",
        device=DeviceName("1001"),
        number="",
        name="",
        seconds=1,
        call=callback,
    )
    looks(world, legs=(seen,))
    assert world.board.calls[callback].state is State.DIALLING
    assert len(invited(world)) == 1


def test_a_callback_that_nobody_wants_any_more_is_taken_off() -> None:
    world = World("1001")
    callback = asks(world)
    world.take(ev.CallbackCancelAsked(at=world.now, call=callback, by="wang"))
    world.status("1001", "ready")
    assert not invited(world)
    assert world.saved[callback].cause == "cancelled by wang"
