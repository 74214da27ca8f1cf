"""No query without a tenant: every statement the store sends, while all of it is used, names whose rows it means."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import event

from adapters.store.audit import AuditStore
from adapters.store.codes import Codes
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.entry import EntryStore
from adapters.store.flows import FlowStore
from adapters.store.incidents import Incidents
from adapters.store.lists import Lists
from adapters.store.passwords import Passwords
from adapters.store.phones import PhoneStore
from adapters.store.places import PlaceStore
from adapters.store.prompts import PromptStore
from adapters.store.queries import Queries, Which
from adapters.store.recordings import Recordings
from adapters.store.roles import Roles
from adapters.store.schema import metadata
from adapters.store.store import Store
from adapters.store.trunks import TrunkStore
from adapters.store.users import Users
from adapters.store.voicemails import Voicemails
from cti.entry.entries import ListEntry
from cti.ids import AgentNo, CallId, DeviceName, Instant, OfferId, QueueName, TenantId
from cti.people import Reach
from cti.records import AgentProfile, AgentRecord, Figures, QueueSettings
from tests.adapters.store.code_story import use_codes
from tests.adapters.store.conftest import Opener
from tests.adapters.store.entry_story import use_entry, use_places
from tests.adapters.store.flow_story import use_flows
from tests.adapters.store.journey_story import use_incidents, use_prompts, use_recordings, use_voicemail
from tests.adapters.store.role_story import use_roles
from tests.adapters.store.sip_story import use_sip
from tests.adapters.store.story import DEMO, NOON, a_call, news, turn

OTHER: Final = TenantId("other")
_TABLES: Final = re.compile(r"\b(?:from|into|update|join)\s+\"?(\w+)", re.IGNORECASE)
# These are asked before it is known whose the answer is, or of all tenants together.
_OF_ALL: Final = (
    re.compile(r"FROM users\s+WHERE users\.username = \S+$"),  # sign-in: user names are unique over all tenants
    re.compile(r"FROM users$"),  # whose tokens are good
    re.compile(r"FROM tenants( ORDER BY tenants\.tenant)?$"),  # what tenants are there
    # Asterisk knows no tenants: what it is to have, and whether a name or an address is somebody else's.
    re.compile(r"^SELECT devices\.tenant, .* FROM devices ORDER BY devices\.name$", re.DOTALL),
    re.compile(r"^SELECT devices\.tenant, devices\.state FROM devices WHERE devices\.name = \S+$"),
    re.compile(r"^SELECT devices\.name FROM devices WHERE devices\.name IN .* AND devices\.tenant != ", re.DOTALL),
    re.compile(r"^SELECT trunks\.tenant, .* FROM trunks ORDER BY trunks\.name$", re.DOTALL),
    # What is held in memory for all tenants, each row under its own.
    re.compile(r"^SELECT incidents\.tenant, .* WHERE incidents\.active( = 1)? ORDER BY", re.DOTALL),
    re.compile(r"^SELECT prompt_versions\.tenant, .*FROM prompt_versions ORDER BY", re.DOTALL),
    re.compile(r"^SELECT prompts\.tenant, .*FROM prompts ORDER BY", re.DOTALL),
    re.compile(r"^SELECT tenants\.tenant, recording_rules\.rules", re.DOTALL),
    # The finisher of recordings meets files first, and asks whose they are; what is to be removed says whose it is.
    re.compile(r"^SELECT DISTINCT calls\.tenant\s+FROM calls"),
    re.compile(r"^SELECT recordings\.tenant, recordings\.id, recordings\.place\s+FROM recordings"),
    re.compile(r"^DELETE FROM facts WHERE facts\.at < \S+$"),  # the black box is emptied by age
)


STORES: Final = (
    AuditStore,
    Codes,
    DirectoryStore,
    EntryStore,
    FlowStore,
    Incidents,
    Lists,
    PhoneStore,
    PlaceStore,
    PromptStore,
    Queries,
    Recordings,
    Roles,
    TrunkStore,
    Users,
    Voicemails,
)


@contextmanager
def listening(database: Database) -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        heard.append(" ".join(statement.split()))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def names_its_tenant(statement: str) -> bool:
    touched = {name for name in _TABLES.findall(statement) if name in metadata.tables} - {"meta"}
    if not touched or any(pattern.search(statement) for pattern in _OF_ALL):
        return True
    if statement.upper().startswith("INSERT"):
        return re.search(r"\([^)]*\btenant\b", statement) is not None
    return all(re.search(rf"\b{table}\.tenant (= |IN )", statement) for table in touched)


async def test_every_statement_names_its_tenant(opened: Opener) -> None:
    async with opened() as store:
        with listening(store.database) as heard:
            await use_everything(store)

    assert len(heard) > 100
    assert {table for one in heard for table in _TABLES.findall(one)} >= set(metadata.tables)
    assert [one for one in heard if not names_its_tenant(one)] == []


def test_the_test_would_notice() -> None:
    assert not names_its_tenant("SELECT calls.id FROM calls WHERE calls.id = ?")
    assert not names_its_tenant("SELECT 1 FROM calls JOIN legs ON legs.call = calls.id WHERE calls.tenant = ?")
    assert not names_its_tenant("UPDATE agents SET name=? WHERE agents.agent_no = ?")
    assert not names_its_tenant("INSERT INTO calls (id) VALUES (?)")
    assert names_its_tenant("SELECT calls.id FROM calls WHERE calls.tenant = ? AND calls.id = ?")


async def use_everything(store: Store) -> None:
    """Call every public method of every class that sends statements; a new one that is not called here is noticed."""
    database = store.database
    called: set[str] = set()

    def of(one: Any) -> Any:
        return _Noting(one, called)

    directory, lists = of(DirectoryStore(database)), of(Lists(database))
    queries, users = of(Queries(database)), of(Users(database, Passwords()))
    await _edit(directory, lists, users)
    agent = AgentRecord(agent_no=AgentNo("1001"))
    figures = Figures(queue=QueueName("sales"), agent_no=AgentNo("1001"), window_start=NOON)
    await store.load(NOON)
    store.journal(turn(1, news(1), calls=[a_call(1), a_call(2, ended=False)], agents=[agent], figures=[figures]))
    assert await store.drain.finish(20)
    await store.load(NOON)
    await store.after(DEMO, 0, 10)
    await store.prune_facts(Instant(0))
    await queries.calls(
        DEMO,
        Which(
            search="x",
            since=NOON,
            until=NOON,
            queue="q",
            agent_no="1",
            within=Reach(),
            result="r",
            number="3",
            disposition="d",
        ),
        cursor=(await queries.calls(DEMO, limit=1)).next,
    )
    await queries.call(DEMO, CallId("call-1"))
    await queries.unknown(DEMO, [CallId("call-1")])
    await queries.call_of_offer(DEMO, OfferId("call-1.1"))
    await queries.after(DEMO, 0)
    await queries.newest(DEMO, before=9)
    await queries.contacts(DEMO, {"+8613800001234"})
    await use_entry(database, of(EntryStore(database)), lists)
    await use_places(database, of(PlaceStore(database)))
    await use_flows(of(FlowStore(database)))
    await use_codes(of(Codes(database)))
    await use_roles(of(Roles(database)), of(AuditStore(database)))
    await use_sip(of(PhoneStore(database)), of(TrunkStore(database)))
    await use_voicemail(of(Voicemails(database)))
    await use_incidents(of(Incidents(database)))
    await use_prompts(of(PromptStore(database)))
    await use_recordings(of(Recordings(database)))
    await _remove(directory, lists, users)
    for kind in STORES:
        public = {name for name, _ in inspect.getmembers(kind, inspect.iscoroutinefunction) if name[0] != "_"}
        assert {f"{kind.__name__}.{name}" for name in public} <= called


async def _edit(directory: Any, lists: Any, users: Any) -> None:
    await directory.create_tenant(Tenant(name=OTHER, title="别"))
    await directory.update_tenant(Tenant(name=OTHER, title="别"))
    await directory.tenants()
    await directory.version()
    await directory.create_queue(DEMO, QueueSettings(name=QueueName("sales")))
    await directory.update_queue(DEMO, QueueName("sales"), {"title": "x"})
    await directory.create_agent(DEMO, AgentProfile(agent_no=AgentNo("1001"), name="x", queues=(QueueName("sales"),)))
    await directory.update_agent(DEMO, AgentNo("1001"), devices=[DeviceName("1001")], queues=[QueueName("sales")])
    await directory.set_members(DEMO, QueueName("sales"), [AgentNo("1001")])
    await directory.read(DEMO)
    await lists.put(DEMO, ListEntry(kind="vip", number="1"))
    await lists.put(DEMO, ListEntry(kind="vip", number="2"))
    await lists.list(DEMO, "vip", search="1", cursor=(await lists.list(DEMO, "vip", limit=1)).next)
    await users.create(DEMO, "ana", "long enough", "agent", AgentNo("1001"))
    await users.create(DEMO, "bo", "long enough", "admin")
    await users.update(DEMO, "ana", role="supervisor")
    await users.revoke(DEMO, "ana")
    await users.find("ana")
    await users.everybody()
    await users.get(DEMO, "ana")
    await users.list(DEMO, search="a", cursor=(await users.list(DEMO, limit=1)).next)


async def _remove(directory: Any, lists: Any, users: Any) -> None:
    await directory.delete_agent(DEMO, AgentNo("1001"))
    await directory.delete_queue(DEMO, QueueName("sales"))
    await users.delete(DEMO, "ana")


class _Noting:
    """Passes calls on and notes their names."""

    def __init__(self, one: Any, called: set[str]) -> None:
        self._one, self._called = one, called

    def __getattr__(self, name: str) -> Any:
        self._called.add(f"{type(self._one).__name__}.{name}")
        return getattr(self._one, name)
