"""A floor of agents with desk phones, and callers who reach them: what the tests of call control begin with."""

from __future__ import annotations

import asyncio
import math
import struct
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.live.centre import PACE_SECONDS, Centre
from tests.live.conftest import Lab, Phones
from tests.live.phone import Leg, Phone


class Refusal(AssertionError):
    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.status_code}: {answer.text}")
        self.code = answer.json().get("code", "")


class Floor:
    def __init__(self, centre: Centre, lab: Lab, phones: Phones) -> None:
        self.centre, self.lab, self.phones = centre, lab, phones
        self.tokens: dict[str, str] = {}
        self.desks: dict[str, Phone] = {}

    async def agent(self, number: str, *, ready: bool = True) -> Phone:
        """Somebody with a registered phone, ready or not."""
        self.desks[number] = await self.phones.desk(number)
        self.tokens[number] = await self.centre.token(number)
        await self.centre.until(f"/agents/{number}", self.tokens[number], lambda a: a["device"]["reachable"])
        if ready:
            await self.centre.status(self.tokens[number], number, "ready")
            await self.centre.routable(self.tokens[number], number)
        return self.desks[number]

    async def busy(self, number: str, reason: str = "小休") -> Phone:
        """Signed in, and not to be given calls."""
        phone = await self.agent(number, ready=False)
        await self.centre.status(self.tokens[number], number, "not_ready", reason=reason)
        return phone

    async def talk(self, agent: str, number: str = "4001") -> tuple[str, Leg, Leg, Phone]:
        """A caller who talks with this agent: the call, the caller's leg, the agent's, the caller's phone."""
        trunk = await self.phones.trunk()
        caller = trunk.call(number, "13800001234", "张伟明")
        rung = await self.desks[agent].next_ring()
        rung.answer()
        await caller.until_answered()
        await rung.until_answered()
        call = rung.cti_call
        await self.is_(call, agent, state="talking")
        return call, caller, rung, trunk

    async def asks(self, agent: str, path: str, **body: Any) -> dict[str, Any]:
        """POST; raises `Refusal`. Every command is answered within a second."""
        headers = {"Authorization": f"Bearer {self.tokens[agent]}"}
        async with asyncio.timeout(1):
            answer = await self.centre.http.post(f"/api/v1{path}", headers=headers, json=body or None)
        if answer.status_code != 202:
            raise Refusal(answer)
        return dict(answer.json())

    async def tried(self, agent: str, path: str, **body: Any) -> str:
        """The code with which it is refused; empty when it is not."""
        try:
            await self.asks(agent, path, **body)
        except Refusal as refusal:
            return str(refusal.code)
        return ""

    async def refused(self, agent: str, path: str, **body: Any) -> str:
        """The code with which it is refused, as it must be."""
        code = await self.tried(agent, path, **body)
        assert code, f"{path} was accepted"
        return code

    async def is_(self, call: str, agent: str, **wanted: object) -> dict[str, Any]:
        """Wait until the call's record has these values."""
        found = await self.centre.until(
            f"/calls/{call}", self.tokens[agent], lambda c: all(c[key] == value for key, value in wanted.items())
        )
        return dict(found)

    async def works(self, agent: str, work: str) -> dict[str, Any]:
        return dict(await self.centre.until(f"/agents/{agent}", self.tokens[agent], lambda a: a["work"] == work))

    async def empty(self) -> None:
        """Wait until Asterisk has no channel left."""
        async with asyncio.timeout(15):
            while "0 active channels" not in (await self.asked("core show channels count")):
                await asyncio.sleep(PACE_SECONDS)

    async def asked(self, command: str) -> str:
        return await asyncio.to_thread(self.lab.asterisk.ask, command) or ""


def write_tone(file: Path, hz: int, seconds: int = 10) -> None:
    """One pitch, as a prompt is kept."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(8000)
        samples = (round(9000 * math.sin(2 * math.pi * hz * n / 8000)) for n in range(8_000 * seconds))
        opened.writeframes(b"".join(struct.pack("<h", one) for one in samples))


def spans(record: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """The segments of a call, in a line."""
    return [(one["kind"], one["agent_no"]) for one in record["segments"]]
