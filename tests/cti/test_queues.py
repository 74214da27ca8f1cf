"""Callers leave in order of priority and arrival, and each knows the own place, offered or not."""

from __future__ import annotations

import random

import pytest

from cti.ids import AgentNo, CallId, Instant, LegId, QueueName, TenantId
from cti.queues import Queue
from cti.records import Call, Leg, QueueSettings


def caller(n: int, *, priority: int = 0, at: int | None = None) -> Call:
    queued = Instant(1_000 * n if at is None else at)
    return Call(
        id=CallId(f"call-{n:03}"),
        tenant=TenantId("demo"),
        number=f"+86138{n:08}",
        name="",
        dialled="4001",
        queue=QueueName("sales"),
        started_at=queued,
        queued_at=queued,
        priority=priority,
        legs=[Leg(LegId(f"c{n}"), f"PJSIP/cti-trunk-{n:08x}", "customer", queued)],
    )


def queue_of(*callers: Call) -> Queue:
    queue = Queue(QueueSettings(name=QueueName("sales")))
    for one in callers:
        queue.join(one)
    return queue


def test_priority_goes_before_arrival_and_arrival_before_the_id() -> None:
    late, vip, first, twin = caller(9), caller(5, priority=10), caller(1), caller(2, at=1_000)
    queue = queue_of(late, vip, first, twin)
    assert queue.in_order() == [vip, first, twin, late]
    assert [queue.position(one) for one in (vip, first, twin, late)] == [1, 2, 3, 4]


def test_a_caller_being_offered_keeps_the_place_among_the_others() -> None:
    first, second, third = callers = [caller(n) for n in (1, 2, 3)]
    queue = queue_of(*callers)
    queue.take_from_line(second)
    assert queue.in_order() == callers
    assert [queue.position(one) for one in callers] == [1, 2, 3]
    queue.take_from_line(first)
    assert queue.position(third) == 3


def test_a_caller_handed_back_stands_where_they_stood() -> None:
    first, second, third = callers = [caller(n) for n in (1, 2, 3)]
    queue = queue_of(*callers)
    queue.take_from_line(first)
    queue.hand_back(first)
    assert [spot[2] for spot in queue.line] == [first.id, second.id, third.id]


def test_whoever_leaves_leaves_nothing() -> None:
    first, second = caller(1), caller(2)
    queue = queue_of(first, second)
    queue.bar(first.id, AgentNo("1001"))
    queue.leave(first)
    queue.leave(first)
    assert (queue.in_order(), queue.barred, len(queue.line)) == ([second], {}, 1)


@pytest.mark.parametrize("seed", range(40))
def test_the_order_and_every_position_agree_with_sorting(seed: int) -> None:
    rng = random.Random(seed)
    callers = [caller(n, priority=rng.choice((0, 0, 3, 10)), at=rng.randint(0, 9)) for n in range(30)]
    queue = queue_of(*callers)
    gone, offered = rng.sample(callers, 8), set()
    for one in gone:
        queue.leave(one)
    staying = sorted((one for one in callers if one not in gone), key=queue.place)
    for one in rng.sample(staying, rng.randint(0, 10)):
        queue.take_from_line(one)
        offered.add(one.id)
    assert [spot[2] for spot in queue.line] == [one.id for one in staying if one.id not in offered]
    for most in (None, 1, 5, 21, 22, 50):
        assert queue.in_order(most) == staying[:most]
    assert [queue.position(one) for one in staying] == list(range(1, len(staying) + 1))
