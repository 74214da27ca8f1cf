"""Recordings from one end to the other: the spool's workers, the rules on the boards, and what the web asks of both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.asterisk.numbers import written
from adapters.recordings.export import zipped
from adapters.recordings.failures import NotThere, StorageFailure
from adapters.recordings.finisher import Finisher
from adapters.recordings.ports import Ports
from adapters.recordings.room import MEGABYTE, Room
from adapters.recordings.s3 import open_bucket
from adapters.recordings.spool import Spool, is_fit
from adapters.recordings.storage import DiskStorage, Storage
from adapters.recordings.sweeping import Sweeper
from adapters.settings import Settings
from adapters.store.failures import StoreFailure
from adapters.store.pages import Page
from adapters.store.recordings import Recordings
from cti.audit import Audit
from cti.errors import Conflict, NotFound
from cti.events import Event, RecordingKept, RecordingRoomChanged, RecordingRulesChanged
from cti.ids import AgentNo, CallId, Instant, TenantId
from cti.recording.kept import Kept, Sound, Wanted
from cti.recording.policy import RecordingRules

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 2.0


class NoSound(Conflict):
    """The recording is on record, but its sound cannot be had now."""

    code = "no_sound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the archive is given of the rest of the server."""

    now: Callable[[], Instant]
    post: Callable[[Event, TenantId | None], None]
    tenants: Callable[[], Collection[TenantId]]
    audit: Audit
    refuse_silence: Callable[[TenantId, Sequence[str]], Awaitable[None]]


class Archive:
    """The web's `Recordings`, and the workers behind it."""

    def __init__(self, settings: Settings, store: Recordings, office: Office) -> None:
        folder = settings.recordings_dir.absolute()
        self._store = store
        self._office = office
        self._rules: dict[TenantId, RecordingRules] = {}
        self._stale = asyncio.Event()
        self.spool = Spool(folder / "spool")
        self.storage = storage_of(settings, folder)
        ports = Ports(
            ledger=store,
            now=office.now,
            away=(StoreFailure,),
            kept=self._kept,
            room=self._room_changed,
            forgotten=self._forgotten,
        )
        self.finisher = Finisher(self.spool, self.storage, ports)
        self.room = Room(self.spool, self.storage, settings.recordings_floor_mb * MEGABYTE, self._room_changed)
        self._sweeper = Sweeper(self.storage, ports)

    # --- the workers ---

    def globals(self) -> Mapping[str, str]:
        """Where the dialplan is to record; without it, it does not."""
        return {"CTI_SPOOL": str(self.spool.folder) if is_fit(self.spool.folder) else ""}

    def prepare(self) -> None:
        """Make the folders; what is wrong with them is told by `room`, and stops nothing."""
        try:
            self.spool.prepare()
            self.storage.prepare()
        except OSError as failure:
            log.error("the folder of recordings cannot be used: %s", failure)
        self.room.look()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.finisher.run(), name="recordings")
            tasks.create_task(self.room.run(), name="room for recordings")
            tasks.create_task(self._sweeper.run(), name="old recordings")
            tasks.create_task(self._keep_rules(), name="rules of recordings")

    def directory_changed(self) -> None:
        """Somebody edited something; perhaps what is to be recorded, perhaps there is a new tenant."""
        self._stale.set()

    async def _keep_rules(self) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            try:
                await self.refresh()
            except StoreFailure as failure:
                log.warning("the rules of recordings could not be read: %s", failure)
                self._stale.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def refresh(self) -> None:
        """Have the boards follow the rules in the database."""
        for tenant, rules in (await self._store.rules()).items():
            if tenant in self._office.tenants() and self._rules.get(tenant) != rules:
                self._rules[tenant] = rules
                self._office.post(RecordingRulesChanged(at=self._office.now(), rules=rules), tenant)
                if self.room.trouble:
                    self._office.post(RecordingRoomChanged(at=self._office.now(), trouble=self.room.trouble), tenant)

    def call_ended(self) -> None:
        self.finisher.nudge()

    def _kept(self, sound: Sound, recording: str) -> None:
        kept = RecordingKept(
            at=self._office.now(), call=sound.call, recording=recording, seconds=round(sound.length_ms / 1000, 3)
        )
        self._office.post(kept, sound.tenant)

    def _room_changed(self, trouble: str) -> None:
        self._office.post(RecordingRoomChanged(at=self._office.now(), trouble=trouble), None)

    def _forgotten(self, tenant: TenantId, recordings: Sequence[str], days: int) -> None:
        for one in recordings:
            self._office.audit.note(tenant, "server", "recordings.erased", one, reason=f"kept for {days} days")

    # --- what is asked ---

    async def list(self, tenant: TenantId, which: Wanted, limit: int, cursor: str | None) -> Page[Kept]:
        return await self._store.list(tenant, which, limit=limit, cursor=cursor)

    async def one(self, tenant: TenantId, recording: str, agents: Collection[AgentNo] | None) -> Kept | None:
        return await self._store.one(tenant, recording, agents)

    async def of_calls(
        self, tenant: TenantId, calls: Collection[CallId], agents: Collection[AgentNo] | None
    ) -> Mapping[CallId, Sequence[str]]:
        return await self._store.of_calls(tenant, calls, agents)

    async def read(self, kept: Kept, first: int, length: int) -> AsyncIterator[bytes]:
        try:
            async for block in self.storage.read(kept.sound.place, first, length):
                yield block
        except NotThere:
            log.error("recording %s is on record, but its sound is gone", kept.id)
            raise NotFound("the sound of this recording is gone") from None
        except StorageFailure as failure:
            log.warning("recording %s cannot be read: %s", kept.id, failure)
            raise NoSound("the sound of this recording cannot be had now; try again later") from failure

    def zipped(self, chosen: Sequence[Kept]) -> AsyncIterator[bytes]:
        return zipped(chosen, self.storage)

    async def erase(self, tenant: TenantId, recordings: Collection[str]) -> Sequence[str]:
        gone = await self._store.forget(tenant, recordings)
        self._sweeper.nudge()
        return gone

    async def erase_number(self, tenant: TenantId, number: str) -> Sequence[str]:
        """However the number is written; what has just been recorded is finished first, so that it goes too."""
        await self.finisher.look()
        found = {one for form in {number, written(number)} for one in await self._store.of_number(tenant, form)}
        return await self.erase(tenant, found)

    async def rules(self, tenant: TenantId) -> RecordingRules:
        return (await self._store.rules()).get(tenant, RecordingRules())

    async def set_rules(self, tenant: TenantId, rules: RecordingRules) -> None:
        await self._office.refuse_silence(tenant, [rules.announcement] if rules.announcement else [])
        await self._store.set_rules(tenant, rules)
        await self.refresh()


def storage_of(settings: Settings, folder: Path) -> Storage:
    """The storage that the settings name; raises `NoStorage`."""
    if not settings.recordings_store:
        return DiskStorage(folder / "kept")
    return open_bucket(
        settings.recordings_store,
        endpoint=settings.recordings_s3_endpoint,
        region=settings.recordings_s3_region,
        key=settings.recordings_s3_key,
        secret=settings.recordings_s3_secret.get_secret_value(),
    )
