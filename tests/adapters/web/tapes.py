"""Recordings behind the interface, in memory: they keep to the reach they are given, as the real ones do."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from cti.errors import NotFound
from cti.ids import AgentNo, CallId, Instant, TenantId
from cti.recording.kept import Kept, Sound, Wanted
from cti.recording.policy import RecordingRules

SOUND = bytes(range(256)) * 40
AT = Instant(1_800_000_000_000)


@dataclass
class Page:
    items: Sequence[Kept]
    total: int
    next: str | None = None


def tape(
    recording: str, agent: str, tenant: str = "demo", number: str = "+8613800138000", call: str = "c-1"
) -> tuple[TenantId, Kept]:
    sound = Sound(
        tenant=TenantId(tenant),
        call=CallId(call),
        name=f"{call}-1",
        place=f"{tenant}/{recording}.wav",
        began_at=AT,
        length_ms=2500,
        bytes=len(SOUND),
        sha256=hashlib.sha256(SOUND).hexdigest(),
        mode="always",
        reason="queue sales: always",
        truncated=False,
        markers=({"kind": "talking", "from": 0.0, "to": 2.5, "agent_no": agent},),
        kept_at=AT,
    )
    kept = Kept(
        id=recording, sound=sound, number=number, caller="李娜", queue="sales", dialled="4001", direction="inbound"
    )
    return TenantId(tenant), Kept(**{**{f: getattr(kept, f) for f in Kept.__slots__}, "agents": (AgentNo(agent),)})


@dataclass
class Tapes:
    """Two of agents of ours, one of another tenant."""

    tapes: list[tuple[TenantId, Kept]] = field(
        default_factory=lambda: [tape("anas", "1001"), tape("bos", "1002"), tape("theirs", "1001", "other")]
    )
    wanted: list[Wanted] = field(default_factory=list)
    said: RecordingRules = field(default_factory=RecordingRules)
    lost: bool = False

    def _of(self, tenant: TenantId, agents: Collection[AgentNo] | None) -> list[Kept]:
        mine = [kept for owner, kept in self.tapes if owner == tenant]
        return [kept for kept in mine if agents is None or not set(kept.agents).isdisjoint(agents)]

    async def list(self, tenant: TenantId, which: Wanted, limit: int, cursor: str | None) -> Page:
        self.wanted.append(which)
        found = [kept for kept in self._of(tenant, which.agents) if which.number in (None, kept.number)]
        return Page(found[:limit], len(found))

    async def one(self, tenant: TenantId, recording: str, agents: Collection[AgentNo] | None) -> Kept | None:
        return next((kept for kept in self._of(tenant, agents) if kept.id == recording), None)

    async def of_calls(
        self, tenant: TenantId, calls: Collection[CallId], agents: Collection[AgentNo] | None
    ) -> Mapping[CallId, Sequence[str]]:
        return {call: [k.id for k in self._of(tenant, agents) if k.sound.call == call] for call in calls}

    async def read(self, kept: Kept, first: int, length: int) -> AsyncIterator[bytes]:
        if self.lost:
            raise NotFound("the sound of this recording is gone")
        for start in range(first, first + length, 1000):
            yield SOUND[start : min(start + 1000, first + length)]

    async def zipped(self, chosen: Sequence[Kept]) -> AsyncIterator[bytes]:
        for kept in chosen:
            yield f"{kept.id} {kept.number}\n".encode()

    async def erase(self, tenant: TenantId, recordings: Collection[str]) -> Sequence[str]:
        gone = [kept.id for owner, kept in self.tapes if owner == tenant and kept.id in recordings]
        self.tapes = [one for one in self.tapes if one[0] != tenant or one[1].id not in gone]
        return gone

    async def erase_number(self, tenant: TenantId, number: str) -> Sequence[str]:
        return await self.erase(tenant, [kept.id for kept in self._of(tenant, None) if kept.number == number])

    async def rules(self, tenant: TenantId) -> RecordingRules:
        return self.said

    async def set_rules(self, tenant: TenantId, rules: RecordingRules) -> None:
        self.said = rules
