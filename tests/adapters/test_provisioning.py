"""Asterisk follows the database: at an edit, when it starts anew, and by looking again at what has failed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters import provisioning
from adapters.asterisk.provisioning import Provisioning
from adapters.people import People
from adapters.prompts import refuse_silence
from adapters.provisioning import Provisioner
from adapters.sip_edits import PhoneEdits, TrunkEdits, changes_of, trunk_of
from adapters.store.codes import Codes
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.failures import StoreAway
from adapters.store.passwords import Passwords
from adapters.store.phones import PhoneStore
from adapters.store.roles import Roles
from adapters.store.skills import Skills
from adapters.store.trunks import TrunkStore
from adapters.store.users import Users
from cti.errors import BadRequest, Conflict, DeviceTaken, NotFound, ProvisioningOff
from cti.ids import AgentNo, DeviceName, TenantId
from cti.phones import Phone, digest_of
from cti.records import AgentProfile
from tests.adapters.asterisk.ari_server import AriServer

DEMO, OTHER = TenantId("demo"), TenantId("other")
ANA = AgentProfile(agent_no=AgentNo("3001"), name="Ana")


@dataclass
class Office:
    server: AriServer
    people: People
    provisioner: Provisioner
    phones: PhoneEdits
    trunks: TrunkEdits
    directory: DirectoryStore
    database: Database

    def contents(self, name: str) -> set[str]:
        """The kinds of object that Asterisk has of that name."""
        return {kind for kind, one in self.server.objects if one == name}

    async def until(self, name: str, there: bool = True) -> None:
        async with asyncio.timeout(20):
            while bool(self.contents(name)) is not there:
                self.server.changed.clear()
                await self.server.changed.wait()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    path = tmp_path_factory.mktemp("phones") / "template.db"
    shutil.copy(migrated, path)

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        directory = DirectoryStore(database)
        for tenant in (DEMO, OTHER):
            await directory.create_tenant(Tenant(name=tenant, title=tenant))
        await directory.create_agent(DEMO, ANA)
        await directory.create_agent(OTHER, replace(ANA, devices=(DeviceName("5001"),)))
        await database.close()

    asyncio.run(make())
    return path


@asynccontextmanager
async def open_office(template: Path, folder: Path, *, off: bool = False) -> AsyncIterator[Office]:
    shutil.copy(template, folder / "cti.db")
    database = Database(f"sqlite+aiosqlite:///{folder / 'cti.db'}")
    directory, phones, trunks = DirectoryStore(database), PhoneStore(database), TrunkStore(database)
    server = AriServer()
    async with server.open(seconds=20.0) as ari:
        people = People(
            directory,
            Users(database, Passwords()),
            Skills(database),
            Roles(database),
            Codes(database),
            refuse_silence=partial(refuse_silence, database),
            on_user=lambda _: None,
            on_directory=lambda _tenant, _read: None,
            on_edit=lambda: provisioner.wake(),
        )
        provisioner = Provisioner(phones, trunks, people, None if off else Provisioning(ari))
        await people.refresh()
        running = asyncio.create_task(provisioner.run())
        yield Office(
            server,
            people,
            provisioner,
            PhoneEdits(phones, directory, people, provisioner),
            TrunkEdits(trunks, people, provisioner),
            directory,
            database,
        )
        running.cancel()
        await asyncio.wait([running])
    await database.close()


@pytest.fixture
async def office(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr(provisioning, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(provisioning, "EDIT_SECONDS", 20.0)
    async with open_office(template, tmp_path) as made:
        yield made


async def test_a_phone_is_in_asterisk_when_it_is_made_and_its_secret_is_nowhere(office: Office) -> None:
    made = await office.phones.add(DEMO, "desk", None, ANA.agent_no)
    assert (made.name, made.provisioned, made.secret in repr(made)) == ("3001", True, False)
    assert office.contents("3001") == {"auth", "aor", "endpoint"}
    auth = office.server.objects["auth", "3001"]
    assert auth["password_digest"] == f"MD5:{digest_of('3001', made.secret)}"
    assert office.people.profile(DEMO, ANA.agent_no) == replace(ANA, devices=(DeviceName("3001"),))
    assert list(office.phones.list(DEMO)) == [{"name": "3001", "kind": "desk", "provisioned": True}]
    assert list(office.phones.list(OTHER)) == []
    kept = Path(str(office.database.url.database))
    for file in (kept, kept.with_name(f"{kept.name}-wal")):
        assert made.secret.encode() not in file.read_bytes()


async def test_an_agent_comes_with_phones_and_goes_with_them(office: Office) -> None:
    bo = AgentProfile(agent_no=AgentNo("3002"), name='Bo "B"', devices=(DeviceName("hall-2"),))
    made = await office.phones.add_agent(DEMO, bo, ["desk", "web", "desk"])
    assert [(one.name, one.provisioned) for one in made] == [("3002", True), ("3002-web", True)]
    assert len({one.secret for one in made}) == 2
    profile = office.people.profile(DEMO, bo.agent_no)
    assert profile is not None
    assert profile.devices == ("3002", "3002-web", "hall-2")
    assert office.server.objects["endpoint", "3002"]["callerid"] == '"Bo B" <3002>'
    await office.phones.remove_of(DEMO, bo.agent_no)
    assert office.server.objects == {}


async def test_another_name_of_the_owner_is_shown_and_nobody_is_unregistered(office: Office) -> None:
    await office.phones.add(DEMO, "desk", None, ANA.agent_no)
    office.server.registered.add("3001")
    await office.directory.update_agent(DEMO, ANA.agent_no, name="安娜")
    await office.people.refresh()
    assert await office.provisioner.brought("3001")
    assert office.server.objects["endpoint", "3001"]["callerid"] == '"安娜" <3001>'
    await office.phones.give(DEMO, "3001", None)
    assert office.server.objects["endpoint", "3001"]["callerid"] == '"" <3001>'
    assert office.server.registered == {"3001"}


async def test_a_new_secret_and_a_removal_unregister_at_once(office: Office) -> None:
    first = await office.phones.add(DEMO, "desk", None, ANA.agent_no)
    office.server.registered.add("3001")
    second = await office.phones.renew(DEMO, "3001")
    assert second.secret != first.secret
    assert office.server.registered == set()
    office.server.registered.add("3001")
    await office.phones.remove(DEMO, "3001")
    assert (office.server.objects, office.server.registered) == ({}, set())
    with pytest.raises(NotFound):
        await office.phones.renew(DEMO, "3001")


async def test_after_asterisk_started_anew_all_is_brought_again_even_without_the_database(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.phones.add(DEMO, "desk", None, ANA.agent_no)
    await office.trunks.add(DEMO, {"name": "north", "host": "203.0.113.5"})

    async def away(_self: object) -> Any:
        raise StoreAway("away")

    monkeypatch.setattr(PhoneStore, "everything", away)
    office.server.registered.add("3001")
    office.server.starts_anew()
    office.provisioner.wake()  # the link to Asterisk is up
    await office.until("3001")
    await office.until("cti-trunk-north")
    assert office.server.registered == {"3001"}, "who is registered still is"


async def test_what_asterisk_did_not_answer_is_done_when_it_does(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provisioning, "EDIT_SECONDS", 0.05)
    office.server.silent.clear()
    made = await office.phones.add(DEMO, "desk", None, ANA.agent_no)
    assert made.provisioned is False
    assert [one["provisioned"] for one in office.phones.list(DEMO)] in ([], [False])
    office.server.silent.set()
    await office.until("3001")
    office.server.silent.clear()
    await office.phones.remove(DEMO, "3001")
    office.server.silent.set()
    await office.until("3001", there=False)
    async with asyncio.timeout(20):
        while not await office.provisioner.brought("3001"):
            pass
    assert await PhoneStore(office.database).everything() == []
    assert office.provisioner.trouble == ""


async def test_a_name_of_asterisks_own_or_of_another_tenants_agent_is_refused(office: Office) -> None:
    office.server.own = {("endpoint", "1001"), ("endpoint", "cti-trunk-old")}
    for name in ("1001", "5001"):
        with pytest.raises(DeviceTaken):
            await office.phones.add(DEMO, "desk", name, None)
    with pytest.raises(DeviceTaken):
        await office.trunks.add(DEMO, {"name": "old", "host": "203.0.113.5"})
    await office.directory.update_agent(DEMO, ANA.agent_no, devices=[DeviceName("1001")])
    await office.people.refresh()
    for refused in (office.phones.renew(DEMO, "1001"), office.phones.remove(DEMO, "1001")):
        with pytest.raises(Conflict, match="own configuration"):
            await refused


async def test_a_page_registers_as_the_first_browser_phone_whoever_made_it(office: Office) -> None:
    async def devices(*names: str) -> None:
        await office.directory.update_agent(DEMO, ANA.agent_no, devices=[DeviceName(one) for one in names])
        await office.people.refresh()

    own = {"webrtc": "yes", "auth": "site-auth"}
    office.server.own = {("endpoint", "1001-web"), ("auth", "site-auth"), ("endpoint", "1002-web")}
    office.server.objects |= {
        ("endpoint", "1001-web"): own,
        ("auth", "site-auth"): {"username": "ana", "password": "a secret", "realm": ""},
        ("endpoint", "1002-web"): {"webrtc": "no", "auth": "site-auth"},
    }
    made = await office.phones.add(DEMO, "web", "3001-web", ANA.agent_no)
    assert await office.phones.softphone(DEMO, ANA.agent_no) == {
        "device": "3001-web",
        "user": "3001-web",
        "realm": "asterisk",
        "digest": digest_of("3001-web", made.secret),
    }
    await devices("2001", "1002-web", "1001-web", "3001-web")
    told = await office.phones.softphone(DEMO, ANA.agent_no)
    assert (told["device"], told["user"], told["digest"]) == ("1001-web", "ana", digest_of("ana", "a secret"))
    office.server.objects["auth", "site-auth"] = {"username": "ana", "md5_cred": "0123", "realm": "elsewhere"}
    await devices("1001-web")
    with pytest.raises(NotFound, match="no browser phone"):
        await office.phones.softphone(DEMO, ANA.agent_no)
    await devices("2001")
    with pytest.raises(NotFound, match="no browser phone"):
        await office.phones.softphone(DEMO, ANA.agent_no)


async def test_a_name_that_asterisk_turns_out_to_have_is_told_and_holds_nothing_up(office: Office) -> None:
    office.server.own = {("endpoint", "2001")}
    store = PhoneStore(office.database)
    await store.add(DEMO, desk("2001"), None)
    await store.add(DEMO, desk("2002"), None)
    await office.people.refresh()
    await office.until("2002")
    assert await office.provisioner.brought("2001") is False
    assert "2001" in office.provisioner.trouble
    office.server.own.clear()
    assert await office.provisioner.brought("2001") is True
    assert office.provisioner.trouble == ""


def desk(name: str) -> Phone:
    return Phone(name=DeviceName(name), kind="desk", digest="d1")


async def test_what_asterisk_refuses_is_told_once_and_not_asked_for_again_and_again(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.server.takes = set()
    made = await office.phones.add(DEMO, "desk", "7001", None)
    assert made.provisioned is False
    assert "7001: 403: Cannot create" in office.provisioner.trouble
    assert await office.provisioner.brought("7001") is False
    assert [one.levelname for one in caplog.records if "7001" in one.message] == ["WARNING"]
    assert await office.provisioner.look() is True, "calm: the next look is the usual one"


async def test_whoever_waits_is_served_before_a_long_row(office: Office) -> None:
    store = PhoneStore(office.database)
    for n in range(20):
        await store.add(DEMO, desk(f"a{n:02}"), None)
    await office.people.refresh()
    made = await office.phones.add(DEMO, "desk", "z1", None)
    assert made.provisioned
    assert len(office.server.names("endpoint")) < 20
    await office.until("a19")


async def test_a_trunk_that_is_switched_off_is_taken_away_and_comes_back(office: Office) -> None:
    made = await office.trunks.add(DEMO, {"name": "north", "host": "203.0.113.5", "caller_ids": ["4008"]})
    assert (made["match"], made["provisioned"]) == (("203.0.113.5",), True)
    off = await office.trunks.change(DEMO, "north", {"enabled": False})
    assert (off["provisioned"], office.contents("cti-trunk-north")) == (False, set())
    before = len(office.server.asked)
    assert await office.provisioner.brought("cti-trunk-north")
    assert len(office.server.asked) == before, "what is not there is not taken away again"
    on = await office.trunks.change(DEMO, "north", {"enabled": True, "match": ["203.0.113.6"]})
    assert on["provisioned"] is True
    assert office.server.objects["identify", "cti-trunk-north"]["match"] == "203.0.113.6"
    await office.trunks.remove(DEMO, "north")
    assert office.server.objects == {}
    assert await TrunkStore(office.database).everything() == []


async def test_without_ari_nothing_is_made_and_all_else_goes_on(template: Path, tmp_path: Path) -> None:
    async with open_office(template, tmp_path, off=True) as office:
        for refused in (
            office.phones.add(DEMO, "desk", "7001", None),
            office.phones.add_agent(DEMO, replace(ANA, agent_no=AgentNo("3009")), ["desk"]),
            office.trunks.add(DEMO, {"name": "north", "host": "203.0.113.5"}),
            office.trunks.remove(DEMO, "north"),
            office.phones.softphone(DEMO, ANA.agent_no),
        ):
            with pytest.raises(ProvisioningOff):
                await refused
        assert list(office.phones.list(DEMO)) == []
        assert await office.trunks.list(DEMO) == []
        assert office.people.profile(DEMO, AgentNo("3009")) is None


# --- a carrier's secret --------------------------------------------------------------------------------------------


def test_of_a_carriers_secret_a_digest_for_its_realm_is_kept() -> None:
    trunk = trunk_of({"name": "north", "host": "sip.example.com", "user": "u1", "secret": "s3"})
    assert (trunk.realm, trunk.digest) == ("sip.example.com", digest_of("u1", "s3", "sip.example.com"))
    assert trunk.match == ()
    plain = trunk_of({"name": "north", "host": "203.0.113.5"})
    assert (plain.user, plain.realm, plain.digest) == ("", "", "")


def test_another_user_or_realm_takes_the_secret_again() -> None:
    old = trunk_of({"name": "north", "host": "sip.example.com", "user": "u1", "secret": "s3", "realm": "voice"})
    assert changes_of(old, {"port": 5070, "host": "b.example.com"})["digest"] == old.digest
    for given in ({"user": "u2"}, {"realm": "other"}):
        with pytest.raises(BadRequest, match="secret"):
            changes_of(old, given)
        assert changes_of(old, {**given, "secret": "s4"})["digest"] != old.digest
    gone = changes_of(old, {"user": ""})
    assert (gone["user"], gone["realm"], gone["digest"]) == ("", "", "")
