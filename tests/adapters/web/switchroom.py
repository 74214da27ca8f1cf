"""Phones and trunks behind the interface, without an Asterisk: a secret is `secret of <name>`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from adapters.web.ports import PhoneMade
from cti.errors import Conflict, NotFound, ProvisioningOff
from cti.ids import AgentNo, DeviceName, TenantId
from cti.phones import Kind, name_for
from cti.records import AgentProfile


class Board(Protocol):
    people: dict[str, AgentProfile]


@dataclass
class Phones:
    board: Board
    made: dict[str, Kind] = field(default_factory=dict)
    off: bool = False
    renewed: list[str] = field(default_factory=list)

    def list(self, tenant: TenantId) -> Sequence[Mapping[str, object]]:
        return [{"name": name, "kind": kind, "provisioned": True} for name, kind in self.made.items()]

    async def softphone(self, tenant: TenantId, agent: AgentNo) -> Mapping[str, object]:
        """A digest that could be taken for a number."""
        for name in self.board.people[agent].devices:
            if self.made.get(name) == "web":
                return {"device": name, "user": name, "realm": "asterisk", "digest": "13800138000138001380001380001380"}
        raise NotFound("no browser phone")

    async def add(self, tenant: TenantId, kind: Kind, name: str | None, owner: AgentNo | None) -> PhoneMade:
        if self.off:
            raise ProvisioningOff("off")
        called = DeviceName(name or name_for(AgentNo(owner or ""), kind))
        if called in self.made:
            raise Conflict("there is one")
        self.made[called] = kind
        if owner is not None:
            self._to(owner, called)
        return self._shown(called)

    async def add_agent(self, tenant: TenantId, agent: AgentProfile, kinds: Sequence[Kind]) -> Sequence[PhoneMade]:
        self.board.people[agent.agent_no] = agent
        return [await self.add(tenant, kind, None, agent.agent_no) for kind in kinds]

    async def give(self, tenant: TenantId, name: str, owner: AgentNo | None) -> None:
        self._own(name)
        for no, one in self.board.people.items():
            self.board.people[no] = replace(one, devices=tuple(device for device in one.devices if device != name))
        if owner is not None:
            self._to(owner, DeviceName(name))

    async def renew(self, tenant: TenantId, name: str) -> PhoneMade:
        self._own(name)
        self.renewed.append(name)
        return self._shown(name)

    async def remove(self, tenant: TenantId, name: str) -> None:
        await self.give(tenant, name, None)
        del self.made[name]

    async def remove_of(self, tenant: TenantId, agent: AgentNo) -> None:
        for name in [one for one in self.board.people[agent].devices if one in self.made]:
            await self.remove(tenant, name)

    def _own(self, name: str) -> None:
        if name not in self.made:
            raise Conflict("that is Asterisk's own")

    def _to(self, owner: AgentNo, name: DeviceName) -> None:
        one = self.board.people[owner]
        self.board.people[owner] = replace(one, devices=(*one.devices, name))

    def _shown(self, name: str) -> PhoneMade:
        return PhoneMade(
            name=name, kind=self.made[name], realm="asterisk", secret=f"secret of {name}", provisioned=True
        )


@dataclass
class Trunks:
    made: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def list(self, tenant: TenantId) -> Sequence[Mapping[str, object]]:
        return list(self.made.values())

    async def get(self, tenant: TenantId, name: str) -> Mapping[str, object]:
        if name not in self.made:
            raise NotFound("no such trunk")
        return self.made[name]

    async def add(self, tenant: TenantId, given: Mapping[str, Any]) -> Mapping[str, object]:
        plain: dict[str, Any] = {
            "title": "",
            "endpoint": f"cti-trunk-{given['name']}",
            "port": 5060,
            "match": [],
            "user": "",
            "realm": "",
            "register": False,
            "caller_ids": [],
            "default": False,
            "enabled": True,
            "provisioned": True,
        }
        self.made[given["name"]] = {**plain, **{key: one for key, one in given.items() if key != "secret"}}
        return self.made[given["name"]]

    async def change(self, tenant: TenantId, name: str, given: Mapping[str, Any]) -> Mapping[str, object]:
        await self.get(tenant, name)
        self.made[name].update({key: one for key, one in given.items() if key != "secret"})
        return self.made[name]

    async def remove(self, tenant: TenantId, name: str) -> None:
        await self.get(tenant, name)
        del self.made[name]
