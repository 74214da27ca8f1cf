"""Drafts, versions and what callers hear, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.entry_tables import numbers, schedules
from adapters.store.flow_text import read_json, read_yaml, write_json, write_yaml
from adapters.store.flows import FlowStore
from adapters.store.seed_flows import seed_flows
from cti.errors import BadRequest, Conflict, NotFound, Outdated
from cti.ids import QueueName, TenantId
from cti.ivr.flow import Flow, from_dict, to_dict
from cti.ivr.problems import BadFlow
from cti.records import QueueSettings
from tests.adapters.store.story import DEMO

OTHER = TenantId("other")


def flow(name: str = "main", queue: str = "sales", **more: Any) -> Flow:
    document: dict[str, Any] = {
        "name": name,
        "title": "主菜单",
        "start": "menu",
        "nodes": {
            "menu": {
                "type": "menu",
                "settings": {"prompts": ["main-menu"]},
                "exits": {"1": "queue", "timeout": "queue", "invalid": "queue"},
            },
            "queue": {"type": "to_queue", "settings": {"queue": queue}},
        },
    }
    return from_dict({**document, **more})


def on_to(name: str, target: str) -> Flow:
    nodes = {
        "go": {"type": "to_flow", "settings": {"flow": target}, "exits": {"otherwise": "bye"}},
        "bye": {"type": "hang_up"},
    }
    return flow(name, start="go", nodes=nodes)


@pytest.fixture
async def flows(database: Database) -> FlowStore:
    directory = DirectoryStore(database)
    for name in ("sales", "support"):
        await directory.create_queue(DEMO, QueueSettings(name=QueueName(name)))
    await directory.create_tenant(Tenant(name=OTHER, title="别"))
    return FlowStore(database)


async def heard(flows: FlowStore, tenant: TenantId = DEMO) -> dict[str, tuple[int, Mapping[str, Any]]]:
    return {document["name"]: (version, document) for version, document in await flows.published(tenant)}


async def test_a_draft_comes_back_as_it_was_saved_and_nobody_hears_it(flows: FlowStore) -> None:
    saved = await flows.save(DEMO, flow(), by="root", revision=0)
    assert (saved.title, saved.revision, saved.published, saved.changed_by) == ("主菜单", 1, None, "root")
    assert await flows.get(DEMO, "main") == saved
    assert list(saved.draft["nodes"]["menu"]["exits"]) == ["1", "timeout", "invalid"]
    assert from_dict(saved.draft) == flow()
    assert await heard(flows) == {}


async def test_a_published_draft_is_heard_and_a_later_draft_is_not(flows: FlowStore) -> None:
    await flows.save(DEMO, flow(), by="root")
    assert (await flows.publish(DEMO, "main", by="boss", note="first")).published == 1
    await flows.save(DEMO, flow(queue="support"), by="root", revision=1)
    assert await heard(flows) == {"main": (1, to_dict(flow()))}
    assert (await flows.publish(DEMO, "main", by="boss")).published == 2
    assert await heard(flows) == {"main": (2, to_dict(flow(queue="support")))}
    second, first = await flows.versions(DEMO, "main")
    assert (first.version, first.published_by, first.note, second.version) == (1, "boss", "first", 2)
    assert second.published_at >= first.published_at
    assert await flows.document(DEMO, "main", 1) == to_dict(flow())


async def test_what_is_heard_already_makes_no_new_version(flows: FlowStore) -> None:
    await flows.save(DEMO, flow(), by="root")
    await flows.publish(DEMO, "main", by="boss")
    assert (await flows.publish(DEMO, "main", by="boss")).published == 1
    assert len(await flows.versions(DEMO, "main")) == 1


async def test_rolling_back_lets_callers_hear_an_older_version_and_keeps_the_draft(flows: FlowStore) -> None:
    for queue in ("sales", "support"):
        await flows.save(DEMO, flow(queue=queue), by="root")
        await flows.publish(DEMO, "main", by="boss")
    back = await flows.roll_back(DEMO, "main", 1, by="boss")
    assert (back.published, back.draft) == (1, to_dict(flow(queue="support")))
    assert await heard(flows) == {"main": (1, to_dict(flow()))}
    assert (await flows.publish(DEMO, "main", by="boss")).published == 3
    with pytest.raises(NotFound):
        await flows.roll_back(DEMO, "main", 4, by="boss")


async def test_a_broken_flow_is_not_published_and_the_nodes_are_named(flows: FlowStore) -> None:
    await flows.save(DEMO, flow(queue="nowhere"), by="root")
    before = await flows.version()
    with pytest.raises(BadFlow) as refused:
        await flows.publish(DEMO, "main", by="boss")
    assert [(one.node, one.code) for one in refused.value.problems] == [("queue", "unknown_queue")]
    assert [one.node for one in await flows.check(DEMO, flow(queue="nowhere"))] == ["queue"]
    assert (await heard(flows), await flows.version()) == ({}, before)


async def test_an_older_version_whose_queue_is_gone_does_not_come_back(flows: FlowStore, database: Database) -> None:
    for queue in ("sales", "support"):
        await flows.save(DEMO, flow(queue=queue), by="root")
        await flows.publish(DEMO, "main", by="boss")
    await DirectoryStore(database).delete_queue(DEMO, QueueName("sales"))
    with pytest.raises(BadFlow, match="sales"):
        await flows.roll_back(DEMO, "main", 1, by="boss")
    assert (await flows.get(DEMO, "main")).published == 2


async def test_an_editor_who_was_slower_is_told_and_overwrites_nothing(flows: FlowStore) -> None:
    await flows.save(DEMO, flow(), by="ana", revision=0)
    await flows.save(DEMO, flow(queue="support"), by="ana", revision=1)
    for revision in (0, 1, 3):
        with pytest.raises(Outdated, match=r"changed by ana meanwhile; its revision is 2"):
            await flows.save(DEMO, flow(), by="bo", revision=revision)
    with pytest.raises(Outdated, match="no longer there"):
        await flows.save(DEMO, flow("gone"), by="bo", revision=4)
    with pytest.raises(Outdated):
        await flows.publish(DEMO, "main", by="bo", revision=1)
    assert (await flows.get(DEMO, "main")).draft == to_dict(flow(queue="support"))


async def test_of_two_who_save_at_once_one_wins(flows: FlowStore) -> None:
    async def save(by: str, revision: int) -> bool:
        try:
            await flows.save(DEMO, flow(title=by), by=by, revision=revision)
        except Outdated:
            return False
        return True

    for revision in (0, 1):
        assert sorted(await asyncio.gather(*(save(f"e{n}", revision) for n in range(5)))) == [False] * 4 + [True]
    assert (await flows.get(DEMO, "main")).revision == 2


async def test_of_two_who_publish_at_once_both_are_told_one_version(flows: FlowStore) -> None:
    await flows.save(DEMO, flow(), by="root")
    done = await asyncio.gather(*(flows.publish(DEMO, "main", by="boss") for _ in range(4)))
    assert [one.published for one in done] == [1] * 4
    assert len(await flows.versions(DEMO, "main")) == 1


async def test_the_same_file_again_changes_nothing(flows: FlowStore) -> None:
    first = await flows.save(DEMO, flow(), by="ana")
    assert await flows.save(DEMO, flow(), by="bo") == first
    assert (await flows.save(DEMO, flow(title="x"), by="bo")).revision == 2


async def test_nodes_in_another_order_are_another_draft(flows: FlowStore) -> None:
    await flows.save(DEMO, flow(), by="ana")
    nodes = to_dict(flow())["nodes"]
    assert isinstance(nodes, dict)
    turned = from_dict({**to_dict(flow()), "nodes": dict(reversed(nodes.items()))})
    assert (await flows.save(DEMO, turned, by="ana")).revision == 2


async def test_flows_are_listed_by_name_in_pages_and_by_search(flows: FlowStore) -> None:
    for name in ("c", "a", "b"):
        await flows.save(DEMO, flow(name, title=f"流程{name}"), by="root")
    first = await flows.list(DEMO, limit=2)
    assert ([one.name for one in first.items], first.total) == (["a", "b"], 3)
    rest = await flows.list(DEMO, limit=2, cursor=first.next)
    assert ([one.name for one in rest.items], rest.next) == (["c"], None)
    assert [one.name for one in (await flows.list(DEMO, search="流程b")).items] == ["b"]
    assert (await flows.list(DEMO, search="%")).total == 0
    with pytest.raises(BadRequest):
        await flows.list(DEMO, cursor="x")


async def test_the_flows_of_a_tenant_are_not_there_for_another(flows: FlowStore) -> None:
    await flows.save(DEMO, flow(), by="root")
    await flows.publish(DEMO, "main", by="root")
    assert (await flows.list(OTHER)).total == 0
    assert await heard(flows, OTHER) == {}
    for ask in (
        flows.get(OTHER, "main"),
        flows.versions(OTHER, "main"),
        flows.document(OTHER, "main", 1),
        flows.publish(OTHER, "main", by="x"),
        flows.roll_back(OTHER, "main", 1, by="x"),
        flows.delete(OTHER, "main"),
        flows.save(TenantId("nobody"), flow(), by="x"),
    ):
        with pytest.raises(NotFound):
            await ask
    await flows.save(OTHER, flow(queue="sales"), by="root")
    with pytest.raises(BadFlow, match="sales"):
        await flows.publish(OTHER, "main", by="root")


async def test_the_counter_rises_when_callers_hear_something_else_and_only_then(flows: FlowStore) -> None:
    seen = [await flows.version()]
    await flows.save(DEMO, flow(), by="root")
    assert await flows.version() == seen[0]
    for change in (
        lambda: flows.publish(DEMO, "main", by="root"),
        lambda: flows.roll_back(DEMO, "main", 1, by="root"),
        lambda: flows.delete(DEMO, "main"),
    ):
        await change()
        seen.append(await flows.version())
    assert seen == list(range(seen[0], seen[0] + 4))


async def test_flows_that_lead_to_one_another_are_published_together_or_not_at_all(flows: FlowStore) -> None:
    await flows.save(DEMO, on_to("a", "b"), by="root")
    await flows.save(DEMO, on_to("b", "a"), by="root")
    with pytest.raises(BadFlow):
        await flows.publish(DEMO, "a", by="root")
    await flows.save(DEMO, on_to("c", "nowhere"), by="root")
    with pytest.raises(BadFlow) as refused:
        await flows.publish_all(DEMO, ["a", "b", "c"], by="root")
    assert [one.node for one in refused.value.problems] == ["c/go"]
    assert await heard(flows) == {}
    assert [one.published for one in await flows.publish_all(DEMO, ["a", "b"], by="root")] == [1, 1]


async def test_a_flow_stays_as_long_as_something_leads_to_it(flows: FlowStore, database: Database) -> None:
    await flows.save(DEMO, flow(), by="root")
    await flows.save(DEMO, on_to("evening", "main"), by="root")
    await flows.publish_all(DEMO, ["main", "evening"], by="root")
    with pytest.raises(Conflict, match="the flow evening leads to the flow main"):
        await flows.delete(DEMO, "main")
    point = {"tenant": DEMO, "number": "4000", "title": "", "entry": "flow:evening", "lists": True, "options": {}}
    office = {"tenant": DEMO, "name": "office", "calendar": "", "document": {"otherwise": "flow:night"}}
    async with database.writing() as connection:
        await connection.execute(insert(numbers), point)
        await connection.execute(insert(schedules), office)
    with pytest.raises(Conflict, match="the number 4000 leads to the flow evening"):
        await flows.delete(DEMO, "evening")
    await flows.save(DEMO, flow("night"), by="root")
    with pytest.raises(Conflict, match="the schedule office leads to the flow night"):
        await flows.delete(DEMO, "night")
    await DirectoryStore(database).update_queue(
        DEMO, QueueName("sales"), {"max_wait_seconds": 60, "max_wait_target": "flow:late"}
    )
    await flows.save(DEMO, flow("late"), by="root")
    with pytest.raises(Conflict, match="the queue sales leads to the flow late"):
        await flows.delete(DEMO, "late")


async def test_a_removed_flow_takes_its_versions_with_it(flows: FlowStore) -> None:
    await flows.save(DEMO, flow(), by="root")
    await flows.publish(DEMO, "main", by="root")
    await flows.delete(DEMO, "main")
    with pytest.raises(NotFound):
        await flows.versions(DEMO, "main")
    assert (await flows.save(DEMO, flow(), by="root", revision=0)).revision == 1
    assert (await flows.publish(DEMO, "main", by="root")).published == 1


async def test_others_may_say_what_names_there_are(database: Database) -> None:
    async def prompts(_connection: object, _tenant: TenantId) -> Mapping[str, Any]:
        return {"prompts": {"greeting"}}

    flows = FlowStore(database, names=[prompts])
    await DirectoryStore(database).create_queue(DEMO, QueueSettings(name=QueueName("sales")))
    await flows.save(DEMO, flow("used"), by="root")
    with pytest.raises(BadFlow, match="main-menu"):
        await flows.publish(DEMO, "used", by="root")


async def test_a_queue_stays_as_long_as_callers_are_led_to_it(flows: FlowStore, database: Database) -> None:
    directory, sales = DirectoryStore(database), QueueName("sales")

    async def refused() -> str:
        with pytest.raises(Conflict) as refusal:
            await directory.delete_queue(DEMO, sales)
        return refusal.value.message

    await flows.save(DEMO, flow(), by="root")
    await flows.publish(DEMO, "main", by="root")
    assert await refused() == "the flow main leads to the queue sales"
    await flows.delete(DEMO, "main")
    point = {"tenant": DEMO, "number": "4000", "title": "", "entry": "hangup", "lists": True}
    office = {"tenant": DEMO, "name": "office", "calendar": "", "document": {"otherwise": "queue:sales"}}
    async with database.writing() as connection:
        await connection.execute(insert(numbers), {**point, "options": {"safe_queue": "sales"}})
    assert await refused() == "the number 4000 leads to the queue sales"
    async with database.writing() as connection:
        await connection.execute(delete(numbers))
        await connection.execute(insert(schedules), office)
    assert await refused() == "the schedule office leads to the queue sales"
    async with database.writing() as connection:
        await connection.execute(delete(schedules))
    await directory.create_queue(DEMO, QueueSettings(name=QueueName("after")))
    await directory.update_queue(DEMO, QueueName("after"), {"max_wait_seconds": 60, "max_wait_target": "queue:sales"})
    assert await refused() == "the queue after leads to the queue sales"
    await directory.delete_queue(DEMO, QueueName("after"))
    await directory.delete_queue(DEMO, sales)


async def test_the_demonstrations_flows_are_published_once_and_stay_as_people_have_them(
    flows: FlowStore, database: Database
) -> None:
    files = [
        flow(),
        on_to("evening", "main"),
        flow("lost", "nowhere"),
        on_to("loster", "lost"),
        on_to("well", "evening"),
    ]
    problems = await seed_flows(flows, files)
    assert [(one.node, one.code) for one in problems] == [
        ("lost/queue", "unknown_queue"),
        ("loster/go", "unknown_flow"),
    ]
    assert set(await heard(flows)) == {"main", "evening", "well"}
    await flows.save(DEMO, flow(queue="support"), by="ana")
    await flows.publish(DEMO, "main", by="ana")
    await DirectoryStore(database).create_queue(DEMO, QueueSettings(name=QueueName("nowhere")))
    assert list(await seed_flows(flows, files)) == []
    assert {name: version for name, (version, _) in (await heard(flows)).items()} == {
        "main": 2,
        "evening": 1,
        "lost": 1,
        "loster": 1,
        "well": 1,
    }


# --- without loss --------------------------------------------------------------------------------------------------

_names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,12}", fullmatch=True)
_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(
    [
        "no",
        "yes",
        "1",
        "01",
        "1e5",
        "0x10",
        "08:30",
        "2026-10-01",
        "null",
        "true",
        "",
        "a\nb",
        " a",
        "中文",
        "${number}",
    ]
)
_scalars = st.none() | st.booleans() | st.integers(-(2**52), 2**52) | st.floats(-1e15, 1e15) | _texts
_values = st.recursive(
    _scalars, lambda one: st.lists(one, max_size=3) | st.dictionaries(_texts, one, max_size=3), max_leaves=6
)
_nodes = st.fixed_dictionaries(
    {"type": _names},
    optional={
        "title": st.sampled_from(["", "主菜单", "a: b"]),
        "settings": st.dictionaries(_texts, _values, max_size=3),
        "exits": st.dictionaries(st.sampled_from(["0", "1", "9", "*", "#", "no", "on", "next"]), _names, max_size=4),
        "place": st.tuples(st.floats(-1e6, 1e6), st.integers(-1000, 1000)).map(list),
    },
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    nodes = draw(st.dictionaries(_names, _nodes, min_size=1, max_size=4))
    start = draw(st.sampled_from(sorted(nodes)))
    return {"name": "f", "language": draw(st.sampled_from(["zh", "en"])), "start": start, "nodes": nodes}


@given(documents())
def test_a_flow_exported_and_imported_is_the_same_flow(document: dict[str, Any]) -> None:
    made = from_dict(deepcopy(document))
    for read, write in ((read_yaml, write_yaml), (read_json, write_json)):
        again = from_dict(read(write(to_dict(made))))
        assert again == made
        assert repr(to_dict(again)) == repr(to_dict(made))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents())
async def test_the_database_keeps_every_flow_as_it_is(flows: FlowStore, document: dict[str, Any]) -> None:
    saved = await flows.save(DEMO, from_dict(deepcopy(document)), by="root")
    read = await flows.get(DEMO, "f")
    assert repr(read.draft) == repr(saved.draft) == repr(to_dict(from_dict(document)))
