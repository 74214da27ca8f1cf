"""Settings of queues and skills of agents are kept, checked and taken away; the past is looked back on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.loading import remember
from adapters.store.skills import Skill, Skills
from adapters.store.tables import queues
from adapters.store.turn import decode_turn, encode_turn
from adapters.store.writes import write_turns
from cti.errors import BadRequest, NotFound
from cti.ids import AgentNo, DeviceName, Instant, QueueName, TenantId
from cti.records import AgentProfile, Call, QueueSettings, Result, SegmentKind, Tally
from tests.adapters.store.story import DEMO, NOON, a_call, at_once, turn

SALES, SUPPORT = QueueName("sales"), QueueName("support")
ANA = AgentProfile(agent_no=AgentNo("1001"), name="陈晓燕", devices=(DeviceName("1001"),))
EVERYTHING = QueueSettings(
    name=SALES,
    title="销售",
    strategy="skills",
    music="jazz",
    announce_position=True,
    announce_ewt=True,
    announce_every_seconds=45,
    comfort_prompts=("patience", "thanks"),
    comfort_every_seconds=60,
    agent_announcement="number",
    whisper="queue-sales",
    max_wait_seconds=300,
    max_wait_target="queue:support",
    max_length=20,
    max_length_target="callback",
    no_agents="ready",
    no_agents_target="voicemail:sales",
    age_seconds_per_priority=60,
    relax_after_seconds=30,
    relax_levels=2,
    sticky_days=90,
    sticky_seconds=15,
    sticky_base="least_calls",
    service_level_seconds=30,
    disposition_required=True,
)


@pytest.fixture
async def directory(database: Database) -> DirectoryStore:
    found = DirectoryStore(database)
    await found.create_queue(DEMO, QueueSettings(name=SUPPORT, title="客服"))
    return found


@pytest.fixture
async def skills(database: Database) -> Skills:
    return Skills(database)


# --- queues --------------------------------------------------------------------------------------------------------


async def test_all_that_a_queue_is_set_to_comes_back(directory: DirectoryStore) -> None:
    await directory.create_queue(DEMO, EVERYTHING)
    assert (await directory.read(DEMO)).queues == (EVERYTHING, QueueSettings(name=SUPPORT, title="客服"))


async def test_a_change_leaves_alone_what_it_does_not_name(directory: DirectoryStore) -> None:
    await directory.create_queue(DEMO, EVERYTHING)
    changed = await directory.update_queue(DEMO, SALES, {"music": "", "comfort_prompts": ("thanks",)})
    assert changed == replace(EVERYTHING, music="", comfort_prompts=("thanks",))
    assert (await directory.read(DEMO)).queues[0] == changed


async def test_a_queue_of_before_is_a_bare_one(database: Database, directory: DirectoryStore) -> None:
    old = {"strategy": "least_calls", "ring_seconds": 15, "acw_seconds": 10, "window": "day"}
    async with database.writing() as connection:
        await connection.execute(insert(queues), {"tenant": DEMO, "name": "old", "title": "旧", **old})
    found = next(one for one in (await directory.read(DEMO)).queues if one.name == "old")
    assert found == QueueSettings(name=QueueName("old"), title="旧")
    assert not found.attends


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"max_wait_seconds": 60}, "max_wait_target"),
        ({"max_length": 5}, "max_length_target"),
        ({"no_agents": "ready"}, "no_agents_target"),
        ({"max_wait_seconds": -1}, "max_wait_seconds"),
        ({"max_wait_target": "queue:sales"}, "itself"),
        ({"max_wait_target": "queue:over the hills"}, "target"),
        ({"max_wait_target": "number:1;DROP"}, "target"),
        ({"max_wait_target": "teleport:x"}, "target"),
        ({"max_wait_target": "hangup:now"}, "target"),
        ({"music": "jazz,x"}, "music"),
        ({"whisper": "../x"}, "prompt"),
        ({"comfort_prompts": ("a b",)}, "prompt"),
        ({"comfort_prompts": ("a",) * 21}, "comfort_prompts"),
        ({"announce_every_seconds": 1}, "announce_every_seconds"),
        ({"agent_announcement": "name"}, "agent_announcement"),
        ({"no_agents": "asleep"}, "no_agents"),
        ({"sticky_base": "sticky"}, "sticky_base"),
        ({"sticky_base": "skills"}, "sticky_base"),
        ({"relax_levels": 0}, "relax_levels"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_setting_that_makes_no_sense_is_refused_by_name(
    directory: DirectoryStore, wrong: Mapping[str, Any], named: str
) -> None:
    await directory.create_queue(DEMO, QueueSettings(name=SALES))
    with pytest.raises(BadRequest, match=named):
        await directory.update_queue(DEMO, SALES, wrong)


async def test_callers_go_on_to_no_queue_that_is_not_there(directory: DirectoryStore) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        await directory.create_queue(DEMO, QueueSettings(name=SALES, max_wait_target="queue:nowhere"))
    assert len((await directory.read(DEMO)).queues) == 1


# --- skills --------------------------------------------------------------------------------------------------------


async def test_agents_come_back_with_what_they_can_do(directory: DirectoryStore, skills: Skills) -> None:
    await skills.put(DEMO, Skill(name="english", title="英语"))
    await skills.put(DEMO, Skill(name="billing"))
    able = replace(ANA, skills={"english": 8, "billing": 3})
    await directory.create_agent(DEMO, able)
    assert (await directory.read(DEMO)).agents == (able,)
    assert await skills.list(DEMO) == [
        Skill(name="billing", title="billing", agents=1),
        Skill(name="english", title="英语", agents=1),
    ]
    changed = await directory.update_agent(DEMO, ANA.agent_no, skills={"english": 9})
    assert changed.skills == {"english": 9}
    assert (await directory.update_agent(DEMO, ANA.agent_no, name="Ana")).skills == {"english": 9}
    await skills.remove(DEMO, "english")
    assert (await directory.read(DEMO)).agents[0].skills == {}
    await directory.delete_agent(DEMO, ANA.agent_no)


async def test_an_agent_with_skills_can_be_removed(directory: DirectoryStore, skills: Skills) -> None:
    await skills.put(DEMO, Skill(name="english"))
    await directory.create_agent(DEMO, replace(ANA, skills={"english": 8}))
    await directory.delete_agent(DEMO, ANA.agent_no)
    assert await skills.list(DEMO) == [Skill(name="english", title="english", agents=0)]


async def test_every_edit_of_a_skill_is_seen(directory: DirectoryStore, skills: Skills) -> None:
    before = await directory.version()
    await skills.put(DEMO, Skill(name="english"))
    named = await directory.version()
    await skills.put(DEMO, Skill(name="english", title="英语"))
    renamed = await directory.version()
    await skills.remove(DEMO, "english")
    assert before < named < renamed < await directory.version()


@pytest.mark.parametrize("name", ["", "English", "a b", "x" * 41, "a'; drop table skills"])
async def test_a_skill_needs_a_name(skills: Skills, name: str) -> None:
    with pytest.raises(BadRequest):
        await skills.put(DEMO, Skill(name=name))


async def test_levels_go_from_one_to_ten_and_belong_to_known_skills(directory: DirectoryStore, skills: Skills) -> None:
    await skills.put(DEMO, Skill(name="english"))
    for level in (0, 11):
        with pytest.raises(BadRequest, match="english"):
            await directory.create_agent(DEMO, replace(ANA, skills={"english": level}))
    with pytest.raises(NotFound, match="dutch"):
        await directory.create_agent(DEMO, replace(ANA, skills={"dutch": 1}))
    assert (await directory.read(DEMO)).agents == (), "half an agent is none"


async def test_skills_of_one_tenant_are_not_another_ones(skills: Skills) -> None:
    await skills.put(DEMO, Skill(name="english"))
    assert await skills.list(TenantId("other")) == []
    with pytest.raises(NotFound):
        await skills.remove(TenantId("other"), "english")
    with pytest.raises(NotFound):
        await skills.put(TenantId("nobody"), Skill(name="english"))


# --- looking back --------------------------------------------------------------------------------------------------


async def keep(database: Database, *calls: Call) -> None:
    async with database.writing() as connection:
        await write_turns(connection, [decode_turn(encode_turn(turn(1, calls=calls)))], at_once)


async def test_a_call_comes_back_with_what_it_needs_and_where_it_was_sent(database: Database) -> None:
    call = a_call(ended=False, skills={"english": 5}, sent_to="voicemail:sales")
    await keep(database, call)
    async with database.reading() as connection:
        remembered = (await remember(connection, NOON))[DEMO]
    assert remembered.calls == (call,)


async def test_a_restart_knows_how_the_day_has_gone(database: Database, directory: DirectoryStore) -> None:
    await directory.create_queue(DEMO, QueueSettings(name=SALES, service_level_seconds=5))
    slow = a_call(2, answered_at=Instant(NOON + 200_000))
    lost = a_call(3, answered_at=None, result=Result.ABANDONED, offers=[])
    long_ago = a_call(-10_000)
    await keep(database, a_call(1), slow, lost, long_ago)
    async with database.reading() as connection:
        remembered = (await remember(connection, Instant(NOON + 600_000)))[DEMO]
    assert remembered.tallies == (Tally(queue=SALES, answered=2, in_time=1, abandoned=1),)
    assert remembered.tallies[0].service_level == pytest.approx(1 / 3, abs=1e-4)
    assert remembered.talks == {}, "no queue asks who spoke with whom"


async def test_a_restart_knows_how_many_calls_each_agent_has_had_today(database: Database) -> None:
    shared = a_call(2)
    talk = next(one for one in shared.segments if one.kind is SegmentKind.TALKING)
    shared.segments.append(replace(talk, agent_no=AgentNo("1002")))
    shared.segments.append(replace(talk))  # back from hold
    yesterday = a_call(-10_000)
    await keep(database, a_call(1), shared, yesterday)
    async with database.reading() as connection:
        remembered = (await remember(connection, Instant(NOON + 600_000)))[DEMO]
    assert remembered.calls_today == {"1001": 2, "1002": 1}


async def test_a_restart_knows_who_spoke_with_whom_last(database: Database, directory: DirectoryStore) -> None:
    await directory.create_queue(DEMO, QueueSettings(name=SALES, strategy="sticky", sticky_days=2))
    await keep(
        database,
        a_call(1),
        a_call(2, agent="1002"),
        replace(a_call(3), number="+8613900000000"),
        replace(a_call(4), number=""),
        replace(a_call(-5_000), number="+8613700000000"),
        replace(a_call(6, answered_at=None, result=Result.ABANDONED, offers=[]), number="+8613600000000"),
    )
    async with database.reading() as connection:
        talks = (await remember(connection, Instant(NOON + 600_000)))[DEMO].talks
    assert list(talks.items()) == [
        ("+8613800001234", ("1002", NOON + 2 * 60_000 + 5_000)),
        ("+8613900000000", ("1001", NOON + 3 * 60_000 + 5_000)),
    ]
