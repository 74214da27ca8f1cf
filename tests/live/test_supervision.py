"""Supervision on a real Asterisk: who hears whom in each mode, and that it follows the call and ends with it."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.live.centre import Centre
from tests.live.conftest import Lab, Phones
from tests.live.floor import Floor
from tests.live.phone import Leg, Phone
from tests.live.tap import Tap
from tests.live.test_control import CUSTOMER, A, B, D, hears, sing

SUPERVISOR = "1900"


@pytest_asyncio.fixture
async def floor(small: Centre, lab: Lab, phones: Phones) -> Floor:
    made = Floor(small, lab, phones)
    await made.agent(SUPERVISOR, ready=False)
    return made


async def listening(floor: Floor, call: str, mode: str = "listen", **more: str) -> tuple[Phone, Leg]:
    await floor.asks(SUPERVISOR, f"/calls/{call}/supervision/{mode}", reason="质检", **more)
    phone = floor.desks[SUPERVISOR]
    leg = await phone.next_ring()
    assert leg.invite is not None
    assert "answer-after=0" in leg.invite.get("call-info")
    leg.answer()
    await leg.until_answered()
    mine = floor.tokens[SUPERVISOR]
    await floor.centre.until(f"/calls/{call}", mine, lambda c: any(heard(one) for one in c["legs"]))
    return phone, leg


def heard(leg: dict[str, Any]) -> bool:
    """The server knows that the supervisor is there."""
    return leg["agent_no"] == SUPERVISOR and leg["answered_at"] is not None and leg["ended_at"] is None


async def test_one_leg_goes_from_listening_to_whispering_to_barging_and_back(floor: Floor) -> None:
    desk = await floor.agent("1001")
    call, caller, agent, trunk = await floor.talk("1001")
    phone, leg = await listening(floor, call)
    with sing(desk, agent, A), sing(trunk, caller, CUSTOMER), sing(phone, leg, D):
        await hears(phone, A, CUSTOMER)
        await hears(desk, CUSTOMER)
        await hears(trunk, A)
        await floor.asks(SUPERVISOR, f"/calls/{call}/supervision/whisper")
        await hears(desk, CUSTOMER, D)
        await hears(trunk, A)
        await floor.asks(SUPERVISOR, f"/calls/{call}/supervision/barge")
        await hears(trunk, A, D)
        await hears(desk, CUSTOMER, D)
        await hears(phone, A, CUSTOMER)
        await floor.asks(SUPERVISOR, f"/calls/{call}/supervision/listen")
        await hears(desk, CUSTOMER)
        await hears(trunk, A)
        await hears(phone, A, CUSTOMER)
        assert await floor.refused(SUPERVISOR, f"/calls/{call}/supervision/listen") == "wrong_state"
        await floor.asks(SUPERVISOR, f"/calls/{call}/supervision/stop")
        await leg.until_ended()
        await hears(trunk, A)
    await floor.works(SUPERVISOR, "idle")
    assert phone.rung.empty(), "rung once"
    caller.hangup()
    await agent.until_ended()
    await floor.empty()


async def test_an_intercepted_customer_stays_with_the_supervisor_and_the_agent_is_free(
    floor: Floor, events: Tap
) -> None:
    desk = await floor.agent("1001")
    call, caller, agent, trunk = await floor.talk("1001")
    phone, leg = await listening(floor, call)
    await floor.asks(SUPERVISOR, f"/calls/{call}/supervision/intercept")
    await agent.until_ended()
    with sing(phone, leg, D), sing(trunk, caller, CUSTOMER):
        await hears(phone, CUSTOMER)
        await hears(trunk, D)
    await floor.works("1001", "acw")
    await floor.works(SUPERVISOR, "talking")
    assert desk.rung.empty()
    leg.hangup()
    await caller.until_ended()
    record = await floor.is_(call, SUPERVISOR, state="ended")
    talks = [one["agent_no"] for one in record["segments"] if one["kind"] == "talking"]
    assert talks == ["1001", SUPERVISOR]
    await floor.empty()
    news = [(words.get("Event"), words.get("Channel", "")) for words in events.heard]
    came = next(n for n, (name, who) in enumerate(news) if name == "ConfbridgeJoin" and f"/{SUPERVISOR}-" in who)
    went = next(n for n, (name, who) in enumerate(news) if name == "Hangup" and "/1001-" in who)
    assert came < went, "the room was never without anybody of ours"


async def test_supervision_follows_a_consultation_and_the_customer_to_the_next_agent(floor: Floor) -> None:
    desk = await floor.agent("1001")
    other = await floor.busy("1002")
    call, caller, agent, trunk = await floor.talk("1001")
    phone, leg = await listening(floor, call)
    await floor.asks("1001", f"/calls/{call}/transfer", to="agent:1002")
    rung = await other.next_ring()
    await agent.until_ended()
    rung.answer()
    await rung.until_answered()
    with sing(other, rung, B), sing(trunk, caller, CUSTOMER), sing(phone, leg, D):
        await hears(phone, B, CUSTOMER)
        await hears(trunk, B)
    assert desk.rung.empty()
    caller.hangup()
    await leg.until_ended()
    await floor.works(SUPERVISOR, "idle")
    await floor.empty()


async def test_supervision_that_follows_the_agent_never_hears_the_next_one(floor: Floor) -> None:
    await floor.agent("1001")
    other = await floor.busy("1002")
    call, caller, agent, trunk = await floor.talk("1001")
    _, leg = await listening(floor, call, follow="agent")
    await floor.asks("1001", f"/calls/{call}/transfer", to="agent:1002")
    rung = await other.next_ring()
    await agent.until_ended()
    await leg.until_ended()
    rung.answer()
    await rung.until_answered()
    with sing(other, rung, B), sing(trunk, caller, CUSTOMER):
        await hears(other, CUSTOMER)
        await hears(trunk, B)
    await floor.works(SUPERVISOR, "idle")
    caller.hangup()
    await floor.empty()


async def test_a_dropped_call_ends_for_everybody(floor: Floor) -> None:
    await floor.agent("1001")
    call, caller, agent, _ = await floor.talk("1001")
    _, leg = await listening(floor, call)
    await floor.asks(SUPERVISOR, f"/calls/{call}/supervision/drop", reason="辱骂")
    await caller.until_ended()
    await agent.until_ended()
    await leg.until_ended()
    await floor.empty()


async def test_a_supervisor_takes_a_waiting_caller_and_moves_another_to_the_front(floor: Floor) -> None:
    trunk = await floor.phones.trunk()
    callers = [trunk.call("4009", f"1380000123{n}", "x") for n in range(3)]
    for caller in callers:
        await caller.until_answered()
    token = floor.tokens[SUPERVISOR]
    queue = await floor.centre.until("/queues/empty", token, lambda q: q["waiting_count"] == 3)
    first, second, third = (one["call"] for one in queue["waiting"])
    await floor.asks(SUPERVISOR, f"/calls/{third}/supervision/requeue", front=True)
    await floor.centre.until(
        "/queues/empty", token, lambda q: [w["call"] for w in q["waiting"]] == [third, first, second]
    )
    await floor.asks(SUPERVISOR, f"/calls/{second}/supervision/requeue", queue="sales")
    await floor.centre.until("/queues/sales", token, lambda q: [w["call"] for w in q["waiting"]] == [second])
    await floor.asks(SUPERVISOR, f"/calls/{first}/supervision/take")
    rung = await floor.desks[SUPERVISOR].next_ring()
    assert rung.cti_call == first
    rung.answer()
    await rung.until_answered()
    await floor.works(SUPERVISOR, "talking")
    for caller in callers:
        caller.hangup()
    await rung.until_ended()
    await floor.empty()


async def test_agents_supervise_nobody(floor: Floor) -> None:
    await floor.agent("1001")
    call, caller, agent, _ = await floor.talk("1001")
    await floor.busy("1002")
    for mode in ("listen", "whisper", "barge", "intercept", "drop"):
        assert await floor.refused("1002", f"/calls/{call}/supervision/{mode}") in ("not_allowed", "not_found")
    caller.hangup()
    await agent.until_ended()
    await floor.empty()
