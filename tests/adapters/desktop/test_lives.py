"""How a connection begins and ends: close codes, one per agent, silence, revoked tokens, new roles, slow readers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from adapters.desktop.settings import Limits
from cti.ids import AgentNo
from cti.people import principal
from tests.adapters.desktop.client import Closed, Refusal, StreamClient
from tests.adapters.desktop.world import DEMO, World, agent_updated, call_news, queue_updated

QUICK = Limits(hello=0.2, heartbeat=0.1, silence=0.3, linger=0.3)


@asynccontextmanager
async def quick() -> AsyncIterator[World]:
    async with World(QUICK).serving() as world:
        yield world


async def until(world: World, condition: Callable[[], bool]) -> None:
    """Turn the loop until the condition holds; each turn asks the server something, so that it is not a busy wait."""
    async with asyncio.timeout(10), StreamClient.open(world.url) as client:
        await client.hello("crm")
        while not condition():
            await client.ask({"op": "ping"})


async def test_silence_before_hello_ends_with_4408() -> None:
    async with quick() as world, StreamClient.open(world.url) as client:
        assert await client.closed() == 4408


async def test_other_words_before_hello_are_refused_and_do_not_stop_the_clock() -> None:
    async with quick() as world, StreamClient.open(world.url) as client:
        with pytest.raises(Refusal) as refusal:
            await client.ask({"op": "subscribe", "topics": ["agent:*"]})
        assert refusal.value.code == "bad_request"
        assert await client.closed() == 4408


@pytest.mark.parametrize("token", ["forged", ""])
async def test_a_bad_token_ends_with_4401(world: World, token: str) -> None:
    async with StreamClient.open(world.url) as client:
        await client.send({"op": "hello", "token": token})
        assert await client.closed() == 4401


async def test_an_expired_token_ends_the_connection_with_4401(world: World) -> None:
    world.tokens.expires = world.hub.wall() + 0.2
    async with StreamClient.open(world.url) as client:
        await client.sign_in("a1", "agent:me")
        assert await client.closed() == 4401


async def test_a_revoked_token_ends_its_connections_at_once(world: World) -> None:
    async with StreamClient.open(world.url) as client, StreamClient.open(world.url) as other:
        await client.sign_in("a1", "agent:me")
        await other.sign_in("a2", "agent:me")
        world.revoke("a1")
        assert await client.closed(1.0) == 4401
        await other.ask({"op": "ping"})
    async with StreamClient.open(world.url) as client:
        await client.sign_in("boss", "calls:*")
        del world.tokens.people["boss"]  # nobody told the hub: the next frame finds out
        with pytest.raises(Closed) as closed:
            await client.ask({"op": "ping"})
        assert closed.value.code == 4401


async def test_an_agents_new_connection_closes_the_older_with_4409(world: World) -> None:
    async with StreamClient.open(world.url) as older, StreamClient.open(world.url) as newer:
        await older.sign_in("a1", "agent:me")
        await newer.sign_in("a1", "agent:me")
        assert await older.closed() == 4409
        world.publish(agent_updated())
        await newer.event("agent.updated")
    await until(world, lambda: ("closed", "1001") in world.desk.asked)
    assert [asked for asked in world.desk.asked if asked[1] == "1001"] == [("opened", "1001"), ("closed", "1001")]


async def test_a_hello_that_is_refused_leaves_the_older_connection_alone(world: World) -> None:
    async with StreamClient.open(world.url) as older, StreamClient.open(world.url) as newer:
        await older.sign_in("a1", "agent:me")
        await newer.send({"op": "hello", "token": "forged"})
        assert await newer.closed() == 4401
        await older.ask({"op": "ping"})


async def test_a_supervisor_may_hold_twenty_connections(world: World) -> None:
    async with AsyncExitStack() as stack:
        held = [await stack.enter_async_context(StreamClient.open(world.url)) for _ in range(21)]
        for one in held[:20]:
            await one.hello("boss")
        assert world.hub.clients == 20
        await held[20].hello("boss")
        assert await held[0].closed() == 4409
        for one in held[1:]:
            await one.ask({"op": "ping"})


async def test_ten_bad_frames_in_a_minute_end_with_4400_and_each_is_answered(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.hello("a1")
        frames: list[str | bytes] = ["{", b"\x00\xff", "[]", "null", '{"op":"dance","id":"7"}']
        frames += [
            '{"op":"hello","token":"a1","id":8}',
            '{"op":"subscribe","id":"9","topics":"agent:me"}',
            '{"op":"shown","seq":-1}',
            '"x"',
            '{"op":"command"}',
        ]
        for frame in frames:
            await client.send(frame)
        answers = [await client.receive() for _ in frames]
        assert {(answer["op"], answer["code"]) for answer in answers} == {("error", "bad_request")}
        assert [answer["re"] for answer in answers] == [None] * 4 + ["7", 8, "9"] + [None] * 3
        assert await client.closed() == 4400


async def test_what_a_person_mistypes_is_refused_and_never_cuts_them_off(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.hello("a1")
        for _ in range(12):
            with pytest.raises(Refusal, match="bad_request"):
                await client.command("call.transfer", call="c-1", to="nowhere")
        await client.ask({"op": "ping"})


async def test_a_client_that_answers_no_ping_is_cut_with_4429() -> None:
    async with quick() as world, StreamClient.open(world.url) as silent, StreamClient.open(world.url) as lively:
        silent.pongs = False
        await silent.sign_in("a1", "agent:me")
        await lively.sign_in("a2", "agent:me")

        async def pongs() -> None:
            for _ in range(12):
                await lively.frame("ping")

        code, _ = await asyncio.gather(silent.closed(), pongs())
        assert code == 4429


async def test_a_stopping_server_says_1012_and_counts_no_agent_as_gone() -> None:
    async with World().serving() as world, StreamClient.open(world.url) as client:
        await client.sign_in("a1", "agent:me")
        world.hub.close()
        assert await client.closed() == 1012
    assert ("closed", "1001") not in world.desk.asked


async def test_topics_that_a_new_role_may_not_have_end_with_unsubscribed(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("boss", "calls:*", "queue:empty", "agent:*", "agent:me")
        world.publish(call_news("started"))
        world.change_role("boss", "agent")
        assert (await client.frame("unsubscribed"))["topics"] == ["calls:*", "queue:empty"]
        world.publish(call_news("ringing"), queue_updated("empty"), agent_updated("1002"))
        events = await client.take(2)
        assert [event.type for event in events] == ["call.started", "agent.updated"]
        assert events[1].data["caller"] is None


async def test_losing_the_desk_by_a_new_role_closes_the_desk(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("boss", "agent:me", "calls:*")
        world.change_role("boss", "admin")
        assert (await client.frame("unsubscribed"))["topics"] == ["agent:me"]
        assert world.desk.asked == [("opened", "1900"), ("closed", "1900")]


async def test_a_queue_that_is_no_longer_ones_own_ends(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("a1", "queue:support", "queue:*")
        world.board.members["1001"] = ("sales",)
        world.hub.directory_changed(DEMO)
        assert (await client.frame("unsubscribed"))["topics"] == ["queue:support"]
        world.publish(queue_updated("support"), queue_updated("sales"))
        assert (await client.event()).seq == 2


async def test_two_sign_ins_of_one_agent_share_the_desk(world: World) -> None:
    world.tokens.people["lead"] = principal(DEMO, "lead", "supervisor", AgentNo("1001"))
    async with StreamClient.open(world.url) as lead:
        await lead.hello("lead")
        async with StreamClient.open(world.url) as agent:
            await agent.hello("a1")
            assert world.desk.asked == [("opened", "1001")]
            assert await lead.closed() == 4409


async def test_a_client_that_stops_reading_is_cut_and_nobody_else_is_delayed() -> None:
    async with World(Limits(linger=1.0)).serving() as world, StreamClient.open(world.url) as lively:
        await lively.sign_in("boss", "queue:*")
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.connect(("127.0.0.1", int(world.url.rpartition(":")[2])))
        small.setblocking(False)
        async with StreamClient.open(world.url, sock=small, max_queue=1) as slow:
            await slow.sign_in("crm", "queue:*")
            slowest, sent, loop = 0.0, 0, asyncio.get_running_loop()
            while world.hub.counts.cut == 0:
                began = loop.time()
                world.publish(queue_updated("sales", "x" * 8000))
                sent += 1
                assert (await lively.event()).seq == sent
                slowest = max(slowest, loop.time() - began)
            assert sent < 2000
            assert slowest < 0.5
            assert world.hub.clients == 1
            assert await slow.closed() in (4429, 1006)
            assert slow.seq is not None
            assert 0 < slow.seq < sent
        async with StreamClient.open(world.url) as again:
            assert (await again.hello("crm", resume=("e7", slow.seq)))["resumed"] is True
            assert (await again.subscribe("queue:*"))["seq"] == slow.seq
            missed = await again.take(sent - slow.seq)
            assert [event.seq for event in missed] == list(range(slow.seq + 1, sent + 1))
