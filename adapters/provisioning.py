"""Keeps Asterisk's phones and trunks as the database has them: at every edit, whenever Asterisk starts, and by looking.

What the database has is held in memory, so a restarted Asterisk gets its phones back while the database is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from adapters.asterisk import sip_objects
from adapters.asterisk.ari import AriDown, AriRefused
from adapters.asterisk.provisioning import NameTaken, Provisioning
from adapters.asterisk.sip_objects import SipObject
from adapters.store.failures import StoreFailure
from adapters.store.phones import MadePhone, PhoneStore
from adapters.store.trunks import MadeTrunk, TrunkStore
from cti.errors import PbxDown
from cti.ids import TenantId
from cti.records import AgentProfile

log: Final = logging.getLogger(__name__)

LOOK_SECONDS: Final = 30.0
RETRY_SECONDS: Final = 2.0
EDIT_SECONDS: Final = 2.0
"""How long an edit waits for Asterisk before it is answered without."""
SHOWN: Final = 5

Waiting = dict[str, list[asyncio.Future[bool]]]


class People(Protocol):
    def agents(self, tenant: TenantId) -> Sequence[AgentProfile]: ...


@dataclass(frozen=True, slots=True)
class _Due:
    """What Asterisk is to have under a name: nothing, when there are no objects."""

    name: str
    objects: Sequence[SipObject]
    made: MadePhone | MadeTrunk

    @property
    def secret(self) -> tuple[str, str]:
        return self.name, self.made.phone.digest if isinstance(self.made, MadePhone) else ""


class Provisioner:
    def __init__(self, phones: PhoneStore, trunks: TrunkStore, people: People, asterisk: Provisioning | None) -> None:
        self._phone_store = phones
        self._trunk_store = trunks
        self._people = people
        self._asterisk = asterisk
        self._phones: Sequence[MadePhone] = ()
        self._trunks: Sequence[MadeTrunk] = ()
        self._wanted = asyncio.Event()
        self._waiting: Waiting = {}
        self._there: set[str] = set()
        self._wrong: dict[str, str] = {}  # name -> why Asterisk does not have it, which only a person can mend
        self._told_off: set[tuple[str, str]] = set()  # who used an older secret than this has been unregistered
        self.trouble = ""
        """Why something is not in Asterisk that should be; empty when all is."""

    @property
    def is_on(self) -> bool:
        """Whether there is a way to make phones in Asterisk at all."""
        return self._asterisk is not None

    def phones(self, tenant: TenantId) -> Sequence[MadePhone]:
        """As they were at the last look."""
        return [one for one in self._phones if one.tenant == tenant and one.state != "gone"]

    def is_there(self, name: str) -> bool:
        """Whether Asterisk has this phone or trunk as it should be."""
        return name in self._there

    async def is_taken(self, name: str) -> bool:
        """Whether Asterisk's own configuration has that name; where it cannot be asked, that is found out later."""
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                return self._asterisk is not None and await self._asterisk.is_taken(name)
        except (AriDown, AriRefused, TimeoutError):
            return False

    async def browser_login(self, name: str) -> tuple[str, str] | None:
        """User and digest of a browser phone that is not made here; None where Asterisk has none. Raises `PbxDown`."""
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                return None if self._asterisk is None else await self._asterisk.browser_login(name)
        except (AriDown, AriRefused, TimeoutError):
            raise PbxDown("Asterisk's ARI does not answer") from None

    # --- when ---

    def wake(self) -> None:
        """Something may have changed: in the database, or because Asterisk has started."""
        self._wanted.set()

    async def brought(self, name: str) -> bool:
        """Have this one looked at next, and wait a moment; whether all is done that there was to do."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(name, []).append(done)
        self.wake()
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                return await done
        except TimeoutError:
            return False

    async def run(self) -> None:
        """For a TaskGroup."""
        while True:
            calm = await self.look()
            try:
                async with asyncio.timeout(LOOK_SECONDS if calm else RETRY_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                pass

    async def look(self) -> bool:
        """Bring Asterisk after the database; False when something is left that another look may do."""
        self._wanted.clear()
        waiting, self._waiting = self._waiting, {}
        await self._read()
        calm = self._asterisk is None or await self._all(self._asterisk, waiting)
        for name, futures in waiting.items():  # nobody came to them, or there was nothing to come to
            if self._wanted.is_set():
                self._waiting.setdefault(name, []).extend(futures)
            else:
                _settle(futures, calm and not self.trouble)
        return calm

    async def _all(self, asterisk: Provisioning, waiting: Waiting) -> bool:
        try:
            await asterisk.meet()
            calm = await self._bring(asterisk, waiting)
        except AriDown as failure:
            self._tell(f"Asterisk's ARI does not answer: {failure}")
            return False
        except AriRefused as refusal:
            self._tell(f"Asterisk's ARI refuses us: {refusal}")
            return True  # asked again and again it would only fill Asterisk's log
        shown = "; ".join(f"{name}: {why}" for name, why in sorted(self._wrong.items())[:SHOWN])
        self._tell(f"{len(self._wrong)} not in Asterisk: {shown}" if shown else "")
        return calm

    async def _read(self) -> None:
        try:
            self._phones = await self._phone_store.everything()
            self._trunks = await self._trunk_store.everything()
        except StoreFailure:
            pass  # the store says so itself; what is known goes on being true

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            log.warning("phones and trunks: %s", trouble)
        self.trouble = trouble

    # --- what ---

    async def _bring(self, asterisk: Provisioning, waiting: Waiting) -> bool:
        """One after the other, those first that somebody waits for; stops where there is news. True: all is done."""
        due = sorted(self._due(), key=lambda one: one.name not in waiting)
        self._wrong = {one.name: self._wrong[one.name] for one in due if one.name in self._wrong}
        self._there = {one.name for one in due if one.objects and self._is_done(asterisk, one)}
        calm = True
        for one in due:
            if self._wanted.is_set():
                return False
            done = await self._done(asterisk, one)
            calm &= done
            _settle(waiting.pop(one.name, ()), done and one.name not in self._wrong)
        return calm

    def _is_done(self, asterisk: Provisioning, one: _Due) -> bool:
        return asterisk.has(one.name, one.objects) and (one.made.state != "new" or one.secret in self._told_off)

    async def _done(self, asterisk: Provisioning, one: _Due) -> bool:
        try:
            if not self._is_done(asterisk, one):
                await self._change(asterisk, one)
        except NameTaken:
            self._wrong[one.name] = "its own configuration has that name"
            return True
        except AriRefused as refusal:
            self._wrong[one.name] = str(refusal)
            return True
        self._wrong.pop(one.name, None)
        return await self._settled(one.made)

    async def _change(self, asterisk: Provisioning, one: _Due) -> None:
        if not one.objects:
            await asterisk.remove(one.name)
            return
        fresh = one.made.state == "new" and one.secret not in self._told_off
        await asterisk.bring(one.name, one.objects, fresh=fresh)
        if fresh:
            self._told_off.add(one.secret)
        self._there.add(one.name)

    async def _settled(self, made: MadePhone | MadeTrunk) -> bool:
        """Say in the database what is done."""
        try:
            if isinstance(made, MadePhone) and made.state != "kept":
                await self._phone_store.settled(made)
            elif isinstance(made, MadeTrunk) and made.state == "gone":
                await self._trunk_store.forget(made)
        except StoreFailure:
            return False
        return True

    def _due(self) -> Sequence[_Due]:
        """Trunks first: without one nobody calls."""
        owners = {
            (tenant, device): agent
            for tenant in {one.tenant for one in self._phones}
            for agent in self._people.agents(tenant)
            for device in agent.devices
        }
        found = []
        for made in self._trunks:
            wanted = made.state != "gone" and made.trunk.enabled
            found.append(_Due(made.trunk.endpoint, sip_objects.trunk(made.trunk) if wanted else (), made))
        for one in self._phones:
            found.append(_Due(one.phone.name, _objects(one, owners.get((one.tenant, one.phone.name))), one))
        return found


def _objects(made: MadePhone, owner: AgentProfile | None) -> Sequence[SipObject]:
    if made.state == "gone":
        return ()
    number, name = (made.phone.name, "") if owner is None else (owner.agent_no, owner.name)
    return sip_objects.phone(made.phone, number, name)


def _settle(futures: Collection[asyncio.Future[bool]], outcome: bool) -> None:
    for one in futures:
        if not one.done():
            one.set_result(outcome)
