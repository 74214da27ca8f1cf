"""A callback while the server is killed (kill -9) at each of its steps: the customer's phone is dialled once in all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from tests.live.centre import Centre
from tests.live.conftest import Lab, Phones
from tests.live.floor import Floor, spans
from tests.live.phone import Leg, Phone
from tests.live.tone import Tone, until_heard

CUSTOMER = "13800070001"
WHY = {"about": "发票 2231"}


@dataclass
class Desk:
    """One promise to call a customer back: the floor, the carrier on which they are dialled, and the call."""

    floor: Floor
    carrier: Phone
    call: str = ""

    @property
    def centre(self) -> Centre:
        return self.floor.centre

    async def promised(self) -> None:
        token = await self.centre.token(self.centre.admin)
        asked = {"number": CUSTOMER, "queue": "sales", "name": "张伟明", "data": WHY}
        answer = await self.centre.http.post(
            "/api/v1/callbacks", headers={"Authorization": f"Bearer {token}"}, json=asked
        )
        assert answer.status_code == 202, answer.text
        self.call = answer.json()["call"]

    async def again(self) -> None:
        """Killed, and back."""
        self.centre.kill()
        await self.centre.start()

    async def record(self, **wanted: object) -> dict[str, Any]:
        return await self.floor.is_(self.call, "1001", **wanted)

    async def offered(self) -> Leg:
        """The agent is ready, and their phone rings."""
        await self.centre.status(self.floor.tokens["1001"], "1001", "ready")
        return await self.floor.desks["1001"].next_ring()

    async def declined(self) -> None:
        record = await self.record(state="ended")
        assert (record["result"], record["cause"]) == ("not_reached", "customer:busy")
        await self.floor.works("1001", "idle")
        assert self.carrier.rung.empty()

    async def rings(self) -> Leg:
        """The customer's phone rings, for the first time."""
        leg = await self.carrier.next_ring()
        assert leg.invite is not None
        assert CUSTOMER in leg.invite.first
        return leg

    async def talked(self, customer: Leg) -> None:
        """They talk, the customer hangs up, and it is on record; nobody was dialled a second time."""
        await self.record(state="talking")
        customer.hangup()
        record = await self.record(state="ended")
        assert (record["result"], record["direction"], record["cause"]) == ("answered", "callback", "q850:16")
        assert spans(record)[-1] == ("talking", "1001")
        assert self.carrier.rung.empty()


@pytest.fixture
async def desk(small: Centre, lab: Lab, phones: Phones) -> Desk:
    made = Desk(Floor(small, lab, phones), await phones.carrier())
    await made.floor.agent("1001", ready=False)
    await made.promised()
    return made


async def test_a_callback_that_waits_keeps_its_place_over_a_kill_and_the_agent_is_told_whom_and_why(
    desk: Desk, phones: Phones
) -> None:
    later = (await phones.trunk()).call("4001", "13800070099")
    await later.until_answered()
    await desk.again()
    async with desk.centre.desktop("1001", "agent:me") as page:
        await page.client.command("agent.status", status="ready")
        pop = await page.client.event("screen_pop.requested")
        (await desk.floor.desks["1001"].next_ring()).answer()
        customer = await desk.rings()
        customer.answer()
    assert pop.call == desk.call, "it came before the caller who waits on the line"
    assert (pop.data["direction"], pop.data["caller"]["number"]) == ("callback", f"+86{CUSTOMER}")
    assert pop.data["attached"] == WHY
    assert pop.data["why"] == [f"asked for in call {desk.call.removesuffix('-cb')}"]
    await desk.talked(customer)
    later.hangup()


async def test_an_agent_whose_phone_rings_when_the_server_is_killed_can_answer_while_it_is_away_and_afterwards(
    desk: Desk,
) -> None:
    agent = await desk.offered()
    desk.centre.kill()
    agent.answer()
    customer = await desk.rings()
    await desk.centre.start()
    customer.answer()
    await desk.talked(customer)

    await desk.promised()
    agent = await desk.offered()
    await desk.again()
    agent.answer()
    customer = await desk.rings()
    customer.answer()
    await desk.talked(customer)


async def test_a_customer_who_answers_while_the_server_is_away_talks_when_it_is_back_and_over_another_kill(
    desk: Desk,
) -> None:
    (await desk.offered()).answer()
    customer = await desk.rings()
    desk.centre.kill()
    customer.answer()
    await customer.until_answered()
    await desk.centre.start()
    await desk.record(state="talking")
    await desk.again()
    await desk.talked(customer)


async def test_a_customer_who_declines_while_the_server_is_away_is_not_dialled_again(desk: Desk) -> None:
    agent = await desk.offered()
    agent.answer()
    customer = await desk.rings()
    desk.centre.kill()
    customer.reject()
    await agent.until_ended()
    await desk.centre.start()
    await desk.declined()

    await desk.promised()
    agent = await desk.offered()
    desk.centre.kill()
    agent.answer()  # this time nobody has heard of that either
    (await desk.rings()).reject()
    await agent.until_ended()
    await desk.centre.start()
    await desk.declined()

    await desk.again()
    async with asyncio.timeout(10):  # all of it is on record, and Asterisk need not remember it
        while "0 results found" not in await desk.floor.asked("database show cti-dialled"):
            pass


async def test_a_whole_talk_while_the_server_is_away_is_on_record(desk: Desk) -> None:
    agent = await desk.offered()
    desk.centre.kill()
    agent.answer()
    customer = await desk.rings()
    customer.answer()
    with Tone(customer.phone, customer).send(440):
        await until_heard(desk.floor.desks["1001"], {440})
    customer.hangup()
    await agent.until_ended()
    await desk.centre.start()
    record = await desk.record(state="ended")
    assert (record["result"], spans(record)[-1]) == ("answered", ("talking", "1001"))
    assert record["segments"][-1]["seconds"] > 0.2
    assert desk.carrier.rung.empty()


async def test_an_agent_who_declines_while_the_server_is_away_has_not_cost_the_customer_their_place(
    desk: Desk,
) -> None:
    (before,) = (await desk.centre.get("/callbacks", await desk.centre.token(desk.centre.admin)))["items"]
    agent = await desk.offered()
    desk.centre.kill()
    agent.reject()
    await desk.centre.start()
    (await desk.floor.desks["1001"].next_ring()).answer()
    customer = await desk.rings()
    customer.answer()
    assert (await desk.record())["queued_at"] == before["queued_at"]
    await desk.talked(customer)


async def test_a_customer_who_rings_when_asterisk_dies_is_not_dialled_again(desk: Desk, lab: Lab) -> None:
    (await desk.offered()).answer()
    await desk.rings()
    lab.restart_clean()
    record = await desk.record(state="ended")
    assert (record["result"], record["cause"]) == ("not_reached", "unknown: the server was away")
    assert desk.carrier.rung.empty()
