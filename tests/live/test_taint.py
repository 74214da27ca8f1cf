"""One customer's number, planted wherever one may stand; every byte a masked role can receive is searched for it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

import httpx

from adapters.web.firewall import PLAIN_NOUNS
from tests.adapters.desktop.client import StreamClient
from tests.cti.test_masking import left_of
from tests.live.centre import Centre
from tests.live.conftest import Phones
from tests.live.tone import Tone
from tests.live.tone import heard as heard_by

NUMBER: Final = "13987604521"
E164: Final = f"+86{NUMBER}"
TOO_MUCH: Final = 8
"""Digits in a row; fewer come by chance in so many bytes, and first three and last four make seven."""


def listening(client: StreamClient) -> list[str]:
    heard: list[str] = []
    receive = client.socket.recv

    async def recv(*args: Any, **more: Any) -> Any:
        frame = await receive(*args, **more)
        heard.append(str(frame))
        return frame

    client.socket.recv = recv  # type: ignore[method-assign]
    return heard


def written(answer: httpx.Response) -> str:
    """What is in an answer, also in the files of an archive."""
    if answer.headers.get("content-type") != "application/zip" or answer.status_code != 200:
        return answer.content.decode("utf-8", "replace")
    with ZipFile(BytesIO(answer.content)) as archive:
        return " ".join(f"{name} {archive.read(name).decode('utf-8', 'replace')}" for name in archive.namelist())


class Person:
    """Somebody at the HTTP interface, and all they were answered."""

    def __init__(self, centre: Centre, token: str) -> None:
        self.centre = centre
        self.headers = {"Authorization": f"Bearer {token}"}
        self.heard: list[tuple[str, str]] = []

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer = await self.centre.http.request(method, f"/api/v1{path}", headers=self.headers, **more)
        text = written(answer) + json.dumps(dict(answer.headers))
        self.heard.append((f"{method} {path}: {answer.status_code}", text))
        return answer

    async def get(self, path: str, **more: Any) -> Any:
        answer = await self.ask("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def leaks(self) -> list[str]:
        return [where for where, text in self.heard if left_of(NUMBER, text) >= TOO_MUCH]


async def masked_administrator(centre: Centre, admin: Person) -> str:
    """A role that may do everything but see numbers, and somebody who has it; returns the token."""
    role = {"name": "eyes", "copy_of": "admin", "permissions": {"numbers.see": None, "numbers.reveal": None}}
    assert (await admin.ask("POST", "/roles", json=role)).status_code == 201
    user = {"username": "eyes", "password": "nothing to see", "role": "eyes"}
    assert (await admin.ask("POST", "/users", json=user)).status_code == 201
    form = {"username": "eyes", "password": "nothing to see"}
    return str((await centre.http.post("/api/v1/auth/token", data=form)).json()["access_token"])


def values(value: Any, key: str) -> Iterator[str]:
    """Everything that stands under this key, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get(key), str | int):
            yield str(value[key])
        for one in value.values():
            yield from values(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from values(one, key)


async def searched(person: Person) -> list[str]:
    """Every list in which somebody may search for a customer."""
    spec = (await person.ask("GET", "/openapi.json")).json()
    found = []
    for path, methods in spec["paths"].items():
        asked = {one["name"] for one in methods.get("get", {}).get("parameters", ())}
        noun = path.removeprefix("/api/v1/").partition("/")[0]
        if "search" in asked and "{" not in path and noun not in PLAIN_NOUNS:
            found.append(path.removeprefix("/api/v1"))
    return found


async def read_everything(person: Person, call: str) -> None:
    """Every GET route there is, each parameter filled with what the list above it holds."""
    spec = (await person.ask("GET", "/openapi.json")).json()
    for path, methods in sorted(spec["paths"].items()):
        if "get" not in methods or not path.startswith("/api/v1/"):
            continue
        ways = [path.removeprefix("/api/v1")]
        while "{" in ways[0]:
            above, _, rest = ways[0].partition("/{")
            name, _, below = rest.partition("}")
            found = (await person.ask("GET", above, params={"limit": 5})).json()
            keys = [*values(found, "id"), *values(found, name), *values(found, "name"), *values(found, "agent_no")]
            ways = [f"{above}/{key}{below}" for key in dict.fromkeys([*keys[:5], call])]
        for way in ways:
            for query in ({}, {"kind": "deny"}, {"format": "csv"}):
                await person.ask("GET", way, params=query)


async def test_no_byte_that_a_masked_role_receives_holds_a_customers_number(small: Centre, phones: Phones) -> None:
    admin = Person(small, await small.token(small.admin))
    eyes = Person(small, await masked_administrator(small, admin))
    assert (await admin.ask("PUT", "/recordings/rules", json={"default": "always"})).status_code == 200
    phone, trunk, carrier = await phones.desk("1006"), await phones.trunk(), await phones.carrier()

    # on lists, in the words of reasons, and in what is searched for
    for kind in ("deny", "vip"):
        entry = {
            "kind": kind,
            "number": NUMBER,
            "name": f"客户 {NUMBER}",
            "reason": f"wrote from 139-8760 4521 ({E164})",
        }
        made = await admin.ask("POST", "/lists", json=entry)
        assert made.status_code == 201, made.text
    assert (await admin.ask("DELETE", "/lists", params={"kind": "deny"})).status_code == 200

    async with small.desktop("1006", "agent:me", "agent:*", "queue:*", "calls:mine") as desk:
        heard = listening(desk.client)
        async with StreamClient.open(small.url) as wall:
            seen = listening(wall)
            await wall.sign_in(eyes.headers["Authorization"].split()[1], "agent:*", "queue:*", "calls:*")
            if not desk.snapshot["agent:me"]["device"]["reachable"]:
                await desk.client.event("agent.updated", where=lambda e: e.data["device"]["reachable"])
            await desk.ready()

            # a call whose caller is even called by the number
            caller = trunk.call("4001", NUMBER, NUMBER)
            pop = await desk.client.event("screen_pop.requested")
            token = pop.data["caller"]["number_token"]
            leg = await phone.next_ring()
            leg.answer()
            await desk.client.event("call.answered")
            with Tone(trunk).send(440):
                await heard_by(phone, (440,))
            agent = Person(small, desk.token)
            attached = {"data": {"callback": token, "note": "call 139 8760 4521"}}
            assert (await agent.ask("POST", f"/calls/{pop.call}/attach", json=attached)).status_code == 202
            said = {"code": "enquiry", "note": f"promised to call {NUMBER} or 139-8760 4521 back"}
            assert (await agent.ask("POST", f"/calls/{pop.call}/disposition", json=said)).status_code == 202
            await agent.ask("POST", f"/calls/{pop.call}/record", json={"action": "start"})
            await agent.ask("GET", "/queues/sales")
            await desk.client.command("agent.status", status="not_ready", reason=f"calling {NUMBER}")
            caller.hangup()
            await desk.client.event("call.ended", where=lambda e: e.call == pop.call)
            await wall.event("call.ended", where=lambda e: e.call == pop.call)
            await wall.event("recording.kept", where=lambda e: e.call == pop.call)

    # everything there is to read, by somebody who may read everything but numbers
    await read_everything(eyes, str(pop.call))
    await read_everything(agent, str(pop.call))
    assert len(eyes.heard) > 150
    lists = await searched(eyes)
    assert {"/calls", "/lists", "/recordings", "/voicemails", "/audit", "/callbacks"} <= set(lists)
    for path in lists:
        for digits in (NUMBER, "8760", "4521", E164, "139 8760"):
            answer = await eyes.ask("GET", path, params={"search": digits})
            if answer.headers["content-type"] == "application/zip":
                assert ".wav" not in written(answer)
            else:
                assert answer.json().get("items", []) == [], path
    found = await eyes.get("/calls", params={"number": token})
    assert [one["id"] for one in found["items"]] == [pop.call]
    assert [one["id"] for one in (await eyes.get("/calls", params={"search": token}))["items"]] == [pop.call]
    shown = await admin.get(f"/calls/{pop.call}")
    assert (shown["number"], shown["data"]["callback"]) == (E164, E164), "who may see numbers sees this one"

    # the deny list by token
    denied = await agent.ask("POST", "/lists", json={"kind": "deny", "number": token, "reason": "rude"})
    assert denied.status_code == 201, denied.text
    theirs = await admin.get("/lists", params={"kind": "deny"})
    assert [re.sub(r"\D", "", one["number"])[-11:] for one in theirs["items"]] == [NUMBER]

    # dialling by token reaches the customer, and shows the agent's phone nothing
    await agent.ask("POST", "/agents/me/finish_acw")
    dialled = await agent.ask("POST", "/calls", json={"to": token})
    assert dialled.status_code == 202, dialled.text
    (await phone.next_ring()).answer()
    outside = await carrier.next_ring()
    assert outside.invite is not None
    assert NUMBER in outside.invite.first

    assert eyes.leaks() == []
    assert agent.leaks() == []
    assert [frame for frame in (*heard, *seen) if left_of(NUMBER, frame) >= TOO_MUCH] == []
    rung = [message for leg in phone.legs.values() for message in leg.heard]
    assert len(rung) >= 2
    assert [(m.first, m.headers) for m in rung if left_of(NUMBER, repr(m)) >= TOO_MUCH] == []
    log = await asyncio.to_thread((small.folder / "server.log").read_text, "utf-8")
    assert left_of(NUMBER, log) < TOO_MUCH
    assert "139****4521" in " ".join(heard)
