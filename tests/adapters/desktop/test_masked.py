"""The event stream for a role without numbers: nothing on the wire shows one, live, in a snapshot or after a resume."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cti.ids import AgentNo
from cti.news import Published
from cti.people import principal
from tests.adapters.desktop.client import Refusal, StreamClient
from tests.adapters.desktop.world import DEMO, World, agent_updated, call_news, pop, queue_updated
from tests.cti.test_masking import left_of

DIGITS = "13800138000"
TOPICS = ("agent:me", "agent:*", "queue:sales", "queue:*", "calls:mine")


def listening(client: StreamClient) -> list[str]:
    """Every frame as it came over the wire."""
    heard: list[str] = []
    receive = client.socket.recv

    async def recv(*args: Any, **more: Any) -> Any:
        frame = await receive(*args, **more)
        heard.append(str(frame))
        return frame

    client.socket.recv = recv  # type: ignore[method-assign]
    return heard


def everything() -> list[Any]:
    return [
        agent_updated("1001"),
        agent_updated("1002"),
        queue_updated(padding=f"{DIGITS} or 138 0013 8000 or +86-138-0013-8000"),
        call_news("queued"),
        call_news("ended"),
        disposed(DIGITS),
        disposed(f"call {DIGITS} back"),
        pop(),
    ]


def disposed(note: str) -> Published:
    said = {"agent_no": "1001", "code": "sold", "note": note, "said_at": None, "said_by": None}
    return replace(call_news("disposition_said"), data={"id": "c-1", "disposition": said})


async def test_nothing_on_the_wire_shows_a_number_to_a_masked_role(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        heard = listening(client)
        await client.sign_in("blind", *TOPICS)
        world.publish(*everything())
        popped = await client.event("screen_pop.requested")
    assert len(heard) >= 8
    assert max(left_of(DIGITS, frame) for frame in heard) <= 4
    assert popped.data["caller"]["number"] == "138****8000"
    token = popped.data["caller"]["number_token"]
    assert world.numbers.resolve(DEMO, token) == "+8613800138000"


async def test_a_resume_from_the_journal_is_masked_like_the_stream(world: World) -> None:
    world.publish(*everything())
    world.restart_hub()
    async with StreamClient.open(world.url) as client:
        heard = listening(client)
        await client.hello("blind", resume=(world.board.epoch, 0))
        await client.subscribe(*TOPICS)
        await client.event("screen_pop.requested")
    assert max(left_of(DIGITS, frame) for frame in heard) <= 4


async def test_others_at_the_same_event_see_it_whole(world: World) -> None:
    async with StreamClient.open(world.url) as blind, StreamClient.open(world.url) as boss:
        await blind.sign_in("blind", "agent:*")
        await boss.sign_in("boss", "agent:*")
        world.publish(agent_updated("1001"))
        assert (await boss.event("agent.updated")).data["caller"]["number"] == "+8613800138000"
        assert (await blind.event("agent.updated")).data["caller"]["number"] == "138****8000"


async def test_a_role_that_is_masked_now_sees_no_number_from_the_next_event_on(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("a1", "agent:me")
        world.change_role("a1", "masked_agent")
        world.publish(agent_updated("1001"))
        assert (await client.event("agent.updated")).data["caller"]["number"] == "138****8000"


async def test_a_refusal_quotes_no_number_and_a_token_of_nobody_is_refused(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        heard = listening(client)
        await client.sign_in("blind", "agent:me")
        for args in ({"call": "token:" + "a" * 48}, {"call": f"c-{DIGITS}", "to": DIGITS}, {f"{DIGITS}": 1}):
            await client.send({"op": "command", "id": "1", "name": "call.hangup", "args": args})
        with pytest.raises(Refusal):
            await client.ask({"op": "subscribe", "topics": [f"calls:{DIGITS}"]})
    assert max(left_of(DIGITS, frame) for frame in heard) <= 4


async def test_a_supervisor_of_a_team_hears_of_its_agents_and_its_queues_callers_only(world: World) -> None:
    lead = principal(DEMO, "lead", "supervisor", AgentNo("1900"), team=frozenset({AgentNo("1002")}))
    world.tokens.people["lead"] = lead
    async with StreamClient.open(world.url) as client:
        await client.sign_in("lead", "agent:*", "queue:*", "calls:*")
        for refused in ("agent:1001", "queue:support"):
            with pytest.raises(Refusal):
                await client.ask({"op": "subscribe", "topics": [refused]})
        world.publish(
            agent_updated("1001"),
            queue_updated("support"),
            call_news("started", "c-1", ("1001",), "support"),
            call_news("queued", "c-2", (), "sales"),
            call_news("ended", "c-3", ("1002",), "support"),
            agent_updated("1002"),
        )
        seen = [(event.type, event.call) for event in await client.take(3)]
    assert seen == [("call.queued", "c-2"), ("call.ended", "c-3"), ("agent.updated", "c-1")]
