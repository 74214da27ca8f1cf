"""What a caller meets before a queue, on a real Asterisk: lists, hours, flows with real key presses, voicemail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.centre import Centre, Desktop
from tests.live.conftest import Phones
from tests.live.keys import press
from tests.live.phone import Leg

QUEUES = {"1": "sales", "2": "support", "3": "billing"}


async def begins(phones: Phones, wall: Desktop, number: str, caller: str) -> tuple[Leg, str]:
    """A caller dials; returns when the call is on the board and somebody speaks to them."""
    leg = (await phones.trunk()).call(number, caller, "张伟明")
    started = await wall.client.event("call.started", where=lambda e: e.data["number"].endswith(caller))
    await leg.until_answered()
    assert started.call is not None
    return leg, started.call


async def record(centre: Centre, wall: Desktop, call: str) -> Any:
    return await centre.get(f"/calls/{call}", wall.token)


@pytest.mark.parametrize("key", QUEUES)
async def test_a_key_leads_from_the_main_number_to_its_queue(small: Centre, phones: Phones, key: str) -> None:
    async with small.desktop(small.supervisor, "calls:*", "queue:*") as wall:
        leg, call = await begins(phones, wall, "4000", f"1380001000{key}")
        await press(leg, key)
        queued = await wall.client.event("call.queued", where=lambda e: e.call == call)
        assert queued.data["queue"] == QUEUES[key]
        leg.hangup()
        await wall.client.event("call.ended", where=lambda e: e.call == call)
        told = await record(small, wall, call)
        assert [segment["kind"] for segment in told["segments"]] == ["ivr", "waiting"]
        assert told["result"] == "abandoned"
        menu = next(step for step in told["path"] if step["kind"] == "menu")
        assert (menu["exit"], menu["digits"]) == (key, key)


async def test_a_caller_who_mistypes_is_asked_again(small: Centre, phones: Phones) -> None:
    async with small.desktop(small.supervisor, "calls:*", "queue:*") as wall:
        leg, call = await begins(phones, wall, "4000", "13800020001")
        await press(leg, "92")
        queued = await wall.client.event("call.queued", where=lambda e: e.call == call)
        assert queued.data["queue"] == "support"
        leg.hangup()
        await wall.client.event("call.ended", where=lambda e: e.call == call)


async def test_a_caller_who_leaves_in_the_menu_is_on_record_with_the_way_they_went(
    small: Centre, phones: Phones
) -> None:
    async with small.desktop(small.supervisor, "calls:*") as wall:
        leg, call = await begins(phones, wall, "4000", "13800030001")
        leg.hangup()
        ended = await wall.client.event("call.ended", where=lambda e: e.call == call)
        assert ended.data["result"] == "ivr"
        told = await record(small, wall, call)
        assert told["rules"]
        assert [segment["kind"] for segment in told["segments"]] == ["ivr"]


async def test_a_number_that_leads_nowhere_is_404(small: Centre, phones: Phones) -> None:
    leg = (await phones.trunk()).call("4049", "13800040001", "x")
    await leg.until_ended()
    assert leg.ended_by == "404"
