"""What a call came to, from the command to the record, when only the store still knows the call."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.desks import Desk
from adapters.desktop.commands import carry_out
from adapters.records import Records
from adapters.store.database import Database
from adapters.store.store import Store
from adapters.store.turn import encode_turn
from adapters.web.problems import StoreAway
from cti import events as ev
from cti.dispositions import Disposition
from cti.engine import Carriers, Clock, Engine, Turn
from cti.errors import NotFound, Refused
from cti.ids import AgentNo, CallId, Instant
from cti.people import principal
from cti.records import AgentProfile, Call
from tests.adapters.store.story import DEMO, a_call, make_tenant, running
from tests.adapters.store.story import turn as a_turn

ANA = principal(DEMO, "ana", "agent", AgentNo("1001"))
BOSS = replace(principal(DEMO, "boss", "supervisor", AgentNo("1900")), team=frozenset({AgentNo("1001")}))


class House:
    """A server's engine over a real store, with one call long over that 1001 took."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.turns: list[Turn] = []
        self.engine = Engine(Carriers(self._journal, lambda _tenant, _news: None, {}), self.clock, first_turn=2)
        people = tuple(AgentProfile(agent_no=AgentNo(no), name=no) for no in ("1001", "1002", "1900"))
        known = (Disposition(code="sold"), Disposition(code="late"))
        started = ev.Started(at=self.clock(), timezone="UTC", agents=people, dispositions=known)
        self.engine.open(DEMO, started, last_seq=0)
        self.desk = Desk(self.engine, DEMO, lambda _tenant, _names, _language: (), Records(store, store.queries).ended)

    def _journal(self, turn: Turn) -> None:
        self.turns.append(turn)
        self.store.spool.append(encode_turn(turn))

    async def says(self, name: str, who: Any = ANA, **args: Any) -> None:
        """As a command of the event stream."""
        _, doing = carry_out(self.desk, who, name, args)
        assert doing is not None
        await doing

    async def said(self, call: str) -> list[tuple[str, str, str, str]]:
        assert await self.store.caught_up(10)
        found = await self.store.queries.call(DEMO, CallId(call))
        assert found is not None
        return [(one.agent_no, one.code, one.note, one.said_by) for one in found.dispositions]


def over(number: int = 1, hours: float = 1, **changes: Any) -> Call:
    """A call that ended so many hours ago."""
    return a_call(number, ended_at=Instant(Clock()() - round(hours * 3_600_000)), **changes)


def of_two(number: int) -> Call:
    """1002 had it before 1001."""
    call = over(number)
    had = replace(call.segments[1], agent_no=AgentNo("1002"), ended_at=call.segments[1].started_at)
    return replace(call, segments=[had, *call.segments])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    path = tmp_path_factory.mktemp("disposing") / "template.db"
    url = f"sqlite+aiosqlite:///{path}"
    shutil.copy(migrated, path)

    async def make() -> None:
        database = Database(url)
        await make_tenant(database)
        await database.close()

    asyncio.run(make())
    return path


@pytest.fixture
async def house(template: Path, tmp_path: Path) -> AsyncIterator[House]:
    shutil.copy(template, tmp_path / "cti.db")
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}", tmp_path / "state")
    await store.load()
    live = replace(over(3), ended_at=None)
    store.journal(a_turn(1, calls=[over(1), over(2, hours=25), live, of_two(4)]))
    async with running(store):
        yield House(store)
    await store.close()


async def test_a_call_that_only_the_store_knows_is_disposed_of_and_keeps_all_it_had(house: House) -> None:
    before = await house.store.queries.call(DEMO, CallId("call-1")) if await house.store.caught_up(10) else None
    await house.says("call.disposition", call="call-1", code="sold", note=" 两台 ")
    assert await house.said("call-1") == [("1001", "sold", "两台", "")]
    after = await house.store.queries.call(DEMO, CallId("call-1"))
    assert after is not None
    assert replace(after, dispositions=[]) == before
    fact = house.turns[-1].fact
    assert isinstance(fact, ev.DispositionAsked)
    assert fact.record == before


async def test_two_who_say_it_at_once_both_stay_on_record(house: House) -> None:
    bo = principal(DEMO, "bo", "agent", AgentNo("1002"))
    await asyncio.gather(
        house.says("call.disposition", call="call-4", code="sold"),
        house.says("call.disposition", bo, call="call-4", code="late"),
    )
    assert sorted(await house.said("call-4")) == [("1001", "sold", "", ""), ("1002", "late", "", "")]


async def test_a_supervisor_corrects_it_for_agents_of_the_team_however_late(house: House) -> None:
    with pytest.raises(Refused, match="a supervisor can still correct it"):
        await house.says("call.disposition", call="call-2", code="sold")
    await house.says("call.disposition.correct", BOSS, call="call-2", agent_no="1001", code="late", note="x")
    assert await house.said("call-2") == [("1001", "late", "x", "boss")]
    for agent in ("1002", "9999"):
        with pytest.raises(NotFound):
            await house.says("call.disposition.correct", BOSS, call="call-2", agent_no=agent, code="late")


async def test_a_call_that_is_nowhere_or_is_not_over_for_the_store_is_not_found(house: House) -> None:
    for call in ("call-9", "call-3", "x' or 1=1"):
        with pytest.raises(NotFound):
            await house.says("call.disposition", call=call, code="sold")


async def test_a_refusal_leaves_no_trace(house: House) -> None:
    turns = len(house.turns)
    with pytest.raises(Refused, match="no disposition"):
        await house.says("call.disposition", call="call-1", code="nonsense")
    assert len(house.turns) == turns
    assert await house.said("call-1") == []
    assert not house.engine.board(DEMO).ended


async def test_while_the_past_cannot_be_read_that_is_said_within_a_second(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_seconds: float) -> bool:
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(house.store, "caught_up", never)
    async with asyncio.timeout(1):
        with pytest.raises(StoreAway):
            await house.says("call.disposition", call="call-1", code="sold")
