"""Our end of Asterisk: nothing heard is undone by a snapshot, nothing ordered is ordered twice, the heart beats."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import pytest

from adapters.asterisk import pbx as room
from adapters.asterisk.pbx import Login, Office, Pbx
from cti import events as ev
from cti.control.effects import Move, Spot
from cti.control.events import OrderFailed
from cti.effects import Deliver, Effect, HangUp, Recall, TakeSnapshot, WaitIn
from cti.engine import Clock
from cti.ids import AgentNo, CallId, DeviceName, QueueName, TenantId
from tests.adapters.asterisk.ami_server import AmiServer, Answer, Asked
from tests.adapters.asterisk.stories import FOLDER
from tests.adapters.asterisk.waiting import Bell, eventually

DEMO = TenantId("demo")
ORDER = Deliver(CallId("1-1-111111"), "PJSIP/cti-trunk-00000001", 2, AgentNo("1001"), DeviceName("1001-web"), 15)
LISTS = ("Status", "DeviceStateList", "DBGetTree")


class Desk:
    """Where what the pbx posts arrives."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.posted: list[tuple[ev.Event, TenantId | None]] = []
        self.calls: list[CallId] = []

    def post(self, event: ev.Event, tenant: TenantId | None) -> None:
        self.posted.append((event, tenant))
        self.bell.ring()

    def office(self) -> Office:
        async def unknown(_: str, calls: Collection[CallId]) -> Collection[CallId]:
            return calls

        return Office(
            now=Clock(),
            post=self.post,
            tenants=lambda: [DEMO],
            open_calls=lambda: self.calls,
            unknown_calls=unknown,
            sounds=lambda _tenant, names, language: [f"/prompts/{language}/{name}" for name in names],
            joined="".join,
            globals=lambda: {"CTI_AGI": "127.0.0.1:24573"},
        )

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event, _ in self.posted]

    async def until(self, kind: str, count: int = 1) -> None:
        await self.bell.until(lambda: self.kinds.count(kind) >= count)


def nothing_up(server: AmiServer) -> None:
    for name in LISTS:
        server.answers[name] = lambda asked: (
            asked.success("EventList: start\r\n") + asked.complete(f"{asked.name}Complete", 0)
        )


def keeping(held: list[Asked]) -> Answer:
    """An Asterisk that takes a question in and lets it wait."""

    def keep(asked: Asked) -> bytes:
        held.append(asked)
        return b""

    return keep


@asynccontextmanager
async def pbx_on(server: AmiServer, desk: Desk, *, wait: bool = True) -> AsyncIterator[Pbx]:
    nothing_up(server)
    login = Login(
        host="127.0.0.1",
        port=server.port,
        user="cti-control",
        secret=server.users["cti-control"],
        events_user="cti-events",
        events_secret=server.users["cti-events"],
    )
    pbx = Pbx(login, desk.office(), fallback="number:123", fallback_after=7, first_beat=500)
    running = asyncio.create_task(pbx.run())
    try:
        if wait:
            await desk.until("SnapshotTaken")
        yield pbx
    finally:
        pbx.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_on_coming_up_the_fallback_is_set_and_a_snapshot_is_told_to_each_tenant() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        set_ = [(asked.headers["Variable"], asked.headers["Value"]) for asked in server.named("Setvar")]
        assert set_[:2] == [("CTI_FALLBACK_AFTER", "7"), ("CTI_FALLBACK", "number:123")]
        assert [(kind, tenant) for kind, (_, tenant) in zip(desk.kinds, desk.posted, strict=True)] == [
            ("SnapshotTaken", DEMO)
        ]
        assert pbx.up


async def test_what_is_heard_before_the_snapshot_is_told_after_it_and_in_order() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk, wait=False) as pbx:
        held: list[Asked] = []
        answer = server.answers["DBGetTree"]
        server.answers["DBGetTree"] = keeping(held)
        events = await server.logged_in("cti-events")
        await server.until(lambda: held)
        for n in range(5):
            events.event("Hangup", ("Uniqueid", f"1.{n}"), ("Cause", "16"))
        await eventually(lambda: pbx._kept is not None and len(pbx._kept) >= 6)  # and FullyBooted
        assert desk.posted == []
        assert not pbx.up

        server.answers["DBGetTree"] = answer
        asker = next(peer for peer in server.peers if held[0] in peer.asked)
        asker.send(answer(held[0]))
        await desk.until("LegEnded", 5)

        assert desk.kinds == ["SnapshotTaken", *["LegEnded"] * 5]
        told = [event.leg for event, _ in desk.posted if isinstance(event, ev.LegEnded)]
        assert told == [f"1.{n}" for n in range(5)]
        events.event("Hangup", ("Uniqueid", "2.1"))
        await desk.until("LegEnded", 6)


async def test_a_snapshot_that_is_wanted_again_holds_events_back_again() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        pbx.orders[TakeSnapshot](DEMO, TakeSnapshot("something is odd"))
        await desk.until("SnapshotTaken", 2)
        assert pbx.up
        assert len(server.named("Status")) == 2


async def test_a_snapshot_that_fails_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "RETRY_SECONDS", 0.01)
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk, wait=False):
        good = server.answers["Status"]
        times = iter((True, True, False))
        server.answers["Status"] = lambda asked: asked.error("busy") if next(times, False) else good(asked)
        await desk.until("SnapshotTaken")
        assert len(server.named("Status")) == 3


def beats(server: AmiServer) -> list[int]:
    """Every heartbeat that Asterisk was told."""
    told = server.named("Setvar")
    return [int(asked.headers["Value"]) for asked in told if asked.headers["Variable"] == "CTI_HB"]


async def test_the_heart_stops_with_the_link_and_until_the_board_is_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "HEARTBEAT_SECONDS", 0.005)
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        await server.until(lambda: len(beats(server)) >= 3)
        await server.shut()
        await desk.until("LinkLost")
        assert not pbx.up
        before = beats(server)
        assert before == list(range(501, 501 + len(before))), "each beat is a number never seen before"

        held: list[Asked] = []
        server.answers["Status"] = keeping(held)
        await server.open()
        await server.until(lambda: held)  # many beats later: the link is up again, the snapshot is not
        assert pbx.link.up
        assert beats(server) == before

        asker = next(peer for peer in server.peers if held[0] in peer.asked)
        asker.send(held[0].success("EventList: start\r\n") + held[0].complete("StatusComplete", 0))
        await server.until(lambda: len(beats(server)) > len(before))
        assert desk.kinds == ["SnapshotTaken", "LinkLost", "SnapshotTaken"]
        assert beats(server)[len(before)] > before[-1]


async def test_orders_go_out_as_the_dialplan_reads_them() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        pbx.orders[Deliver](DEMO, ORDER)
        pbx.orders[Recall](DEMO, Recall(ORDER.call, ORDER.channel))
        pbx.orders[HangUp](DEMO, HangUp(ORDER.call, "PJSIP/1001-00000002"))
        await server.until(lambda: server.named("Hangup"))
        wanted = ("Channel", "Context", "Exten", "Priority")
        places = [tuple(order.headers[name] for name in wanted) for order in server.named("Redirect")]
        assert places == [
            (ORDER.channel, "cti-want", "to_2_15_1001-web", "1"),
            (ORDER.channel, "cti-wait", "over", "music"),
        ]
        assert server.named("Hangup")[0].headers["Channel"] == "PJSIP/1001-00000002"
        assert desk.kinds == ["SnapshotTaken"], "an order that is taken tells nothing"


async def test_an_order_that_asterisk_refuses_is_told_as_failed() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        server.answers["Redirect"] = lambda asked: asked.error("Channel does not exist: PJSIP/none-00000001")
        pbx.orders[Deliver](DEMO, ORDER)
        await desk.until("DeliveryFailed")
        failed, tenant = desk.posted[-1]
        assert isinstance(failed, ev.DeliveryFailed)
        assert (failed.call, failed.n, tenant) == (ORDER.call, 2, DEMO)
        assert "does not exist" in failed.why


MOVES = {
    WaitIn: WaitIn(ORDER.call, ORDER.channel, QueueName("sales")),
    Recall: Recall(ORDER.call, ORDER.channel),
    Move: Move(ORDER.call, ORDER.channel, Spot("hold", "customer")),
}


@pytest.mark.parametrize("order", MOVES.values(), ids=[kind.__name__ for kind in MOVES])
async def test_whatever_moves_a_leg_and_comes_to_nothing_is_told(order: Effect) -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        server.answers["Redirect"] = lambda asked: asked.error("Channel does not exist: PJSIP/none-00000001")
        pbx.orders[type(order)](DEMO, order)
        await desk.until("OrderFailed")
        failed, tenant = desk.posted[-1]
        assert isinstance(failed, OrderFailed)
        assert (failed.call, failed.hang_up, tenant) == (ORDER.call, False, DEMO)


async def test_a_leg_that_is_not_hung_up_is_told_and_one_that_is_gone_already_is_not() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        server.answers["Hangup"] = lambda asked: asked.error("No such channel")
        pbx.orders[HangUp](DEMO, HangUp(ORDER.call, "PJSIP/1001-00000002"))
        await server.until(lambda: server.named("Hangup"))
        server.answers["Hangup"] = lambda asked: asked.error("Permission denied")
        pbx.orders[HangUp](DEMO, HangUp(ORDER.call, "PJSIP/1001-00000002"))
        await desk.until("OrderFailed")
        assert desk.kinds == ["SnapshotTaken", "OrderFailed"]
        failed = desk.posted[-1][0]
        assert isinstance(failed, OrderFailed)
        assert failed.hang_up


async def test_an_agent_who_gave_a_customer_away_stays_while_the_customer_has_not_gone() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        server.answers["Redirect"] = lambda asked: asked.error("Channel does not exist: PJSIP/none-00000001")
        pbx.orders[Move](DEMO, MOVES[Move])
        pbx.orders[HangUp](DEMO, HangUp(ORDER.call, "PJSIP/1001-00000002", released=True))
        await desk.until("OrderFailed", 2)
        assert server.named("Hangup") == []
        pbx.orders[TakeSnapshot](DEMO, TakeSnapshot("something is odd"))
        await desk.until("SnapshotTaken", 2)
        pbx.orders[HangUp](DEMO, HangUp(ORDER.call, "PJSIP/1001-00000002", released=True))
        await server.until(lambda: server.named("Hangup"))


async def test_an_order_that_was_under_way_when_the_link_went_is_failed_and_never_sent_again() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        server.answers["Redirect"] = lambda _asked: b""
        pbx.orders[Deliver](DEMO, ORDER)
        await server.until(lambda: server.named("Redirect"))
        await server.shut()
        await desk.until("DeliveryFailed")
        await server.open()
        await desk.until("SnapshotTaken", 2)
        assert len(server.named("Redirect")) == 1


async def test_an_order_without_a_link_is_failed_at_once() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        await server.shut()
        await desk.until("LinkLost")
        pbx.orders[Deliver](DEMO, ORDER)
        await desk.until("DeliveryFailed")
        assert server.named("Redirect") == []


async def test_a_tenant_nobody_knows_is_logged_and_ignored(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        raw = (FOLDER / "abandoned.txt").read_bytes()
        events = await server.logged_in("cti-events")
        with caplog.at_level(logging.WARNING, "adapters.asterisk.pbx"):
            events.send(raw.replace(b"Tenant: demo", b"Tenant: stranger"))
            await desk.until("LegEnded")
        assert "CallerWaiting" not in desk.kinds
        assert pbx.odd == 1
        assert any("stranger" in record.getMessage() for record in caplog.records)


ODD = [
    (("Event", "Hangup"), ("Cause", "16")),
    (("Event", "DialBegin"),),
    (("Event", "DeviceStateChange"), ("Device", "PJSIP/1001")),
    (("Event", "UserEvent"), ("UserEvent", "CtiWaiting"), ("Tenant", "demo")),
    (("Event", "UserEvent"), ("UserEvent", "CtiOfferEnded"), ("Call", "1"), ("Status", "BUSY")),
    (("Event", "Hangup"), ("Cause", "16"), ("Timestamp", "inf")),
    (("Event", "Hangup"), ("Cause", "16"), ("Timestamp", "nan")),
]


async def test_odd_messages_are_counted_and_cost_nothing(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk) as pbx:
        events = await server.logged_in("cti-events")
        whole = (FOLDER / "abandoned.txt").read_bytes()
        for (_, name), *headers in ODD:
            events.event(name, *headers)
        events.send(whole.replace(b"Since: ", b"Since: 1e999"))
        events.send(whole)
        await desk.until("CallerWaiting")
        await desk.until("LegEnded", 2)
        assert pbx.odd == len(ODD) + 1
        assert desk.kinds.count("CallerWaiting") == 1
        assert pbx.link.events.counts.handler_errors == 0


async def test_callbacks_that_are_over_are_forgotten_and_those_under_way_are_not() -> None:
    desk = Desk()
    desk.calls = [CallId("1-1-111111-cb")]
    async with AmiServer() as server, pbx_on(server, desk, wait=False):
        server.answers["DBGetTree"] = marks("1-1-111111-cb", "1-2-222222-cb")
        await server.until(lambda: forgotten(server))
        told = next(event for event, _ in desk.posted if isinstance(event, ev.SnapshotTaken))
        assert told.dialled == {"1-1-111111-cb", "1-2-222222-cb"}, "also by a tenant without a channel"
        assert forgotten(server) == ["DB_DELETE(cti-dialled/1-2-222222-cb)"]


def marks(*calls: str) -> Answer:
    def tell(asked: Asked) -> bytes:
        if asked.headers["Family"] != "cti-dialled":
            return asked.success("EventList: start\r\n") + asked.complete("DBGetTreeComplete", 0)
        rows = b"".join(
            b"Event: DBGetTreeResponse\r\nActionID: %s\r\nKey: /cti-dialled/%s\r\nVal: 1\r\n\r\n"
            % (asked.id.encode(), call.encode())
            for call in calls
        )
        return asked.success("EventList: start\r\n") + rows + asked.complete("DBGetTreeComplete", len(calls))

    return tell


def forgotten(server: AmiServer) -> list[str]:
    return [one for asked in server.named("Setvar") if (one := asked.headers["Variable"]).startswith("DB_DELETE")]


async def test_a_snapshot_says_since_when_this_asterisk_has_been_up() -> None:
    desk = Desk()
    async with AmiServer() as server, pbx_on(server, desk):
        first = next(event for event, _ in desk.posted if isinstance(event, ev.SnapshotTaken))
        assert first.booted_at > 0
        events = await server.logged_in("cti-events")
        events.event("FullyBooted", ("Uptime", "3600"))
        await server.shut()
        await server.open()
        await desk.until("SnapshotTaken", 2)
        again = [event for event, _ in desk.posted if isinstance(event, ev.SnapshotTaken)][-1]
        assert again.booted_at >= first.booted_at, "a login of a new Asterisk says it anew"
