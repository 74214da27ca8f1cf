"""The main job, end to end: a real Asterisk, real SIP phones, the server as its own process, both databases."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.adapters.asterisk.waiting import eventually
from tests.adapters.desktop.client import StreamClient
from tests.adapters.store.conftest import make_database
from tests.adapters.store.postgres import Postgres
from tests.live.centre import SQLITE, Centre
from tests.live.conftest import Lab, Phones
from tests.live.sipp import Sipp

TOPICS = ("agent:me", "calls:mine", "queue:sales")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    cluster = Postgres.create()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def postgres_template(lab: Lab, postgres: Postgres) -> str:
    with ThreadPoolExecutor(1) as elsewhere:  # a loop of its own: this may be asked for from within a test's
        url = elsewhere.submit(asyncio.run, make_database(postgres, "template0", "template_live")).result()
    made = Centre(lab, url)
    made.cti("migrate")
    made.cti("lab", "seed")
    shutil.rmtree(made.folder)  # the database is elsewhere
    return "template_live"


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def centre(request: pytest.FixtureRequest, lab: Lab) -> AsyncIterator[Centre]:
    """A server that is ready, on either database."""
    if request.param == "sqlite":
        made = Centre(lab, SQLITE)
        shutil.copy(request.getfixturevalue("template"), made.folder / "cti.db")
    else:
        template = request.getfixturevalue("postgres_template")
        made = Centre(lab, await make_database(request.getfixturevalue("postgres"), template))
    await made.start()
    yield made
    await made.close()


def no_channels(lab: Lab) -> bool:
    return "0 active channels" in (lab.asterisk.ask("core show channels count") or "")


def seconds(record: dict[str, Any], kind: str) -> float:
    return float(sum(one["seconds"] for one in record["segments"] if one["kind"] == kind))


async def test_a_real_caller_reaches_a_real_phone_and_the_screen_knows_before_it_rings(
    centre: Centre, lab: Lab, sipp: Sipp
) -> None:
    phone = sipp.phone("1001", ring_ms=1500, talk_ms=3000)
    async with centre.desktop("1001", *TOPICS) as desk:
        if not desk.snapshot["agent:me"]["device"]["reachable"]:
            await desk.client.event("agent.updated", where=lambda e: e.data["device"]["reachable"])
        await desk.ready()
        caller = sipp.caller("4001", name="张伟明")
        pop = await desk.client.event("screen_pop.requested")
        popped_at = asyncio.get_running_loop().time()
        assert pop.call is not None
        await desk.client.shown(pop.seq)
        told = await desk.story(pop.call, "call.ended")
        assert await caller.done(30) == 0
        ended = await desk.client.event("agent.updated", where=lambda e: e.data["work"] == "idle", deadline=15)
        assert ended.data["status"] == "ready"
        assert ended.data["routable"]
        record = await centre.get(f"/calls/{pop.call}", desk.token)
        assert popped_at

    (invite,) = phone.saw("INVITE", sent=False)
    assert invite.header("X-Cti-Call") == pop.call
    kinds = [e.type for e in told if e.type in ("call.ringing", "call.answered", "call.ended", "screen_pop.shown")]
    assert kinds == ["screen_pop.shown", "call.ringing", "call.answered", "call.ended"] or kinds == [
        "call.ringing",
        "screen_pop.shown",
        "call.answered",
        "call.ended",
    ]
    assert pop.data["caller"]["number"] == "+8613800001234"
    assert pop.data["caller"]["name"] == "张伟明"
    assert [e.seq for e in told] == sorted(e.seq for e in told)
    answered = next(s.at for s in phone.saw("SIP/2.0 200", sent=True) if "INVITE" in s.header("CSeq"))
    (bye,) = phone.saw("BYE", sent=True)
    (invited,) = caller.saw("INVITE", sent=True)
    assert seconds(record, "talking") == pytest.approx(bye.at - answered, abs=0.25)
    before_answer = seconds(record, "waiting") + seconds(record, "ringing")
    assert before_answer == pytest.approx(answered - invited.at, abs=0.25)
    assert record["result"] == "answered"
    (offer,) = record["offers"]
    assert (offer["agent_no"], offer["result"], offer["strategy"]) == ("1001", "accepted", "least_calls")
    assert "fewest" in offer["reason"]
    await eventually(lambda: no_channels(lab))


async def test_an_agent_who_lets_it_ring_out_is_not_ready_and_the_caller_goes_to_the_next(
    centre: Centre, lab: Lab, phones: Phones
) -> None:
    centre.cti("queue", "set", "sales", "--ring-seconds", "3")
    first, second, trunk = await phones.desk("1001"), await phones.desk("1002"), await phones.trunk()
    async with centre.desktop(centre.supervisor, "agent:*", "queue:*", "calls:*") as wall:
        for no in ("1001", "1002"):
            await centre.status(await centre.token(no), no, "ready")
        await centre.until("/queues/sales", wall.token, lambda queue: queue["ring_seconds"] == 3)
        caller = trunk.call("4001", "13800001234", "张伟明")
        ringing = await first.next_ring()
        ringing.ring()
        await caller.until_answered()
        over = await wall.client.event("call.offer_ended")
        assert over.data["offer"]["result"] == "no_answer"
        next_one = await second.next_ring()
        await ringing.until_ended()
        left_alone = await centre.get("/agents/1001", wall.token)
        assert (left_alone["status"], left_alone["reason"]) == ("not_ready", "no_answer")
        next_one.answer()
        answered = await wall.client.event("call.answered")
        assert answered.data["agent_no"] == "1002"
        caller.hangup()
        await wall.client.event("call.ended")
        record = await centre.get(f"/calls/{answered.call}", wall.token)
    assert [o["result"] for o in record["offers"]] == ["no_answer", "accepted"]
    await eventually(lambda: no_channels(lab))


@pytest.mark.parametrize("when", ["waiting", "ringing"])
async def test_a_caller_who_hangs_up_early_leaves_no_ghost(centre: Centre, lab: Lab, phones: Phones, when: str) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    async with centre.desktop(centre.supervisor, "agent:*", "queue:*", "calls:*") as wall:
        if when == "ringing":
            await centre.status(await centre.token("1001"), "1001", "ready")
        caller = trunk.call("4001", "13800001234", "张伟明")
        if when == "ringing":
            (await desk.next_ring()).ring()
            await wall.client.event("call.ringing")
        await caller.until_answered()
        caller.hangup()
        ended = await wall.client.event("call.ended")
        assert ended.data["result"] == "abandoned"
        assert (await centre.get("/queues/sales", wall.token))["waiting"] == []
        agent = await centre.get("/agents/1001", wall.token)
        assert agent["work"] == "idle"
        assert (await centre.get("/calls", wall.token))["items"][0]["result"] == "abandoned"
    await eventually(lambda: no_channels(lab))


async def test_killed_with_callers_waiting_and_talking_the_server_finds_everything_again(
    centre: Centre, lab: Lab, phones: Phones
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    await centre.status(await centre.token("1001"), "1001", "ready")
    async with centre.desktop(centre.supervisor, "calls:*", "queue:*") as wall:
        talker = trunk.call("4001", "13800001234", "张伟明")
        agent = await desk.next_ring()
        agent.answer()
        answered = await wall.client.event("call.answered")
        callers = []
        waiting = []
        for number in ("13500002345", "15000003456"):
            callers.append(trunk.call("4001", number, "刘洋"))
            waiting.append((await wall.client.event("call.queued")).call)
        before = (await centre.get("/queues/sales", wall.token))["waiting"]
        epoch, seq = wall.client.epoch, wall.client.seq
        token = wall.token

    centre.kill()
    assert not talker.ended.is_set()
    await centre.start()

    after = (await centre.get("/queues/sales", token))["waiting"]
    assert [(w["call"], w["since"], w["position"]) for w in after] == [
        (w["call"], w["since"], w["position"]) for w in before
    ]
    assert [w["call"] for w in after] == waiting
    assert (await centre.get("/agents/1001", token))["call"] == answered.call
    async with StreamClient.open(centre.url) as client:
        assert seq is not None
        welcome = await client.hello(token, (epoch, seq))
        assert welcome["resumed"]
        ok = await client.subscribe("calls:*", "queue:*")
        assert ok["seq"] == seq
        assert "snapshot" not in ok
        agent.hangup()
        ended = await client.event("call.ended", where=lambda e: e.call == answered.call)
        assert ended.data["result"] == "answered"
        await centre.status(await centre.token("1001"), "1001", "ready")
        offered = await client.event("call.offered")
        assert offered.call == waiting[0]
    served = await desk.next_ring()
    assert served.cti_call == waiting[0]
    for caller in callers:
        caller.hangup()
    await eventually(lambda: no_channels(lab))


async def test_calls_that_end_while_the_server_is_dead_are_on_record(centre: Centre, lab: Lab, phones: Phones) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    token = await centre.token(centre.supervisor)
    await centre.status(await centre.token("1001"), "1001", "ready")
    async with centre.desktop(centre.supervisor, "calls:*") as wall:
        talker = trunk.call("4001", "13800001234", "张伟明")
        agent = await desk.next_ring()
        agent.answer()
        answered = await wall.client.event("call.answered")
    centre.kill()
    stranger = trunk.call("4002", "13500002345", "刘洋")
    await stranger.until_answered()
    stranger.hangup()
    agent.hangup()
    await talker.until_ended()
    await eventually(lambda: no_channels(lab))

    await centre.start()

    record = await centre.get(f"/calls/{answered.call}", token)
    assert record["result"] == "answered"
    assert record["ended_at"] is not None
    listed = (await centre.get("/calls", token))["items"]
    assert ("+8613500002345", "support", "abandoned") in [(c["number"], c["queue"], c["result"]) for c in listed]


async def test_with_the_server_gone_for_good_callers_fall_back_and_are_reported_later(
    lab: Lab, phones: Phones, template: Path
) -> None:
    centre = Centre(lab, SQLITE, CTI_FALLBACK_AFTER="3")
    shutil.copy(template, centre.folder / "cti.db")
    try:
        await centre.start()
        trunk = await phones.trunk()
        token = await centre.token(centre.supervisor)
        async with centre.desktop(centre.supervisor, "calls:*") as wall:
            caller = trunk.call("4009", "13800001234", "张伟明")
            call = (await wall.client.event("call.queued")).call
        await caller.until_answered()
        centre.kill()
        await caller.until_ended(20)  # a message, and a polite hang-up
        await centre.start()
        record = await centre.get(f"/calls/{call}", token)
        assert record["result"] == "fallback"
    finally:
        await centre.close()


async def test_asterisk_restarted_closes_the_lost_calls_and_serves_the_next(
    centre: Centre, lab: Lab, phones: Phones
) -> None:
    trunk = await phones.trunk()
    async with centre.desktop(centre.supervisor, "calls:*", "agent:*") as wall:
        trunk.call("4001", "13800001234", "张伟明")
        lost = (await wall.client.event("call.queued")).call
        wall.client.deadline = 20.0  # nothing need be said while Asterisk boots and the sessions come back
        lab.restart_clean()
        await wall.client.event("pbx.link_down")
        ended = await wall.client.event("call.ended")
        assert (ended.call, ended.data["result"]) == (lost, "pbx_lost")
        await wall.client.event("pbx.link_up")
        desk = await phones.desk("1001")
        await centre.status(await centre.token("1001"), "1001", "ready")
        again = trunk.call("4001", "13800001234", "张伟明")
        (await desk.next_ring()).answer()
        await wall.client.event("call.answered")
        again.hangup()
        await wall.client.event("call.ended")


NAMES = [
    'He said "hi", then \\ left',
    "x,Event: Hangup",
    "${SHELL(id)}",
    "𠮷田 😀",
    "\u202eabc\u200f",
    "a;b=c&d|e",
    "O'Neil %0d%0a <b>",
]


@pytest.mark.parametrize("name", NAMES)
async def test_whatever_a_caller_is_called_it_is_text_and_nothing_else(
    centre: Centre, lab: Lab, phones: Phones, name: str
) -> None:
    trunk = await phones.trunk()
    async with centre.desktop(centre.supervisor, "calls:*") as wall:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        caller = trunk.call("4009", "13800001234", quoted)
        queued = await wall.client.event("call.queued")
        assert queued.data["name"] == name
        await caller.until_answered()
        caller.hangup()
        await wall.client.event("call.ended")
        record = await centre.get(f"/calls/{queued.call}", wall.token)
        assert record["name"] == name
