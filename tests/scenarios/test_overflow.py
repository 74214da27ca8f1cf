"""When a caller has waited enough, the queue is full or nobody is there: where they go, why, and that none is lost."""

from __future__ import annotations

import pytest

from cti import events as ev
from cti.effects import HangUp, SendOn, TakeSnapshot, WaitIn
from cti.ids import CallId, LegId, QueueName
from cti.records import QueueSettings, State
from tests.world import World

SALES, SUPPORT = QueueName("sales"), QueueName("support")


def world_of(*agents: str, support: dict[str, object] | None = None, **settings: object) -> World:
    """Two queues; every agent serves both."""
    queues = [
        QueueSettings(name=SALES, acw_seconds=0, **settings),  # type: ignore[arg-type]
        QueueSettings(name=SUPPORT, acw_seconds=0, **(support or {})),  # type: ignore[arg-type]
    ]
    return World(*agents, queues=queues)


def sent(world: World) -> list[tuple[str, str]]:
    return [(e.call, e.target) for e in world.wished(SendOn) if isinstance(e, SendOn)]


def waiting(world: World, queue: str) -> list[str]:
    return [call.id for call in world.board.queues[QueueName(queue)].in_order()]


def test_who_has_waited_long_enough_goes_to_the_other_queue_and_keeps_their_arrival() -> None:
    world = world_of("1001", max_wait_seconds=60, max_wait_target="queue:support")
    call = world.caller_joins()
    arrived = world.now
    world.passes(59)
    assert waiting(world, "sales") == [call]
    world.passes(1)
    assert (waiting(world, "sales"), waiting(world, "support")) == ([], [call])
    record = world.call(call)
    assert (record.id, record.queued_at, record.queue) == (call, arrived, "support")
    assert [(s.kind.value, s.queue) for s in record.segments] == [("waiting", "sales"), ("waiting", "support")]
    assert world.news(call)[-2:] == ["call.overflowed", "call.queued"]
    why = "sales: waited 60 s, the longest is 60 s"
    assert world.last("call.overflowed")["why"] == why
    assert world.last("call.queued")["reason"] == why
    assert world.wished(WaitIn) == [WaitIn(call, record.customer.channel, SUPPORT)]


def test_arrival_counts_in_the_other_queue_too() -> None:
    world = world_of("1001", max_wait_seconds=60, max_wait_target="queue:support")
    moved = world.caller_joins()
    world.passes(30)
    later = world.caller_joins("support")
    world.passes(30)
    assert waiting(world, "support") == [moved, later]


def test_an_agent_of_the_other_queue_takes_them_in_the_same_turn() -> None:
    world = world_of("1001", max_wait_seconds=60, max_wait_target="queue:support")
    world.profiles = tuple(
        type(p)(agent_no=p.agent_no, name=p.name, devices=p.devices, queues=(SUPPORT,)) for p in world.profiles
    )
    world.take(ev.DirectoryChanged(at=world.now, queues=world.queue_settings, agents=world.profiles))
    world.ready("1001")
    call = world.caller_joins()
    world.passes(60)
    assert world.rung(call) == ["1001"]


def test_nobody_goes_in_circles() -> None:
    world = world_of(
        max_wait_seconds=10,
        max_wait_target="queue:support",
        support={"max_wait_seconds": 10, "max_wait_target": "queue:sales"},
    )
    call = world.caller_joins()
    world.passes(600)
    assert world.news(call).count("call.overflowed") == 1
    assert waiting(world, "support") == [call]


def test_a_target_that_is_gone_leaves_the_caller_waiting() -> None:
    world = world_of(max_wait_seconds=10, max_wait_target="queue:gone")
    call = world.caller_joins()
    world.passes(60)
    assert waiting(world, "sales") == [call]


def test_a_caller_who_is_being_rung_for_is_left_alone_until_that_has_come_to_nothing() -> None:
    world = world_of("1001", max_wait_seconds=10, max_wait_target="number:13800138000")
    call = world.caller_joins()
    world.passes(8)
    world.ready("1001")
    world.rings(call)
    world.passes(7)
    assert sent(world) == []
    world.delivery_ends(call, "NOANSWER")
    assert sent(world) == [(call, "number:13800138000")]


@pytest.mark.parametrize(
    ("target", "result"),
    [
        ("number:13800138000", "forwarded"),
        ("voicemail:sales", "overflowed"),
        ("flow:closed", "overflowed"),
        ("agent:1002", "overflowed"),
        ("callback", "overflowed"),
    ],
)
def test_a_full_queue_sends_the_next_caller_on(target: str, result: str) -> None:
    world = world_of(max_length=2, max_length_target=target)
    staying = [world.caller_joins(), world.caller_joins()]
    call = world.caller_joins()
    assert waiting(world, "sales") == staying
    assert sent(world) == [(call, target)]
    assert world.call(call).state is State.IVR
    assert world.last("call.overflowed")["why"] == "sales: 2 wait already, at most 2 may"
    world.caller_leaves(call)
    assert world.call(call).result == result


@pytest.mark.parametrize("number", ["+12025550123", "1680000", "17"])
def test_a_number_that_may_not_be_dialled_takes_nobody_out_of_a_queue(number: str) -> None:
    world = world_of("1001", max_wait_seconds=10, max_wait_target=f"number:{number}")
    call = world.caller_joins()
    world.passes(30)
    assert (sent(world), world.call(call).state) == ([], State.WAITING)


def test_a_full_queue_may_hang_up() -> None:
    world = world_of(max_length=1, max_length_target="hangup")
    world.caller_joins()
    call = world.caller_joins()
    assert world.wished(HangUp) == [HangUp(call, world.call(call).customer.channel)]
    world.caller_leaves(call)
    assert world.call(call).result == "overflowed"


def test_a_vip_finds_a_place_in_a_full_queue() -> None:
    world = world_of(max_length=1, max_length_target="hangup")
    first = world.caller_joins()
    vip = world.caller_joins(number="+8613800000001", screened=True)
    assert waiting(world, "sales") == [vip, first]


def test_nobody_there_is_noticed_at_once_by_who_comes_and_by_who_waits() -> None:
    world = world_of("1001", "1002", no_agents="signed_in", no_agents_target="voicemail:sales")
    comes = world.caller_joins()
    assert sent(world) == [(comes, "voicemail:sales")]
    world.status("1001", "not_ready", "meeting")
    waits = world.caller_joins()
    assert len(sent(world)) == 1, "signed in is enough for this rule"
    world.status("1001", "logged_out")
    assert sent(world)[1:] == [(waits, "voicemail:sales")]


def test_nobody_ready_is_another_rule() -> None:
    world = world_of("1001", no_agents="ready", no_agents_target="queue:support")
    world.ready("1001")
    first = world.caller_joins()
    world.answers(first)
    waits = world.caller_joins()
    assert waiting(world, "sales") == [waits], "who talks is ready all the same"
    world.status("1001", "not_ready", "break")
    world.agent_hangs_up(first)
    assert waiting(world, "support") == [waits]


def test_an_unanswered_offer_that_leaves_nobody_sends_the_caller_on() -> None:
    world = world_of("1001", no_agents="ready", no_agents_target="number:13900001111")
    world.ready("1001")
    call = world.caller_joins()
    world.rings_out(call)
    assert sent(world) == [(call, "number:13900001111")]


def test_a_caller_whom_a_flow_brings_back_waits_again_on_every_screen() -> None:
    world = world_of(max_wait_seconds=10, max_wait_target="flow:x")
    call = world.caller_joins()
    world.passes(10)
    assert world.last("call.overflowed")["state"] == "ivr"
    world.take(ev.CallReturned(at=world.now, call=call))
    assert (world.last("call.updated")["id"], world.last("call.updated")["state"]) == (call, "waiting")


def test_a_refused_order_is_looked_into_and_the_caller_waits_on() -> None:
    world = world_of(max_wait_seconds=10, max_wait_target="flow:x")
    call = world.caller_joins()
    world.passes(10)
    world.take(ev.SendOnFailed(at=world.now, call=call, why="refused"))
    world.passes(3)
    assert len(world.wished(TakeSnapshot)) == 1
    customer = world.call(call).customer
    seen = ev.LegSeen(
        leg=LegId(customer.id),
        channel=customer.channel,
        linkedid=customer.id,
        place="cti-wait",
        state="Up",
        bridge="",
        device=None,
        number="1",
        name="",
        seconds=13,
        call=CallId(call),
        queue=SALES,
        since=world.call(call).queued_at,
    )
    world.take(ev.SnapshotTaken(at=world.now, legs=(seen,), devices={}))
    assert waiting(world, "sales") == [call]
    world.passes(60)
    assert len(sent(world)) == 1, "what did not take them is not tried again"


def test_while_the_link_is_down_nobody_is_sent_and_afterwards_those_who_are_due() -> None:
    world = world_of(max_wait_seconds=10, max_wait_target="number:13900001111")
    call = world.caller_joins()
    customer = world.call(call).customer
    world.take(ev.LinkLost(at=world.now, reason="test"))
    world.passes(30)
    assert sent(world) == []
    seen = ev.LegSeen(
        leg=LegId(customer.id),
        channel=customer.channel,
        linkedid=customer.id,
        place="cti-wait",
        state="Up",
        bridge="",
        device=None,
        number="1",
        name="",
        seconds=30,
        call=CallId(call),
        queue=SALES,
        since=world.call(call).queued_at,
    )
    world.take(ev.SnapshotTaken(at=world.now, legs=(seen,), devices={}))
    assert sent(world) == [(call, "number:13900001111")]


def test_a_new_limit_counts_for_those_who_wait_already() -> None:
    world = world_of()
    call = world.caller_joins()
    world.passes(60)
    stricter = tuple(
        QueueSettings(name=one.name, max_wait_seconds=30, max_wait_target="hangup") for one in world.queue_settings
    )
    world.take(ev.DirectoryChanged(at=world.now, queues=stricter, agents=world.profiles))
    assert [e.call for e in world.wished(HangUp) if isinstance(e, HangUp)] == [call]


def test_nobody_waits_on_a_timer_of_the_past() -> None:
    world = world_of("1001", max_wait_seconds=60, max_wait_target="number:13900001111")
    world.ready("1001")
    call = world.caller_joins()
    world.answers(call)
    world.passes(120)
    assert sent(world) == []
    assert not [key for key in world.timers if call in key]
