"""Resuming: every event once and in order, from memory or from the journal, while new ones keep coming."""

from __future__ import annotations

import asyncio

import pytest

from adapters.desktop.settings import Limits
from tests.adapters.desktop.client import StreamClient
from tests.adapters.desktop.world import World, agent_updated, call_news, pop, queue_updated, turn_until


async def test_a_resume_brings_everything_after_the_given_seq_and_no_snapshot(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("boss", "queue:*", "calls:*")
        world.publish(queue_updated(), call_news("queued"))
        await client.take(2)
    world.publish(agent_updated(), call_news("offered"), queue_updated(), agent_updated())
    async with StreamClient.open(world.url) as client:
        assert (await client.hello("boss", resume=("e7", 2)))["resumed"] is True
        ok = await client.subscribe("queue:*", "calls:*")
        assert ok["seq"] == 2
        assert "snapshot" not in ok
        assert [(event.seq, event.prev) for event in await client.take(2)] == [(4, 2), (5, 4)]
        world.publish(call_news("ringing"))
        assert (await client.event()).prev == 5


@pytest.mark.parametrize(
    ("epoch", "seq"),
    [
        ("e6", 3),  # the journal lost its tail since
        ("e7", 6),  # the future
        ("e7", 2**53),
        ("", 0),
    ],
)
async def test_a_resume_that_cannot_be_kept_is_not_promised(world: World, epoch: str, seq: int) -> None:
    world.publish(*[queue_updated()] * 5)
    async with StreamClient.open(world.url) as client:
        assert (await client.hello("boss", resume=(epoch, seq)))["resumed"] is False
        ok = await client.subscribe("queue:*")
        assert (ok["seq"], set(ok["snapshot"])) == (5, {"queue:*"})


async def test_a_resume_at_the_newest_event_is_simply_live(world: World) -> None:
    world.publish(*[queue_updated()] * 5)
    async with StreamClient.open(world.url) as client:
        assert (await client.hello("boss", resume=("e7", 5)))["resumed"] is True
        assert (await client.subscribe("queue:*"))["seq"] == 5
        world.publish(queue_updated())
        assert (await client.event()).seq == 6


async def test_after_a_restart_the_journal_fills_the_gap(world: World) -> None:
    world.publish(*[queue_updated()] * 350)
    world.restart_hub()
    async with StreamClient.open(world.url) as client:
        assert (await client.hello("boss", resume=("e7", 17)))["resumed"] is True
        assert (await client.subscribe("queue:*"))["seq"] == 17
        world.publish(*[queue_updated()] * 3)
        assert [event.seq for event in await client.take(336)] == list(range(18, 354))
        assert world.journal.asked >= 4


async def test_what_the_database_has_not_got_yet_is_waited_for() -> None:
    async with World(Limits(ring_events=10)).serving() as world:
        world.publish(*[queue_updated()] * 50)
        world.journal.drained = 20
        async with StreamClient.open(world.url) as client:
            assert (await client.hello("boss", resume=("e7", 20)))["resumed"] is True
            await client.subscribe("queue:*")
            assert [event.seq for event in await client.take(30)] == list(range(21, 51))


async def test_a_journal_that_was_pruned_or_is_away_promises_nothing() -> None:
    async with World(Limits(ring_events=10, sweep_after=0.0)).serving() as world:
        world.publish(*[queue_updated()] * 50)
        await turn_until(lambda: world.ring.tail == 40)
        del world.journal.kept[:10]
        async with StreamClient.open(world.url) as client:
            assert (await client.hello("boss", resume=("e7", 5)))["resumed"] is False
        async with StreamClient.open(world.url) as client:
            assert (await client.hello("boss", resume=("e7", 10)))["resumed"] is True
        world.journal.broken = True
        async with StreamClient.open(world.url) as client:
            assert (await client.hello("boss", resume=("e7", 20)))["resumed"] is False
            assert (await client.subscribe("queue:*"))["seq"] == 50


async def test_a_journal_that_fails_half_way_sends_the_client_to_resume_again() -> None:
    async with World(Limits(ring_events=10)).serving() as world:
        world.publish(*[queue_updated()] * 50)
        await turn_until(lambda: world.ring.tail == 40)  # from here on the journal is needed
        async with StreamClient.open(world.url) as client:
            assert (await client.hello("boss", resume=("e7", 5)))["resumed"] is True
            world.journal.broken = True
            await client.send({"op": "subscribe", "topics": ["queue:*"]})
            assert await client.closed() == 1012


async def test_more_at_once_than_memory_holds_reaches_a_live_client_from_the_journal() -> None:
    async with World(Limits(ring_events=10)).serving() as world, StreamClient.open(world.url) as client:
        await client.sign_in("boss", "queue:*")
        world.publish(*[queue_updated()] * 50)
        assert [event.seq for event in await client.take(50)] == list(range(1, 51))
        world.publish(queue_updated())
        assert (await client.event()).seq == 51


async def test_a_subscribe_waits_for_what_a_live_client_still_has_to_get_from_the_journal() -> None:
    limits = Limits(ring_events=10, journal_page=7)
    async with World(limits).serving() as world, StreamClient.open(world.url) as client:
        await client.sign_in("boss", "queue:*")
        world.publish(*[queue_updated()] * 50)
        world.ring.settle()  # the client's subscribe comes before its turn to be written to
        assert (await client.subscribe("agent:*"))["seq"] == 50
        assert [event.seq for event in client.events] == list(range(1, 51))


async def test_a_second_subscribe_waits_for_the_end_of_the_resume(world: World) -> None:
    world.publish(*[queue_updated(), agent_updated()] * 300)
    world.restart_hub()
    async with StreamClient.open(world.url) as client:
        await client.hello("boss", resume=("e7", 0))
        await client.send({"op": "subscribe", "id": "a", "topics": ["queue:*"]})
        await client.send({"op": "subscribe", "id": "b", "topics": ["agent:*"]})
        client.seq = 0
        while (frame := await client.receive()).get("re") != "b":
            pass
        assert [event.seq for event in client.events] == list(range(1, 600, 2))
        assert (frame["seq"], set(frame["snapshot"])) == (600, {"agent:*"})


async def test_commands_are_answered_while_a_resume_goes_on(world: World) -> None:
    world.publish(*[queue_updated("sales", "x" * 2000)] * 2000)
    async with StreamClient.open(world.url) as client:
        await client.hello("a1", resume=("e7", 0))
        await client.subscribe("queue:*")
        await client.command("agent.status", status="ready")
        assert len(client.events) < 2000
        await client.take(2000)


async def test_a_pop_that_came_by_resume_can_be_receipted(world: World) -> None:
    world.publish(pop(offer="o-7"))
    world.restart_hub()
    async with StreamClient.open(world.url) as client:
        await client.hello("a1", resume=("e7", 0))
        await client.subscribe("agent:me")
        await client.shown((await client.event("screen_pop.requested")).seq)
        await client.ask({"op": "ping"})
    assert ("shown", "1001", "o-7") in world.desk.asked


@pytest.mark.parametrize("ring", [40, 8192])
async def test_under_load_a_client_that_is_cut_off_again_and_again_misses_nothing(ring: int) -> None:
    """Cut off at arbitrary points by closing the socket, resumed with the last seq, while events keep coming."""
    total = 3000
    async with World(Limits(ring_events=ring, journal_page=17)).serving() as world, asyncio.TaskGroup() as tasks:

        async def traffic() -> None:
            while world.board.seq < total:
                world.publish(call_news("ringing"), queue_updated(), agent_updated())
                await asyncio.to_thread(lambda: None)  # a turn of the loop or two

        async with StreamClient.open(world.url) as client:
            await client.sign_in("boss", "queue:*", "calls:*")
        tasks.create_task(traffic())
        seen: list[int] = []
        last = 0
        while last < total - 1:
            async with StreamClient.open(world.url) as client:
                assert (await client.hello("boss", resume=("e7", last)))["resumed"] is True
                assert (await client.subscribe("queue:*", "calls:*"))["seq"] == last
                for _ in range(37 + 11 * (last % 13)):
                    if last >= total - 1:
                        break
                    event = await client.event()
                    seen.append(event.seq)
                    last = event.seq
                client.socket.transport.abort()
        assert seen == [seq for seq in range(1, total + 1) if seq % 3]
