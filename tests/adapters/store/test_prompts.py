"""Prompts in the database: names, versions, and who keeps one from being removed."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.entry import EntryStore
from adapters.store.flows import FlowStore
from adapters.store.incidents import Incidents
from adapters.store.lists import Lists
from adapters.store.prompts import Prompt, PromptStore, Version, known_prompts, new_id
from adapters.store.recordings import Recordings
from cti.entry.decide import EntryPoint
from cti.entry.entries import ListEntry
from cti.entry.shapes import schedule_of
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import Instant, QueueName, TenantId
from cti.ivr.flow import from_dict
from cti.ivr.problems import BadFlow
from cti.recording.policy import RecordingRules
from cti.records import QueueSettings
from cti.targets import ENDS, target
from tests.adapters.store.story import DEMO

OTHER = TenantId("other")


def a_version(n: int = 1, language: str = "zh", **changes: Any) -> Version:
    values: dict[str, Any] = {
        "version": n,
        "language": language,
        "source": "text",
        "text": f"您好 {n}",
        "milliseconds": 1500,
        "size": 24044,
        "sha256": "0" * 64,
        "made_at": Instant(1_790_000_000_000 + n),
        "made_by": "root",
    }
    return Version(**{**values, **changes})


@pytest.fixture
async def store(database: Database) -> PromptStore:
    await DirectoryStore(database).create_tenant(Tenant(name=OTHER, title="别"))
    return PromptStore(database)


async def everything(store: PromptStore) -> dict[tuple[str, str], Prompt]:
    return {(one.tenant, one.name): one for one in await store.everything()}


async def test_the_newest_version_of_each_language_is_heard_and_all_stay(store: PromptStore) -> None:
    id = new_id()
    await store.create(DEMO, "welcome", id, "欢迎", a_version(1))
    await store.add(DEMO, "welcome", id, a_version(2, "en", text="Hello"))
    await store.add(DEMO, "welcome", id, a_version(3))

    heard = (await everything(store))[DEMO, "welcome"]
    assert (heard.id, heard.title) == (id, "欢迎")
    assert {language: one.version for language, one in heard.heard.items()} == {"zh": 3, "en": 2}
    assert [one.version for one in await store.versions(DEMO, "welcome")] == [3, 2, 1]
    assert (await store.versions(DEMO, "welcome"))[1] == a_version(2, "en", text="Hello")
    assert await store.next_version(DEMO, "welcome") == (id, 4)


async def test_every_change_is_noticed(store: PromptStore) -> None:
    id, seen = new_id(), [await store.version()]

    async def moved() -> bool:
        seen.append(await store.version())
        return seen[-1] > seen[-2]

    await store.create(DEMO, "welcome", id, "", a_version())
    assert await moved()
    await store.add(DEMO, "welcome", id, a_version(2))
    assert await moved()
    await store.rename(DEMO, "welcome", "新")
    assert await moved()
    await store.delete(DEMO, "welcome")
    assert await moved()
    with pytest.raises(NotFound):
        await store.delete(DEMO, "welcome")
    assert not await moved()


async def test_a_prompt_belongs_to_one_tenant(store: PromptStore) -> None:
    mine, theirs = new_id(), new_id()
    await store.create(DEMO, "welcome", mine, "", a_version())
    await store.create(OTHER, "welcome", theirs, "", a_version(text="别人"))
    await store.delete(DEMO, "welcome")
    assert set(await everything(store)) == {(OTHER, "welcome")}
    assert [one.text for one in await store.versions(OTHER, "welcome")] == ["别人"]
    with pytest.raises(NotFound):
        await store.versions(DEMO, "welcome")
    with pytest.raises(NotFound):
        await store.create(TenantId("nobody"), "welcome", new_id(), "", a_version())


async def test_two_who_make_the_same_thing_at_once_do_not_both_win(store: PromptStore) -> None:
    id = new_id()
    await store.create(DEMO, "welcome", id, "", a_version())
    with pytest.raises(Conflict, match="exists"):
        await store.create(DEMO, "welcome", new_id(), "", a_version())
    with pytest.raises(Conflict, match="somebody else"):
        await store.add(DEMO, "welcome", id, a_version(1))
    with pytest.raises(Conflict, match="anew"):
        await store.add(DEMO, "welcome", new_id(), a_version(2))
    assert [one.version for one in await store.versions(DEMO, "welcome")] == [1]


@pytest.mark.parametrize("name", ["", "../x", "a/b", "欢迎", "Welcome", "-v", "a" * 65, "a\n", "a b", "$(ls)"])
async def test_a_name_that_is_none_is_refused(store: PromptStore, name: str) -> None:
    with pytest.raises(BadRequest):
        await store.create(DEMO, name, new_id(), "", a_version())
    assert await store.everything() == []


async def test_a_title_is_kept_as_text(store: PromptStore) -> None:
    await store.create(DEMO, "welcome", new_id(), "<b>'; drop table prompts; --\x00", a_version())
    assert (await everything(store))[DEMO, "welcome"].title == "<b>'; drop table prompts; --\ufffd"
    with pytest.raises(BadRequest):
        await store.rename(DEMO, "welcome", " ")


def a_flow(*prompts: str) -> Any:
    nodes = {"bye": {"type": "hang_up", "settings": {"prompts": list(prompts)}}}
    return from_dict({"name": "main", "start": "bye", "nodes": nodes})


async def test_a_prompt_that_callers_hear_in_a_flow_stays(store: PromptStore, database: Database) -> None:
    await store.create(DEMO, "welcome", new_id(), "", a_version())
    flows = FlowStore(database, names=[known_prompts({"goodbye"})])
    await flows.save(DEMO, a_flow("goodbye", "en:welcome"), by="root")
    await flows.publish(DEMO, "main", by="root")

    with pytest.raises(Conflict, match="the flow main"):
        await store.delete(DEMO, "welcome")
    await flows.save(DEMO, a_flow("goodbye"), by="root")
    await flows.publish(DEMO, "main", by="root")
    await store.delete(DEMO, "welcome")


async def test_a_built_in_prompt_takes_the_place_of_one_that_goes(store: PromptStore, database: Database) -> None:
    await store.create(DEMO, "goodbye", new_id(), "", a_version())
    flows = FlowStore(database)
    await flows.save(DEMO, a_flow("goodbye"), by="root")
    await flows.publish(DEMO, "main", by="root")
    await store.delete(DEMO, "goodbye", replaced=True)


async def test_a_flow_with_a_prompt_that_is_not_there_is_not_published(store: PromptStore, database: Database) -> None:
    flows = FlowStore(database, names=[known_prompts({"goodbye"})])
    await flows.save(DEMO, a_flow("goodbye", "welcome"), by="root")
    await store.create(OTHER, "welcome", new_id(), "", a_version())
    with pytest.raises(BadFlow, match="welcome"):
        await flows.publish(DEMO, "main", by="root")


@pytest.mark.parametrize("field", [{"comfort_prompts": ("please",)}, {"whisper": "please"}])
async def test_a_prompt_that_a_queue_plays_stays(store: PromptStore, database: Database, field: Any) -> None:
    await store.create(DEMO, "please", new_id(), "", a_version())
    await DirectoryStore(database).create_queue(DEMO, QueueSettings(name=QueueName("sales"), **field))
    with pytest.raises(Conflict, match="the queue sales"):
        await store.delete(DEMO, "please")


async def test_a_prompt_that_callers_are_led_to_or_told_stays(store: PromptStore, database: Database) -> None:
    entry, lists = EntryStore(database), Lists(database)
    for name in ("number", "hours", "deny", "outage", "notice"):
        await store.create(DEMO, name, new_id(), "", a_version())
    await entry.put_number(DEMO, EntryPoint(number="4000", entry=target("message:number", ENDS)), new=True)
    hours = {
        "name": "office",
        "otherwise": "hangup",
        "special_days": [{"date": "2026-12-31", "target": "message:hours"}],
    }
    await entry.put_schedule(DEMO, schedule_of(hours), new=True)
    await lists.put(DEMO, ListEntry(kind="deny", number="138", match="prefix", target=target("message:deny", ENDS)))
    known = await Incidents(database).begin(DEMO, title="断网", prompt="outage", prefixes=(), offer=False)
    await Recordings(database).set_rules(DEMO, RecordingRules(announcement="notice"))

    for name, who in (
        ("number", "the number 4000"),
        ("hours", "the schedule office"),
        ("deny", "an entry of the deny list"),
        ("outage", "the incident 断网"),
        ("notice", "the notice of recording"),
    ):
        with pytest.raises(Conflict, match=who):
            await store.delete(DEMO, name)
    await Incidents(database).end(DEMO, known.incident.id)
    await store.delete(DEMO, "outage")
