"""After a restart, a lost link or an odd silence the board is corrected from what Asterisk says is up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cti import events as ev
from cti.agents import Work
from cti.effects import Deliver, News, Recall
from cti.errors import NotAllowed
from cti.features import new_board
from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, QueueName, TenantId
from cti.records import Call, State
from cti.shapes import call_shape
from tests.world import World


def restarted(world: World) -> World:
    """The same call centre with a server that was killed and begins with what the store remembers."""
    calls = tuple(replace(call, told_as=(), consult=None, watches=[]) for call in world.board.calls.values())
    figures = tuple(f for q in world.board.queues.values() for f in q.figures.values())
    records = world.records()
    world.board = new_board(TenantId("demo"))
    world.effects.clear()
    world.timers.clear()
    world.take(
        ev.Started(
            at=world.now,
            timezone="Asia/Shanghai",
            queues=world.queue_settings,
            agents=world.profiles,
            records=records,
            figures=figures,
            calls=calls,
            reasons=world.reasons,
            dispositions=world.dispositions,
        )
    )
    return world


def seen(call: Call, place: str, *, bridge: str = "", offer: int = 0, device: str | None = None) -> ev.LegSeen:
    return ev.LegSeen(
        leg=call.customer.id,
        channel=call.customer.channel,
        linkedid=call.linkedid,
        place=place,
        state="Up",
        bridge=bridge,
        device=DeviceName("cti-trunk"),
        number=call.number,
        name=call.name,
        seconds=1,
        call=call.id,
        queue=call.queue,
        since=call.queued_at,
        dialled=call.dialled,
        offer_n=offer,
        offer_device=DeviceName(device) if device else None,
    )


def seen_agent(call: Call, device: str, *, bridge: str = "", state: str = "Up") -> ev.LegSeen:
    return ev.LegSeen(
        leg=LegId(f"{call.customer.id}-a1"),
        channel=f"PJSIP/{device}-00000001",
        linkedid=call.linkedid,
        place="cti-agents",
        state=state,
        bridge=bridge,
        device=DeviceName(device),
        number=device,
        name="",
        seconds=1,
        call=call.id,
    )


def snapshot(world: World, *legs: ev.LegSeen, words: tuple[ev.LastWords, ...] = ()) -> None:
    devices = {DeviceName(p.agent_no): "NOT_INUSE" for p in world.profiles}
    world.take(ev.SnapshotTaken(at=world.now, legs=legs, devices=devices, last_words=words))


def last_words(call: Call, world: World, *, talked: int = 0, device: str = "") -> ev.LastWords:
    return ev.LastWords(
        call=call.id,
        queue=call.queue,
        since=call.queued_at,
        ended_at=world.now,
        talked=talked,
        device=DeviceName(device) if device else None,
        cause=16,
        number=call.number,
        dialled=call.dialled,
    )


def test_waiting_callers_keep_place_and_waiting_time_over_a_restart_and_are_served() -> None:
    world = World("1001")
    first = world.caller_joins()
    world.passes(3)
    second = world.caller_joins()
    world.passes(10)
    legs = [seen(world.call(c), "cti-wait") for c in (second, first)]
    restarted(world)
    snapshot(world, *legs)
    waiting = world.last("queue.updated")["waiting"]
    assert [w["call"] for w in waiting] == [first, second]  # type: ignore[attr-defined]
    assert world.call(first).queued_at == world.now - 13_000
    world.ready("1001")
    assert world.delivered() == [(first, "1001")]


def test_a_caller_nobody_had_on_record_is_adopted_with_the_time_of_arrival() -> None:
    world = World("1001")
    stranger = world.caller_joins()
    legs = seen(world.call(stranger), "cti-wait")
    world.board.calls.clear()  # the record was lost with the server
    world.board.queues[QueueName("sales")].waiting.clear()
    world.board.queues[QueueName("sales")].line.clear()
    world.passes(7)
    restarted(world)
    snapshot(world, legs)
    assert world.call(stranger).queued_at == world.now - 7_000
    world.ready("1001")
    assert world.rung(stranger) == ["1001"]


def test_a_talking_call_is_there_with_its_agent_after_a_restart() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    world.passes(30)
    legs = (seen(world.call(call), "cti-deliver", bridge="b1"), seen_agent(world.call(call), "1001", bridge="b1"))
    restarted(world)
    snapshot(world, *legs)
    assert world.work("1001") == "talking"
    assert world.call(call).state is State.TALKING
    world.passes(10)
    world.agent_hangs_up(call)
    assert call_shape(world.call(call))["segments"][-1]["seconds"] == 40.0  # type: ignore[index]


def test_what_a_supervisor_has_set_for_after_the_call_is_not_the_agents_to_take_back_after_a_restart_either() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    world.status("1001", "not_ready", "培训", forced=True)
    legs = (seen(world.call(call), "cti-deliver", bridge="b1"), seen_agent(world.call(call), "1001", bridge="b1"))
    restarted(world)
    snapshot(world, *legs)
    with pytest.raises(NotAllowed):
        world.status("1001", "ready")
    world.agent_hangs_up(call)
    world.passes(60)
    assert world.says("1001") == ("not_ready", "培训")


def test_what_was_to_follow_a_supervision_that_a_restart_has_forgotten_follows_at_once() -> None:
    world = World("1001")
    world.ready("1001")
    agent = world.board.agents[AgentNo("1001")]
    agent.work = Work.SUPERVISING
    world.status("1001", "not_ready", "培训", forced=True)
    assert world.says("1001")[0] == "ready"
    snapshot(restarted(world))
    assert (world.work("1001"), world.says("1001")) == ("idle", ("not_ready", "培训"))
    world.status("1001", "ready")
    assert world.says("1001")[0] == "ready"


def test_a_restored_call_is_told_once_and_then_only_when_it_changes() -> None:
    world = World("1001", "1002")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    legs = (seen(world.call(call), "cti-deliver", bridge="b1"), seen_agent(world.call(call), "1001", bridge="b1"))
    restarted(world)
    snapshot(world, *legs)
    assert world.news(call).count("call.updated") == 1
    world.agent_hangs_up(call)
    assert world.news(call).count("call.updated") == 1


def test_a_call_answered_while_nobody_looked_is_with_its_agent() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.rings(call)
    legs = (
        seen(world.call(call), "cti-deliver", bridge="b1", offer=1, device="1001"),
        seen_agent(world.call(call), "1001", bridge="b1"),
    )
    restarted(world)
    snapshot(world, *legs)
    assert world.work("1001") == "talking"
    assert [o.result for o in world.call(call).offers] == ["accepted"]


def test_a_phone_that_rings_on_over_a_restart_is_not_rung_twice() -> None:
    world = World("1001", "1002")
    world.ready("1001", "1002")
    call = world.caller_joins()
    world.rings(call)
    legs = (
        seen(world.call(call), "cti-deliver", offer=1, device="1001"),
        seen_agent(world.call(call), "1001", state="Ringing"),
    )
    restarted(world)
    snapshot(world, *legs)
    assert world.wished(Deliver) == []
    assert world.work("1001") == "ringing"
    world.answers(call)
    assert world.work("1001") == "talking"


def test_an_offer_that_never_reached_asterisk_is_made_again() -> None:
    world = World("1001", "1002")
    world.ready("1001", "1002")
    call = world.caller_joins()
    legs = seen(world.call(call), "cti-wait")
    restarted(world)
    snapshot(world, legs)
    assert [o.result for o in world.call(call).offers] == ["cancelled", None]
    assert len(world.wished(Deliver)) == 1


def test_an_order_on_its_way_is_not_repeated_because_somebody_looks() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.passes(0.1)
    snapshot(world, seen(world.call(call), "cti-wait"))
    assert world.rung(call) == ["1001"]
    assert len(world.wished(Deliver)) == 1


def test_an_unknown_caller_found_with_an_agent_is_adopted_with_that_agent() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    record = world.call(call)
    legs = (
        seen(record, "cti-deliver", bridge="b1", offer=1, device="1001"),
        seen_agent(record, "1001", bridge="b1"),
    )
    world.board.calls.clear()
    restarted(world)
    snapshot(world, *legs)
    assert world.call(call).state is State.TALKING
    assert world.work("1001") == "talking"
    assert world.wished(Deliver) == [], "what is under way is not ordered again"


def test_a_call_that_ended_meanwhile_is_completed_from_its_last_words() -> None:
    world = World("1001", acw=10)
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    world.passes(30)
    record = world.call(call)
    restarted(world)
    world.passes(20)
    words = last_words(record, world, talked=50_000, device="1001")
    world.passes(100)
    snapshot(world, words=(words,))
    ended = world.call(call)
    assert ended.result == "answered"
    assert ended.ended_at == words.ended_at
    assert ended.talked() == 50_000
    assert world.work("1001") == "acw"
    world.passes(0.1)
    assert world.work("1001") == "idle", "its after-call work was long over"


def test_an_offer_answered_and_ended_meanwhile_is_on_record_as_answered() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.rings(call)
    record = world.call(call)
    restarted(world)
    world.passes(60)
    words = last_words(record, world, talked=40_000, device="1001")
    snapshot(world, words=(words,))
    assert world.call(call).result == "answered"
    assert world.call(call).talked(AgentNo("1001")) == 40_000


def test_last_words_of_another_phone_answer_no_offer() -> None:
    world = World("1001", "1002")
    world.ready("1001")
    call = world.caller_joins()
    world.rings(call)
    record = world.call(call)
    restarted(world)
    world.passes(60)
    snapshot(world, words=(last_words(record, world, talked=40_000, device="1002"),))
    assert [o.result for o in world.call(call).offers] == ["cancelled"]
    assert world.call(call).talked(AgentNo("1001")) == 0
    assert world.work("1001") == "idle"


def test_a_caller_who_came_and_went_unseen_is_on_record() -> None:
    world = World("1001")
    ghost = world.caller_joins()
    record = world.call(ghost)
    world.board.calls.clear()
    restarted(world)
    world.passes(9)
    snapshot(world, words=(last_words(record, world),))
    assert world.call(ghost).result == "abandoned"
    assert world.call(ghost).ended_at == world.now
    assert not world.board.calls


def test_calls_die_with_asterisk_and_the_records_say_so() -> None:
    world = World("1001")
    world.ready("1001")
    talking = world.caller_joins()
    world.answers(talking)
    waiting = world.caller_joins()
    world.take(ev.LinkLost(at=world.now, reason="gone"))
    world.passes(5)
    snapshot(world)
    assert [world.call(c).result for c in (talking, waiting)] == ["pbx_lost", "pbx_lost"]
    assert world.work("1001") == "idle"
    assert not world.board.calls
    assert not world.board.legs
    assert "pbx.link_up" in [e.type for e in world.effects if isinstance(e, News)]


def test_a_caller_in_the_fallback_is_reported_and_not_taken_back() -> None:
    world = World("1001")
    call = world.caller_joins()
    legs = seen(world.call(call), "cti-fallback")
    restarted(world)
    snapshot(world, legs)
    world.ready("1001")
    assert world.rung(call) == []
    world.caller_leaves(call)
    assert world.call(call).result == "fallback"


def test_a_phone_that_rings_far_too_long_is_called_back() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.rings(call)
    world.passes(21)
    legs = (
        seen(world.call(call), "cti-deliver", offer=1, device="1001"),
        seen_agent(world.call(call), "1001", state="Ringing"),
    )
    snapshot(world, *legs)
    assert world.wished(Recall)
    assert world.call(call).offers[0].result == "cancelled"


def test_a_caller_who_hears_the_number_of_an_agent_who_answered_late_is_not_called_back() -> None:
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.rings(call)
    legs = (
        seen(world.call(call), "cti-deliver", offer=1, device="1001"),
        seen_agent(world.call(call), "1001", state="Up"),
    )
    world.passes(21)
    snapshot(world, *legs)
    assert not world.wished(Recall)
    world.answers(call)
    assert world.work("1001") == "talking"

    stuck = World("1001")
    stuck.ready("1001")
    call = stuck.caller_joins()
    stuck.rings(call)
    stuck.passes(81)
    snapshot(stuck, *legs)
    assert stuck.wished(Recall)


def test_events_from_before_the_snapshot_do_no_harm_after_it() -> None:
    """The stream is read from before the snapshot is asked for, and applied after it."""
    world = World("1001")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    record = world.call(call)
    legs = (seen(record, "cti-deliver", bridge="b1"), seen_agent(record, "1001", bridge="b1"))
    before = len(world.wished(News))
    snapshot(world, *legs)
    world.take(
        ev.CallerWaiting(
            at=world.now,
            call=CallId(call),
            leg=record.customer.id,
            channel="",
            linkedid="",
            queue=QueueName("sales"),
            number="",
            name="",
            dialled="",
            since=Instant(world.now),
            priority=0,
            screened=False,
        )
    )
    world.take(ev.LegRinging(at=world.now, leg=record.legs[1].id))
    world.take(ev.LegAnswered(at=world.now, leg=record.legs[1].id))
    assert world.call(call).state is State.TALKING
    assert len(world.wished(News)) == before
