"""Messages of callers: none is lost between the tape and the list, an agent hears of theirs, a customer's can go."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.voicemails import Message, Voicemails
from adapters.voicemails import Mailroom
from cti.ids import AgentNo, TenantId
from cti.records import AgentProfile
from tests.adapters.store.journey_story import a_message
from tests.adapters.store.story import DEMO
from tests.adapters.web.world import World, code_of

OTHER = TenantId("other")


@dataclass
class Office:
    database: Database
    folder: Path
    heard: list[str] = field(default_factory=list)
    changed: list[tuple[str, AgentNo | None]] = field(default_factory=list)

    def mailroom(self) -> Mailroom:
        return Mailroom(
            Voicemails(self.database),
            self.folder,
            lambda _tenant, message: self.heard.append(message.id),
            lambda _tenant, message: self.changed.append((message.state, message.agent_no)),
        )

    def records(self, name: str) -> Message:
        """Asterisk has written what a caller said."""
        Path(self.mailroom().path(name)).with_suffix(".wav").write_bytes(b"RIFF")
        return a_message(name)

    @asynccontextmanager
    async def at_work(self, mailroom: Mailroom, until: Callable[[], bool]) -> AsyncIterator[None]:
        task = asyncio.create_task(mailroom.run())
        try:
            async with asyncio.timeout(10):
                while not until():
                    await asyncio.sleep(0)
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def office(tmp_path: Path, migrated: Path) -> AsyncIterator[Office]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"
    shutil.copy(migrated, tmp_path / "cti.db")
    database = Database(url)
    for tenant in (DEMO, OTHER):
        await DirectoryStore(database).create_tenant(Tenant(name=tenant, title=tenant))
    await DirectoryStore(database).create_agent(DEMO, AgentProfile(agent_no=AgentNo("1001"), name="x"))
    yield Office(database, tmp_path / "voicemail")
    await database.close()


async def listed(office: Office, tenant: TenantId = DEMO) -> list[str]:
    return [one.id for one in (await Voicemails(office.database).list(tenant)).items]


async def test_a_message_whose_server_died_before_it_was_listed_is_listed_by_the_next(office: Office) -> None:
    first = office.mailroom()
    first.left(DEMO, office.records("m1"))
    assert await listed(office) == []
    async with office.at_work(office.mailroom(), lambda: office.heard == ["m1"]):
        assert await listed(office) == ["m1"]
    async with office.at_work(office.mailroom(), lambda: not list(office.folder.glob("*.json"))):
        assert await listed(office) == ["m1"], "listed once"


async def test_a_message_is_a_task_of_the_agent_who_is_given_it_until_it_is_done(office: Office) -> None:
    mailroom = office.mailroom()
    mailroom.left(DEMO, office.records("m1"))
    async with office.at_work(mailroom, lambda: bool(office.heard)), World(voicemails=mailroom).at_hand() as web:
        given = await web.ask("PATCH", "/voicemails/m1", "root", json={"state": "assigned", "agent_no": "1001"})
        assert (given.json()["state"], given.json()["agent_no"]) == ("assigned", "1001")
        assert (await web.get("/voicemails?state=assigned", "a1"))["total"] == 1
        assert (await web.get("/voicemails", "a2"))["total"] == 0, "it is another's task now"
        assert code_of(await web.ask("GET", "/voicemails/m1/audio", "a2"))[0] in (403, 404)
        done = await web.ask(
            "PATCH", "/voicemails/m1", "a1", json={"state": "done", "agent_no": "1001", "note": "回电"}
        )
        assert done.json()["note"] == "回电"
        assert office.changed == [("assigned", "1001"), ("done", "1001")]
        bad = await web.ask("PATCH", "/voicemails/m1", "root", json={"state": "assigned", "agent_no": "1999"})
        assert bad.status_code == 404
        bad = await web.ask("PATCH", "/voicemails/m1", "root", json={"state": "assigned"})
        assert bad.status_code == 400
        assert (await web.ask("GET", "/voicemails/m1", "stranger")).status_code == 404


@pytest.mark.parametrize("written", ["+8613800001234", "13800001234", "0086 138 0000 1234"])
async def test_erasing_a_customer_takes_what_they_have_said_to_the_machine(office: Office, written: str) -> None:
    mailroom = office.mailroom()
    for name, tenant in (("m1", DEMO), ("m2", DEMO), ("m3", OTHER)):
        mailroom.left(tenant, office.records(name))
    async with office.at_work(mailroom, lambda: len(office.heard) == 3), World(voicemails=mailroom).at_hand() as web:
        words = {"number": written, "reason": "asked for it"}
        answer = await web.ask("POST", "/recordings/erase", "root", json=words)
        assert answer.json()["voicemails"] == 2
        deeds = [entry.deed for entry in web.ledger.chain if entry.deed.action == "voicemails.erased"]
        assert {(deed.object, deed.reason) for deed in deeds} == {("m1", "asked for it"), ("m2", "asked for it")}
    assert (await listed(office), await listed(office, OTHER)) == ([], ["m3"])
    assert [file.name for file in office.folder.glob("*.wav")] == ["m3.wav"]
