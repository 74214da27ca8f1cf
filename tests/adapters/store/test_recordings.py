"""Recordings on record: found by whoever may know of them, forgotten when they must be, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.store.codes import Codes
from adapters.store.database import Database
from adapters.store.recordings import Recordings
from adapters.store.turn import decode_turn, encode_turn
from adapters.store.writes import write_turns
from cti.dispositions import Disposition
from cti.errors import BadRequest
from cti.ids import AgentNo, CallId, Instant, TenantId
from cti.recording.kept import Sound, Wanted
from cti.recording.policy import RecordingRules
from cti.records import Call, Mark, Recording, Said, Segment, SegmentKind
from tests.adapters.store.story import DEMO, NOON, a_call, at_once, make_tenant, turn

OTHER = TenantId("other")
ANA, BO = AgentNo("1001"), AgentNo("1002")


async def written(database: Database, *calls: Call) -> None:
    async with database.writing() as connection:
        await write_turns(connection, [decode_turn(encode_turn(turn(1, calls=calls, tenant=calls[0].tenant)))], at_once)


def sound(number: int = 1, **changes: Any) -> Sound:
    fields: dict[str, Any] = {
        "tenant": DEMO,
        "call": CallId(f"call-{number}"),
        "name": f"call-{number}-7",
        "place": f"demo/{number}.wav",
        "began_at": Instant(NOON + number * 60_000 + 5_000),
        "length_ms": 4_000,
        "bytes": 128_044,
        "sha256": "00" * 32,
        "mode": "always",
        "reason": "queue sales: always",
        "truncated": False,
        "markers": ({"kind": "talking", "from": 0.0, "to": 4.0, "agent_no": "1001"},),
        "kept_at": NOON,
        **changes,
    }
    return Sound(**fields)


@pytest.fixture
async def kept(database: Database) -> Recordings:
    """Three calls of 1001 and one of 1002, all recorded; another tenant has one under the same number."""
    await make_tenant(database, OTHER)
    await written(database, *(a_call(n) for n in (1, 2, 3)), replace(a_call(4, agent="1002"), number="+8613900000004"))
    await written(database, a_call(5, tenant=OTHER))
    store = Recordings(database)
    for n in (1, 2, 3, 4):
        await store.keep(sound(n))
    await store.keep(sound(5, tenant=OTHER))
    return store


async def calls_of(store: Recordings, **which: Any) -> list[str]:
    return [one.sound.call for one in (await store.list(DEMO, Wanted(**which))).items]


async def test_how_the_recording_of_a_call_stands_comes_back_with_the_call(database: Database) -> None:
    recording = Recording("on_demand", "queue sales: on demand", "call-1-7", "customer", "off", "on", NOON)
    recording.marks = [Mark(NOON, "off"), Mark(Instant(NOON + 5), "on")]
    await written(database, a_call(1, recording=recording), a_call(2), a_call(3, ended=False))
    store = Recordings(database)

    found = await store.ended([CallId("call-1"), CallId("call-2"), CallId("call-3"), CallId("call-9")])

    assert sorted(found) == ["call-1", "call-2"]
    assert (found[CallId("call-1")].recording, found[CallId("call-2")].recording) == (recording, None)


async def test_a_sound_is_kept_once_however_often_it_is_finished(kept: Recordings) -> None:
    assert await kept.keep(sound(1)) is None
    assert await kept.has(DEMO, "call-1-7")
    assert not await kept.has(OTHER, "call-1-7")
    assert len(await calls_of(kept)) == 4


@pytest.mark.parametrize("asked", ["+8613900000004", "13900000004", "0086 139 0000 0004"])
async def test_recordings_are_found_by_number_however_it_is_written(kept: Recordings, asked: str) -> None:
    assert await calls_of(kept, number=asked) == ["call-4"]


async def test_recordings_are_listed_newest_first_in_pages_with_what_their_calls_say(kept: Recordings) -> None:
    page = await kept.list(DEMO, limit=3)
    rest = await kept.list(DEMO, limit=3, cursor=page.next)

    assert [one.sound.call for one in (*page.items, *rest.items)] == ["call-4", "call-3", "call-2", "call-1"]
    assert (page.total, rest.next) == (4, None)
    newest = page.items[0]
    assert (newest.number, newest.caller, newest.queue, newest.agents) == (
        "+8613900000004",
        "张伟明",
        "sales",
        ("1002",),
    )
    assert len({one.id for one in (*page.items, *rest.items)}) == 4
    assert all(len(one.id) == 28 and one.id.isalpha() for one in page.items)


async def test_a_search_finds_by_agent_number_time_queue_call_and_words(kept: Recordings) -> None:
    assert await calls_of(kept, agent_no="1002") == ["call-4"]
    assert await calls_of(kept, agent_no="1009") == []  # it rang there, but nobody talked
    assert await calls_of(kept, number="+8613800001234") == ["call-3", "call-2", "call-1"]
    assert await calls_of(kept, since=Instant(NOON + 120_000), until=Instant(NOON + 240_000)) == ["call-3", "call-2"]
    assert await calls_of(kept, queue="billing") == []
    assert await calls_of(kept, call="call-2") == ["call-2"]
    assert await calls_of(kept, search="39000") == ["call-4"]
    assert await calls_of(kept, search="1001") == ["call-3", "call-2", "call-1"]
    assert await calls_of(kept, search="%") == []
    assert await calls_of(kept, mode="sampled") == []


async def test_a_search_finds_by_disposition(database: Database) -> None:
    codes = Codes(database)
    await codes.put_disposition(DEMO, Disposition(code="complaint"), new=True)
    await codes.put_disposition(DEMO, Disposition(code="late", parent="complaint"), new=True)
    both = [Said(BO, "sold", "", Instant(NOON + 9)), Said(ANA, "late", "138", Instant(NOON + 5))]
    await written(database, a_call(1, dispositions=both), a_call(2, dispositions=both[1:]), a_call(3))
    store = Recordings(database)
    for n in (1, 2, 3):
        await store.keep(sound(n))

    assert await calls_of(store, disposition="sold") == ["call-1"]
    assert await calls_of(store, disposition="late") == ["call-2", "call-1"]
    assert await calls_of(store, disposition="complaint") == ["call-2", "call-1"]
    assert await calls_of(store, disposition="138") == []
    assert [one.disposition for one in (await store.list(DEMO)).items] == ["", "late", "sold"]


async def test_nobody_learns_of_a_recording_that_is_not_theirs(kept: Recordings) -> None:
    theirs = (await kept.list(DEMO, Wanted(agent_no="1002"))).items[0].id
    foreign = (await kept.list(OTHER)).items[0].id

    assert await calls_of(kept, agents=frozenset({ANA})) == ["call-3", "call-2", "call-1"]
    assert await calls_of(kept, agents=frozenset({ANA}), agent_no="1002") == []
    assert await calls_of(kept, agents=frozenset()) == []
    assert await kept.one(DEMO, theirs, frozenset({ANA})) is None
    assert await kept.one(DEMO, foreign) is None
    found = await kept.one(DEMO, theirs, frozenset({ANA, BO}))
    assert found is not None
    assert found.sound == sound(4, markers=[dict(one) for one in sound().markers])


async def test_whoever_took_part_after_a_transfer_may_hear_the_whole_call(database: Database) -> None:
    call = a_call(1)
    call.segments[-1].ended_at = Instant(NOON + 67_000)
    call.segments.append(Segment(SegmentKind.TALKING, Instant(NOON + 67_000), BO, None, Instant(NOON + 69_000)))
    await written(database, call)
    store = Recordings(database)
    await store.keep(sound(1))

    assert [one.agents for one in (await store.list(DEMO, Wanted(agents={BO}))).items] == [("1001", "1002")]


async def test_what_is_forgotten_is_heard_by_nobody_and_leaves(kept: Recordings) -> None:
    ids = await kept.of_number(DEMO, "+8613800001234")

    assert len(await kept.forget(DEMO, ids)) == 3
    assert await kept.forget(DEMO, ids) == []
    assert await calls_of(kept) == ["call-4"]
    assert await kept.one(DEMO, ids[0]) is None
    assert await kept.of_calls(DEMO, [CallId("call-1")]) == {}
    leaving = await kept.leaving()
    assert sorted(place for _, _, place in leaving) == ["demo/1.wav", "demo/2.wav", "demo/3.wav"]
    for tenant, one, _ in leaving:
        await kept.gone(tenant, one)
    assert await kept.leaving() == []
    assert await kept.has(DEMO, "call-1-7")  # a spool file that turns up again is not kept anew
    assert len((await kept.list(OTHER)).items) == 1


async def test_what_is_old_is_found(kept: Recordings) -> None:
    old = await kept.older_than(DEMO, Instant(NOON + 2 * 60_000 + 5_000))

    assert old == [one.id for one in (await kept.list(DEMO, Wanted(call="call-1"))).items]


async def test_calls_know_their_recordings(kept: Recordings) -> None:
    found = await kept.of_calls(DEMO, [CallId("call-1"), CallId("call-4"), CallId("call-5")])

    assert sorted(found) == ["call-1", "call-4"]
    assert all(len(ids) == 1 for ids in found.values())
    assert list(await kept.of_calls(DEMO, [CallId("call-1"), CallId("call-4")], {BO})) == ["call-4"]


async def test_rules_are_kept_for_each_tenant(kept: Recordings) -> None:
    rules = RecordingRules(
        default="on_demand", queues={"sales": "30%"}, agents={"1002": "never"}, announcement="notice", keep_days=90
    )
    await kept.set_rules(DEMO, rules)

    assert await kept.rules() == {DEMO: rules, OTHER: RecordingRules()}


@pytest.mark.parametrize(
    "wrong",
    [
        {"default": "sometimes"},
        {"queues": {"sales": "120%"}},
        {"numbers": {"": "always"}},
        {"agents": {"10\n01": "always"}},
        {"announcement": "a,b"},
        {"announcement": "../../etc/passwd"},
        {"keep_days": -1},
    ],
)
async def test_rules_that_are_none_are_refused(kept: Recordings, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        await kept.set_rules(DEMO, RecordingRules(**wrong))
    assert (await kept.rules())[DEMO] == RecordingRules()
