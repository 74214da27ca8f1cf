"""What a masked agent's phone is told, SIP message by SIP message, by an Asterisk that tells phones all it knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.cti.test_masking import left_of
from tests.live.centre import Centre
from tests.live.conftest import Lab, Phones
from tests.live.floor import Floor
from tests.live.phone import Leg, Phone

NUMBER: Final = "13987604521"
NAME: Final = f"客户 {NUMBER}"
TOO_MUCH: Final = 8
MASKED: Final = "1006"
CHATTY: Final = (
    "send_pai = yes\nsend_rpid = yes\ntrust_id_outbound = yes\nsend_connected_line = yes\nsend_diversion = yes\n"
)


@pytest.fixture(scope="module")
def chatty(lab: Lab) -> Iterator[Lab]:
    """An Asterisk whose phones are told of every change of whom they talk with, as an office may have it."""
    file = lab.place.etc / "pjsip_devices.conf"
    before = file.read_text(encoding="utf-8")
    told = before.replace(f"[{MASKED}](cti-desk)\n", f"[{MASKED}](cti-desk)\n{CHATTY}", 1)
    assert told != before
    file.write_text(told, encoding="utf-8")
    lab.asterisk.ask("module reload res_pjsip.so")
    yield lab
    file.write_text(before, encoding="utf-8")
    lab.asterisk.ask("module reload res_pjsip.so")


@pytest_asyncio.fixture
async def floor(chatty: Lab, small: Centre, phones: Phones) -> AsyncIterator[Floor]:
    made = Floor(small, chatty, phones)
    yield made
    masked = made.desks[MASKED]
    told = [message for leg in masked.legs.values() for message in leg.heard]
    assert len(told) >= 2
    assert any(message.get("p-asserted-identity") for message in told), "this Asterisk tells nothing"
    leaks = [(m.first, m.headers) for m in told if left_of(NUMBER, repr(m)) >= TOO_MUCH]
    assert leaks == []


async def talk(floor: Floor, agent: str) -> tuple[str, Leg, Leg]:
    """A caller, named after the number, who talks with this agent."""
    trunk = await floor.phones.trunk()
    caller = trunk.call("4001", NUMBER, NAME)
    rung = await floor.desks[agent].next_ring()
    rung.answer()
    await rung.until_answered()
    await floor.is_(rung.cti_call, agent, state="talking")
    return rung.cti_call, caller, rung


async def token_of(floor: Floor, call: str) -> str:
    return str((await floor.is_(call, MASKED))["number_token"])


async def answered(phone: Phone) -> Leg:
    leg = await phone.next_ring()
    leg.answer()
    return await leg.until_answered()


async def ends(floor: Floor, caller: Leg, *legs: Leg) -> None:
    caller.hangup()
    for leg in legs:
        await leg.until_ended()
    await floor.empty()


async def test_a_caller_is_offered_held_retrieved_and_given_away(floor: Floor) -> None:
    await floor.agent(MASKED)
    other = await floor.busy("1002")
    call, caller, leg = await talk(floor, MASKED)
    for command in ("hold", "retrieve", "hold", "retrieve"):
        await floor.asks(MASKED, f"/calls/{call}/{command}")
    await floor.asks(MASKED, f"/calls/{call}/consult", to="agent:1002")
    theirs = await answered(other)
    await floor.works("1002", "consulting")
    for _ in range(2):
        await floor.asks(MASKED, f"/calls/{call}/consult/alternate")
    await floor.asks(MASKED, f"/calls/{call}/conference")
    await floor.asks(MASKED, f"/calls/{call}/conference", to=await token_of(floor, call))
    await ends(floor, caller, leg, theirs)


async def test_a_caller_is_transferred_and_handed_over_to_the_masked_agent(floor: Floor) -> None:
    await floor.agent("1001")
    masked = await floor.busy(MASKED)
    for way in ("transfer", "complete", "conference", "queue", "pickup", "intercepted"):
        await floor.centre.until("/agents/1001", floor.tokens["1001"], lambda a: a["routable"])
        if way == "pickup":
            trunk = await floor.phones.trunk()
            caller = trunk.call("4001", NUMBER, NAME)
            first = await floor.desks["1001"].next_ring()
            await floor.asks(MASKED, f"/calls/{first.cti_call}/pickup")
            legs = [await answered(masked)]
        else:
            call, caller, first = await talk(floor, "1001")
            if way == "transfer":
                await floor.asks("1001", f"/calls/{call}/transfer", to=f"agent:{MASKED}")
            elif way == "conference":
                await floor.asks("1001", f"/calls/{call}/conference", to=f"agent:{MASKED}")
            elif way == "queue":
                await floor.asks("1001", f"/calls/{call}/transfer", to="queue:support")
                await floor.asks(MASKED, f"/calls/{call}/pickup")
            else:
                await floor.asks("1001", f"/calls/{call}/consult", to=f"agent:{MASKED}")
            legs = [await answered(masked)]
            if way in ("complete", "intercepted"):
                await floor.works(MASKED, "consulting")
                await floor.asks("1001", f"/calls/{call}/consult/complete")
                await first.until_ended()
            await floor.works(MASKED, "talking")
            await floor.asks(MASKED, f"/calls/{call}/hold") if way != "conference" else None
            await floor.asks(MASKED, f"/calls/{call}/retrieve") if way != "conference" else None
        await ends(floor, caller, *legs)
        for no in ("1001", MASKED):
            if (await floor.centre.get(f"/agents/{no}", floor.tokens[no]))["work"] == "acw":
                await floor.asks(no, "/agents/me/finish_acw")


async def outbound(floor: Floor, agent: str, to: str, carrier: Phone) -> tuple[str, Leg, Leg]:
    call = str((await floor.asks(agent, "/calls", to=to))["call"])
    mine = await answered(floor.desks[agent])
    out = await answered(carrier)
    assert out.invite is not None
    assert NUMBER in out.invite.first
    await floor.is_(call, agent, state="talking")
    return call, mine, out


async def test_a_customer_is_dialled_asked_and_talked_with_by_token(floor: Floor) -> None:
    masked = await floor.agent(MASKED)
    carrier = await floor.phones.carrier()
    call, caller, leg = await talk(floor, MASKED)
    token = await token_of(floor, call)
    await floor.asks(MASKED, f"/calls/{call}/consult", to=token)
    await answered(carrier)
    await floor.works(MASKED, "consulting")
    await floor.asks(MASKED, f"/calls/{call}/consult/cancel")
    await ends(floor, caller, leg)
    await floor.asks(MASKED, "/agents/me/finish_acw")
    await floor.centre.status(floor.tokens[MASKED], MASKED, "not_ready", reason="小休")

    call, mine, out = await outbound(floor, MASKED, token, carrier)
    for command in ("hold", "retrieve"):
        await floor.asks(MASKED, f"/calls/{call}/{command}")
    await ends(floor, out, mine)
    assert masked.rung.empty()


async def test_a_colleague_who_has_dialled_the_customer_asks_and_brings_in_the_masked_agent(floor: Floor) -> None:
    await floor.busy("1001")
    masked = await floor.busy(MASKED)
    carrier = await floor.phones.carrier()
    for last in ("complete", "conference"):
        call, mine, out = await outbound(floor, "1001", f"number:{NUMBER}", carrier)
        await floor.asks("1001", f"/calls/{call}/consult", to=f"agent:{MASKED}")
        asked = await answered(masked)
        assert asked.invite is not None
        assert asked.invite.caller[0] == "1001"
        await floor.works(MASKED, "consulting")
        await floor.asks(
            "1001", f"/calls/{call}/consult/complete" if last == "complete" else f"/calls/{call}/conference"
        )
        await floor.works(MASKED, "talking")
        await ends(floor, out, mine, asked)
        for no in ("1001", MASKED):
            await floor.works(no, "idle")


async def test_a_masked_supervisor_listens_and_takes_over(floor: Floor) -> None:
    admin = {"Authorization": f"Bearer {await floor.centre.token(floor.centre.admin)}"}
    role: dict[str, Any] = {"name": "deaf", "copy_of": "supervisor", "permissions": {"numbers.see": None}}
    assert (await floor.centre.http.post("/api/v1/roles", headers=admin, json=role)).status_code == 201
    changed = await floor.centre.http.patch(f"/api/v1/users/{MASKED}", headers=admin, json={"role": "deaf"})
    assert changed.status_code == 200, changed.text
    await floor.agent("1001")
    masked = await floor.agent(MASKED, ready=False)
    call, caller, _ = await talk(floor, "1001")
    await floor.asks(MASKED, f"/calls/{call}/supervision/listen")
    leg = await answered(masked)
    for mode in ("whisper", "barge", "intercept"):
        await floor.works(MASKED, "supervising")
        await floor.asks(MASKED, f"/calls/{call}/supervision/{mode}")
    await floor.works(MASKED, "talking")
    await ends(floor, caller, leg)


async def test_a_callback_is_taken_by_the_masked_agent(floor: Floor) -> None:
    masked = await floor.agent(MASKED, ready=False)
    carrier = await floor.phones.carrier()
    admin = {"Authorization": f"Bearer {await floor.centre.token(floor.centre.admin)}"}
    asked = {"number": NUMBER, "name": NAME, "queue": "sales"}
    assert (await floor.centre.http.post("/api/v1/callbacks", headers=admin, json=asked)).status_code in (201, 202)
    await floor.centre.status(floor.tokens[MASKED], MASKED, "ready")
    leg = await answered(masked)
    out = await answered(carrier)
    await asyncio.wait_for(out.answered.wait(), 5)
    await floor.works(MASKED, "talking")
    await ends(floor, out, leg)
