"""What is told to the store is what it remembers, on both databases."""

from __future__ import annotations

from sqlalchemy import select

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.queries import Queries, Which
from adapters.store.store import Store
from adapters.store.tables import facts
from cti.events import ContactFound, Started
from cti.ids import AgentNo, CallId, Instant, OfferId, QueueName, TenantId
from cti.records import AgentRecord, Figures, QueueSettings
from tests.adapters.store.conftest import Opener
from tests.adapters.store.story import DEMO, NOON, a_call, make_tenant, news, running, seqs, tell, turn

HARD_NAMES = (
    "张伟明",
    "𠮷野家 🧑‍🚀",
    "\u202eabc\u200f محمد",
    'x,Event: Hangup\r\n"${SHELL(id)}"',
    "back\\u0000slash",
    "'; drop table calls; --",
)


async def _told(store: Store) -> None:
    assert await store.drain.finish(20)


async def test_a_call_comes_back_with_its_legs_segments_and_offers(opened: Opener) -> None:
    call = a_call(1, vip=True, priority=10, linkedid="1790000000.1", cause="16 normal clearing")
    async with opened() as store:
        await store.load(NOON)
        store.journal(turn(1, calls=[call]))
        await _told(store)

        assert await store.queries.call(DEMO, call.id) == call


async def test_the_last_word_on_a_call_is_the_one_that_stays(opened: Opener) -> None:
    async with opened() as store:
        await store.load(NOON)
        store.journal(turn(1, calls=[a_call(1, ended=False)]))
        store.journal(turn(2, calls=[a_call(1, name="改名")]))
        await _told(store)
        store.journal(turn(3, calls=[a_call(1, cause="31")]))
        await _told(store)

        assert await store.queries.call(DEMO, CallId("call-1")) == a_call(1, cause="31")


async def test_news_come_back_as_they_were_published(opened: Opener) -> None:
    told = news(
        1, "screen_pop.requested", {"vip": True, "contacts": [], "waited": 1.5, "caller": {"name": "欧阳娜娜"}},
        call=CallId("call-1"), agents=frozenset({AgentNo("1002"), AgentNo("1001")}), queue=QueueName("sales"),
    )  # fmt: skip
    async with opened() as store:
        await store.load(NOON)
        store.journal(turn(1, told, news(2)))
        await _told(store)

        assert await store.after(DEMO, 0, 100) == [told, news(2)]
        assert await store.after(DEMO, 1, 100) == [news(2)]
        assert await store.queries.newest(DEMO, 1) == [news(2)]


async def test_no_letter_of_a_hard_name_is_lost(opened: Opener) -> None:
    async with opened() as store:
        await store.load(NOON)
        for n, name in enumerate(HARD_NAMES, 1):
            store.journal(turn(n, news(n, data={"name": name}), calls=[a_call(n, name=name)]))
        await _told(store)

        for n, name in enumerate(HARD_NAMES, 1):
            call = await store.queries.call(DEMO, CallId(f"call-{n}"))
            assert call is not None
            assert call.name == name
        assert [one.data["name"] for one in await store.after(DEMO, 0, 100)] == list(HARD_NAMES)


async def test_what_no_database_takes_becomes_the_replacement_character(opened: Opener) -> None:
    contact = ContactFound(at=NOON, offer=OfferId("o"), call=CallId("c"), contacts=({"name": "a\x00b\ud83d"},))
    async with opened() as store:
        await store.load(NOON)
        store.journal(turn(1, news(1, data={"name": "a\x00b"}), calls=[a_call(1, name="a\x00b\x00")], fact=contact))
        store.journal(turn(2, news(2, data={"na\ud83dme": ["a\ud83db"]}), calls=[a_call(2, name="x\ud83dy")]))
        await _told(store)

        calls = [await store.queries.call(DEMO, CallId(f"call-{n}")) for n in (1, 2)]
        assert [call and call.name for call in calls] == ["a\ufffdb\ufffd", "x\ufffdy"]
        assert [one.data for one in await store.after(DEMO, 0, 9)] == [
            {"name": "a\ufffdb"},
            {"na\ufffdme": ["a\ufffdb"]},
        ]
        assert (await store.queries.calls(DEMO, Which(search="a\x00b"))).total == 1


async def test_a_restart_begins_with_what_was_left(opened: Opener) -> None:
    agent = AgentRecord(agent_no=AgentNo("1001"), status="not_ready", reason="lunch", status_since=NOON)
    figures = Figures(queue=QueueName("sales"), agent_no=AgentNo("1001"), window_start=Instant(0), calls=3)
    async with opened() as store:
        first = await store.load(NOON)
        store.journal(
            turn(1, news(1), news(2), calls=[a_call(1), a_call(2, ended=False)], agents=[agent], figures=[figures])
        )

    async with opened() as store:
        again = await store.load(NOON)
        demo = again.tenants[DEMO]

        assert again.epoch == first.epoch
        assert again.token_key == first.token_key
        assert (first.next_n, again.next_n) == (1, 2)
        assert (first.tenants[DEMO].next_seq, demo.next_seq) == (1, 3)
        assert demo.calls == (a_call(2, ended=False),)
        assert demo.records == (agent,)
        assert demo.directory.timezone == "Asia/Shanghai"


async def test_only_figures_of_the_running_window_come_back(opened: Opener, database: Database) -> None:
    midnight = Instant(1_789_920_000_000)  # 2026-09-21 00:00 in Shanghai, a Monday
    directory = DirectoryStore(database)
    for name, window in (("sales", "day"), ("support", "week"), ("billing", "month")):
        await directory.create_queue(DEMO, QueueSettings(name=QueueName(name), window=window))
    days = {
        ("sales", 0), ("sales", -1), ("support", 0), ("support", -7), ("billing", -20), ("billing", 0),
    }  # fmt: skip
    rows = [
        Figures(
            queue=QueueName(queue),
            agent_no=AgentNo("1001"),
            window_start=Instant(midnight + day * 86_400_000),
            calls=abs(day) + 1,
        )
        for queue, day in days
    ]
    async with opened() as store:
        await store.load(midnight)
        store.journal(turn(1, figures=rows))

    async with opened() as store:
        loaded = await store.load(Instant(midnight + 12 * 3_600_000))

        found = {(one.queue, one.calls) for one in loaded.tenants[DEMO].figures}
        assert found == {("sales", 1), ("support", 1), ("billing", 21)}


async def test_facts_are_kept_for_a_replay_and_pruned_by_age(opened: Opener, database: Database) -> None:
    fact = Started(at=NOON, timezone="Asia/Shanghai", calls=(a_call(1),), vips={"+861": 2})
    async with opened() as store:
        await store.load(NOON)
        store.journal(turn(1, fact=fact))
        store.journal(turn(2))
        await _told(store)

        async with database.reading() as connection:
            rows = (await connection.execute(select(facts).where(facts.c.tenant == DEMO))).all()
        assert [(row.n, row.tenant, row.type) for row in rows] == [(1, DEMO, "Started"), (2, DEMO, "LinkLost")]
        assert rows[0].data["vips"] == {"+861": 2}
        assert rows[0].data["calls"][0]["name"] == "张伟明"

        assert await store.prune_facts(Instant(NOON + 2)) == 1


async def test_a_read_sees_what_was_told_before_it(opened: Opener) -> None:
    async with opened() as store:
        await store.load(NOON)
        async with running(store):
            for n in range(1, 6):
                tell(store, n, n)
                assert await store.caught_up(10)
                assert await seqs(store) == list(range(1, n + 1))


async def test_tenants_see_nothing_of_each_other(opened: Opener, database: Database) -> None:
    other = TenantId("other")
    await make_tenant(database, other)
    async with opened() as store:
        await store.load(NOON)
        store.journal(turn(1, news(1), calls=[a_call(1)]))
        store.journal(turn(2, news(1), news(2), calls=[a_call(1, tenant=other, name="别人")], tenant=other))
        await _told(store)

        assert await seqs(store) == [1]
        assert await seqs(store, other) == [1, 2]
        queries: Queries = store.queries
        assert [one.name for one in (await queries.calls(DEMO)).items] == ["张伟明"]
        assert [one.name for one in (await queries.calls(other)).items] == ["别人"]
        assert (await queries.calls(other, Which(search="张伟明"))).total == 0
        assert len((await queries.contacts(other, {"+8613800001234"}))["+8613800001234"]) == 1
        assert (await store.load(NOON)).tenants[other].next_seq == 3
