"""What callers hear: from memory, followed within a moment, and kept through an outage of the database."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from adapters import flows as module
from adapters.flows import Flows
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.failures import StoreAway
from adapters.store.flow_tables import flow_versions
from adapters.store.flows import FlowStore
from cti.ids import CallId, Instant, TenantId
from cti.ivr.flow import Flow, from_dict, to_dict
from cti.ivr.line import Recorded
from cti.ivr.outcome import Caller, HangUp, Outcome
from cti.ivr.ports import Ports
from cti.ivr.run import run

DEMO, OTHER = TenantId("demo"), TenantId("other")
NOON = Instant(1_790_000_000_000)


def saying(prompt: str, name: str = "main") -> Flow:
    exits = dict.fromkeys(["1", "timeout", "invalid"], "bye")
    nodes = {
        "ask": {"type": "menu", "settings": {"prompts": [prompt]}, "exits": exits},
        "bye": {"type": "hang_up", "settings": {"prompts": [f"{prompt}-bye"]}},
    }
    return from_dict({"name": name, "start": "ask", "nodes": nodes})


class Away(FlowStore):
    """A store whose database can be away."""

    away = False
    looks = 0

    async def version(self) -> int:
        self.looks += 1
        if self.away:
            raise StoreAway("gone")
        return await super().version()


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}"
    shutil.copy(migrated, tmp_path / "cti.db")
    made = Database(url)
    for tenant in (DEMO, OTHER):
        await DirectoryStore(made).create_tenant(Tenant(name=tenant, title=tenant))
    yield made
    await made.close()


@pytest.fixture
async def store(database: Database) -> Away:
    return Away(database)


@pytest.fixture
async def flows(database: Database, store: Away) -> Flows:
    made = Flows(store, DirectoryStore(database), lambda _tenant: Ports(now=lambda: NOON))
    await made.refresh()
    return made


async def publish(store: FlowStore, flow: Flow, tenant: TenantId = DEMO) -> None:
    await store.save(tenant, flow, by="somebody")
    await store.publish(tenant, flow.name, by="somebody")


@asynccontextmanager
async def watching(flows: Flows, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    task = asyncio.create_task(flows.watch())
    yield
    task.cancel()
    await asyncio.wait([task])


async def until(flows: Flows, version: int) -> Flow:
    async with asyncio.timeout(10):
        while (found := flows.flow(DEMO, "main")) is None or found.version != version:
            await asyncio.sleep(0)
    return found


class Patient:
    """A caller who hears prompts and presses 1 when told to."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.presses = asyncio.Event()
        self.asked = asyncio.Event()

    async def answer(self) -> None:
        pass

    async def play(self, prompts: Any, *, language: str, escape: str = "") -> str:
        self.heard += prompts
        return ""

    async def digit(self, seconds: float) -> str:
        self.asked.set()
        await self.presses.wait()
        return "1"

    async def record(self, name: str, *, seconds: float, stop_at: str = "", silence: float = 0.0) -> Recorded:
        raise AssertionError("nothing to record here")


async def call(flows: Flows, line: Patient) -> Outcome:
    begun = flows.flow(DEMO, "main")
    assert begun is not None
    ports = Ports(now=lambda: NOON, flow=flows.live(DEMO).get)
    return await run(begun, Caller(call=CallId("c-1")), line, ports)


async def test_a_published_change_is_for_the_next_call_and_not_for_the_one_in_progress(flows: Flows) -> None:
    await flows.save(DEMO, to_dict(saying("old")), by="root", revision=None)
    await flows.publish(DEMO, "main", by="root", note="", revision=1)
    first, second = Patient(), Patient()
    running = asyncio.create_task(call(flows, first))
    await first.asked.wait()

    await flows.save(DEMO, to_dict(saying("new")), by="root", revision=1)
    await flows.publish(DEMO, "main", by="root", note="", revision=2)
    second.presses.set()
    assert {step.version for step in (await call(flows, second)).path} == {2}

    first.presses.set()
    outcome = await running
    assert outcome.end == HangUp()
    assert {step.version for step in outcome.path} == {1}
    assert (first.heard, second.heard) == (["old", "old-bye"], ["new", "new-bye"])


async def test_a_call_goes_on_to_other_flows_as_they_were_when_it_began(flows: Flows, store: Away) -> None:
    await publish(store, saying("old", "other"))
    await flows.refresh()
    began_with = flows.live(DEMO)
    await publish(store, saying("new", "other"))
    await flows.refresh()
    assert began_with["other"] == saying("old", "other")
    assert flows.live(DEMO)["other"] == saying("new", "other")


async def test_what_another_process_publishes_is_noticed(
    flows: Flows, store: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(flows, monkeypatch):
        await publish(store, saying("old"))
        assert await until(flows, 1) == saying("old")
        await publish(store, saying("new"))
        assert await until(flows, 2) == saying("new")
        await store.roll_back(DEMO, "main", 1, by="somebody")
        assert await until(flows, 1) == saying("old")


async def test_callers_hear_the_last_flows_while_the_database_is_away(
    flows: Flows, store: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(store, saying("old"))
    async with watching(flows, monkeypatch):
        await until(flows, 1)
        await publish(store, saying("new"))
        store.away = True
        looked = store.looks
        async with asyncio.timeout(10):
            while store.looks < looked + 3:
                await asyncio.sleep(0)
        assert flows.flow(DEMO, "main") is not None
        store.away = False
        assert await until(flows, 2) == saying("new")


async def test_a_draft_is_not_heard_and_a_removed_flow_is_heard_no_more(flows: Flows, store: Away) -> None:
    await store.save(DEMO, saying("draft"), by="somebody")
    await flows.refresh()
    assert flows.flow(DEMO, "main") is None
    await flows.publish(DEMO, "main", by="root", note="", revision=None)
    assert flows.flow(DEMO, "main") == saying("draft")
    await flows.remove(DEMO, "main")
    assert flows.flow(DEMO, "main") is None


async def test_tenants_hear_their_own_flows(flows: Flows, store: Away) -> None:
    await publish(store, saying("ours"))
    await publish(store, saying("theirs"), OTHER)
    await flows.refresh()
    assert (flows.flow(DEMO, "main"), flows.flow(OTHER, "main")) == (saying("ours"), saying("theirs"))
    assert flows.flow(TenantId("nobody"), "main") is None


async def test_a_flow_that_another_version_of_the_program_wrote_keeps_nobody_from_the_rest(
    flows: Flows, store: Away, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await publish(store, saying("old"))
    await publish(store, saying("well", "other"))
    await flows.refresh()
    await publish(store, saying("new"))
    async with database.writing() as connection:
        strange = {"name": "main", "start": "x", "nodes": {}, "colour": "red"}
        its = (flow_versions.c.tenant == DEMO, flow_versions.c.name == "main", flow_versions.c.version == 2)
        await connection.execute(update(flow_versions).where(*its).values(document=strange))
    await publish(store, saying("better", "other"))
    with caplog.at_level(logging.ERROR):
        await flows.refresh()
    assert flows.flow(DEMO, "main") == saying("old")
    assert flows.flow(DEMO, "other") == saying("better", "other")
    assert "flow main, version 2, cannot be read" in caplog.text


async def test_what_has_not_changed_is_not_read_anew(flows: Flows, store: Away) -> None:
    await publish(store, saying("old"))
    await flows.refresh()
    before = flows.live(DEMO)
    await flows.refresh()
    assert flows.live(DEMO) is before
    await publish(store, saying("x", "other"))
    await flows.refresh()
    assert flows.live(DEMO)["main"] is before["main"]


async def test_a_version_that_a_call_has_met_is_had_long_after_it_was_replaced(flows: Flows, store: Away) -> None:
    for prompt in ("first", "second", "third"):
        await publish(store, saying(prompt))
    await flows.refresh()
    found = await flows.versions(DEMO, [("main", 1), ("main-that-never-was", 1)])
    assert list(found) == ["main"]
    assert (found["main"].version, found["main"].nodes["ask"].settings) == (1, {"prompts": ["first"]})
    assert await flows.versions(OTHER, [("main", 1)]) == {}


async def test_without_a_database_a_call_goes_on_in_the_version_that_is_known(
    flows: Flows, store: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(store, saying("first"))

    async def gone(*_words: object) -> Any:
        raise StoreAway("gone")

    monkeypatch.setattr(store, "document", gone)
    assert await flows.versions(DEMO, [("main", 1)]) == {}
