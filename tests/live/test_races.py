"""Everybody acts at once, on a real Asterisk: afterwards no leg is left, nobody is busy, no second is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import pytest_asyncio

from tests.live.centre import Centre, Desktop
from tests.live.conftest import Lab, Phones
from tests.live.floor import Floor
from tests.live.phone import Leg, Phone

SUPERVISOR, SECOND = "1900", "1003"
ENGAGED: Final = ("talking", "held", "consulting")
NEAR: Final = 0.05
"""Seconds by which the times of Asterisk's events and of our own may differ."""


def when(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class Wall:
    """What a wallboard hears of everybody, and what the records say afterwards."""

    def __init__(self, floor: Floor, desk: Desktop) -> None:
        self.floor, self.desk = floor, desk

    async def is_over(self, call: str, *agents: str) -> Mapping[str, Any]:
        """The call has ended, everybody is free, no channel is up; and the seconds of each add up."""
        heard = [await self.desk.client.event("agent.updated", "call.ended", where=lambda _: True)]
        while heard[-1].type != "call.ended" or heard[-1].call != call:
            heard.append(await self.desk.client.event("agent.updated", "call.ended"))
        works = {event.data["agent_no"]: event.data for event in heard if event.type == "agent.updated"}
        while any(works.get(no, {"call": None})["call"] is not None for no in agents):
            heard.append(await self.desk.client.event("agent.updated"))
            works[heard[-1].data["agent_no"]] = heard[-1].data
        await self.floor.empty()
        record = await self.floor.centre.get(f"/calls/{call}", self.desk.token)
        assert all(one["ended_at"] for one in (*record["segments"], *record["legs"]))
        assert all(one["result"] for one in record["offers"])
        for no in agents:
            told = self.engaged(no, [event.data for event in heard if event.type == "agent.updated"])
            kept = [one for one in record["segments"] if one["agent_no"] == no and one["kind"] in ENGAGED]
            assert abs(sum(one["seconds"] for one in kept) - told) < NEAR, (no, told, kept)
            spans = sorted((when(one["started_at"]), when(one["ended_at"])) for one in kept)
            assert all(a[1] <= b[0] for a, b in pairwise(spans)), spans
        return dict(record)

    @staticmethod
    def engaged(no: str, told: list[Any]) -> float:
        mine = [one for one in told if one["agent_no"] == no]
        pairs = [(one, two) for one, two in pairwise(mine) if one["work"] in ENGAGED]
        return sum(when(two["work_since"]) - when(one["work_since"]) for one, two in pairs)

    async def again(self, *agents: str) -> None:
        """Everybody is as at the beginning."""
        for no in agents:
            if (await self.floor.centre.get(f"/agents/{no}", self.desk.token))["work"] == "acw":
                await self.floor.asks(no, "/agents/me/finish_acw")
        await self.floor.centre.until("/agents/1001", self.desk.token, lambda a: a["routable"])


@pytest_asyncio.fixture
async def wall(small: Centre, lab: Lab, phones: Phones) -> AsyncIterator[Wall]:
    """1001 is ready; 1002 and two supervisors are there and get no calls."""
    floor = Floor(small, lab, phones)
    admin = {"Authorization": f"Bearer {await small.token(small.admin)}"}
    made = await small.http.patch(f"/api/v1/users/{SECOND}", headers=admin, json={"role": "supervisor"})
    assert made.status_code == 200, made.text
    await floor.agent("1001")
    await floor.busy("1002")
    for no in (SUPERVISOR, SECOND):
        await floor.agent(no, ready=False)
    async with small.desktop(small.admin, "agent:*", "calls:*") as desk:
        yield Wall(floor, desk)


async def at_once(floor: Floor, *wishes: tuple[str, str, dict[str, Any]]) -> list[str]:
    """Several ask in the same moment; the codes of the refusals."""
    return await asyncio.gather(*(floor.tried(agent, path, **body) for agent, path, body in wishes))


NAMED: Final = {"", "wrong_state", "no_leg", "not_found", "busy", "no_such_target"}


async def everybody_hangs_up(*legs: Leg) -> None:
    for leg in legs:
        leg.hangup()


async def test_a_caller_who_hangs_up_at_any_step_of_a_transfer_leaves_nothing(wall: Wall) -> None:
    floor = wall.floor
    for stage in ("ordered", "ringing", "answered"):
        call, caller, agent, _ = await floor.talk("1001")
        await floor.asks("1001", f"/calls/{call}/transfer", to="agent:1002")
        if stage != "ordered":
            rung = await ring_of(call, floor.desks["1002"])
            if stage == "answered":
                rung.answer()
                await floor.works("1002", "talking")
        caller.hangup()
        await agent.until_ended()
        record = await wall.is_over(call, "1001", "1002")
        assert record["result"] == "answered"
        while not floor.desks["1002"].rung.empty():
            await floor.desks["1002"].rung.get_nowait().until_ended()
        await wall.again("1001", "1002")


async def ring_of(call: str, desk: Phone) -> Leg:
    """The ring of this call; that of an earlier one may still be in the line."""
    while (rung := await desk.next_ring()).cti_call != call:
        await rung.until_ended()
    return rung


async def test_a_caller_who_hangs_up_at_any_step_of_a_pick_up_leaves_nothing(wall: Wall) -> None:
    floor = wall.floor
    trunk = await floor.phones.trunk()
    for stage in ("ordered", "ringing", "answered"):
        caller = trunk.call("4001", "13800001234", "x")
        first = await floor.desks["1001"].next_ring()
        call = first.cti_call
        await floor.works("1001", "ringing")
        wishes = [floor.tried("1002", f"/calls/{call}/pickup")]
        if stage == "ordered":
            caller.hangup()
        (code,) = await asyncio.gather(*wishes)
        assert code in NAMED
        if stage != "ordered":
            rung = await floor.desks["1002"].next_ring()
            if stage == "answered":
                rung.answer()
                await floor.works("1002", "talking")
        caller.hangup()
        await first.until_ended()
        record = await wall.is_over(call, "1001", "1002")
        assert record["result"] == ("answered" if stage == "answered" else "abandoned")
        await wall.again("1001", "1002")


async def test_a_caller_who_hangs_up_at_any_step_of_an_intercept_leaves_nothing(wall: Wall) -> None:
    floor = wall.floor
    for stage in ("ringing", "answering", "taken"):
        call, caller, agent, _ = await floor.talk("1001")
        await floor.asks(SUPERVISOR, f"/calls/{call}/supervision/intercept")
        leg = await floor.desks[SUPERVISOR].next_ring()
        if stage != "ringing":
            leg.answer()
        if stage == "taken":
            await agent.until_ended()
            await floor.works(SUPERVISOR, "talking")
        caller.hangup()
        await leg.until_ended()
        await agent.until_ended()
        record = await wall.is_over(call, "1001", SUPERVISOR)
        assert record["result"] == "answered"
        await wall.again("1001", SUPERVISOR)


async def test_two_supervisors_who_intercept_one_call_at_once_leave_one_with_the_customer(wall: Wall) -> None:
    floor = wall.floor
    for no in (SUPERVISOR, SECOND):
        floor.desks[no].on_ring = Leg.answer
    call, caller, agent, _ = await floor.talk("1001")
    codes = await at_once(floor, *((no, f"/calls/{call}/supervision/intercept", {}) for no in (SUPERVISOR, SECOND)))
    assert sorted(codes) == ["", "wrong_state"]
    winner, loser = (SUPERVISOR, SECOND) if codes[0] == "" else (SECOND, SUPERVISOR)
    await agent.until_ended()
    await floor.is_(call, winner, state="talking", agent_no=winner)
    assert not caller.ended.is_set()
    assert floor.desks[loser].rung.empty()
    caller.hangup()
    await wall.is_over(call, "1001", winner, loser)
    await wall.again("1001", winner)

    # both listen already, and both want it
    await floor.empty()
    call, caller, agent, _ = await floor.talk("1001")
    for no in (SUPERVISOR, SECOND):
        await floor.asks(no, f"/calls/{call}/supervision/listen")
        await (await floor.desks[no].next_ring()).until_answered()
        await floor.works(no, "supervising")
    codes = await at_once(floor, *((no, f"/calls/{call}/supervision/intercept", {}) for no in (SUPERVISOR, SECOND)))
    assert set(codes) <= NAMED
    await agent.until_ended()
    record = await floor.is_(call, SUPERVISOR, state="talking")
    assert record["agent_no"] in (SUPERVISOR, SECOND)
    assert not caller.ended.is_set()
    caller.hangup()
    await wall.is_over(call, "1001", SUPERVISOR, SECOND)


async def test_an_agent_and_a_supervisor_who_act_at_once_leave_the_customer_with_one_of_them(wall: Wall) -> None:
    floor = wall.floor
    for no in (SUPERVISOR, "1002"):
        floor.desks[no].on_ring = Leg.answer
    for path, body in (
        ("hold", {}),
        ("transfer", {"to": "agent:1002"}),
        ("consult", {"to": "agent:1002"}),
        ("transfer", {"to": "queue:empty"}),
    ):
        call, caller, agent, _ = await floor.talk("1001")
        await floor.asks(SUPERVISOR, f"/calls/{call}/supervision/listen")
        await (await floor.desks[SUPERVISOR].next_ring()).until_answered()
        await floor.works(SUPERVISOR, "supervising")
        codes = await at_once(
            floor,
            ("1001", f"/calls/{call}/{path}", body),
            (SUPERVISOR, f"/calls/{call}/supervision/intercept", {}),
        )
        assert set(codes) <= NAMED
        assert "" in codes
        assert not caller.ended.is_set()
        caller.hangup()
        await agent.until_ended()
        await wall.is_over(call, "1001", "1002", SUPERVISOR)
        await wall.again("1001", "1002", SUPERVISOR)
        while not floor.desks["1002"].rung.empty():
            await floor.desks["1002"].rung.get_nowait().until_ended()


async def test_an_agent_who_hangs_up_in_the_moment_of_a_command_leaves_nobody_alone(wall: Wall) -> None:
    floor = wall.floor
    floor.desks["1002"].on_ring = Leg.answer
    for before, path, body in (
        (("hold",), "retrieve", {}),
        (("hold", "retrieve"), "transfer", {"to": "queue:empty"}),
        ((), "hold", {}),
        ((), "consult", {"to": "agent:1002"}),
        ((), "transfer", {"to": "queue:empty"}),
    ):
        call, caller, agent, _ = await floor.talk("1001")
        for one in before:
            await floor.asks("1001", f"/calls/{call}/{one}")
        wish = asyncio.create_task(floor.tried("1001", f"/calls/{call}/{path}", **body))
        agent.hangup()
        assert await wish in NAMED
        record = await floor.centre.until(
            f"/calls/{call}", wall.desk.token, lambda c: c["state"] in ("waiting", "ended") or c["ended_at"]
        )
        if record["state"] == "waiting":
            assert not caller.ended.is_set()
            caller.hangup()
        await caller.until_ended()
        await wall.is_over(call, "1001", "1002")
        await wall.again("1001", "1002")
        while not floor.desks["1002"].rung.empty():
            await floor.desks["1002"].rung.get_nowait().until_ended()
