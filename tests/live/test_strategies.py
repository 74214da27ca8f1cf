"""Thirty real calls on each number go to the agents that the definitions name, over real phones, with the reasons."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import Any

import pytest

from tests.adapters.desktop.client import Event
from tests.live.centre import Centre, Desktop
from tests.live.conftest import Phones
from tests.live.phone import Leg, Phone
from tests.scenarios.test_strategies import AGENTS, MODELS, Tally

CALLS = 30
SLACK_SECONDS = 1.0  # both sides read the clock when they get to it, on a machine where others run too
RING_SECONDS = 15.0
REFUSED_EACH = 6  # every sixth call on average is declined by the first who is asked


def at(event: Event) -> float:
    return datetime.fromisoformat(event.at).timestamp()


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def why_calls(own: Tally, free: dict[str, Tally], everybody: dict[str, Tally]) -> str:
    return f"sales: {counted(own.calls, 'call')} answered, the fewest of {counted(len(free), 'ready agent')}"


def why_talk(own: Tally, free: dict[str, Tally], everybody: dict[str, Tally]) -> str:
    return f"support: {round(own.talk, 3):.1f} s talked, the least of {counted(len(free), 'ready agent')}"


def why_answer(own: Tally, free: dict[str, Tally], everybody: dict[str, Tally]) -> str:
    times = [t for tally in everybody.values() for t in tally.answer_times]
    mean = sum(times) / len(times) if times else 0.0
    figure = (5 * mean + sum(own.answer_times)) / (5 + len(own.answer_times))
    share = 2 * ceil((len(times) + 1) / len(everybody))
    return (
        f"billing: answers in {round(figure, 9):.1f} s on average, the fastest of {len(free)} ready; "
        f"{len(own.answer_times)} offers, share {share}"
    )


Why = Callable[[Tally, dict[str, Tally], dict[str, Tally]], str]


class Shift:
    """Four agents at real phones, and what the definition counts of each."""

    def __init__(self, centre: Centre, wall: Desktop, desks: dict[str, Phone], trunk: Phone, tokens: dict[str, str]):
        self.centre, self.wall, self.desks, self.trunk, self.tokens = centre, wall, desks, trunk, tokens
        self.tallies = {no: Tally() for no in AGENTS}
        self.callers: list[Leg] = []

    async def sign_in(self) -> None:
        for no in AGENTS:
            await self.until(no, lambda agent: agent["device"]["reachable"])
            await self.say(no, "ready")
            agent = await self.until(no, lambda agent: agent["routable"])
            self.tallies[no].idle_since = datetime.fromisoformat(agent["status_since"]).timestamp()

    async def say(self, no: str, status: str) -> None:
        more = {"reason": "小休"} if status == "not_ready" else {}
        await self.centre.status(self.tokens[no], no, status, **more)

    async def until(self, no: str, true: Callable[[Any], object]) -> Any:
        return await self.centre.until(f"/agents/{no}", self.wall.token, true)

    def calls(self, number: str, n: int) -> None:
        self.callers.append(self.trunk.call(number, f"138{n:08}", "张伟明"))

    async def heard(self, kind: str) -> Event:
        return await self.wall.client.event(kind)

    async def declines(self, offered: Event) -> None:
        no = str(offered.data["offer"]["agent_no"])
        (await self.desks[no].next_ring()).reject()
        over = await self.heard("call.offer_ended")
        assert over.data["offer"]["result"] == "rejected"
        self.tallies[no].answer_times.append(RING_SECONDS)

    async def takes(self, offered: Event, ring: float, talk: float) -> None:
        """The agent answers, talks, hangs up, and ends the after-call work with a command."""
        no, loop = str(offered.data["offer"]["agent_no"]), asyncio.get_running_loop()
        leg = await self.desks[no].next_ring()
        loop.call_later(ring, leg.answer)
        answered = await self.heard("call.answered")
        loop.call_later(talk, leg.hangup)
        left = await self.heard("call.left")
        tally = self.tallies[no]
        tally.calls += 1
        tally.talk += left.data["talked"]
        tally.answer_times.append(round(at(answered) - at(offered), 3))
        tally.idle_since = at(left)
        await leg.until_ended()
        assert left.data["talked"] == pytest.approx(leg.ended_at - leg.answered_at, abs=SLACK_SECONDS)
        await self.centre.post(f"/agents/{no}/finish_acw", self.tokens[no])
        await self.until(no, lambda agent: agent["routable"])


@pytest.mark.parametrize(
    ("number", "strategy", "why"),
    [
        ("4001", "least_calls", why_calls),
        ("4002", "shortest_talk", why_talk),
        ("4003", "fastest_answer", why_answer),
    ],
)
async def test_thirty_calls_go_to_the_agents_that_the_definition_names(
    small: Centre, phones: Phones, number: str, strategy: str, why: Why
) -> None:
    rng = random.Random(number)
    desks = {no: await phones.desk(no) for no in AGENTS}
    tokens = {no: await small.token(no) for no in AGENTS}
    async with small.desktop(small.supervisor, "calls:*") as wall:
        shift = Shift(small, wall, desks, await phones.trunk(), tokens)
        await shift.sign_in()
        chosen = []
        for n in range(CALLS):
            away = rng.sample(AGENTS, rng.choice((0, 0, 1, 2)))
            for no in away:
                await shift.say(no, "not_ready")
            free = {no: tally for no, tally in shift.tallies.items() if no not in away}
            expected = MODELS[strategy](free, shift.tallies, None)
            reason = why(free[expected], free, shift.tallies)

            shift.calls(number, n)
            offered = await shift.heard("call.offered")
            offer = offered.data["offer"]
            assert (offer["agent_no"], offer["strategy"], offer["reason"]) == (expected, strategy, reason), f"call {n}"
            if len(free) > 1 and rng.randrange(REFUSED_EACH) == 0:
                await shift.declines(offered)
                del free[expected]
                offered = await shift.heard("call.offered")
                assert offered.data["offer"]["agent_no"] == MODELS[strategy](free, shift.tallies, None), f"call {n}"
            chosen.append(offered.data["offer"]["agent_no"])
            slowness = 0.02 * AGENTS.index(chosen[-1])
            await shift.takes(offered, ring=slowness + rng.uniform(0, 0.03), talk=rng.uniform(0.02, 0.15))
            for no in {*away, expected}:
                await shift.say(no, "ready")
                await shift.until(no, lambda agent: agent["routable"])
        assert len(set(chosen)) > 1
        assert sum(tally.calls for tally in shift.tallies.values()) == CALLS
    for caller in shift.callers:
        await caller.until_ended()
