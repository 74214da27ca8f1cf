"""The record of who did what: in order, found again, and no byte of it changed unnoticed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, update

from adapters.audit import AuditLog
from adapters.store import meta
from adapters.store.audit import AuditStore, Sought
from adapters.store.database import Database
from adapters.store.failures import StoreAway
from adapters.store.role_tables import audit
from cti.audit import Deed
from cti.ids import Instant, TenantId
from tests.adapters.store.story import DEMO

OTHER = TenantId("other")


def deed(n: int, tenant: TenantId = DEMO, **more: Any) -> Deed:
    fields: dict[str, Any] = {
        "who": "root",
        "action": "users.change",
        "object": f"users/a{n}",
        "reason": "",
        "origin": "127.0.0.1",
        "data": {"role": "agent", "n": n},
    }
    return Deed(tenant=tenant, at=Instant(1_800_000_000_000 + n), **{**fields, **more})


async def filled(database: Database) -> AuditStore:
    store = AuditStore(database)
    await store.append(DEMO, [deed(1), deed(2, who="boss", action="agents.force", reason="午饭\x00 \U0002070e")])
    await store.append(OTHER, [deed(1, OTHER)])
    await store.append(DEMO, [deed(3, data={"日": ["é", 1.5, None, True], "b": {"z": 1, "a": "\ud800"}})])
    return store


async def test_entries_are_numbered_per_tenant_and_come_newest_first(database: Database) -> None:
    store = await filled(database)
    page = await store.entries(DEMO, limit=2)
    assert ([one.id for one in page.items], page.total) == ([3, 2], 3)
    assert [one.id for one in (await store.entries(DEMO, cursor=page.next)).items] == [1]
    assert page.items[0].prev_hash == page.items[1].hash


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        (Sought(who="boss"), [2]),
        (Sought(action="users.change"), [3, 1]),
        (Sought(object="users/a3"), [3]),
        (Sought(since=Instant(1_800_000_000_002), until=Instant(1_800_000_000_003)), [2]),
        (Sought(search="午饭"), [2]),
        (Sought(search="%"), []),
    ],
)
async def test_entries_are_found_by_who_what_and_when(database: Database, sought: Sought, found: list[int]) -> None:
    store = await filled(database)
    assert [one.id for one in (await store.entries(DEMO, sought)).items] == found


async def test_a_chain_that_nobody_touched_holds(database: Database) -> None:
    store = await filled(database)
    proof = await store.verify(DEMO)
    assert (proof.entries, proof.broken) == (3, None)
    assert (await store.verify(TenantId("nobody"))).broken is None


@pytest.mark.parametrize(
    "change",
    [
        {"who": "somebody"},
        {"at": 1},
        {"object": "users/a9"},
        {"reason": "x"},
        {"origin": "10.0.0.1"},
        {"action": "agents.forced"},
        {"data": {"role": "admin", "n": 2}},
        {"prev_hash": "0" * 64},
        {"hash": "0" * 64},
    ],
)
async def test_an_entry_changed_in_any_column_breaks_the_chain_there(
    database: Database, change: dict[str, object]
) -> None:
    store = await filled(database)
    async with database.writing() as connection:
        await connection.execute(update(audit).where(audit.c.tenant == DEMO, audit.c.id == 2).values(**change))
    proof = await store.verify(DEMO)
    assert proof.broken is not None
    assert "entry 2" in proof.broken or "entry 3" in proof.broken


@pytest.mark.parametrize("n", [1, 2, 3])
async def test_an_entry_taken_out_is_missed_even_the_last(database: Database, n: int) -> None:
    store = await filled(database)
    async with database.writing() as connection:
        await connection.execute(delete(audit).where(audit.c.tenant == DEMO, audit.c.id == n))
    proof = await store.verify(DEMO)
    assert proof.broken is not None
    assert f"entry {n} is missing" in proof.broken


async def test_a_head_put_back_does_not_hide_what_was_taken_out(database: Database) -> None:
    store = await filled(database)
    kept = (await store.entries(DEMO)).items[1]
    async with database.writing() as connection:
        await connection.execute(delete(audit).where(audit.c.tenant == DEMO, audit.c.id == 3))
        await meta.write(connection, "audit:demo", f"2 {kept.hash[::-1]}")
    assert (await store.verify(DEMO)).broken is not None


class Unsteady(AuditStore):
    """Away until told to come back."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.away = True
        self.tried = asyncio.Event()

    async def append(self, tenant: TenantId, deeds: Any) -> None:
        if self.away:
            self.tried.set()
            raise StoreAway("the database does not answer")
        await super().append(tenant, deeds)


async def test_what_is_done_while_the_database_is_away_is_on_record_afterwards_in_order(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("adapters.audit._RETRY_SECONDS", 0.01)
    store = Unsteady(database)
    log = AuditLog(store, lambda: Instant(5))
    running = asyncio.create_task(log.run())
    for n in range(300):
        log.note(DEMO if n % 3 else OTHER, "root", "users.change", f"users/{n}")
    await store.tried.wait()
    assert not await log.kept(0.05)
    store.away = False
    assert await log.kept(10)
    running.cancel()
    assert sum("waits in memory" in record.message for record in caplog.records) == 1
    page = await store.entries(DEMO, limit=500)
    assert [one.deed.object for one in page.items[::-1]] == [f"users/{n}" for n in range(300) if n % 3]
    assert (await store.verify(OTHER)).entries == 100


async def test_what_no_longer_fits_into_memory_is_told_to_the_log(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("adapters.audit.MOST_WAITING", 1)
    log = AuditLog(Unsteady(database), lambda: Instant(5))
    log.note(DEMO, "root", "users.change", "users/1")
    log.note(DEMO, "root", "users.remove", "users/2")
    assert "users.remove to users/2" in caplog.text
