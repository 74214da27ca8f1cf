"""Phones and trunks for the web: edited in the database, then brought to Asterisk while the asker waits a moment.

A secret is made here and handed over once; what is kept of it is a digest.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, Final

from adapters.asterisk.ari import AriDown, AriRefused
from adapters.asterisk.provisioning import Provisioning
from adapters.people import People
from adapters.provisioning import Provisioner
from adapters.store.directory import DirectoryStore
from adapters.store.phones import PhoneStore
from adapters.store.trunks import TrunkStore
from adapters.web.ports import PhoneMade, Shape
from cti.errors import BadRequest, Conflict, DeviceTaken, NotFound, ProvisioningOff
from cti.ids import AgentNo, DeviceName, TenantId
from cti.phones import REALM, WEB, Kind, Phone, digest_of, name_for, named
from cti.records import AgentProfile
from cti.trunks import Trunk

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"  # none that is taken for another, no digits that could be a number
_LENGTH: Final = 24


def new_secret() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


async def refuse_taken(asterisk: Provisioning, name: str) -> None:
    """Raises `DeviceTaken` for a name of Asterisk's own configuration, where it can be asked."""
    try:
        if await asterisk.is_taken(name):
            raise DeviceTaken(f"the name {name} is taken")
    except (AriDown, AriRefused):
        pass  # found out when it is brought there


def _refuse_off(provisioner: Provisioner) -> None:
    if not provisioner.is_on:
        raise ProvisioningOff("phones and trunks are not made here: CTI_ARI_URL, CTI_ARI_USER, CTI_ARI_SECRET")


class PhoneEdits:
    """The web's `Phones`."""

    def __init__(self, store: PhoneStore, directory: DirectoryStore, people: People, provisioner: Provisioner) -> None:
        self._store = store
        self._directory = directory
        self._people = people
        self._provisioner = provisioner

    def list(self, tenant: TenantId) -> Sequence[Shape]:
        return [
            {"name": one.phone.name, "kind": one.phone.kind, "provisioned": self._provisioner.is_there(one.phone.name)}
            for one in self._provisioner.phones(tenant)
        ]

    async def softphone(self, tenant: TenantId, agent: AgentNo) -> Shape:
        """What the page of this agent registers with: their first browser phone, made here or Asterisk's own."""
        _refuse_off(self._provisioner)
        profile = self._people.profile(tenant, agent)
        made = {one.phone.name: one.phone for one in self._provisioner.phones(tenant)}
        for device in () if profile is None else profile.devices:
            if not device.endswith(WEB):
                continue
            mine = made.get(device)
            login = (device, mine.digest) if mine is not None else await self._provisioner.browser_login(device)
            if login is not None:
                return {"device": device, "user": login[0], "realm": REALM, "digest": login[1]}
        raise NotFound("this agent has no browser phone")

    async def add(self, tenant: TenantId, kind: Kind, name: str | None, owner: AgentNo | None) -> PhoneMade:
        _refuse_off(self._provisioner)
        if name is None and owner is None:
            raise BadRequest("a phone has a name, or an agent after whom it is called")
        called = name_for(owner, kind) if name is None and owner is not None else named(name or "", kind)
        phone, secret = await self._new(tenant, called, kind)
        await self._store.add(tenant, phone, owner)
        return await self._shown(phone, secret)

    async def add_agent(self, tenant: TenantId, agent: AgentProfile, kinds: Sequence[Kind]) -> Sequence[PhoneMade]:
        """An agent with phones of their own, or neither; these come before other devices of theirs."""
        _refuse_off(self._provisioner)
        made = [await self._new(tenant, name_for(agent.agent_no, kind), kind) for kind in dict.fromkeys(kinds)]
        phones = [phone for phone, _ in made]
        devices = dict.fromkeys([*(phone.name for phone in phones), *agent.devices])
        await self._directory.create_agent(tenant, replace(agent, devices=tuple(devices)), phones)
        return [await self._shown(phone, secret) for phone, secret in made]

    async def give(self, tenant: TenantId, name: str, owner: AgentNo | None) -> None:
        self._own(tenant, name)
        await self._store.give(tenant, DeviceName(name), owner)
        await self._follow(name)

    async def renew(self, tenant: TenantId, name: str) -> PhoneMade:
        phone, secret = self._own(tenant, name), new_secret()
        digest = digest_of(name, secret)
        await self._store.renew(tenant, phone.name, digest)
        return await self._shown(replace(phone, digest=digest), secret)

    async def remove(self, tenant: TenantId, name: str) -> None:
        self._own(tenant, name)
        await self._store.remove(tenant, DeviceName(name))
        await self._follow(name)

    async def remove_of(self, tenant: TenantId, agent: AgentNo) -> None:
        """All phones of an agent that were made here."""
        profile = self._people.profile(tenant, agent)
        mine = {one.phone.name for one in self._provisioner.phones(tenant)} & set(profile.devices if profile else ())
        for name in sorted(mine):
            await self.remove(tenant, name)

    def _own(self, tenant: TenantId, name: str) -> Phone:
        _refuse_off(self._provisioner)
        found = next((one.phone for one in self._provisioner.phones(tenant) if one.phone.name == name), None)
        if found is not None:
            return found
        if any(name in agent.devices for agent in self._people.agents(tenant)):
            raise Conflict(f"{name[:40]} is a phone of Asterisk's own configuration")
        raise NotFound("no such device")

    async def _new(self, tenant: TenantId, name: DeviceName, kind: Kind) -> tuple[Phone, str]:
        """Raises `DeviceTaken` for a name that is Asterisk's, or another tenant's."""
        mine = any(one.phone.name == name for one in self._provisioner.phones(tenant))
        if self._people.is_foreign(tenant, name) or (not mine and await self._provisioner.is_taken(name)):
            raise DeviceTaken(f"the name {name} is taken")
        secret = new_secret()
        return Phone(name=name, kind=kind, digest=digest_of(name, secret)), secret

    async def _shown(self, phone: Phone, secret: str) -> PhoneMade:
        there = await self._follow(phone.name)
        return PhoneMade(name=phone.name, kind=phone.kind, realm=REALM, secret=secret, provisioned=there)

    async def _follow(self, name: str) -> bool:
        await self._people.refresh()
        return await self._provisioner.brought(name)


class TrunkEdits:
    """The web's `Trunks`."""

    def __init__(self, store: TrunkStore, people: People, provisioner: Provisioner) -> None:
        self._store = store
        self._people = people
        self._provisioner = provisioner

    async def list(self, tenant: TenantId) -> Sequence[Shape]:
        return [self._shape(one) for one in await self._store.list(tenant)]

    async def get(self, tenant: TenantId, name: str) -> Shape:
        return self._shape(await self._store.get(tenant, name))

    async def add(self, tenant: TenantId, given: Mapping[str, Any]) -> Shape:
        _refuse_off(self._provisioner)
        trunk = trunk_of(given)
        if await self._provisioner.is_taken(trunk.endpoint):
            raise DeviceTaken(f"the name {trunk.endpoint} is taken")
        return await self._shown(await self._store.add(tenant, trunk))

    async def change(self, tenant: TenantId, name: str, given: Mapping[str, Any]) -> Shape:
        _refuse_off(self._provisioner)
        changed = changes_of(await self._store.get(tenant, name), given)
        return await self._shown(await self._store.change(tenant, name, changed))

    async def remove(self, tenant: TenantId, name: str) -> None:
        _refuse_off(self._provisioner)
        endpoint = (await self._store.get(tenant, name)).endpoint
        await self._store.remove(tenant, name)
        await self._people.refresh()
        await self._provisioner.brought(endpoint)

    async def _shown(self, trunk: Trunk) -> Shape:
        await self._people.refresh()
        await self._provisioner.brought(trunk.endpoint)
        return self._shape(trunk)

    def _shape(self, trunk: Trunk) -> Shape:
        return {
            "name": trunk.name,
            "title": trunk.title,
            "endpoint": trunk.endpoint,
            "host": trunk.host,
            "port": trunk.port,
            "match": trunk.match,
            "user": trunk.user,
            "realm": trunk.realm,
            "register": trunk.register,
            "caller_ids": trunk.caller_ids,
            "default": trunk.is_default,
            "enabled": trunk.enabled,
            "provisioned": self._provisioner.is_there(trunk.endpoint),
        }


def trunk_of(given: Mapping[str, Any]) -> Trunk:
    """A new trunk from what somebody says of it. Where its calls come from is the host, when that is an address."""
    known = {"match": _alone(given["host"]), **given}
    user, secret, realm = known.pop("user", ""), known.pop("secret", ""), known.pop("realm", "") or given["host"]
    if not user and not secret:
        return Trunk(**_plain(known))
    return Trunk(**_plain(known), user=user, realm=realm, digest=digest_of(user, secret, realm) if secret else "")


def changes_of(old: Trunk, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """What changes, with the digest that goes with it; raises `BadRequest` where that takes the secret."""
    changed = dict(_plain(given))
    secret = changed.pop("secret", "")
    user = changed.get("user", old.user)
    realm = (changed.get("realm", old.realm) or changed.get("host", old.host)) if user else ""
    digest = digest_of(user, secret, realm) if secret else old.digest if user else ""
    if not secret and user and (user, realm) != (old.user, old.realm):
        raise BadRequest("a new user or realm comes with its secret: only a digest of the old one is kept")
    return {**changed, "user": user, "realm": realm, "digest": digest}


def _plain(given: Mapping[str, Any]) -> Mapping[str, Any]:
    words = {"default": "is_default"}
    tuples = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
    return {words.get(key, key): value for key, value in {**given, **tuples}.items()}


def _alone(host: str) -> Sequence[str]:
    try:
        found = ip_address(host)
    except ValueError:
        return ()
    return () if str(found) in ("127.0.0.1", "::1") else (str(found),)
