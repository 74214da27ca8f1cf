"""Phones and trunks made by API, beside a real Asterisk: in force at once, there after a restart, gone when removed."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.live.centre import Centre
from tests.live.conftest import Lab, Phones
from tests.live.floor import Floor
from tests.live.phone import Leg, Phone
from tests.live.sip_message import Login, SipMessage, build, parse, reply

PASSWORD = "a password of 3001"
NOTHING = SipMessage(0.0, "", ())


class Office:
    """An administrator, and phones that register with what the administrator was told."""

    def __init__(self, centre: Centre, lab: Lab, phones: Phones, token: str) -> None:
        self.centre, self.lab, self.phones = centre, lab, phones
        self._headers = {"Authorization": f"Bearer {token}"}
        self.token = token

    async def ask(self, method: str, path: str, **body: Any) -> httpx.Response:
        return await self.centre.http.request(method, f"/api/v1{path}", headers=self._headers, json=body or None)

    async def made(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.ask("POST", path, **body)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    async def removed(self, path: str) -> None:
        answer = await self.ask("DELETE", path)
        assert answer.status_code == 204, answer.text

    async def leave_nothing(self) -> None:
        """Take away what was made: Asterisk is there for other tests, too."""
        for noun in ("trunks", "devices"):
            for one in (await self.centre.get(f"/{noun}", self.token))["items"]:
                if one.get("kind", "trunk"):
                    await self.removed(f"/{noun}/{one['name']}")

    async def is_reachable(self, name: str, wanted: bool) -> None:
        """Wait until the board knows whether this phone can ring."""
        await self.centre.until(f"/devices/{name}", self.token, lambda d: d["reachable"] is wanted)

    async def phone(self, made: Mapping[str, str], secret: str = "") -> Phone:
        return await self.phones.opened(Login(made["name"], secret or made["secret"]))

    async def answer(self, made: Mapping[str, str], secret: str = "") -> int:
        """What a phone is told that registers so."""
        return (await (await self.phone(made, secret)).register()).status


@pytest_asyncio.fixture
async def office(small: Centre, lab: Lab, phones: Phones) -> AsyncIterator[Office]:
    made = Office(small, lab, phones, await small.token(small.admin))
    yield made
    await made.leave_nothing()


@pytest.fixture
def floor(small: Centre, lab: Lab, phones: Phones) -> Floor:
    return Floor(small, lab, phones)


async def test_a_new_agents_phones_register_within_a_second_of_being_made_and_take_a_call(office: Office) -> None:
    began = time.monotonic()
    agent = await office.made("/agents", agent_no="3001", name='张 "三"', queues=["sales"], phones=["desk", "web"])
    desk, web = agent["phones"]
    phone = await office.phone(desk)
    assert (await phone.register()).status == 200
    assert await over_websocket(office.lab, Login(web["name"], web["secret"])) == 200
    assert time.monotonic() - began < 1.0
    assert (desk["name"], web["name"], desk["provisioned"]) == ("3001", "3001-web", True)
    assert await over_websocket(office.lab, Login(web["name"], "a guess")) == 401
    told = office.lab.asterisk.ask("pjsip show endpoint 3001-web") or ""
    assert re.search(r"^ webrtc +: yes$", told, re.MULTILINE)
    assert re.search(r"^ dtls_auto_generate_cert +: yes$", told, re.IGNORECASE | re.MULTILINE)
    assert await office.answer(desk, "a guess") == 401
    assert await office.answer({"name": "3002", "secret": desk["secret"]}) == 401
    centre = office.centre
    await office.made("/users", username="3001", password=PASSWORD, role="agent", agent_no="3001")
    form = {"username": "3001", "password": PASSWORD}
    token = (await centre.http.post("/api/v1/auth/token", data=form)).json()["access_token"]
    await centre.status(token, "3001", "ready", device="3001")
    await centre.routable(token, "3001")
    caller = (await office.phones.trunk()).call("4001", "13800001234", "张伟明")
    rung = await phone.next_ring()
    rung.answer()
    await caller.until_answered()
    log = centre.log + (office.lab.asterisk.log).read_text()
    assert desk["secret"] not in log


async def over_websocket(lab: Lab, login: Login) -> int:
    """What a browser phone is told that registers so."""
    uri, call_id = "sip:127.0.0.1", secrets.token_hex(8)
    headers = [
        ("Max-Forwards", "70"),
        ("From", f"<sip:{login.user}@127.0.0.1>;tag={secrets.token_hex(4)}"),
        ("To", f"<sip:{login.user}@127.0.0.1>"),
        ("Call-ID", call_id),
        ("Contact", f"<sip:{login.user}@page.invalid;transport=ws>"),
        ("Expires", "60"),
    ]
    answer: SipMessage | None = None
    proof: list[tuple[str, str]] = []
    async with connect(f"ws://127.0.0.1:{lab.place.http_port}/ws", subprotocols=[Subprotocol("sip")]) as socket:
        for n in (1, 2):
            via = ("Via", f"SIP/2.0/WS page.invalid;branch=z9hG4bK{secrets.token_hex(8)}")
            await socket.send(
                build(f"REGISTER {uri} SIP/2.0", [via, *headers, ("CSeq", f"{n} REGISTER"), *proof]).decode()
            )
            words = await socket.recv()
            answer = parse(0.0, words if isinstance(words, bytes) else words.encode())
            if answer.status == 401:
                proof = [("Authorization", login.answer(answer.get("www-authenticate"), "REGISTER", uri))]
    assert answer is not None
    return answer.status


async def test_asterisk_restarts_and_has_all_within_a_second_but_what_was_taken_away_meanwhile(office: Office) -> None:
    desk = await office.made("/devices", kind="desk", name="3003")
    gone = await office.made("/devices", kind="desk", name="3005")
    await office.made("/trunks", name="north", host="127.0.0.5")
    old = await office.phone(gone)
    assert (await old.register()).status == 200
    office.lab.kill()
    await office.removed("/devices/3005")
    office.lab.start()
    began = time.monotonic()
    phone = await office.phone(desk)
    while (await phone.register()).status != 200:
        assert time.monotonic() - began < 1.0
    assert (await old.register()).status == 401
    await office.centre.until("/trunks/north", office.token, lambda t: t["provisioned"])
    assert await enters(office, "127.0.0.5") == "served"
    second = await office.made("/devices", kind="desk", name="3005")
    assert "sip:3005@" not in contacts(office.lab), "the phone of before is not taken for the new one"
    assert (await old.register()).status == 401
    assert await office.answer(second) == 200


async def test_a_new_secret_unregisters_whoever_has_the_old_one_and_a_deleted_phone_is_nobody(office: Office) -> None:
    made = await office.made("/devices", kind="desk", name="3004")
    old = await office.phone(made)
    assert (await old.register()).status == 200
    assert "sip:3004@" in contacts(office.lab)
    fresh = await office.made("/devices/3004/secret", reason="lost")
    assert "sip:3004@" not in contacts(office.lab)
    await office.is_reachable("3004", False)
    assert (await old.register()).status == 401
    new = await office.phone(fresh)
    assert (await new.register()).status == 200
    await office.is_reachable("3004", True)
    await office.removed("/devices/3004")
    assert "sip:3004@" not in contacts(office.lab)
    assert (await new.register()).status == 401
    assert (await office.ask("GET", "/devices/3004")).status_code == 404
    again = await office.made("/devices", kind="desk", name="3004")
    assert "sip:3004@" not in contacts(office.lab)
    await office.is_reachable("3004", False)
    assert await office.answer(again) == 200


def contacts(lab: Lab) -> str:
    return lab.asterisk.ask("pjsip show contacts") or ""


async def test_names_of_asterisks_own_configuration_are_taken(office: Office) -> None:
    for name in ("1001", "1900"):
        answer = await office.ask("POST", "/devices", kind="desk", name=name)
        assert (answer.status_code, answer.json()["code"]) == (409, "device_taken"), name
    assert (await office.ask("POST", "/devices", kind="desk", name="cti-desk")).status_code == 400
    for path in ("/devices/1001", "/devices/1001/secret"):
        method = "POST" if path.endswith("secret") else "DELETE"
        assert (await office.ask(method, path)).status_code == 409
    phone = await office.phones.desk("1001")
    assert phone.registered


async def test_a_trunk_lets_in_who_comes_from_its_addresses_and_nobody_else(office: Office) -> None:
    for address in ("127.0.0.5", "127.0.0.6"):
        assert await enters(office, address) == "401"
    made = await office.made("/trunks", name="north", host="127.0.0.5", match=["127.0.0.5"])
    assert (made["provisioned"], made["endpoint"]) == (True, "cti-trunk-north")
    assert await enters(office, "127.0.0.5") == "served"
    assert await enters(office, "127.0.0.6") == "401"
    impostor = (await office.phones.trunk("127.0.0.6")).call("4001", "cti-trunk-north")
    assert (await impostor.until_ended()).ended_by == "401"
    changed = await office.ask("PATCH", "/trunks/north", match=["127.0.0.6"])
    assert changed.json()["match"] == ["127.0.0.6"]
    assert [await enters(office, one) for one in ("127.0.0.5", "127.0.0.6")] == ["401", "served"]
    await office.ask("PATCH", "/trunks/north", enabled=False)
    assert await enters(office, "127.0.0.6") == "401"
    await office.ask("PATCH", "/trunks/north", enabled=True)
    await office.removed("/trunks/north")
    assert await enters(office, "127.0.0.6") == "401"


async def enters(office: Office, address: str) -> str:
    """What becomes of a call to a queue from there: `served`, or the code of a refusal."""
    leg = (await office.phones.trunk(address)).call("4001", "13800001234")
    try:
        await leg.until_answered()
    except AssertionError:
        return leg.ended_by
    found = await office.centre.until("/calls", office.token, lambda c: c["items"] and not c["items"][0]["ended_at"])
    assert found["items"][0]["queue"] == "sales"
    await leg.leave()
    await office.centre.until("/calls", office.token, lambda c: c["items"][0]["ended_at"])
    return "served"


async def test_a_caller_id_chooses_the_trunk_that_may_show_it(office: Office, floor: Floor) -> None:
    own, north = await office.phones.carrier(), await office.phones.carrier("127.0.0.5")
    await office.made("/trunks", name="north", host="127.0.0.5", port=north.port, caller_ids=["02188886666", "4008"])
    await floor.agent("1001")
    floor.desks["1001"].on_ring = Leg.answer

    async def dialled(at: Phone, **asked: str) -> Leg:
        await floor.asks("1001", "/calls", to="number:13900001111", **asked)
        rung = await at.next_ring()
        rung.reject()
        await floor.works("1001", "idle")
        return rung

    assert (await dialled(own)).caller_number == "4000"
    assert (await dialled(north, caller_id="4008")).caller_number == "4008"
    assert await floor.refused("1001", "/calls", to="number:13900001111", caller_id="110") == "refused_by_policy"
    await office.ask("PATCH", "/trunks/north", default=True)
    assert (await dialled(north)).caller_number == "02188886666"
    assert (await dialled(own, caller_id="4000")).caller_number == "4000"
    found = (await office.centre.get("/calls", office.token))["items"][0]
    assert (found["result"], found["direction"]) == ("not_reached", "outbound")
    await office.ask("DELETE", "/trunks/north")
    assert (await dialled(own)).caller_number == "4000"


async def test_consultation_and_transfer_leave_by_the_default_trunk(office: Office, floor: Floor) -> None:
    north = await office.phones.carrier("127.0.0.5")
    await office.made("/trunks", name="north", host="127.0.0.5", port=north.port, caller_ids=["4008"], default=True)
    await floor.agent("1001")
    call, caller, _, _ = await floor.talk("1001")
    await floor.asks("1001", f"/calls/{call}/consult", to="number:13900001111")
    asked = await north.next_ring()
    assert (asked.caller_number, "13900001111" in (asked.invite or NOTHING).first) == ("4008", True)
    asked.reject()
    await floor.is_(call, "1001", state="talking")
    await floor.asks("1001", f"/calls/{call}/transfer", to="number:13900002222")
    taken = await north.next_ring()
    taken.answer()
    await taken.until_answered()
    assert (taken.caller_number, "13900002222" in (taken.invite or NOTHING).first) == ("4008", True)
    taken.hangup()
    await caller.until_ended()
    await floor.empty()


async def test_a_trunk_that_registers_answers_the_carriers_challenge_from_the_digest(office: Office) -> None:
    carrier = Registrar()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: carrier, local_addr=("127.0.0.5", 0))
    port = transport.get_extra_info("sockname")[1]
    await office.made(
        "/trunks", name="north", host="127.0.0.5", port=port, user="u1", secret="s3", realm="voice", register=True
    )
    try:
        async with asyncio.timeout(10):
            proof = await carrier.proved
    finally:
        transport.close()
    told = dict(re.findall(r'(\w+)="?([^",]*)"?', proof))
    ha1, ha2 = md5("u1:voice:s3"), md5(f"REGISTER:{told['uri']}")
    assert told["username"] == "u1"
    assert told["response"] in (
        md5(f"{ha1}:{told['nonce']}:{ha2}"),
        md5(f"{ha1}:{told['nonce']}:{told.get('nc')}:{told.get('cnonce')}:auth:{ha2}"),
    )


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Registrar(asyncio.DatagramProtocol):
    """A carrier that challenges who registers."""

    def __init__(self) -> None:
        self.proved: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = parse(0.0, data)
        proof = message.get("authorization")
        lines = reply(message, "200 OK" if proof else "401 Unauthorized", tag="c1").decode()
        if not proof:
            challenge = 'WWW-Authenticate: Digest realm="voice", nonce="n1", algorithm=MD5, qop="auth"'
            lines = lines.replace("\r\nFrom:", f"\r\n{challenge}\r\nFrom:", 1)
        elif not self.proved.done():
            self.proved.set_result(proof)
        self._transport.sendto(lines.encode(), addr)
