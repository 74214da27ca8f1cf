"""Lists of calls are whole, newest first and as wide as was asked; strange words find nothing and break nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.drain import Drain
from adapters.store.pages import cursor_of, key_of
from adapters.store.queries import Queries, Which
from adapters.store.spool import Spool
from adapters.store.turn import encode_turn
from cti.errors import BadRequest
from cti.ids import AgentNo, CallId, Instant, OfferId, QueueName
from cti.people import Reach
from cti.records import AgentProfile, Call, QueueSettings, Result
from tests.adapters.store.story import DEMO, NOON, a_call, turn


@pytest.fixture
async def past(database: Database, tmp_path: Path) -> Queries:
    """Forty calls: odd ones to sales and taken by 1001, even ones to billing and by 1002; every tenth abandoned."""
    directory = DirectoryStore(database)
    await directory.create_queue(DEMO, QueueSettings(name=QueueName("sales"), title="销售"))
    await directory.create_queue(DEMO, QueueSettings(name=QueueName("billing"), title="账务"))
    await directory.create_agent(DEMO, AgentProfile(agent_no=AgentNo("1001"), name="陈晓燕"))
    calls = [_past_call(n) for n in range(1, 41)]
    spool = Spool(tmp_path / "spool")
    spool.append(encode_turn(turn(1, calls=calls)))
    assert await Drain(database, spool).finish(20)
    spool.close()
    return Queries(database)


def _past_call(n: int) -> Call:
    odd = n % 2 == 1
    call = a_call(n, agent="1001" if odd else "1002", queue=QueueName("sales" if odd else "billing"))
    call.name = "Ana María" if n == 7 else call.name
    if n % 5 == 0:
        call.number = f"+861380000{n:04d}"
    if n % 10 == 0:
        call.offers, call.result, call.answered_at = call.offers[:1], Result.ABANDONED, None
    return call


def _numbers(calls: Sequence[Call]) -> list[int]:
    return [int(call.id.removeprefix("call-")) for call in calls]


async def test_pages_follow_each_other_newest_first(past: Queries) -> None:
    seen: list[int] = []
    cursor = None
    while True:
        page = await past.calls(DEMO, limit=7, cursor=cursor)
        assert page.total == 40
        seen += _numbers(page.items)
        cursor = page.next
        if cursor is None:
            break
    assert seen == list(range(40, 0, -1))
    assert page.items[-1] == _past_call(1)


SHOWN: Final[tuple[tuple[Which, Sequence[int]], ...]] = (
    (Which(queue="sales"), range(39, 0, -2)),
    (Which(agent_no="1001"), range(39, 0, -2)),
    (Which(agent_no="1009"), ()),  # was offered every call and took none
    (Which(within=Reach(frozenset({AgentNo("1009")}))), range(40, 0, -1)),
    (Which(result="abandoned"), (40, 30, 20, 10)),
    (Which(since=Instant(NOON + 38 * 60_000)), (40, 39, 38)),
    (Which(until=Instant(NOON + 3 * 60_000)), (2, 1)),
    (Which(number="+8613800000015"), (15,)),
    (Which(search="0035"), (35,)),
    (Which(search="ana m"), (7,)),
    (Which(search="陈晓"), range(39, 0, -2)),
    (Which(search="账务"), range(40, 0, -2)),
    (Which(search="1002"), tuple(n for n in range(40, 0, -2) if n % 10)),
    (Which(search="SALES", queue="billing"), ()),
    (Which(search="%"), ()),
    (Which(search="_"), ()),
    (Which(search="' or 1=1 --"), ()),
    (Which(search="a\x00\ud800"), ()),
)


async def test_a_list_shows_what_was_asked_for(past: Queries) -> None:
    for which, numbers in SHOWN:
        page = await past.calls(DEMO, which, limit=100)
        assert (which, _numbers(page.items), page.total) == (which, list(numbers), len(numbers))


async def test_one_call_is_found_by_its_id_or_its_offers(past: Queries) -> None:
    assert await past.call(DEMO, CallId("call-3")) == _past_call(3)
    assert await past.call_of_offer(DEMO, OfferId("call-3.2")) == _past_call(3)
    assert await past.call(DEMO, CallId("call-99")) is None
    assert await past.call_of_offer(DEMO, OfferId("")) is None


async def test_calls_that_are_not_on_record_are_named(past: Queries) -> None:
    asked = [CallId(f"call-{n}") for n in range(1, 1200)]
    assert await past.unknown(DEMO, asked) == set(asked[40:])
    assert await past.unknown(DEMO, []) == set()


async def test_a_number_has_its_last_contacts(past: Queries) -> None:
    contacts = (await past.contacts(DEMO, {"+8613800001234", ""}, limit=4))["+8613800001234"][1:]
    assert [one["call"] for one in contacts] == ["call-38", "call-37", "call-36"]
    assert contacts[0] == {
        "call": "call-38",
        "queue": "billing",
        "agent_no": "1002",
        "started_at": "2026-09-21T14:51:20.000Z",
        "result": "answered",
    }
    assert await past.contacts(DEMO, {""}) == {}


async def test_a_page_has_a_size_and_a_cursor_of_ours(past: Queries) -> None:
    for limit in (0, -1, 501, 1 << 70):
        with pytest.raises(BadRequest):
            await past.calls(DEMO, limit=limit)
    with pytest.raises(BadRequest):
        await past.calls(DEMO, cursor="WzFd")


@pytest.mark.parametrize(
    "cursor", ["", "x", "ä", "WzFd", "WzEsMl0", cursor_of(1 << 70, "a"), cursor_of("a", 1), "bnVsbA", "\x00", "=" * 50]
)
def test_a_cursor_of_somebody_elses_making_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest):
        key_of(cursor, int, str)


@given(st.text(max_size=60))
def test_any_text_as_a_cursor_is_refused_or_read(text: str) -> None:
    try:
        at, name = key_of(text, int, str)
    except BadRequest:
        return
    assert isinstance(at, int)
    assert isinstance(name, str)


@given(st.integers(-(1 << 62), 1 << 62), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_says_what_it_was_told(at: int, name: str) -> None:
    assert key_of(cursor_of(at, name), int, str) == (at, name)
