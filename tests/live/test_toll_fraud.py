"""Toll fraud on a real Asterisk, counted where it would cost money: no INVITE reaches the trunk that no rule allows."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.fraud import ATTEMPTS
from tests.live.centre import Centre
from tests.live.conftest import Lab, Phones
from tests.live.floor import Floor
from tests.live.keys import press
from tests.live.phone import Phone

MOBILE: Final = "13900001111"
ABROAD: Final = "0012025550123"
REFUSED: Final = {"refused_by_policy", "bad_request", "invalid"}
KEYS: Final = ("*1", "#", "##", "*2", f"*72#{ABROAD}#", "**1", "#1", f"#1{ABROAD}#", f"*1{MOBILE}#")
BY_HAND: Final = (MOBILE, ABROAD, "+12025550123", "110", "4000@cti-out", f"num_30_4000_{ABROAD}", "say", "h", "i", "t")


@pytest_asyncio.fixture
async def floor(small: Centre, lab: Lab, phones: Phones) -> Floor:
    return Floor(small, lab, phones)


@pytest_asyncio.fixture
async def carrier(floor: Floor) -> Phone:
    return await floor.phones.carrier()


async def told(floor: Floor, agent: str, path: str, **body: Any) -> str:
    """The code of an answer, however bad the request."""
    headers = {"Authorization": f"Bearer {floor.tokens[agent]}"}
    answer = await floor.centre.http.post(f"/api/v1{path}", headers=headers, json=body)
    return str(answer.json().get("code", answer.status_code))


async def test_no_command_of_an_agent_reaches_a_number_that_no_rule_allows(floor: Floor, carrier: Phone) -> None:
    await floor.agent("1001")
    await floor.agent("1002", ready=False)
    await floor.centre.status(floor.tokens["1002"], "1002", "not_ready", reason="小休")
    call, caller, agent, _ = await floor.talk("1001")
    for attempt in ATTEMPTS:
        for path in ("transfer", "consult", "conference"):
            assert await told(floor, "1001", f"/calls/{call}/{path}", to=f"number:{attempt}") in REFUSED, attempt
        assert await told(floor, "1002", "/calls", to=f"number:{attempt}") in REFUSED, attempt
        assert await told(floor, "1002", "/calls", to=attempt) in REFUSED, attempt
        callback = await told(floor, "1001", "/callbacks", number=attempt, queue="sales")
        assert callback in REFUSED, attempt
    assert not agent.ended.is_set()
    caller.hangup()
    await agent.until_ended()
    await floor.empty()
    assert carrier.legs == {}


async def test_no_key_that_anybody_presses_in_a_talk_calls_anybody(floor: Floor, carrier: Phone) -> None:
    await floor.agent("1001")
    await floor.busy("1002")
    call, caller, agent, _ = await floor.talk("1001")
    for keys in KEYS:
        await asyncio.gather(press(caller, keys), press(agent, keys))
    await floor.asks("1001", f"/calls/{call}/hold")
    await floor.asks("1001", f"/calls/{call}/retrieve")  # now they talk in a room
    await asyncio.gather(*(press(leg, "".join(KEYS[:4])) for leg in (caller, agent)))
    await floor.is_(call, "1001", state="talking")
    assert not caller.ended.is_set()
    caller.hangup()
    await agent.until_ended()
    await floor.empty()
    assert carrier.legs == {}


async def test_no_phone_dials_the_outside_world_by_itself(floor: Floor, carrier: Phone) -> None:
    desk = await floor.agent("1001")
    trunk = await floor.phones.trunk()
    for number in BY_HAND:
        legs = [desk.call(quote(number, safe="+"), "1001"), trunk.call(quote(number, safe="+"), "13800001234")]
        for leg in legs:
            await leg.until_ended()
            assert leg.ended_by in ("404", "484", "603", "400", "488"), (number, leg.ended_by)
    await floor.empty()
    assert carrier.legs == {}


@pytest.mark.parametrize("where", [f"sip:{MOBILE}@127.0.0.1:25060", f"sip:{ABROAD}@127.0.0.2:5060"])
async def test_no_phone_sends_a_call_on_to_the_outside_world(floor: Floor, carrier: Phone, where: str) -> None:
    desk = await floor.agent("1001")
    other = await floor.busy("1002")
    trunk = await floor.phones.trunk()

    # instead of answering a caller, a colleague, or one's own click
    caller = trunk.call("4001", "13800001234", "x")
    (await desk.next_ring()).reject("302 Moved Temporarily", contact=where)
    await floor.centre.until("/agents/1001", floor.tokens["1001"], lambda a: a["work"] == "idle")
    caller.hangup()
    await caller.until_ended()
    await floor.centre.status(floor.tokens["1001"], "1001", "not_ready", reason="小休")
    await floor.asks("1001", "/calls", to="agent:1002")
    (await desk.next_ring()).reject("302 Moved Temporarily", contact=where)
    await floor.works("1001", "idle")
    await floor.asks("1001", "/calls", to="agent:1002")
    (await desk.next_ring()).answer()
    (await other.next_ring()).reject("302 Moved Temporarily", contact=where)
    await floor.works("1001", "idle")
    await floor.empty()

    # in the middle of a talk
    await floor.centre.status(floor.tokens["1001"], "1001", "ready")
    await floor.centre.routable(floor.tokens["1001"], "1001")
    call, caller, agent, _ = await floor.talk("1001")
    agent.refer(where)
    caller.refer(where)
    await floor.asks("1001", f"/calls/{call}/hold")  # whatever became of that, it is over now
    caller.hangup()
    await agent.until_ended()
    await floor.empty()
    assert carrier.legs == {}
