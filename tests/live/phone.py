"""SIP phones and callers for tests: SIP over UDP in this process, with exact times of what they sent and heard.

SIPp proves the whole in `test_sipp_*`; these are for stories with many turns.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final, Self

from tests.live.sip_message import Login, SipMessage, build, parse, reply, sdp
from tests.live.tone import Ear

PATIENCE: Final = 15.0
WARY_SECONDS: Final = 0.03


class Leg:
    """One call at one phone."""

    def __init__(self, phone: "Phone", call_id: str, *, incoming: SipMessage | None = None) -> None:
        self.phone = phone
        self.call_id = call_id
        self.invite = incoming
        self.heard: list[SipMessage] = [incoming] if incoming else []
        self.sent: list[tuple[float, str]] = []
        self.answered = asyncio.Event()
        self.ringing = asyncio.Event()
        self.ended = asyncio.Event()
        self.answered_at = 0.0
        self.ended_at = 0.0
        self.ended_by = ""
        """`us`, `them`, `cancel`, or the code of a refusal."""
        self._leaving = False
        self.target = incoming.address if incoming else ""
        self.local = ""
        self.remote = ""
        self.cseq = 1

    @property
    def at(self) -> float:
        """When the INVITE arrived or left."""
        return self.invite.at if self.invite else self.sent[0][0]

    @property
    def caller_number(self) -> str:
        """Who calls, as the phone shows it."""
        return self.invite.caller[0] if self.invite else ""

    @property
    def cti_call(self) -> str:
        """The call id that the server put on this leg."""
        return self.invite.get("x-cti-call") if self.invite else ""

    def answer(self) -> None:
        """Pick up."""
        assert self.invite is not None
        self._respond("200 OK", sdp(self.phone.address, self.phone.media_port))

    def ring(self) -> None:
        """Say that we ring."""
        self._respond("180 Ringing")
        self.ringing.set()

    def reject(self, status: str = "486 Busy Here", contact: str = "") -> None:
        """Decline; with a 302, name somebody else."""
        self._respond(status, contact=contact)
        self._end(status.split(" ", 1)[0])

    def refer(self, to: str) -> None:
        """Ask the other side to call somebody else."""
        self.cseq += 1
        self._request("REFER", self.cseq, more=[("Refer-To", f"<{to}>")])

    def hangup(self) -> None:
        """Say goodbye, or take an unanswered call of ours back."""
        if self.ended.is_set():
            return
        if self.invite is None and not self.answered.is_set():
            self._request("CANCEL", self.cseq)
            return
        if not self.answered.is_set():
            self._leaving = True  # whoever is called waits for the ACK with that (RFC 3261, 15)
            return
        self.cseq += 1
        self._request("BYE", self.cseq)
        self._end("us")

    def hold(self) -> None:
        """Put the other side on hold."""
        self.cseq += 1
        self._request("INVITE", self.cseq, sdp(self.phone.address, self.phone.media_port, "sendonly"))

    def retrieve(self) -> None:
        """Take the other side back."""
        self.cseq += 1
        self._request("INVITE", self.cseq, sdp(self.phone.address, self.phone.media_port))

    async def until_answered(self, seconds: float = PATIENCE) -> Self:
        """Wait for the answer; the end of the call counts as a failure."""
        await self._first(self.answered, seconds)
        return self

    async def until_ended(self, seconds: float = PATIENCE) -> Self:
        """Wait for the end."""
        async with asyncio.timeout(seconds):
            await self.ended.wait()
        return self

    async def leave(self) -> None:
        """Hang up and see it through: an answer that crosses our CANCEL is a call that is up."""
        self.hangup()
        if not self.ended.is_set():
            waits = [asyncio.ensure_future(self.ended.wait()), asyncio.ensure_future(self.answered.wait())]
            await asyncio.wait(waits, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            self.hangup()

    async def _first(self, event: asyncio.Event, seconds: float) -> None:
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self.ended.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        assert event.is_set(), f"call {self.call_id} ended: {self.ended_by or 'nothing happened'}"

    def take(self, message: SipMessage) -> None:
        """Go on from a message that belongs to this call."""
        if message is not self.invite:
            self.heard.append(message)
        if message.status:
            self._take_response(message)
        else:
            self._take_request(message)

    def _take_request(self, message: SipMessage) -> None:
        match message.method:
            case "ACK":
                if self.invite is not None and not self.answered.is_set() and not self.ended.is_set():
                    self.local, self.remote = message.get("to"), message.get("from")
                    self.answered_at = message.at
                    self.answered.set()
                    if self._leaving:
                        self.hangup()
            case "BYE":
                self.phone.send(reply(message, "200 OK", tag=self._tag))
                self._end("them")
            case "CANCEL":
                self.phone.send(reply(message, "200 OK", tag=self._tag))
                self._respond("487 Request Terminated")
                self._end("cancel")
            case "INVITE" | "UPDATE":
                body = sdp(self.phone.address, self.phone.media_port) if message.body else ""
                self.phone.send(reply(message, "200 OK", tag=self._tag, contact=self.phone.contact, body=body))
            case _:
                self.phone.send(reply(message, "200 OK", tag=self._tag))

    def _take_response(self, message: SipMessage) -> None:
        number, method = message.cseq
        if method != "INVITE" or message.status == 100:
            return
        if message.status == 401 and self.phone.login is not None and self.cseq == 1:
            self._request("ACK", number)
            self.cseq += 1
            said = self.phone.login.answer(message.get("www-authenticate"), "INVITE", self.target)
            self._invite([("Authorization", said)])
            return
        if message.status < 200:
            self.ringing.set()
            return
        self.remote = message.get("to")
        if message.status < 300:
            self.target = message.address or self.target
            self._request("ACK", number)
            if not self.answered.is_set():
                self.answered_at = message.at
                self.answered.set()
            return
        if not self.answered.is_set():
            self._request("ACK", number)
            self._end(str(message.status))

    @property
    def _tag(self) -> str:
        return f"t{abs(hash(self.call_id)) % 100000}"

    def _respond(self, status: str, body: str = "", contact: str = "") -> None:
        assert self.invite is not None
        self.sent.append((time.time(), status))
        self.phone.send(reply(self.invite, status, tag=self._tag, contact=contact or self.phone.contact, body=body))

    def _request(self, method: str, cseq: int, body: str = "", more: Sequence[tuple[str, str]] = ()) -> None:
        self.sent.append((time.time(), method))
        branch = self.branch if method == "CANCEL" else f"z9hG4bK{secrets.token_hex(8)}"
        headers = [
            ("Via", f"SIP/2.0/UDP {self.phone.address}:{self.phone.port};branch={branch}"),
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<{self.phone.contact}>"),
            *more,
        ]
        self.phone.send(build(f"{method} {self.target} SIP/2.0", headers, body))

    branch = ""

    def dial(self, number: str, caller: str, name: str, headers: list[tuple[str, str]] | None = None) -> None:
        """Send the first INVITE."""
        host, port = self.phone.server
        self.target = f"sip:{number}@{host}:{port}"
        shown = f'"{name}" ' if name else ""
        self.local = f"{shown}<sip:{caller}@{self.phone.address}>;tag={secrets.token_hex(4)}"
        self.remote = f"<{self.target}>"
        self._invite(headers or [])

    def _invite(self, headers: Sequence[tuple[str, str]]) -> None:
        self.branch = f"z9hG4bK{secrets.token_hex(8)}"
        self.sent.append((time.time(), "INVITE"))
        body = sdp(self.phone.address, self.phone.media_port)
        first = [
            ("Via", f"SIP/2.0/UDP {self.phone.address}:{self.phone.port};branch={self.branch}"),
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.cseq} INVITE"),
            ("Contact", f"<{self.phone.contact}>"),
            *headers,
        ]
        self.phone.send(build(f"INVITE {self.target} SIP/2.0", first, body))

    def _end(self, by: str) -> None:
        if not self.ended.is_set():
            self.ended_at = time.time()
            self.ended_by = by
            self.ended.set()


class Phone(asyncio.DatagramProtocol):
    """A phone at one address: it registers, is rung, and calls."""

    def __init__(self, address: str, server: tuple[str, int], login: Login | None = None) -> None:
        self.address = address
        self.server = server
        self.login = login
        self.port = 0
        self.media_port = 0
        self.ear = Ear()
        """What it hears; `tests.live.tone` measures it."""
        self.legs: dict[str, Leg] = {}
        self.rung: asyncio.Queue[Leg] = asyncio.Queue()
        self.on_ring: Callable[[Leg], None] = Leg.ring
        """What it does when it is called: ring and wait for the test, unless told otherwise."""
        self.on_notify: Callable[[SipMessage], None] = lambda _message: None
        self.wary = False
        """Whether an INVITE may be one of an earlier test: one that nobody answered is repeated for half a minute, also
        when its call has long ended, and taken back as soon as anybody says a word."""
        self.refused: list[SipMessage] = []
        self.ladder: list[str] = []
        """Every message that came or went, a line each: for whoever asks why a test failed."""
        self.registered = False
        self._transport: asyncio.DatagramTransport | None = None
        self._media: asyncio.DatagramTransport | None = None
        self._replies: dict[tuple[str, int, str], asyncio.Future[SipMessage]] = {}

    @property
    def contact(self) -> str:
        """Where it can be reached."""
        return f"sip:{self.login.user if self.login else 'caller'}@{self.address}:{self.port}"

    async def open(self, port: int = 0) -> Self:
        """Take a port for SIP and one for sound."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.address, port))
        self.port = self._transport.get_extra_info("sockname")[1]
        self._media, _ = await loop.create_datagram_endpoint(lambda: self.ear, local_addr=(self.address, 0))
        self.media_port = self._media.get_extra_info("sockname")[1]
        return self

    def close(self) -> None:
        """Go away without a word."""
        for transport in (self._transport, self._media):
            if transport is not None:
                transport.close()

    async def register(self, expires: int = 300) -> SipMessage:
        """Sign in with the PBX and return its last word."""
        assert self.login is not None
        host, port = self.server
        uri, call_id, tag = f"sip:{host}:{port}", secrets.token_hex(8), secrets.token_hex(4)
        authorization = ""
        answer: SipMessage | None = None
        for cseq in (1, 2):
            headers = [
                ("Via", f"SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{secrets.token_hex(8)}"),
                ("Max-Forwards", "70"),
                ("From", f"<sip:{self.login.user}@{host}>;tag={tag}"),
                ("To", f"<sip:{self.login.user}@{host}>"),
                ("Call-ID", call_id),
                ("CSeq", f"{cseq} REGISTER"),
                ("Contact", f"<{self.contact}>"),
                ("Expires", str(expires)),
            ]
            if authorization:
                headers.append(("Authorization", authorization))
            answer = await self._ask(build(f"REGISTER {uri} SIP/2.0", headers), call_id, cseq)
            if answer.status != 401:
                break
            authorization = self.login.answer(answer.get("www-authenticate"), "REGISTER", uri)
        assert answer is not None
        self.registered = answer.status == 200 and expires > 0
        return answer

    async def unregister(self) -> None:
        """Sign out."""
        await self.register(expires=0)

    def call(self, number: str, caller: str, name: str = "", headers: list[tuple[str, str]] | None = None) -> Leg:
        """Dial."""
        leg = Leg(self, f"{secrets.token_hex(8)}@{self.address}")
        self.legs[leg.call_id] = leg
        leg.dial(number, caller, name, headers)
        return leg

    async def next_ring(self, seconds: float = PATIENCE) -> Leg:
        """Wait for the next INVITE."""
        async with asyncio.timeout(seconds):
            return await self.rung.get()

    def send(self, data: bytes) -> None:
        """Put a message on the wire."""
        if self._transport is not None and not self._transport.is_closing():
            self._note(time.time(), "->", data)
            self._transport.sendto(data, self.server)

    def say(self, packet: bytes, to: tuple[str, int]) -> None:
        """Send sound."""
        if self._media is not None and not self._media.is_closing():
            self._media.sendto(packet, to)

    def _note(self, at: float, way: str, data: bytes) -> None:
        head = parse(at, data)
        self.ladder.append(f"{at:.3f} {self.contact} {way} {head.first}  {head.get('call-id')}")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Sort a message to its call."""
        at = time.time()
        if not data.strip():
            return
        self._note(at, "<-", data)
        message = parse(at, data)
        call_id = message.get("call-id")
        leg = self.legs.get(call_id)
        if message.status:
            waiting = self._replies.pop((call_id, *message.cseq), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        if leg is None and message.method == "INVITE":
            leg = Leg(self, call_id, incoming=message)
            self.legs[call_id] = leg
            if self.wary:
                self.send(reply(message, "100 Trying", tag=""))
                asyncio.get_running_loop().call_later(WARY_SECONDS, self._rings, leg)
            else:
                self._rings(leg)
        elif leg is not None:
            again = message.method == "INVITE" and leg.invite is not None and message.cseq == leg.invite.cseq
            if not again:
                leg.take(message)
        elif message.method and message.method != "ACK":
            if message.method == "NOTIFY":
                self.on_notify(message)
            self.send(reply(message, "200 OK", tag="none"))

    def _rings(self, leg: Leg) -> None:
        if leg.ended.is_set():
            del self.legs[leg.call_id]
            return
        self.rung.put_nowait(leg)
        self.on_ring(leg)

    async def _ask(self, data: bytes, call_id: str, cseq: int) -> SipMessage:
        answered: asyncio.Future[SipMessage] = asyncio.get_running_loop().create_future()
        self._replies[call_id, cseq, "REGISTER"] = answered
        self.send(data)
        async with asyncio.timeout(PATIENCE):
            return await answered
