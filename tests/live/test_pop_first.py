"""The screen knows before the phone rings: by one clock, the kernel's, call after call."""

from __future__ import annotations

import re
import socket
from typing import ClassVar, Final

from tests.live.centre import Centre
from tests.live.conftest import Lab
from tests.live.sipp import Sipp
from tests.live.wire import Packet, Wire

CALLS = 12
PLACE = "北京市"
"""Where the caller is from, by the library: read a moment after the start, and until then nothing is said."""

_POP: Final = b'"screen_pop.requested"'
_CALL: Final = re.compile(rb'"call":\s*"([^"]+)"')
_RING: Final = re.compile(rb"^INVITE .*?\r\nX-Cti-Call: ([^\r]+)", re.DOTALL)


class Arrivals(Wire):
    """When each call's pop came to the screen, and its INVITE to the phone; the first time each."""

    protocols: ClassVar[frozenset[int]] = frozenset({socket.IPPROTO_UDP, socket.IPPROTO_TCP})

    def __init__(self, sip_port: int) -> None:
        super().__init__()
        self._sip_port = sip_port
        self.popped: dict[str, float] = {}
        self.rang: dict[str, float] = {}

    def take(self, packet: Packet) -> None:
        if packet.protocol == socket.IPPROTO_TCP and _POP in packet.payload:
            for call in _CALL.findall(packet.payload):
                self.popped.setdefault(call.decode(), packet.at)
        elif packet.source == self._sip_port and (ring := _RING.match(packet.payload)) is not None:
            self.rang.setdefault(ring[1].decode(), packet.at)


async def test_the_pop_arrives_before_the_invite_call_after_call(small: Centre, sipp: Sipp, lab: Lab) -> None:
    centre = small
    centre.cti("queue", "set", "sales", "--acw-seconds", "0")
    sipp.phone("1001", ring_ms=100, talk_ms=100)
    calls: list[str] = []
    places: list[str | None] = []
    with Arrivals(lab.place.sip_port) as arrivals:
        async with centre.desktop("1001", "agent:me", "calls:mine") as desk:
            if not desk.snapshot["agent:me"]["device"]["reachable"]:
                await desk.client.event("agent.updated", where=lambda e: e.data["device"]["reachable"])
            await desk.ready()
            for _ in range(CALLS):
                caller = sipp.caller("4001")
                pop = await desk.client.event("screen_pop.requested")
                calls.append(str(pop.call))
                places.append(pop.data["caller"]["place"])
                await desk.client.event("call.ended", where=lambda e, call=pop.call: e.call == call)  # type: ignore[misc]
                assert await caller.done(20) == 0
                await centre.routable(desk.token, "1001")
    assert set(calls) == set(arrivals.rang) == set(arrivals.popped)
    assert [call for call in calls if arrivals.popped[call] >= arrivals.rang[call]] == []
    assert set(places) <= {None, PLACE}
    assert places[-1] == PLACE
