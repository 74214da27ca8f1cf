"""Reasons and dispositions are kept whole, in order and in two levels; what was said of a call comes back with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.store.codes import Codes
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.queries import Queries, Which
from adapters.store.seed_codes import DISPOSITIONS, REASONS, seed_codes
from adapters.store.turn import decode_turn, encode_turn
from adapters.store.writes import write_turns
from cti.dispositions import Disposition, by_code, sayable
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import AgentNo, CallId, Instant, QueueName, TenantId
from cti.reasons import PRESETS, Reason
from cti.records import AgentRecord, Call, QueueSettings, Said
from tests.adapters.store.code_story import COMPLAINT, LATE, LUNCH
from tests.adapters.store.conftest import Opener
from tests.adapters.store.story import DEMO, NOON, a_call, at_once, make_tenant, turn

OTHER = TenantId("other")


@pytest.fixture
async def codes(database: Database) -> Codes:
    await DirectoryStore(database).create_queue(DEMO, QueueSettings(name=QueueName("sales")))
    return Codes(database)


# --- reasons -------------------------------------------------------------------------------------------------------


async def test_every_tenant_has_the_presets(codes: Codes) -> None:
    assert await codes.reasons(DEMO) == tuple(PRESETS.values())
    assert [(one.code, one.title, one.title_en) for one in await codes.reasons(DEMO)] == [
        ("busy", "示忙", "Busy"),
        ("break", "小休", "Break"),
        ("away", "离开", "Away"),
    ]


async def test_a_tenants_reasons_are_its_own_and_the_board_gets_them(codes: Codes, database: Database) -> None:
    await make_tenant(database, OTHER)
    limited = replace(PRESETS["break"], title="喝茶", limit_seconds=600, order=5)
    assert await codes.put_reason(DEMO, LUNCH, new=True) == LUNCH
    assert await codes.put_reason(DEMO, limited, new=False) == limited
    expected = (limited, PRESETS["busy"], PRESETS["away"], LUNCH)
    assert await codes.reasons(DEMO) == expected
    assert (await DirectoryStore(database).read(DEMO)).reasons == expected
    assert await codes.reasons(OTHER) == tuple(PRESETS.values())


async def test_a_reason_is_made_once_changed_when_it_is_there_and_removed_unless_everybody_has_it(codes: Codes) -> None:
    with pytest.raises(NotFound):
        await codes.put_reason(DEMO, LUNCH, new=False)
    await codes.put_reason(DEMO, LUNCH, new=True)
    for there in (LUNCH, PRESETS["busy"]):
        with pytest.raises(Conflict):
            await codes.put_reason(DEMO, there, new=True)
    await codes.remove_reason(DEMO, "lunch")
    with pytest.raises(NotFound):
        await codes.remove_reason(DEMO, "lunch")
    with pytest.raises(Conflict):
        await codes.remove_reason(DEMO, "break")
    with pytest.raises(NotFound):
        await codes.put_reason(TenantId("nobody"), LUNCH, new=True)


WRONG_REASONS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"code": "no_answer"}, "server"),
    ({"code": "unreachable"}, "server"),
    ({"code": "connection_lost"}, "server"),
    ({"code": "午饭"}, "code"),
    ({"code": "Lunch"}, "code"),
    ({"code": ""}, "code"),
    ({"code": "a" * 41}, "code"),
    ({"code": "c13800138000"}, "telephone number"),
    ({"title": "x" * 81}, "title"),
    ({"limit_seconds": -1}, "limit_seconds"),
    ({"limit_seconds": 86_401}, "limit_seconds"),
    ({"order": -1}, "order"),
)


async def test_a_reason_that_makes_no_sense_is_refused(codes: Codes) -> None:
    for wrong, named in WRONG_REASONS:
        with pytest.raises(BadRequest, match=named):
            await codes.put_reason(DEMO, replace(LUNCH, **wrong), new=True)
    assert len(await codes.reasons(DEMO)) == 3


async def test_one_title_stands_in_for_the_other_and_the_code_for_both(codes: Codes) -> None:
    made = await codes.put_reason(DEMO, Reason(code="lunch"), new=True)
    assert (made.title, made.title_en) == ("lunch", "lunch")
    made = await codes.put_reason(DEMO, Reason(code="tea", title="喝茶"), new=True)
    assert (made.title, made.title_en) == ("喝茶", "喝茶")


# --- dispositions --------------------------------------------------------------------------------------------------


async def test_dispositions_come_back_in_order_each_below_its_heading(codes: Codes, database: Database) -> None:
    sold = Disposition(code="sold", title="成交", title_en="Sold", order=3, active=False)
    for one in (sold, COMPLAINT, LATE):
        assert await codes.put_disposition(DEMO, one, new=True) == one
    assert await codes.dispositions(DEMO) == (COMPLAINT, LATE, sold)
    assert (await DirectoryStore(database).read(DEMO)).dispositions == (COMPLAINT, LATE, sold)
    changed = replace(LATE, queues=(), parent=None, order=1)
    await codes.put_disposition(DEMO, changed, new=False)
    assert await codes.dispositions(DEMO) == (changed, COMPLAINT, sold)


async def test_there_are_two_levels_and_nobody_stands_below_nobody(codes: Codes) -> None:
    for one in (COMPLAINT, LATE, Disposition(code="sold")):
        await codes.put_disposition(DEMO, one, new=True)
    for wrong in (
        replace(COMPLAINT, parent="late"),
        replace(COMPLAINT, parent="sold"),
        replace(LATE, parent="late"),
        replace(LATE, parent="nowhere"),
    ):
        with pytest.raises(BadRequest):
            await codes.put_disposition(DEMO, wrong, new=False)
    with pytest.raises(BadRequest):
        await codes.put_disposition(DEMO, Disposition(code="third", parent="late"), new=True)
    with pytest.raises(Conflict, match="below"):
        await codes.remove_disposition(DEMO, "complaint")
    await codes.remove_disposition(DEMO, "late")
    await codes.remove_disposition(DEMO, "complaint")
    with pytest.raises(NotFound):
        await codes.remove_disposition(DEMO, "complaint")


async def test_a_disposition_is_made_once_and_for_queues_that_are_there(codes: Codes) -> None:
    with pytest.raises(NotFound):
        await codes.put_disposition(DEMO, COMPLAINT, new=False)
    await codes.put_disposition(DEMO, COMPLAINT, new=True)
    with pytest.raises(Conflict):
        await codes.put_disposition(DEMO, COMPLAINT, new=True)
    with pytest.raises(NotFound, match="nowhere"):
        await codes.put_disposition(DEMO, replace(LATE, queues=(QueueName("nowhere"),)), new=True)
    for code in ("", "Sold", "成交", "x" * 41, "a13800138000"):
        with pytest.raises(BadRequest):
            await codes.put_disposition(DEMO, Disposition(code=code), new=True)


async def test_what_was_for_a_queue_that_is_gone_is_not_for_all(codes: Codes, database: Database) -> None:
    await codes.put_disposition(DEMO, COMPLAINT, new=True)
    await codes.put_disposition(DEMO, LATE, new=True)
    await DirectoryStore(database).delete_queue(DEMO, QueueName("sales"))
    assert list(sayable(QueueName("support"), by_code(await codes.dispositions(DEMO)))) == []


async def test_every_edit_is_seen(codes: Codes, database: Database) -> None:
    directory = DirectoryStore(database)
    seen = [await directory.version()]
    await codes.put_reason(DEMO, LUNCH, new=True)
    seen.append(await directory.version())
    await codes.put_disposition(DEMO, COMPLAINT, new=True)
    seen.append(await directory.version())
    await codes.remove_reason(DEMO, "lunch")
    seen.append(await directory.version())
    await codes.remove_disposition(DEMO, "complaint")
    seen.append(await directory.version())
    assert seen == sorted(set(seen))


async def test_the_demonstrations_codes_are_made_once_and_what_people_change_stays(
    codes: Codes, database: Database
) -> None:
    await DirectoryStore(database).create_queue(DEMO, QueueSettings(name=QueueName("support")))
    away = replace(PRESETS["away"], limit_seconds=7)
    await codes.put_reason(DEMO, away, new=False)
    await seed_codes(database)
    reasons = {one.code: one for one in await codes.reasons(DEMO)}
    assert (reasons["break"].limit_seconds, reasons["away"]) == (900, away)
    assert {one.code for one in REASONS} <= set(reasons)
    assert {one.code for one in await codes.dispositions(DEMO)} == {one.code for one in DISPOSITIONS}
    assert all(one.title != one.title_en for one in reasons.values())
    assert all(one.title != one.title_en for one in DISPOSITIONS)

    await codes.remove_disposition(DEMO, "sold")
    await codes.remove_reason(DEMO, "lunch")
    before = await codes.reasons(DEMO), await codes.dispositions(DEMO)
    await seed_codes(database)
    assert (await codes.reasons(DEMO), await codes.dispositions(DEMO)) == before


# --- what was said ---------------------------------------------------------------------------------------------------


async def written(database: Database, *calls: Call) -> None:
    async with database.writing() as connection:
        await write_turns(connection, [decode_turn(encode_turn(turn(1, calls=calls)))], at_once)


async def test_what_was_said_comes_back_with_the_call_and_what_is_said_again_takes_its_place(
    database: Database,
) -> None:
    said = [
        Said(AgentNo("1001"), "sold", "两台\n周五 𠮷 '; drop", Instant(NOON + 1)),
        Said(AgentNo("1002"), "late", "", Instant(NOON + 2), "boss"),
    ]
    await written(database, a_call(1, dispositions=said), a_call(2))
    queries = Queries(database)
    found = await queries.call(DEMO, CallId("call-1"))
    assert found is not None
    assert found.dispositions == said
    said[0] = Said(AgentNo("1001"), "other", "", Instant(NOON + 3))
    await written(database, a_call(1, dispositions=said))
    found = await queries.call(DEMO, CallId("call-1"))
    assert found is not None
    assert found.dispositions == said
    assert [one.dispositions for one in (await queries.calls(DEMO)).items] == [[], said]


async def test_calls_are_found_by_what_anybody_said_of_them_and_by_its_heading(
    codes: Codes, database: Database
) -> None:
    await codes.put_disposition(DEMO, COMPLAINT, new=True)
    await codes.put_disposition(DEMO, LATE, new=True)
    said = [Said(AgentNo("1001"), "sold", "", NOON), Said(AgentNo("1002"), "late", "", NOON)]
    await written(database, a_call(1, dispositions=said), a_call(2, dispositions=said[:1]), a_call(3))
    queries = Queries(database)

    async def found(code: str) -> list[str]:
        return [one.id for one in (await queries.calls(DEMO, Which(disposition=code))).items]

    assert await found("sold") == ["call-2", "call-1"]
    assert await found("late") == await found("complaint") == ["call-1"]
    assert await found("nonsense") == []


async def test_what_is_due_what_waits_and_who_is_away_too_long_outlive_a_restart(opened: Opener) -> None:
    agent = AgentRecord(
        agent_no=AgentNo("1001"),
        status="not_ready",
        reason="break",
        status_since=NOON,
        pending_status="not_ready",
        pending_reason="培训",
        pending_forced=True,
        over_limit=True,
        acw_began=NOON,
        acw_until=NOON,
        due_call=CallId("call-1"),
        due_queue=QueueName("sales"),
    )
    talking = a_call(2, ended=False, dispositions=[Said(AgentNo("1001"), "sold", "x", NOON)])
    async with opened() as store:
        await store.load(NOON)
        store.journal(turn(1, calls=[talking], agents=[agent]))
    async with opened() as store:
        demo = (await store.load(NOON)).tenants[DEMO]
        assert demo.records == (agent,)
        assert demo.calls == (talking,)
