"""A pretend Asterisk whose legs really stand somewhere: it carries orders out, late or not at all, and tells of it.

It keeps the promises of `dialplans/` and of AMI's Redirect: what happens to the other end of a moved leg, who leaves a
room when the last who keeps it open has left, what a Dial goes on with. Orders and news are two lines that a test
lets move one at a time, so that anything can happen between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cti import events as ev
from cti.control import events as ce
from cti.control.effects import Invite, Move, Spot
from cti.effects import Deliver, Effect, HangUp, Recall, SendOn, TakeSnapshot, WaitIn
from cti.ids import CallId, DeviceName, Instant, LegId, QueueName

TRUNK: Final = "cti-trunk"
CONTEXTS: Final = {
    "room": "cti-room",
    "aside": "cti-room",
    "hold": "cti-hold",
    "alone": "cti-alone",
    "ask_device": "cti-consult",
    "ask_number": "cti-consult",
    "call_device": "cti-call",
    "call_number": "cti-call",
    "out": "cti-out",
    "listen": "cti-spy",
    "whisper": "cti-spy",
    "spare": "cti-spy",
    "after": "cti-after",
}
ORDERS: Final = (Deliver, Recall, HangUp, WaitIn, SendOn, Move, Invite)
ANSWER_LATE_MS: Final = 5_000
"""After so long an order without an answer is given up."""


@dataclass(eq=False)
class Dial:
    caller: Channel
    callee: Channel
    goes_on: Callable[[str, int], None]  # what the caller does afterwards: DIALSTATUS and the cause
    answered: bool = False


@dataclass(eq=False)
class Channel:
    id: LegId
    name: str
    device: str
    call: CallId
    up: bool = False
    rang: bool = False
    gone: bool = False
    since: Instant | None = None
    queue: str = ""
    context: str = ""
    dial: Dial | None = None  # it rings or talks with another one
    dialled: Dial | None = None  # another one rings or talks with it
    room: str = ""
    marked: bool = False
    spies: str = ""
    n: int = 0
    offer_device: str = ""
    spot: str = ""
    invited: Invite | None = None
    answered_at: Instant | None = None
    kept: bool = field(default=False)  # something of its own keeps it: music, silence, a wait

    @property
    def bridged(self) -> bool:
        dial = self.dial or self.dialled
        return bool(self.room) or (dial is not None and dial.answered)


class Refusal(Exception):
    """Asterisk says no, and has done nothing."""


class Switch:
    def __init__(self, now: Callable[[], Instant]) -> None:
        self.now = now
        self.channels: dict[LegId, Channel] = {}
        self.orders: deque[Effect] = deque()
        self.news: deque[ev.Event] = deque()
        self.told: list[tuple[Instant, ev.Event]] = []  # what the link itself says, when it is due
        self.looks = 0
        self.doubted: set[CallId] = set()  # of which an order came to nothing, and nobody has looked since
        self.later: list[tuple[Instant, Channel | None, Callable[[], None]]] = []
        self.words: dict[CallId, ev.LastWords] = {}
        self.dialled: set[CallId] = set()
        self.count = 0

    # --- the two lines ---

    def wanted(self, effects: Sequence[Effect]) -> None:
        """Orders of the server, in the order in which they were given."""
        self.orders += [one for one in effects if isinstance(one, ORDERS)]
        self.looks += sum(isinstance(one, TakeSnapshot) for one in effects)

    def carry(self, fault: str = "") -> None:
        """The next order is carried out. `fault`: refused, unheard (not done, and no answer), done (and no answer),
        or late: others come first."""
        order = self.orders.popleft()
        if fault == "late":
            if self.orders and not _holds_back(order, self.orders[0]):
                self.orders.insert(1, order)
                return
            fault = ""
        if fault == "refused":
            self._failed(order, "no", 0)
            return
        if fault != "unheard":
            try:
                self._do(order)
            except Refusal as refusal:
                self._failed(order, str(refusal), 0)
        if fault in ("unheard", "done"):
            self._failed(order, "no answer", ANSWER_LATE_MS)

    def _failed(self, order: Effect, why: str, after: int) -> None:
        """What the adapters say of an order that has, or may have, come to nothing."""
        if moved(order):
            self.doubted.add(call_of(order))
            held = [one for one in self.orders if isinstance(one, HangUp) and one.released]
            for one in [one for one in held if one.call == call_of(order)]:
                self.orders.remove(one)
                self._failed(one, "the customer has not been moved", after)
        at = Instant(self.now() + after)
        event: ev.Event | None = None
        match order:
            case Deliver():
                event = ev.DeliveryFailed(at=at, call=order.call, n=order.n, why=why)
            case SendOn():
                event = ev.SendOnFailed(at=at, call=order.call, why=why)
            case Invite() if not after:
                event = ce.LegNotReached(at=at, leg=order.leg, why="unreachable")
            case Move() | WaitIn() | Recall() | Invite():
                event = ce.OrderFailed(at=at, call=order.call, why=why)
            case HangUp() if why != "no such channel":
                event = ce.OrderFailed(at=at, call=order.call, why=why, hang_up=True)
        if event is not None:
            self.told.append((at, event))

    def goes_on(self) -> None:
        """The dialplan takes its next steps: whatever is due."""
        due = [one for one in self.later if one[0] <= self.now()]
        self.later = [one for one in self.later if one[0] > self.now()]
        for _, channel, step in due:
            if channel is None or not channel.gone:
                step()

    def _soon(self, channel: Channel | None, seconds: float, step: Callable[[], None]) -> None:
        self.later.append((Instant(self.now() + round(seconds * 1000)), channel, step))

    def _say(self, event: ev.Event) -> None:
        self.news.append(event)

    # --- orders ---

    def _find(self, address: str) -> Channel:
        for one in self.channels.values():
            if address in (one.id, one.name):
                return one
        raise Refusal("no such channel")

    def _do(self, order: Effect) -> None:
        match order:
            case HangUp() if order.released and order.call in self.doubted:
                raise Refusal("the customer has not been moved")
            case HangUp():
                self.hangs_up(self._find(order.channel), 16)
            case Deliver():
                self._redirect([(self._find(order.channel), lambda c: self._deliver(c, order))])
            case Recall():
                self._redirect([(self._find(order.channel), self._waits)])
            case WaitIn():
                found = self._find(order.channel)
                found.queue = order.queue
                self._redirect([(found, self._waits)])
            case SendOn():
                self._redirect([(self._find(order.channel), self._in_flow)])
            case Move():
                steps = [(self._find(order.leg), self._enters(order.spot))]
                if order.other_spot is not None:
                    steps.append((self._find(order.other), self._enters(order.other_spot)))
                self._redirect(steps)
            case Invite():  # in a thread of its own
                self._soon(None, 0, lambda: self._originate(order))

    def _redirect(self, steps: Sequence[tuple[Channel, Callable[[Channel], None]]]) -> None:
        """Two legs of one talk go at the same instant; one alone ends the other."""
        assert all(channel.up for channel, _ in steps), "a leg is moved that has not been answered"
        going = {channel for channel, _ in steps}
        for channel, _ in steps:
            self._leaves(channel, going)
        for channel, enter in steps:
            if not channel.gone:
                self.later = [one for one in self.later if one[1] is not channel]
                channel.kept = False
                channel.spies = ""
                enter(channel)

    def _leaves(self, channel: Channel, going: set[Channel]) -> None:
        dial, mine = channel.dial or channel.dialled, channel.dial is not None
        if dial is not None:
            dial.caller.dial = dial.callee.dialled = None
            other = dial.callee if mine else dial.caller
            if other not in going and mine:
                self.hangs_up(other, 16)
            elif other not in going:
                dial.goes_on("ANSWER", 16)
        self._leaves_room(channel)

    def _leaves_room(self, channel: Channel) -> None:
        room, channel.room = channel.room, ""
        was, channel.marked = channel.marked, False
        inside = [one for one in self.channels.values() if one.room == room and not one.gone]
        if not room or not was or any(one.marked for one in inside):
            return
        for one in inside:  # ENDMARKED
            one.room = ""
            self._soon(one, 0.5, self._after_room(one, room))

    def _after_room(self, channel: Channel, room: str) -> Callable[[], None]:
        def step() -> None:
            if any(one.room == room and one.marked for one in self.channels.values()):
                channel.room = room
            elif channel.since is not None:
                self._after(channel)
            else:
                self.hangs_up(channel, 16)

        return step

    # --- places ---

    def _enters(self, spot: Spot) -> Callable[[Channel], None]:
        def enter(channel: Channel) -> None:
            channel.context, channel.spot = CONTEXTS[spot.kind], ""
            match spot.kind:
                case "room" | "aside":
                    channel.room = spot.word + ("-2" if spot.kind == "aside" else "")
                    channel.marked = spot.marked
                    channel.spot = f"{'m' if spot.marked else 'u'}_{channel.room}"
                case "hold":
                    channel.kept = True
                    self._soon(channel, 3600, lambda: self.hangs_up(channel, 16))
                case "alone":
                    channel.kept = True
                    self._soon(channel, 3600, lambda: self.hangs_up(channel, 16))
                case "ask_device" | "ask_number":
                    self._dials(channel, _to(spot), spot.seconds, lambda s, c: self._asked(channel, s, c))
                case "call_device" | "call_number":
                    if channel.call.endswith("-cb"):
                        self.dialled.add(channel.call)
                    other = self._dials(channel, _to(spot), spot.seconds, lambda s, c: self.hangs_up(channel, c))
                    other.since = self.now()
                case "out":
                    self._dials(channel, TRUNK, spot.seconds, lambda s, c: self._was_out(channel, s, c))
                case "listen" | "whisper":
                    channel.spies, channel.spot = spot.word, f"{spot.kind}_{spot.word}"
                    if LegId(spot.word) not in self.channels:
                        self._spied_is_gone(channel)
                case "spare":
                    channel.spot = "spare"
                    self._soon(channel, 60, lambda: self.hangs_up(channel, 16))
                case "after":
                    self._after(channel)

        return enter

    def _waits(self, channel: Channel) -> None:
        channel.context = "cti-wait"

    def _in_flow(self, channel: Channel) -> None:
        channel.context = "cti-entry"

    def _after(self, channel: Channel) -> None:
        channel.context = "cti-after"
        self._soon(channel, 0, lambda: self.hangs_up(channel, 16))

    def _asked(self, channel: Channel, status: str, cause: int) -> None:
        """The agent who asked is alone."""
        self._say(ce.DialEnded(at=self.now(), leg=channel.id, status=status, cause=cause))
        self._soon(channel, 3600, lambda: self.hangs_up(channel, 16))

    def _was_out(self, channel: Channel, status: str, cause: int) -> None:
        self._say(ce.DialEnded(at=self.now(), leg=channel.id, status=status, cause=cause))
        if status == "ANSWER":
            self._after(channel)
        else:
            self._soon(channel, 10, lambda: self.hangs_up(channel, 16))

    def _spied_is_gone(self, channel: Channel) -> None:
        channel.spies = ""
        self._soon(channel, 3, lambda: self.hangs_up(channel, 16))

    def _deliver(self, channel: Channel, order: Deliver) -> None:
        channel.context, channel.n, channel.offer_device = "cti-deliver", order.n, order.device
        channel.queue = order.queue or channel.queue

        def over(status: str, cause: int) -> None:
            if status == "ANSWER":
                self._after(channel)
                return
            self._waits(channel)
            self._say(ev.DeliveryEnded(at=self.now(), call=channel.call, n=order.n, status=status, cause=cause))

        self._dials(channel, order.device, order.ring_seconds, over)

    # --- phones ---

    def _new(self, device: str, call: CallId, leg: str = "") -> Channel:
        self.count += 1
        channel = Channel(LegId(leg or f"u{self.count}"), f"PJSIP/{device}-{self.count:08x}", device, call)
        self.channels[channel.id] = channel
        self._device(device)
        return channel

    def _device(self, device: str) -> None:
        if device == TRUNK:
            return
        mine = [one for one in self.channels.values() if one.device == device]
        state = "NOT_INUSE" if not mine else "INUSE" if any(one.up for one in mine) else "RINGING"
        self._say(ev.DeviceChanged(at=self.now(), device=DeviceName(device), state=state))

    def _dials(self, caller: Channel, device: str, seconds: int, goes_on: Callable[[str, int], None]) -> Channel:
        callee = self._new(device, caller.call)
        callee.context = TRUNK if device == TRUNK else "cti-agents"
        caller.dial = callee.dialled = Dial(caller, callee, goes_on)
        name = DeviceName(device)
        self._say(
            ev.LegDialled(
                at=self.now(),
                leg=caller.id,
                dialled=callee.id,
                channel=callee.name,
                device=name,
                n=caller.n if caller.context == "cti-deliver" else 0,
            )
        )
        self._soon(callee, seconds, lambda: self._rings_out(callee))
        return callee

    def _originate(self, order: Invite) -> None:
        channel = self._new(str(order.device or TRUNK), order.call, order.leg)
        channel.invited, channel.context = order, "cti-agents"
        self._say(ce.LegInvited(at=self.now(), leg=channel.id, channel=channel.name))
        self._soon(channel, order.seconds, lambda: self._rings_out(channel))

    def _rings_out(self, channel: Channel) -> None:
        if not channel.up:
            self.hangs_up(channel, 19)

    def incoming(self, queue: str) -> Channel:
        self.count += 1
        call = CallId(f"{self.now() // 1000}-{self.count}-000000")
        channel = self._new(TRUNK, call)
        channel.up, channel.since, channel.queue, channel.context = True, self.now(), queue, "cti-wait"
        self._say(self._announced(channel))
        return channel

    def _announced(self, channel: Channel) -> ev.CallerWaiting:
        assert channel.since is not None
        return ev.CallerWaiting(
            at=self.now(),
            call=channel.call,
            leg=channel.id,
            channel=channel.name,
            linkedid=channel.id,
            queue=QueueName(channel.queue),
            number="+8613900000000",
            name="x",
            dialled="4001",
            since=channel.since,
            priority=0,
            screened=False,
        )

    def flow_ends(self, channel: Channel, queue: str) -> None:
        """A flow has sent its caller to a queue."""
        self._waits(channel)
        channel.queue = queue
        self._say(self._announced(channel))

    def rings(self, channel: Channel) -> None:
        channel.rang = True
        self._say(ev.LegRinging(at=self.now(), leg=channel.id))

    def answers(self, channel: Channel) -> None:
        channel.up, channel.answered_at = True, self.now()
        self._say(ev.LegAnswered(at=self.now(), leg=channel.id))
        self._device(channel.device)
        if channel.dialled is not None:
            channel.dialled.answered = True
            channel.dialled.caller.answered_at = self.now()
        if channel.invited is not None:
            self._enters(channel.invited.spot)(channel)

    def holds(self, channel: Channel, kind: type[ev.LegHeld] | type[ev.LegRetrieved]) -> None:
        """Somebody presses a key of their own phone."""
        self._say(kind(at=self.now(), leg=channel.id))

    def hangs_up(self, channel: Channel, cause: int) -> None:
        """A phone, the dialplan or an order ends this leg."""
        if channel.gone:
            return
        channel.gone = True
        if channel.dial is not None:  # app_dial hangs the called leg up before the calling one
            callee, channel.dial = channel.dial.callee, None
            callee.dialled = None
            self.hangs_up(callee, 16)
        del self.channels[channel.id]
        if not channel.up and channel.invited is not None:
            words = {17: "busy", 21: "rejected", 19: "no_answer"}
            self._say(ce.LegNotReached(at=self.now(), leg=channel.id, why=words.get(cause, "no_answer")))
        self._say(ev.LegEnded(at=self.now(), leg=channel.id, cause=cause))
        if not channel.up and channel.invited is not None:
            self.news.appendleft(ce.InviteFailed(at=self.now(), leg=channel.id))  # it overtakes what is told of the leg
        self._last_words(channel, cause)
        self._device(channel.device)
        dial, channel.dialled = channel.dialled, None
        if dial is not None:
            dial.caller.dial = None
            status = "ANSWER" if dial.answered else {17: "BUSY", 21: "BUSY", 19: "NOANSWER"}.get(cause, "CHANUNAVAIL")
            dial.goes_on(status, cause)
        self._leaves_room(channel)
        for one in list(self.channels.values()):
            if one.spies == channel.id:
                self._spied_is_gone(one)

    def _last_words(self, channel: Channel, cause: int) -> None:
        if channel.since is None:
            return
        self.words[channel.call] = ev.LastWords(
            call=channel.call,
            queue=QueueName(channel.queue),
            since=channel.since,
            ended_at=self.now(),
            talked=0 if channel.answered_at is None else self.now() - channel.answered_at,
            device=DeviceName(channel.offer_device) if channel.offer_device else None,
            cause=cause,
            number="+8613900000000",
            dialled="4001",
        )

    # --- what somebody sees who looks ---

    def snapshot(self, devices: Sequence[str], known: Sequence[CallId]) -> ev.SnapshotTaken:
        self.doubted.clear()
        legs = tuple(self._seen(one) for one in self.channels.values())
        states = {DeviceName(one): "NOT_INUSE" for one in devices}
        for one in self.channels.values():
            if one.device != TRUNK:
                states[DeviceName(one.device)] = "INUSE" if one.up else "RINGING"
        words = tuple(self.words[call] for call in known if call in self.words)
        return ev.SnapshotTaken(
            at=self.now(), legs=legs, devices=states, last_words=words, dialled=frozenset(self.dialled)
        )

    def _seen(self, one: Channel) -> ev.LegSeen:
        dial = one.dial or one.dialled
        bridge = one.room or (dial.caller.id if dial is not None and dial.answered else "")
        here = one.context == "cti-deliver"
        return ev.LegSeen(
            leg=one.id,
            channel=one.name,
            linkedid="",
            place=one.context,
            state="Up" if one.up else "Ringing",
            bridge=bridge,
            device=DeviceName(one.device),
            number="+8613900000000",
            name="x",
            seconds=1,
            call=one.call,
            queue=QueueName(one.queue) if one.queue else None,
            since=one.since,
            dialled="4001" if one.since is not None else "",
            offer_n=one.n if here else 0,
            offer_device=DeviceName(one.offer_device) if here else None,
            spot=one.spot,
        )


def _holds_back(order: Effect, other: Effect) -> bool:
    """Whether `other` waits for `order`, or takes its place: the newest order for a leg counts."""
    waits = isinstance(other, HangUp) and other.released and moved(order) and other.call == call_of(order)
    return bool(waits) or not moved(order).isdisjoint(moved(other))


def call_of(order: Effect) -> CallId:
    assert isinstance(order, ORDERS)
    return order.call


def moved(order: Effect) -> frozenset[str]:
    """The legs that an order moves."""
    match order:
        case Deliver() | Recall() | WaitIn() | SendOn():
            return frozenset({order.channel})
        case Move():
            return frozenset({order.leg, order.other} - {""})
    return frozenset()


def _to(spot: Spot) -> str:
    return spot.word if spot.kind.endswith("device") else TRUNK
