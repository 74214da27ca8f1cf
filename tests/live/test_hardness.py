"""What must not hurt a running server: noise at its doors, a twin, an order to stop, deaf clients, hasty callers."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from tests.adapters.asterisk.waiting import eventually
from tests.adapters.desktop.client import Event, StreamClient
from tests.live.centre import Centre, Desktop
from tests.live.conftest import Lab, Phones
from tests.live.phone import Leg, Phone

STRINGS = 10_000
THROWERS = 4
AGI_PORT = 24573
PROMPT = 2.0  # seconds; a call takes a tenth of that from dialling to the answer


def no_channels(lab: Lab) -> bool:
    return "0 active channels" in (lab.asterisk.ask("core show channels count") or "")


def nonsense(chance: random.Random, port: int) -> bytes:
    """Pure noise, or something that begins well."""
    noise = chance.randbytes(chance.randrange(1, 300))
    if chance.randrange(3):
        return noise
    if port == AGI_PORT:
        return b"agi_network: yes\nagi_request: agi://127.0.0.1/x\n" + noise + b"\n\n200 result=" + noise
    return b"GET /api/v1/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + noise + b"\r\n\r\n" + noise


def throw(port: int, seed: int, how_many: int) -> None:
    chance = random.Random(seed)
    for n in range(how_many):
        with socket.create_connection(("127.0.0.1", port), 10) as peer:
            try:
                peer.sendall(nonsense(chance, port))
                if n % 3 == 0:
                    peer.shutdown(socket.SHUT_WR)
            except (ConnectionResetError, BrokenPipeError):
                pass  # refused before it was all said


async def one_call(centre: Centre, wall: Desktop, desk: Phone, trunk: Phone) -> float:
    """Dial, be answered, hang up; returns the seconds from dialling to the news of the answer."""
    began = time.monotonic()
    caller = trunk.call("4001", "13800001234", "张伟明")
    (await desk.next_ring()).answer()
    await wall.client.event("call.answered")
    took = time.monotonic() - began
    caller.hangup()
    await wall.client.event("call.ended")
    await centre.until("/agents/1001", wall.token, lambda agent: agent["routable"])
    return took


async def quick_agent(centre: Centre, no: str) -> None:
    """An agent who is ready again the moment a call is over."""
    token = await centre.token(no)
    await centre.until(f"/agents/{no}", token, lambda agent: agent["device"]["reachable"])
    await centre.status(token, no, "ready")
    await centre.until(f"/agents/{no}", token, lambda agent: agent["routable"])


async def test_ten_thousand_random_byte_strings_at_both_doors_disturb_no_call(small: Centre, phones: Phones) -> None:
    small.cti("queue", "set", "sales", "--acw-seconds", "0")
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    http_port = int(small.url.rpartition(":")[2])
    async with small.desktop(small.supervisor, "calls:*") as wall:
        await small.until("/queues/sales", wall.token, lambda queue: queue["acw_seconds"] == 0)
        await quick_agent(small, "1001")
        ports = [AGI_PORT, http_port] * (THROWERS // 2)
        noise = [asyncio.create_task(asyncio.to_thread(throw, p, n, STRINGS // THROWERS)) for n, p in enumerate(ports)]
        took = [await one_call(small, wall, desk, trunk)]
        while not all(one.done() for one in noise):
            took.append(await one_call(small, wall, desk, trunk))
        await asyncio.gather(*noise)
        assert max(took) < PROMPT, took
        assert await small.ready()
    assert "Traceback" not in small.log


async def test_a_second_server_on_the_same_database_refuses_and_names_the_first(small: Centre) -> None:
    assert small.process is not None
    second = await asyncio.to_thread(small.run, "serve", CTI_HTTP_PORT="8099", CTI_AGI_PORT="24599")
    assert second.returncode == 1
    said = second.stderr.strip().splitlines()[-1]
    assert "another server works on this database" in said
    assert str(small.process.pid) in said
    assert small.url.rpartition(":")[2] in said
    assert "Traceback" not in second.stderr
    assert await small.ready()


async def test_told_to_stop_it_says_1012_to_everybody_and_is_gone_within_ten_seconds(
    small: Centre, phones: Phones
) -> None:
    trunk = await phones.trunk()
    async with AsyncExitStack() as stack:
        wall = await stack.enter_async_context(small.desktop(small.supervisor, "calls:*"))
        others = [await stack.enter_async_context(small.desktop(no, "agent:me")) for no in ("1001", "1002")]
        silent = await stack.enter_async_context(StreamClient.open(small.url))  # never says hello
        waiting = trunk.call("4009", "13800001234", "张伟明")
        await wall.client.event("call.queued")
        began = time.monotonic()
        stopping = asyncio.create_task(asyncio.to_thread(small.stop))
        codes = [await one.closed() for one in (wall.client, *(other.client for other in others), silent)]
        assert await stopping == 0
        assert time.monotonic() - began < 10
    assert codes == [1012] * 4
    assert "Traceback" not in small.log
    assert not waiting.ended.is_set(), "the music goes on"
    await small.start()
    queue = await small.get("/queues/empty", await small.token(small.supervisor))
    assert [one["number"] for one in queue["waiting"]] == ["+8613800001234"]
    waiting.hangup()


async def test_a_token_is_good_after_a_restart(small: Centre) -> None:
    token = await small.token("1001")
    small.kill()
    await small.start()
    assert (await small.get("/agents/1001", token))["agent_no"] == "1001"
    async with StreamClient.open(small.url) as client:
        await client.sign_in(token, "agent:me")


async def test_a_client_that_stops_reading_is_cut_while_another_gets_everything_in_time(small: Centre) -> None:
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", int(small.url.rpartition(":")[2])))
    deaf.setblocking(False)
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(small.desktop("1001", "agent:me"))
        lively = await stack.enter_async_context(small.desktop(small.supervisor, "agent:*"))
        slow = await stack.enter_async_context(StreamClient.open(small.url, sock=deaf, max_queue=1))
        await slow.sign_in(await small.token(small.admin), "agent:*")
        slowest, n = 0.0, 0
        while n % 200 or not await was_cut(small):
            began = time.monotonic()
            for _ in range(10):
                n += 1
                reason = f"{n} {'小休' * 25}"
                await agent.client.command("agent.status", status="not_ready", reason=reason)
            while (event := await lively.client.event("agent.updated")).data["reason"] != reason:
                pass
            slowest = max(slowest, time.monotonic() - began)
            assert event.data["agent_no"] == "1001"
            assert n < 20_000
        assert slowest < 3.0, "it has waited for the other"
        assert await slow.closed(20) in (4429, 1006)
    deaf.close()


async def was_cut(centre: Centre) -> bool:
    lines = (await centre.http.get("/metrics")).text.splitlines()
    (dropped,) = [line for line in lines if line.startswith("cti_ws_dropped_total")]
    return float(dropped.rpartition(" ")[2]) > 0


# --- callers in a hurry ---


async def hurries(leg: Leg, seconds: float) -> None:
    """Hang up so long after dialling, whatever has happened by then; an answer that crosses it is hung up too."""
    moment = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, moment.set)
    await moment.wait()
    await leg.leave()
    await leg.until_ended()


def pick_up_soon(chance: random.Random) -> Callable[[Leg], None]:
    """A phone that rings for a moment, is answered, and is hung up by the agent now and then."""

    def on_ring(leg: Leg) -> None:
        loop = asyncio.get_running_loop()

        def answer() -> None:
            if not leg.ended.is_set():
                leg.answer()
                if chance.random() < 0.4:
                    loop.call_later(chance.uniform(0.02, 0.2), leave)

        def leave() -> None:
            if leg.answered.is_set():
                leg.hangup()

        leg.ring()
        loop.call_later(chance.uniform(0, 0.15), answer)

    return on_ring


@pytest.mark.parametrize("seed", [1, 2])
async def test_callers_who_hang_up_at_any_moment_leave_no_ghost(
    small: Centre, lab: Lab, phones: Phones, seed: int
) -> None:
    chance = random.Random(seed)
    small.cti("queue", "set", "sales", "--acw-seconds", "0")
    desks = [await phones.desk(no) for no in ("1001", "1002")]
    for desk in desks:
        desk.on_ring = pick_up_soon(chance)
    trunk = await phones.trunk()
    async with small.desktop(small.supervisor, "calls:*") as wall:
        await small.until("/queues/sales", wall.token, lambda queue: queue["acw_seconds"] == 0)
        for no in ("1001", "1002"):
            await quick_agent(small, no)
        async with asyncio.TaskGroup() as tasks:
            for n in range(40):
                leg = trunk.call("4001", f"138{n:08}", "张伟明")
                tasks.create_task(hurries(leg, chance.uniform(0, 0.6)))
        await eventually(lambda: no_channels(lab))
        told = await everything(wall)
        started = [e.call for e in told if e.type == "call.started"]
        results = Counter(e.call for e in told if e.type == "call.ended")
        assert len(set(started)) == len(started) >= 30
        assert results == Counter(started), "every call has exactly one result"
        assert {e.data["result"] for e in told if e.type == "call.ended"} <= {"answered", "abandoned"}

        listed = {one["id"]: one["result"] for one in (await small.get("/calls", wall.token, limit=100))["items"]}
        assert set(started) <= set(listed)
        assert all(listed.values())
        for name in ("sales", "support", "billing", "empty"):
            assert (await small.get(f"/queues/{name}", wall.token))["waiting"] == []
        for no in ("1001", "1002"):
            agent = await small.until(f"/agents/{no}", wall.token, lambda agent: agent["routable"])
            assert (agent["work"], agent["status"], agent["call"]) == ("idle", "ready", None)
        assert {e.data["queue"] for e in told} == {"sales"}


async def everything(wall: Desktop) -> list[Event]:
    """All events up to now: a ping is answered after them."""
    await wall.client.ask({"op": "ping"})
    told, wall.client.events = wall.client.events, []
    live = Counter(e.type for e in told)
    while live["call.ended"] < live["call.started"]:
        told.append(await wall.client.event())
        live[told[-1].type] += 1
    return told
