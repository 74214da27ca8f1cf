"""The demonstration's numbers for what follows a talk or comes before a queue, as `cti lab call` shows them."""

from __future__ import annotations

import asyncio

from tests.live.centre import Centre
from tests.live.conftest import Phones


async def lab_call(centre: Centre, number: str, caller: str, press: str, seconds: int = 40) -> str:
    programs = centre.lab.place.folder / "root"  # where the command looks for them
    if not programs.exists():
        programs.symlink_to(centre.lab.place.root)
    said = ("lab", "call", number, "--from", caller, "--press", press, "--seconds", str(seconds))
    return await asyncio.to_thread(centre.cti, *said)


async def test_4019_asks_for_a_score_when_the_agent_has_hung_up(small: Centre, phones: Phones) -> None:
    desk = await phones.desk("1001")
    await small.status(await small.token("1001"), "1001", "ready")
    calling = asyncio.create_task(lab_call(small, "4019", "13800190001", ",,,2"))
    agent = await desk.next_ring()
    agent.answer()
    await agent.until_answered()
    agent.hangup()
    assert "over" in await calling
    token = await small.token(small.admin)
    kept = await small.until("/calls", token, lambda calls: calls["items"] and calls["items"][0]["survey"])
    survey = kept["items"][0]["survey"]
    assert (survey["score"], survey["result"], survey["agent_no"]) == (2, "answered", "1001")


async def test_4020_tells_callers_of_an_area_of_its_incident(small: Centre) -> None:
    token = await small.token(small.admin)
    assert "over" in await lab_call(small, "4020", "057100000123", "1,,2", seconds=6)
    assert "over" in await lab_call(small, "4020", "13800200001", "1", seconds=3)
    (incident,) = (await small.get("/incidents", token))["items"]
    assert (incident["active"], incident["heard"], incident["want_word"]) == (True, 1, 1)
    found = await small.until("/calls", token, lambda calls: calls["total"] == 2)
    by_caller = {one["number"][-4:]: one["queue"] for one in found["items"]}
    assert by_caller == {"0123": "support", "0001": "sales"}


async def test_4021_offers_to_call_back_while_nobody_is_at_work_and_does_so_when_somebody_is(
    small: Centre, phones: Phones
) -> None:
    carrier, token = await phones.carrier(), await small.token(small.admin)
    assert "over" in await lab_call(small, "4021", "13800210001", "1")
    waiting = (await small.get("/callbacks", token))["items"]
    assert [(one["number"], one["queue"], one["state"]) for one in waiting] == [
        ("+8613800210001", "overflow-demo", "waiting")
    ]
    desk = await phones.desk("1001")
    await small.status(await small.token("1001"), "1001", "ready")
    (await desk.next_ring()).answer()
    customer = await carrier.next_ring()
    assert customer.invite is not None
    assert "13800210001" in customer.invite.first
