"""Messages on their way from a caller's line into the list: first a note beside the sound, then the row.

A note survives a crash and a database that is away; the list takes each message once.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.asterisk.numbers import written
from adapters.store.failures import StoreFailure
from adapters.store.pages import Page
from adapters.store.voicemails import Message, Voicemails
from adapters.web.ports import Shape
from cti.ids import AgentNo, TenantId
from cti.shapes import stamp

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 5.0


class Note(msgspec.Struct, forbid_unknown_fields=True):
    """What lies beside the sound until the row is written."""

    tenant: str
    message: Message


class Mailroom:
    """The web's `Voicemails`. `folder` is where Asterisk records the messages."""

    def __init__(
        self,
        store: Voicemails,
        folder: Path,
        heard: Callable[[TenantId, Message], None],
        changed: Callable[[TenantId, Message], None],
    ) -> None:
        self._store = store
        self._folder = folder
        self._heard = heard
        self._changed = changed
        self._any = asyncio.Event()

    def path(self, name: str) -> str:
        """Where Asterisk records the message of this name, without its ending."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return str(self._folder / name)

    def left(self, tenant: TenantId, message: Message) -> None:
        """A message has been left; it is on record from here on."""
        note = self._folder / f"{message.file}.json"
        draft = note.with_suffix(".part")
        draft.write_bytes(msgspec.json.encode(Note(tenant=tenant, message=message)))
        draft.rename(note)
        self._any.set()

    def dropped(self, name: str) -> None:
        """Nothing of what was recorded under this name is kept."""
        (self._folder / f"{name}.wav").unlink(missing_ok=True)

    async def run(self) -> None:
        """Write the rows of all notes, those of an earlier run among them."""
        self._any.set()
        while True:
            await self._any.wait()
            self._any.clear()
            for file, note in self._notes():
                try:
                    await self._store.add(TenantId(note.tenant), note.message)
                except StoreFailure:
                    asyncio.get_running_loop().call_later(RETRY_SECONDS, self._any.set)
                    break
                os.unlink(file)
                self._heard(TenantId(note.tenant), note.message)

    def _notes(self) -> Iterator[tuple[Path, Note]]:
        for file in sorted(self._folder.glob("*.json")):
            try:
                yield file, msgspec.json.decode(file.read_bytes(), type=Note)
            except msgspec.MsgspecError:
                log.error("a voicemail note cannot be read: %s", file.name)
                file.rename(file.with_suffix(".odd"))

    # --- the web's port ---

    async def list(
        self,
        tenant: TenantId,
        state: str,
        agents: Collection[AgentNo] | None,
        search: str,
        limit: int,
        cursor: str | None,
    ) -> Page[Shape]:
        found = await self._store.list(tenant, state=state, agents=agents, search=search, limit=limit, cursor=cursor)
        return Page([_shape(one) for one in found.items], found.total, found.next)

    async def get(self, tenant: TenantId, message: str) -> Shape:
        return _shape(await self._store.get(tenant, message))

    async def change(self, tenant: TenantId, message: str, state: str, agent: AgentNo | None, note: str) -> Shape:
        found = await self._store.change(tenant, message, state=state, agent=agent, note=note)
        self._changed(tenant, found)
        return _shape(found)

    async def erase_number(self, tenant: TenantId, number: str) -> Sequence[str]:
        """Everything that a customer has left, however the number is written; returns which messages went."""
        return await erase(self._store, self._folder, tenant, number)

    def file(self, tenant: TenantId, message: Mapping[str, object]) -> Path | None:
        found = self._folder / f"{message['id']}.wav"
        return found if found.is_file() else None


async def erase(store: Voicemails, folder: Path, tenant: TenantId, number: str) -> Sequence[str]:
    """First the sounds, then their rows: killed in between, the next time does the rest."""
    found = await store.of_numbers(tenant, {number, written(number)})
    for one in found:
        await asyncio.to_thread((folder / f"{one.file}.wav").unlink, missing_ok=True)
    await store.forget(tenant, [one.id for one in found])
    return [one.id for one in found]


def _shape(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "call": message.call,
        "box": message.box,
        "number": message.number,
        "name": message.name,
        "left_at": stamp(message.left_at),
        "seconds": round(message.seconds, 1),
        "state": message.state,
        "agent_no": message.agent_no,
        "note": message.note,
    }
