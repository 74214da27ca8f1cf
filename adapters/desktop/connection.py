"""One WebSocket of the event stream: its reader, its place in the stream and its clocks.

Events are pulled: a connection knows the last `seq` it has considered and walks on from there, so that live events and
a resume are one mechanism. Knows nothing of other connections.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from adapters.desktop import messages as ms
from adapters.desktop.commands import carry_out
from adapters.desktop.door import Wire, text_frame
from adapters.desktop.outbox import Outbox
from adapters.desktop.resume import catch_up, reaches
from adapters.desktop.ring import Item
from adapters.desktop.topics import Topics, snapshot
from cti.errors import NotAllowed, Refused
from cti.ids import OfferId
from cti.masking import masked_text, with_numbers
from cti.people import Principal, sees_numbers, sight
from cti.permissions import ROUTINE

if TYPE_CHECKING:
    from adapters.desktop.hub import Hub
    from adapters.desktop.room import Room

log: Final = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

POP: Final = "screen_pop.requested"
POPS_REMEMBERED: Final = 64


class Connection:
    """From accept to the end. `who` and `room` are set by a valid hello; `live` when nothing old remains to be sent."""

    def __init__(self, hub: Hub, wire: Wire, origin: str = "") -> None:
        self.hub = hub
        self.wire = wire
        self.origin = origin  # the address it comes from
        self.limits = hub.limits
        self.outbox = Outbox(wire)
        self.topics = Topics()
        self.who: Principal | None = None
        self.room: Room | None = None
        self.cursor = 0  # the last event considered
        self.live = False
        self.queued = False  # the hub is going to call `pump`
        self.closing = False
        self._told = 0  # the last `seq` the client was told
        self._resume: int | None = None  # where the client left off; None once it has been picked up
        self._pops: dict[int, OfferId] = {}
        self._bad: deque[float] = deque()
        self._unanswered: float | None = None  # since when a ping waits for its pong
        self._deaf = False  # we ourselves do not read at the moment
        self._clocks: dict[str, asyncio.TimerHandle] = {}
        self._catching_up: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    # --- reading ---

    async def run(self, receive: Receive) -> None:
        """Serve until the peer or we hang up."""
        self.wire.on_writable(self.outbox.flush)
        self._clock("hello", self.limits.hello, lambda: self.close(4408, "no hello"))
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                if not self.closing:
                    await self._take(message.get("text"))
                await asyncio.sleep(0)  # a flood of frames from one client must not hold the loop
        finally:
            self._end()

    async def _take(self, text: str | None) -> None:
        said: ms.Said | None = None
        try:
            said = ms.parse(text)
            if self.who is None or self.hub.review(self):
                await self._answer(said)
        except ms.BadFrame as wrong:
            self._bad_frame(ms.id_of(text), wrong)
        except Refused as refused:
            if not isinstance(said, ms.Shown):
                self.say(ms.Error(ms.id_of(text), refused.code, self._told_of(refused)))
        if self.wire.paused:  # who does not read the answers is not asked for the next question
            await self._drained()

    async def _answer(self, said: ms.Said) -> None:
        if isinstance(said, ms.Hello):
            return await self._hello(said)
        if self.who is None or self.room is None:
            raise ms.BadFrame("hello comes first")
        match said:
            case ms.Subscribe():
                await self._subscribe(said, self.room)
            case ms.Unsubscribe():
                self.topics.remove(said.topics)
                self.say(ms.Ok(said.id))
            case ms.Command():
                await self._carry_out(said, self.who, self.room)
                self.say(ms.Ok(said.id))
            case ms.Shown():
                self._shown(said.seq, self.who, self.room)
            case ms.Pong():
                self._unanswered = None
            case ms.Ping():
                self.say(ms.PongOut(said.id))
        return None

    async def _hello(self, said: ms.Hello) -> None:
        if self.who is not None:
            raise ms.BadFrame("hello comes once")
        try:
            who, expires = self.hub.ports.tokens.check(said.token)
        except Refused:
            return self.close(4401, "token refused")
        self._clock("hello", None)
        room, resume = self.hub.room(who.tenant), said.resume
        if resume is not None and resume.epoch == room.board.epoch and await reaches(room, resume.seq, self.limits):
            self._resume = resume.seq
        if self.closing:
            return None
        self.hub.join(self, who)
        self._clock("expiry", max(expires - self.hub.wall(), 0), lambda: self.close(4401, "token expired"))
        self._clock("beat", self.limits.heartbeat, self._beat)
        board, resumed = room.board, self._resume is not None
        self.say(ms.Welcome(said.id, board.epoch, self.limits.heartbeat, resumed, ms.now(), board.link_up))
        return None

    async def _subscribe(self, said: ms.Subscribe, room: Room) -> None:
        if len(self.topics) + len(said.topics) > self.limits.topics:
            raise NotAllowed(f"at most {self.limits.topics} topics")
        while self.pump() and self._catching_up is not None:  # what came before belongs to the topics before
            self._deaf = True
            await asyncio.wait([self._catching_up])
            self._deaf = False
        if self.closing or self.who is None:
            return
        self.topics.add(self.who, room.board, said.topics)
        if self._resume is not None:
            self.cursor = self._told = self._resume
            self._resume = None
            self.say(ms.Ok(said.id, seq=self._told, now=ms.now()))
            self._catch_up(room)
            return
        self.cursor = self._told = room.ring.head
        self.live = True
        standing = snapshot(self.who, room.board, said.topics)
        if not sees_numbers(self.who):
            standing = dict(room.mask(standing))
        self.say(ms.Ok(said.id, seq=self._told, now=ms.now(), pbx_up=room.board.link_up, snapshot=standing))

    def _catch_up(self, room: Room) -> None:
        self.live = False
        self._catching_up = self._loop.create_task(catch_up(self, room))
        self._catching_up.add_done_callback(self._caught_up)

    def _caught_up(self, task: asyncio.Task[None]) -> None:
        self._catching_up = None
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.warning("a resume failed: %r", failure)
            self.close(1012, "resume again")

    async def _carry_out(self, said: ms.Command, who: Principal, room: Room) -> None:
        """Numbers for tokens, the command itself, and a word on record when it is more than one's own desk's affair."""
        args = with_numbers(said.args, partial(room.numbers.resolve, who.tenant))
        permission, doing = carry_out(room.desk, who, said.name, args)
        if doing is not None:
            self._deaf = True
            try:
                await doing
            finally:
                self._deaf = False
        if permission not in ROUTINE:
            room.audit.note(
                who.tenant,
                who.username,
                said.name,
                str(args.get("call") or args.get("agent_no") or ""),
                reason=str(args.get("reason") or ""),
                origin=self.origin,
                data=args,
            )

    def _shown(self, seq: int, who: Principal, room: Room) -> None:
        offer = self._pops.pop(seq, None)
        if offer is None and (item := room.ring.get(seq)) is not None and item.news.type == POP:
            offer = OfferId(str(item.news.data["offer"])) if who.desk in item.news.agents else None
        if offer is not None and who.desk is not None:
            room.desk.shown(who.desk, offer)

    def _told_of(self, refused: Refused) -> str:
        """A refusal quotes what it is about; who may not see numbers gets them masked."""
        clear = self.who is not None and sees_numbers(self.who)
        return refused.message if clear else masked_text(refused.message)

    def _bad_frame(self, re: ms.Id | None, wrong: ms.BadFrame) -> None:
        self.say(ms.Error(re, wrong.code, wrong.message))
        now = self._loop.time()
        self._bad.append(now)
        while now - self._bad[0] > self.limits.bad_frames_window:
            self._bad.popleft()
        if len(self._bad) >= self.limits.bad_frames:
            self.close(4400, "too many bad frames")

    # --- writing ---

    def say(self, answer: ms.Answer) -> None:
        self.outbox.put(text_frame(ms.build(answer)))
        self.outbox.flush()

    def pump(self) -> bool:
        """Take what is new from the ring and write it; a client too far behind is cut. False when closed."""
        if self.live and self.room is not None:
            if self.cursor < self.room.ring.tail:  # more at once than memory holds
                self._catch_up(self.room)
                return True
            self.put_events(self.room.ring.after(self.cursor))
            self.outbox.flush()
            if self.outbox.events > self.limits.outbox_events or self.outbox.bytes > self.limits.outbox_bytes:
                self.cut()
        return not self.closing

    def put_events(self, items: Iterable[Item]) -> None:
        """Walk on over these events, in order, and put those that are for this client into the outbox."""
        if self.who is None:
            return
        for item in items:
            self.cursor = item.seq
            topic = self.topics.topic_of(item)
            if topic is not None:
                self.outbox.put_event(item.frame(self._told, topic, sight(self.who, item.news)))
                self._told = item.seq
                if item.news.type == POP:
                    self._remember_pop(item)

    def _remember_pop(self, item: Item) -> None:
        self._pops[item.seq] = OfferId(str(item.news.data["offer"]))
        if len(self._pops) > POPS_REMEMBERED:
            del self._pops[next(iter(self._pops))]

    async def drained(self) -> None:
        """Until all has been written; a client that takes nothing for long is cut."""
        if not await self.outbox.drained(self.limits.silence):
            self.cut()

    async def _drained(self) -> None:
        self._deaf = True
        await self.drained()
        self._deaf = False

    # --- clocks and the end ---

    def _clock(self, name: str, seconds: float | None, strikes: Callable[[], None] | None = None) -> None:
        if (old := self._clocks.pop(name, None)) is not None:
            old.cancel()
        if seconds is not None and strikes is not None and not self.closing:
            self._clocks[name] = self._loop.call_later(seconds, strikes)

    def _beat(self) -> None:
        now = self._loop.time()
        if self._deaf or self._unanswered is None:
            self._unanswered = now
        elif now - self._unanswered >= self.limits.silence:
            return self.cut()
        self.outbox.put(text_frame(ms.PING))
        self.outbox.flush()
        self._clock("beat", self.limits.heartbeat, self._beat)
        return None

    def cut(self) -> None:
        """The client is too slow or gone; it may come back and resume."""
        if not self.closing:
            self.hub.counts.cut += 1
            self.close(4429, "too slow")

    def close(self, code: int, reason: str) -> None:
        """Say why and nothing more; the connection is dropped a little later, whatever the peer does."""
        if not self.closing:
            self.outbox.shut()
            self.wire.close(code, reason, self.limits.linger)
            self._end()

    def _end(self) -> None:
        self.closing = True
        self.live = False
        self.outbox.shut()
        for clock in self._clocks.values():
            clock.cancel()
        self._clocks.clear()
        if self._catching_up is not None:
            self._catching_up.cancel()
        self.hub.leave(self)
