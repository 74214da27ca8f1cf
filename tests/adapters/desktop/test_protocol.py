"""The words of the protocol: hello, subscribe, events, commands, receipts, and who may have what."""

from __future__ import annotations

import pytest

from tests.adapters.desktop.client import Refusal, StreamClient
from tests.adapters.desktop.world import World, agent_updated, call_news, link_down, pop, queue_updated


async def test_a_hello_is_welcomed_and_a_subscribe_answers_with_a_snapshot(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        welcome = await client.hello("a1")
        assert {key: welcome[key] for key in ("epoch", "heartbeat", "resumed", "pbx_up")} == {
            "epoch": "e7",
            "heartbeat": 15,
            "resumed": False,
            "pbx_up": True,
        }
        ok = await client.subscribe("agent:me", "queue:sales", "calls:mine")
        assert client.socket.subprotocol == "cti.v1"
        assert ok["seq"] == 0
        assert set(ok["snapshot"]) == {"agent:me", "queue:sales", "calls:mine"}
        assert ok["snapshot"]["agent:me"]["agent_no"] == "1001"
        assert [call["id"] for call in ok["snapshot"]["calls:mine"]] == ["c-1"]


async def test_events_come_once_in_order_under_the_first_topic_they_match(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("boss", "calls:*", "queue:*", "queue:sales", "agent:*", "agent:1001")
        world.publish(call_news("queued"), queue_updated(), agent_updated(), pop(), call_news("ended"))
        events = await client.take(4)
        assert [(e.seq, e.prev, e.topic, e.type) for e in events] == [
            (1, 0, "calls:*", "call.queued"),
            (2, 1, "queue:*", "queue.updated"),
            (3, 2, "agent:*", "agent.updated"),
            (5, 3, "calls:*", "call.ended"),
        ]


async def test_names_arrive_with_every_character(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("a1", "agent:me")
        world.publish(pop())
        event = await client.event("screen_pop.requested")
        assert event.data["caller"] == {"number": "+8613800138000", "name": "张伟明"}
        assert (event.call, event.at) == ("c-1", "2027-01-15T08:00:00.000Z")


async def test_an_agent_sees_colleagues_without_the_details_of_their_calls(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        snapshot = await client.sign_in("a1", "agent:*")
        mine, colleague = snapshot["agent:*"][0], snapshot["agent:*"][1]
        assert mine["caller"] is not None
        assert (colleague["call"], colleague["caller"]) == (None, None)
        world.publish(agent_updated("1002"), agent_updated("1001"))
        other, own = await client.take(2)
        assert (other.call, other.data["call"], other.data["caller"]) == (None, None, None)
        assert (own.call, own.data["call"]) == ("c-1", "c-1")


async def test_calls_of_others_do_not_reach_an_agent(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("a1", "calls:mine", "queue:*")
        world.publish(call_news("queued", "c-3", ()), call_news("offered", "c-3", ("1002",)), pop("1002"))
        world.publish(queue_updated("empty"), call_news("offered", "c-1", ("1002", "1001")))
        assert [(e.type, e.topic) for e in await client.take(2)] == [
            ("call.queued", "queue:*"),
            ("call.offered", "calls:mine"),
        ]


async def test_news_of_the_pbx_goes_to_everyone(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("crm", "queue:empty")
        world.publish(link_down())
        assert (await client.event()).topic == "pbx"


@pytest.mark.parametrize(
    ("who", "topic"),
    [
        ("a1", "queue:empty"),
        ("a1", "queue:nowhere"),
        ("a1", "calls:*"),
        ("root", "agent:me"),
        ("crm", "calls:mine"),
        ("boss", "agent:7777"),
        ("boss", "users:*"),
        ("boss", "pbx"),
        ("boss", "*"),
    ],
)
async def test_a_refused_topic_subscribes_nothing(world: World, who: str, topic: str) -> None:
    async with StreamClient.open(world.url) as client:
        await client.hello(who)
        with pytest.raises(Refusal) as refusal:
            await client.subscribe("agent:*", topic)
        assert refusal.value.code == "not_allowed"
        world.publish(agent_updated())
        ok = await client.subscribe("agent:1002")
        world.publish(agent_updated("1001"), agent_updated("1002"))
        assert (await client.event()).seq == ok["seq"] + 2


async def test_topics_added_later_go_on_from_their_own_snapshot(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("boss", "queue:sales")
        world.publish(agent_updated(), queue_updated("sales"), agent_updated())
        ok = await client.subscribe("agent:*")
        assert (ok["seq"], set(ok["snapshot"])) == (3, {"agent:*"})
        world.publish(agent_updated())
        assert [(e.type, e.seq) for e in await client.take(2)] == [("queue.updated", 2), ("agent.updated", 4)]


async def test_an_unsubscribed_topic_is_silent(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("boss", "queue:*", "agent:*")
        await client.ask({"op": "unsubscribe", "topics": ["queue:*"]})
        world.publish(queue_updated(), agent_updated())
        assert (await client.event()).type == "agent.updated"


async def test_commands_reach_the_desk_in_the_name_of_the_agent(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.hello("a1")
        await client.command("agent.status", status="not_ready", reason="lunch")
        await client.command("agent.status", status="ready", device="1001-web")
        await client.command("call.hangup", call="c-1")
        assert world.desk.asked == [
            ("opened", "1001"),
            ("status", "1001", "not_ready", "lunch", None, "a1", False),
            ("status", "1001", "ready", None, "1001-web", "a1", False),
            ("hang_up", "c-1", "1001"),
        ]


async def test_what_a_call_came_to_is_said_by_agents_and_corrected_on_record(world: World) -> None:
    async with StreamClient.open(world.url) as client, StreamClient.open(world.url) as boss:
        await client.hello("a1")
        await boss.hello("boss")
        world.desk.asked.clear()
        await client.command("call.disposition", call="c-1", code="sold", note="x\ny")
        wrong = {"call": "c-1", "agent_no": "1001", "code": "late", "reason": "heard it"}
        await boss.command("call.disposition.correct", **wrong)
        assert world.desk.asked == [
            ("dispose", "c-1", "1001", "sold", "x\ny"),
            ("correct", "c-1", "boss", "1001", "late", ""),
        ]
        noted = [(one.deed.who, one.deed.action, one.deed.object, one.deed.reason) for one in world.ledger.chain]
        assert noted == [("boss", "call.disposition.correct", "c-1", "heard it")]


async def test_a_command_that_looks_into_the_past_is_answered_in_its_turn(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("a1", "agent:me")
        world.desk.past.clear()
        args = {"call": "c-1", "code": "sold"}
        await client.send({"op": "command", "id": "first", "name": "call.disposition", "args": args})
        await client.send({"op": "ping", "id": "second"})
        world.publish(agent_updated())
        assert (await client.event()).type == "agent.updated"
        world.desk.past.set()
        assert [(await client.receive())["re"] for _ in range(2)] == ["first", "second"]


@pytest.mark.parametrize(
    ("who", "name", "args", "code"),
    [
        ("a1", "call.disposition", {"call": "c-1", "code": "nonsense"}, "bad_request"),
        ("a1", "call.disposition", {"call": "c-1"}, "bad_request"),
        ("a1", "call.disposition", {"call": "c-1", "code": "sold", "note": "x" * 1001}, "bad_request"),
        ("a1", "call.disposition.correct", {"call": "c-1", "agent_no": "1002", "code": "sold"}, "not_allowed"),
        ("root", "call.disposition", {"call": "c-1", "code": "sold"}, "not_allowed"),
        ("a1", "agent.finish_acw", {}, "not_in_acw"),
        ("a1", "agent.status", {"status": "asleep"}, "bad_request"),
        ("a1", "agent.status", {}, "bad_request"),
        ("a1", "agent.status", {"status": 1}, "bad_request"),
        ("a1", "agent.status", {"status": "ready", "reason": ["x"]}, "bad_request"),
        ("a1", "call.hangup", {"call": None}, "bad_request"),
        ("a1", "call.explode", {}, "bad_request"),
        ("root", "agent.status", {"status": "ready"}, "not_allowed"),
        ("crm", "call.hangup", {"call": "c-1"}, "not_allowed"),
    ],
)
async def test_a_refused_command_names_a_stable_code(
    world: World, who: str, name: str, args: dict[str, object], code: str
) -> None:
    async with StreamClient.open(world.url) as client:
        await client.hello(who)
        with pytest.raises(Refusal) as refusal:
            await client.command(name, **args)
        assert refusal.value.code == code
        assert all(asked[0] in ("opened", "closed") for asked in world.desk.asked)


async def test_a_receipt_names_the_offer_of_the_pop_also_on_a_later_connection(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("a1", "agent:me")
        world.publish(pop(offer="o-1"), pop("1002", offer="o-2"), pop(offer="o-3"))
        first, third = await client.take(2)
        await client.shown(first.seq)
        await client.ask({"op": "ping"})
    async with StreamClient.open(world.url) as client:
        await client.hello("a1")
        await client.shown(third.seq)
        await client.shown(2)  # somebody else's
        await client.shown(99)
        await client.ask({"op": "ping"})
    assert [asked for asked in world.desk.asked if asked[0] == "shown"] == [
        ("shown", "1001", "o-1"),
        ("shown", "1001", "o-3"),
    ]


async def test_tenants_do_not_hear_of_each_other(world: World) -> None:
    async with StreamClient.open(world.url) as client:
        await client.sign_in("stranger", "calls:*", "agent:*", "queue:*")
        world.publish(call_news("started"), link_down())
        world.hub.publish(world.tokens.people["stranger"].tenant, [])
        await client.ask({"op": "ping"})
        assert client.events == []
