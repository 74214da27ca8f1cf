"""The lists are kept as they are compared with callers; whoever remembers them learns what changed, and that alone."""

from __future__ import annotations

import asyncio
from threading import Event

import pytest
from sqlalchemy import insert, select, text

from adapters.store import list_reading
from adapters.store.database import Database
from adapters.store.list_reading import Changes, Stopped, apart, read_lists
from adapters.store.lists import SLICE, Lists
from adapters.store.migrate import downgrade, migrate
from adapters.store.schema import metadata
from adapters.store.tables import list_entries
from cti.entry.entries import ListEntry
from cti.entry.lists import MOST_PATTERNS
from cti.errors import BadRequest, NotFound
from cti.ids import Instant, TenantId
from cti.targets import Target
from tests.adapters.store.story import DEMO, make_tenant

OTHER = TenantId("other")
AT = Instant(1_790_000_000_000)
CALLER = "13800001234"


@pytest.fixture
async def lists(database: Database) -> Lists:
    return Lists(database)


def deny(number: str, match: str = "exact", **more: object) -> ListEntry:
    return ListEntry(kind="deny", number=number, match=match, **more)  # type: ignore[arg-type]


async def changes(database: Database, since: int | None) -> tuple[int, Changes]:
    revision, found = await read_lists(database, since, Event())
    return revision, found.get(DEMO, Changes())


async def test_an_entry_is_kept_with_all_it_says(lists: Lists) -> None:
    put = await lists.put(
        DEMO,
        deny(
            "+86 138 0000 1234",
            name="王五",
            reason="骚扰",
            target=Target("flow", "sorry"),
            expires_at=AT,
            added_by="boss",
            added_at=AT,
        ),
    )
    assert (put.number, put.target, put.added_by) == (CALLER, Target("flow", "sorry"), "boss")
    assert await lists.get(DEMO, put.id) == put
    assert (await lists.list(DEMO)).items == [put]


async def test_a_change_keeps_the_name_of_the_entry_and_other_ways_to_match_are_other_entries(lists: Lists) -> None:
    first = await lists.put(DEMO, deny(CALLER))
    again = await lists.put(DEMO, deny("0086" + CALLER, reason="again"))
    assert (again.id, again.reason) == (first.id, "again")
    await lists.put(DEMO, deny(CALLER, "prefix"))
    await lists.put(DEMO, ListEntry(kind="vip", number=CALLER))
    assert (await lists.list(DEMO)).total == 3
    assert (await lists.list(DEMO, "deny")).total == 2


async def test_entries_of_others_are_not_there(lists: Lists, database: Database) -> None:
    await make_tenant(database, OTHER)
    theirs = await lists.put(OTHER, deny(CALLER))
    assert (await lists.list(DEMO)).total == 0
    for attempt in (lists.get, lists.remove):
        with pytest.raises(NotFound):
            await attempt(DEMO, theirs.id)
    assert [one async for one in lists.everything(DEMO, "deny")] == []


async def test_a_list_is_read_newest_first_even_when_all_came_at_once(lists: Lists) -> None:
    await lists.put_many(DEMO, [deny(f"138{n:08d}", added_at=AT) for n in range(7)])
    await lists.put(DEMO, deny("139", "prefix", added_at=Instant(AT + 1)))
    seen: list[str] = []
    cursor = None
    while True:
        page = await lists.list(DEMO, "deny", limit=3, cursor=cursor)
        seen += [one.number for one in page.items]
        if (cursor := page.next) is None:
            break
    assert (seen[0], len(seen), len(set(seen))) == ("139", 8, 8)


@pytest.mark.parametrize("search", ["0000123", "+8613800001234", "138 0000 1234", "王", "骚扰"])
async def test_a_search_finds_numbers_however_written_names_and_reasons(lists: Lists, search: str) -> None:
    await lists.put(DEMO, deny(CALLER, name="王五", reason="骚扰"))
    await lists.put(DEMO, deny("13900000000", name="李四"))
    assert [one.number for one in (await lists.list(DEMO, search=search)).items] == [CALLER]


async def test_a_slice_is_put_whole_or_not_at_all(lists: Lists) -> None:
    with pytest.raises(BadRequest):
        await lists.put_many(DEMO, [deny("1"), deny("abc")])
    with pytest.raises(BadRequest, match="there is no queue nowhere"):
        await lists.put_many(DEMO, [deny("1"), deny("2", target=Target("queue", "nowhere"))])
    with pytest.raises(BadRequest, match="patterns"):
        await lists.put_many(DEMO, [deny(f"138{n:05d}*", "pattern") for n in range(MOST_PATTERNS + 1)])
    with pytest.raises(NotFound):
        await lists.put_many(TenantId("nobody"), [deny("1")])
    assert (await lists.list(DEMO)).total == 0


async def test_everything_comes_by_number_in_pieces(lists: Lists) -> None:
    await lists.put_many(DEMO, [deny(f"138{n:08d}") for n in range(SLICE + 5)])
    await lists.put(DEMO, deny("139", "prefix"))
    pieces = [[one.number for one in piece] async for piece in lists.everything(DEMO, "deny")]
    assert [len(piece) for piece in pieces] == [SLICE, 6]
    assert (pieces[0][0], pieces[1][-1]) == ("13800000000", "139")


async def test_what_changed_since_is_read_and_that_alone(lists: Lists, database: Database) -> None:
    gone, stays = await lists.put(DEMO, deny(CALLER)), await lists.put(DEMO, deny("1390", "prefix"))
    start, whole = await changes(database, None)
    assert whole.whole is not None
    assert len(whole.whole) == 2
    assert await changes(database, start) == (start, Changes())

    await lists.remove(DEMO, gone.id)
    await lists.put(DEMO, deny("1390", "prefix", reason="changed"))
    revision, found = await changes(database, start)
    assert revision == start + 2
    assert found.gone == [("deny", "exact", CALLER)]
    assert [(*one[:3], one[3].reason) for one in found.come] == [("deny", "prefix", "1390", "changed")]
    assert (await lists.get(DEMO, stays.id)).reason == "changed"


async def test_what_went_and_came_back_is_there(lists: Lists, database: Database) -> None:
    entry = await lists.put(DEMO, deny(CALLER))
    start = await lists.revision()
    await lists.remove(DEMO, entry.id)
    await lists.put(DEMO, deny(CALLER))
    _, found = await changes(database, start)
    assert (found.gone, [one[:3] for one in found.come]) == ([("deny", "exact", CALLER)], [("deny", "exact", CALLER)])


async def test_a_list_that_was_emptied_or_is_far_ahead_is_read_anew(lists: Lists, database: Database) -> None:
    await lists.put_many(DEMO, [deny("1"), deny("2"), ListEntry(kind="vip", number="3")])
    start = await lists.revision()
    await lists.put(DEMO, deny("2", reason="newer"))
    assert await lists.remove_older(DEMO, "deny", start) == 1
    _, found = await changes(database, start)
    assert found.whole is not None
    assert sorted(one.number for one in (await lists.list(DEMO)).items) == ["2", "3"]
    assert await lists.remove_older(DEMO, "deny") == 1
    assert await lists.remove_older(DEMO, "deny") == 0
    for since in (start + 9_999, start - 6_000):
        assert (await changes(database, since))[1].whole is not None


async def test_what_has_run_out_is_not_remembered(lists: Lists, database: Database) -> None:
    await lists.put_many(DEMO, [deny("1", expires_at=Instant(1)), deny("2")])
    _, found = await changes(database, None)
    assert found.whole is not None
    assert len(found.whole) == 1


async def test_a_long_read_happens_apart_and_can_be_stopped(
    lists: Lists, url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lists.put_many(DEMO, [deny(f"138{n:08d}") for n in range(50)])
    monkeypatch.setattr(list_reading, "_PIECE", 7)
    stop = Event()
    _, found = await apart(url, lambda database: read_lists(database, None, stop))
    whole = found[DEMO].whole
    assert whole is not None
    assert len(whole) == 50
    stop.set()
    with pytest.raises(Stopped):
        await apart(url, lambda database: read_lists(database, None, stop))


async def test_two_edits_at_once_have_two_revisions(lists: Lists) -> None:
    start = await lists.revision()
    await asyncio.gather(*(lists.put(DEMO, deny(str(n))) for n in range(4)))
    assert await lists.revision() == start + 4


async def test_entries_of_an_older_version_are_taken_over(empty_url: str) -> None:
    await migrate(empty_url, "0001")
    database = Database(empty_url)
    old = {"tenant": "demo", "priority": 1, "name": "x", "reason": "", "added_at": 1, "expires_at": None}
    columns = ", ".join(("kind", "number", *old))
    async with database.writing() as connection:
        await connection.execute(
            insert(metadata.tables["tenants"]),
            {"tenant": "demo", "title": "x", "timezone": "Asia/Shanghai", "pop_url": ""},
        )
        for kind, number in (("vip", "+8613800001234"), ("vip", CALLER), ("deny", "10086")):
            values = ", ".join(f":{name}" for name in ("kind", "number", *old))
            await connection.execute(
                text(f"insert into list_entries ({columns}) values ({values})"), {**old, "kind": kind, "number": number}
            )
    await migrate(empty_url)
    found = (await Lists(database).list(TenantId("demo"))).items
    assert sorted((one.kind, one.match, one.number, one.target) for one in found) == [
        ("deny", "exact", "10086", Target("hangup")),
        ("vip", "exact", CALLER, None),
    ]
    await Lists(database).put(TenantId("demo"), deny("138", "prefix"))
    await downgrade(empty_url, "0001")
    async with database.reading() as connection:
        query = select(list_entries.c.number).where(list_entries.c.tenant == "demo").order_by(list_entries.c.number)
        assert (await connection.scalars(query)).all() == ["10086", CALLER]
    await database.close()
