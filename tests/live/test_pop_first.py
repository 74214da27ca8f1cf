"""The screen knows before the phone rings: by the clocks of both, call after call."""

from __future__ import annotations

import time

from tests.live.centre import Centre
from tests.live.sipp import Sipp

CALLS = 12
PLACE = "北京市"
"""Where the caller is from, by the library: read a moment after the start, and until then nothing is said."""


async def test_the_pop_is_read_before_the_invite_is_call_after_call(small: Centre, sipp: Sipp) -> None:
    centre = small
    centre.cti("queue", "set", "sales", "--acw-seconds", "0")
    phone = sipp.phone("1001", ring_ms=100, talk_ms=100)
    read: dict[str, float] = {}
    places: list[str | None] = []
    async with centre.desktop("1001", "agent:me", "calls:mine") as desk:
        if not desk.snapshot["agent:me"]["device"]["reachable"]:
            await desk.client.event("agent.updated", where=lambda e: e.data["device"]["reachable"])
        await desk.ready()
        for _ in range(CALLS):
            caller = sipp.caller("4001")
            pop = await desk.client.event("screen_pop.requested")
            read[str(pop.call)] = time.time()
            places.append(pop.data["caller"]["place"])
            await desk.client.event("call.ended", where=lambda e, call=pop.call: e.call == call)  # type: ignore[misc]
            assert await caller.done(20) == 0
            await centre.routable(desk.token, "1001")
    rang = {seen.header("X-Cti-Call"): seen.at for seen in phone.saw("INVITE", sent=False)}
    assert set(rang) == set(read)
    assert [call for call in read if read[call] >= rang[call]] == []
    assert set(places) <= {None, PLACE}
    assert places[-1] == PLACE
