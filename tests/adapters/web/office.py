"""Roles, teams and the record behind the interface, in memory; and what is nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.web.ports import Sought
from cti.audit import FIRST, Deed, Entry, broken_at, sealed
from cti.errors import Conflict, NotFound
from cti.ids import Instant, TenantId
from cti.permissions import ROLES, Role
from cti.teams import Team, check_place


@dataclass
class Organisation:
    made: dict[str, Role] = field(default_factory=dict)
    tree: dict[str, Team] = field(default_factory=dict)

    async def roles(self, tenant: TenantId) -> Mapping[str, Role]:
        return {**ROLES, **self.made}

    async def add_role(self, tenant: TenantId, role: Role) -> Role:
        if role.name in await self.roles(tenant):
            raise Conflict("that role exists")
        self.made[role.name] = role
        return role

    async def change_role(self, tenant: TenantId, role: Role) -> Role:
        if role.name in ROLES:
            raise Conflict("built in")
        self.made[role.name] = role
        return role

    async def remove_role(self, tenant: TenantId, name: str) -> None:
        if name in ROLES:
            raise Conflict("built in")
        del self.made[name]

    async def teams(self, tenant: TenantId) -> Mapping[str, Team]:
        return dict(self.tree)

    async def add_team(self, tenant: TenantId, team: Team) -> Team:
        if team.name in self.tree:
            raise Conflict("that team exists")
        check_place(team, self.tree)
        self.tree[team.name] = team
        return team

    async def change_team(self, tenant: TenantId, team: Team) -> Team:
        check_place(team, self.tree)
        self.tree[team.name] = team
        return team

    async def remove_team(self, tenant: TenantId, name: str) -> None:
        if name not in self.tree:
            raise NotFound("no such team")
        del self.tree[name]


@dataclass
class Proof:
    entries: int
    head: str
    broken: str | None


@dataclass
class Found:
    items: list[Entry]
    total: int
    next: str | None = None


@dataclass
class Ledger:
    """Both ends of the record: what is noted is there at once."""

    chain: list[Entry] = field(default_factory=list)
    away: bool = False
    asked: list[Sought] = field(default_factory=list)

    def note(
        self,
        tenant: TenantId,
        who: str,
        action: str,
        object: str = "",
        *,
        reason: str = "",
        origin: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        at = Instant(1_800_000_000_000)
        deed = Deed(
            tenant=tenant,
            at=at,
            who=who,
            action=action,
            object=object,
            reason=reason,
            origin=origin,
            data=data or {},
        )
        self.chain.append(sealed(len(self.chain) + 1, self.chain[-1].hash if self.chain else FIRST, deed))

    async def entries(self, tenant: TenantId, sought: Sought, limit: int, cursor: str | None) -> Found:
        self.asked.append(sought)
        found = [one for one in reversed(self.chain) if one.deed.tenant == tenant]
        found = [one for one in found if sought.action in (None, one.deed.action)]
        return Found(found[:limit], len(found))

    async def verify(self, tenant: TenantId) -> Proof:
        return Proof(len(self.chain), self.chain[-1].hash if self.chain else FIRST, broken_at(self.chain))

    async def kept(self, deadline: float) -> bool:
        return not self.away

    def deeds(self, action: str) -> list[Deed]:
        return [one.deed for one in self.chain if one.deed.action == action]

    def change(self, n: int, **more: Any) -> None:
        self.chain[n - 1] = replace(self.chain[n - 1], deed=replace(self.chain[n - 1].deed, **more))


class Nowhere:
    """Stands for what a test does not need: nothing is found there."""

    def __getattr__(self, name: str) -> Any:
        def absent(*_args: object, **_more: object) -> None:
            raise NotFound(f"there is nothing here to {name}")

        return absent


class Letters(Nowhere):
    """No message of anybody, so that nothing of a customer is erased here."""

    async def erase_number(self, tenant: TenantId, number: str) -> list[str]:
        return []
