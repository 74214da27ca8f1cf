"""Our end of Asterisk: events in, orders out, the heartbeat, and the snapshot after every connect.

What is heard before a snapshot is taken is kept and told after it, so that nothing that happened meanwhile is undone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from adapters.asterisk.clock import AsteriskClock
from adapters.asterisk.control import Control
from adapters.asterisk.decode import DELIVERY, WANTED, decode, tenant_of, whole
from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure
from adapters.asterisk.link import FULLY_BOOTED, AmiLink
from adapters.asterisk.recording import RecordingOrders
from adapters.asterisk.redirects import Redirects, Step
from adapters.asterisk.snapshot import forget_dialled, marked_as_dialled, take_snapshot
from adapters.asterisk.waiting import Joined, Sounds, WaitingOrders
from adapters.asterisk.wire import Message
from cti.control.events import OrderFailed
from cti.effects import Deliver, Effect, HangUp, Recall, TakeSnapshot
from cti.events import DeliveryFailed, Event, LinkLost, SnapshotTaken
from cti.ids import CallId, Instant, TenantId

log = logging.getLogger(__name__)

BUFFER_MOST: Final = 200_000
HEARTBEAT_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 1.0
ROOM_ENTERED: Final = "ConfbridgeJoin"
NO_CHANNEL: Final = "No such channel"
"""What Asterisk says when whoever is to be hung up has hung up already."""
ASK_SECONDS: Final = 5.0
SWEEP_SECONDS: Final = 600.0
"""How long what Asterisk remembers of callbacks that are over may pile up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    host: str
    port: int
    user: str
    secret: str
    events_user: str
    events_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the rest of the server gives us: its clock and inbox, its tenants, and its memory of calls."""

    now: Callable[[], Instant]
    post: Callable[[Event, TenantId | None], None]
    tenants: Callable[[], Collection[TenantId]]
    open_calls: Callable[[], Collection[CallId]]
    unknown_calls: Callable[[str, Collection[CallId]], Awaitable[Collection[CallId]]]
    sounds: Sounds
    joined: Joined
    globals: Callable[[], Mapping[str, str]]
    """What the dialplan is to know besides the fallback: where FastAGI is, the safe queue of each number."""
    on_up: Callable[[], None] = lambda: None
    """Asterisk is there again, and may be another than before."""


class Pbx:
    def __init__(self, login: Login, office: Office, *, fallback: str, fallback_after: int, first_beat: int) -> None:
        self._office = office
        self._fallback = fallback
        self._fallback_after = fallback_after
        self._beat = first_beat
        self._kept: list[Message] | None = []
        self._wanted = asyncio.Event()
        self._booted_at = Instant(0)
        self._corrected = asyncio.Event()
        self.clock = AsteriskClock()
        self.odd = 0
        self.link = AmiLink(
            host=login.host,
            port=login.port,
            events_user=login.events_user,
            events_secret=login.events_secret,
            user=login.user,
            secret=login.secret,
            wanted=WANTED | {b"FullyBooted", ROOM_ENTERED.encode()},
            on_event=self._heard,
            on_up=self._came_up,
            on_down=self._went_down,
        )
        self._redirects = Redirects(self._send)
        self._waiting = WaitingOrders(
            self._send, self._redirects, office.sounds, office.joined, office.now, office.post
        )
        self._recording = RecordingOrders(self._send, office.sounds, office.now, office.post)
        self._control = Control(
            self._send, self._redirects, self.link.bulk.send_nowait, office.sounds, office.now, office.post
        )
        self.orders: Final[Mapping[type[Effect], Callable[[TenantId, Any], None]]] = {
            Deliver: self._deliver,
            Recall: self._recall,
            HangUp: self._hang_up,
            TakeSnapshot: self._look,
            **self._waiting.orders,
            **self._recording.orders,
            **self._control.orders,
        }

    @property
    def up(self) -> bool:
        """The link is up and the board has been corrected."""
        return self.link.up and self._kept is None

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run(), name="ami link")
            tasks.create_task(self._keep_right(), name="snapshots")
            tasks.create_task(self._beat_on(), name="heartbeat")
            tasks.create_task(self._sweep(), name="marks of callbacks")

    def close(self) -> None:
        self.link.close()

    # --- in ---

    def _heard(self, message: Message) -> None:
        if message.name == FULLY_BOOTED:
            self._booted_at = Instant(self._office.now() - whole(message.get("Uptime")) * 1000)
        if self._kept is not None:
            if len(self._kept) < BUFFER_MOST:
                self._kept.append(message)
            return
        self._tell(message)

    def _tell(self, message: Message) -> None:
        if message.name == ROOM_ENTERED:
            self._redirects.entered(message.get("Channel"), message.get("Uniqueid"))
            return
        at = self.clock.heard(message.get("Timestamp"), self._office.now())
        try:
            event = decode(message, at, self.clock.offset)
        except (KeyError, ValueError) as odd:
            self.odd += 1
            log.warning("an odd %s from Asterisk: %r", message.name, odd)
            return
        if event is None:
            return
        tenant = tenant_of(message)
        if tenant is not None and tenant not in self._office.tenants():
            self.odd += 1
            log.warning("%s names tenant %s, whom nobody knows", message.name, tenant)
            return
        self._office.post(event, None if tenant is None else TenantId(tenant))

    def _came_up(self) -> None:
        log.info("the link to Asterisk is up")
        self._office.on_up()
        self._kept = self._kept or []
        self._wanted.set()

    def _went_down(self, why: str) -> None:
        log.warning("the link to Asterisk is down: %s", why)
        if self._kept is None:
            self._office.post(LinkLost(at=self._office.now(), reason=why), None)
        self._kept = []

    # --- snapshots ---

    async def _keep_right(self) -> None:
        """Take a snapshot whenever one is wanted; while one fails, try again as long as the link is up."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while self.link.up:
                try:
                    await self._correct()
                    break
                except LinkFailure as failure:
                    log.warning("no snapshot: %s", failure)
                    await asyncio.sleep(RETRY_SECONDS)

    async def _correct(self) -> None:
        if self._kept is None:
            self._kept = []
        told = {
            "CTI_FALLBACK_AFTER": str(self._fallback_after),
            "CTI_FALLBACK": self._fallback,
            **self._office.globals(),
        }
        for name, value in told.items():
            await self.link.control.ask(_set_global(name, value), ASK_SECONDS)
        self._redirects.looked()
        found = await take_snapshot(
            self.link.bulk,
            self._office.now,
            self.clock.offset,
            self._office.open_calls(),
            self._office.unknown_calls,
            self._booted_at,
        )
        if not self.link.up:
            return
        of_tenant = dict(found)
        devices_only = of_tenant.pop("")
        for tenant in self._office.tenants():
            self._office.post(of_tenant.pop(tenant, _without_legs(devices_only)), tenant)
        if of_tenant:
            log.warning("channels of tenants whom nobody knows: %s", ", ".join(of_tenant))
        kept, self._kept = self._kept or [], None
        for message in kept:
            self._tell(message)
        self._corrected.set()

    def _look(self, _: TenantId, order: TakeSnapshot) -> None:
        log.warning("looking at Asterisk anew: %s", order.why)
        self._wanted.set()

    async def _sweep(self) -> None:
        """Callbacks that are over are on record, and nobody asks any more whether they have been dialled."""
        while True:
            try:
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._corrected.wait()
            except TimeoutError:
                pass
            self._corrected.clear()
            try:
                for call in (await marked_as_dialled(self.link.bulk)).difference(self._office.open_calls()):
                    await self.link.bulk.ask(forget_dialled(call), ASK_SECONDS)
            except LinkFailure as failure:
                log.warning("what Asterisk remembers of callbacks stays: %s", failure)

    # --- out ---

    def set_global(self, name: str, value: str) -> None:
        """Tell the dialplan something that holds for all calls from now on; lost while the link is down."""
        self._send(_set_global(name, value))

    def _send(self, action: Action, done: Callable[[Message | LinkFailure], None] | None = None) -> None:
        self.link.control.send_nowait(action, done)

    def _deliver(self, tenant: TenantId, order: Deliver) -> None:
        exten = f"to_{order.n}_{order.ring_seconds}_{order.device}"

        def told(outcome: Message | LinkFailure) -> None:
            if isinstance(outcome, LinkFailure):
                failed = DeliveryFailed(at=self._office.now(), call=order.call, n=order.n, why=str(outcome))
                self._office.post(failed, tenant)

        self._waiting.before_ringing(tenant, order)
        way = self._recording.before_ringing(tenant, order) + exten
        self._redirects.go(order.call, Step(order.channel, DELIVERY, way), done=told)

    def _recall(self, tenant: TenantId, order: Recall) -> None:
        step = Step(order.channel, "cti-wait", "over", "music")
        self._redirects.go(order.call, step, done=self._waiting.told(tenant, order.call))

    def _hang_up(self, tenant: TenantId, order: HangUp) -> None:
        def failed(why: str) -> None:
            self._office.post(OrderFailed(at=self._office.now(), call=order.call, why=why, hang_up=True), tenant)

        def told(outcome: Message | LinkFailure) -> None:
            if isinstance(outcome, LinkFailure) and NO_CHANNEL not in outcome.why:
                failed(str(outcome))

        def act() -> None:
            self._send(Action("Hangup", (("Channel", order.channel), ("Cause", "16"))), told)

        if order.released:
            self._redirects.then(order.call, act, lambda: failed("Hangup: the customer has not been moved"))
        else:
            act()

    # --- the heartbeat ---

    async def _beat_on(self) -> None:
        """The waiting room counts its own rounds without a change of this number; no clock is compared."""
        while True:
            if self.up:
                self._beat += 1
                self.link.control.send_nowait(_set_global("CTI_HB", str(self._beat)))
            await asyncio.sleep(HEARTBEAT_SECONDS)


def _set_global(name: str, value: str) -> Action:
    return Action("Setvar", (("Variable", name), ("Value", value)))


def _without_legs(found: SnapshotTaken) -> SnapshotTaken:
    return replace(found, legs=(), last_words=())
