"""What the demonstration's other numbers are for, called on a real Asterisk."""

from __future__ import annotations

from tests.live.centre import Centre
from tests.live.conftest import Phones
from tests.live.keys import press


async def test_a_queue_that_speaks_says_the_place_and_whispers_at_the_join(small: Centre, phones: Phones) -> None:
    async with small.desktop(small.supervisor, "calls:*") as wall:
        trunk, desk = await phones.trunk(), await phones.desk("1001")
        trunk.call("4022", "13800110001")
        said = await wall.client.event("call.announced")
        assert (said.data["what"], said.data["position"]) == ("position", 1)
        await small.status(await small.token("1001"), "1001", "ready")
        (await desk.next_ring()).answer()
        answered = await wall.client.event("call.answered")
        assert answered.data["queue"] == "comfort-demo"


async def test_who_chooses_english_gets_the_agent_who_can(small: Centre, phones: Phones) -> None:
    async with small.desktop(small.supervisor, "calls:*") as wall:
        trunk = await phones.trunk()
        for no in ("1001", "1003"):
            await phones.desk(no)
            await small.status(await small.token(no), no, "ready")
        leg = trunk.call("4023", "13800120001")
        await leg.until_answered()
        await press(leg, "2")
        offered = await wall.client.event("call.offered")
        assert offered.data["offer"]["agent_no"] == "1001"
        assert "english" in offered.data["offer"]["reason"]


async def test_a_recorded_number_is_announced_and_recorded(small: Centre, phones: Phones) -> None:
    async with small.desktop(small.supervisor, "calls:*") as wall:
        trunk, desk = await phones.trunk(), await phones.desk("1001")
        await small.status(await small.token("1001"), "1001", "ready")
        trunk.call("4025", "13800130001")
        (await desk.next_ring()).answer()
        told = await wall.client.event("call.recording")
        assert (told.data["recording"]["mode"], told.data["recording"]["reason"]) == ("always", "number 4025: always")
