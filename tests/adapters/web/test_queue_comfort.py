"""What queues are set to beyond the bare ones, and what agents can do, over HTTP."""

from __future__ import annotations

import pytest

from tests.adapters.web.world import World, code_of

EVERYTHING = {
    "strategy": "skills",
    "music": "jazz",
    "announce_position": True,
    "announce_ewt": True,
    "announce_every_seconds": 45,
    "comfort_prompts": ["patience", "thanks"],
    "comfort_every_seconds": 60,
    "agent_announcement": "number",
    "whisper": "queue-sales",
    "max_wait_seconds": 300,
    "max_wait_target": "queue:support",
    "max_length": 20,
    "max_length_target": "number:+8613800138000",
    "no_agents": "ready",
    "no_agents_target": "voicemail:sales",
    "age_seconds_per_priority": 60,
    "relax_after_seconds": 30,
    "relax_levels": 2,
    "sticky_days": 90,
    "sticky_seconds": 15,
    "sticky_base": "least_calls",
    "service_level_seconds": 30,
    "disposition_required": True,
}


async def test_all_that_a_queue_can_be_set_to_comes_back(world: World) -> None:
    made = await world.ask("POST", "/queues", "root", json={"name": "vip", **EVERYTHING})
    assert made.status_code == 201, made.text
    shown = await world.get("/queues/vip", "root")
    assert {name: shown[name] for name in EVERYTHING} == EVERYTHING


async def test_a_change_leaves_alone_what_it_does_not_name(world: World) -> None:
    await world.ask("POST", "/queues", "root", json={"name": "vip", **EVERYTHING})
    changed = await world.ask("PATCH", "/queues/vip", "root", json={"whisper": "", "max_wait_seconds": 0})
    assert changed.status_code == 200, changed.text
    shown = await world.get("/queues/vip", "root")
    expected = {**EVERYTHING, "whisper": "", "max_wait_seconds": 0}
    assert {name: shown[name] for name in expected} == expected
    assert world.board.settings["vip"].comfort_prompts == ("patience", "thanks")


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_wait_seconds": -1},
        {"max_length_target": "queue:a\r\nAction: Logoff"},
        {"max_length_target": "x" * 101},
        {"comfort_prompts": ["../../etc/passwd"]},
        {"comfort_prompts": ["a&b"]},
        {"comfort_prompts": ["x"] * 21},
        {"music": "jazz,x"},
        {"whisper": "a b"},
        {"no_agents": "asleep"},
        {"agent_announcement": "name"},
        {"announce_position": None},
        {"comfort_every_seconds": 1},
    ],
)
async def test_a_setting_that_makes_no_sense_is_refused(world: World, wrong: dict[str, object]) -> None:
    assert code_of(await world.ask("POST", "/queues", "root", json={"name": "vip", **wrong})) == (422, "invalid")
    assert code_of(await world.ask("PATCH", "/queues/sales", "root", json=wrong)) == (422, "invalid")


async def test_a_queue_shows_how_long_it_takes_and_how_well_it_does(world: World) -> None:
    shown = await world.get("/queues/sales", "a1")
    assert shown["ewt_seconds"] is None
    assert shown["waiting"][0]["ewt_seconds"] == 90
    assert shown["service"]["level"] == 0.75


async def test_skills_are_named_given_to_agents_and_taken_away(world: World) -> None:
    assert (await world.ask("POST", "/skills", "root", json={"name": "english", "title": "英语"})).status_code == 201
    assert code_of(await world.ask("POST", "/skills", "root", json={"name": "english"})) == (409, "conflict")
    given = await world.ask("PATCH", "/agents/1001", "root", json={"skills": {"english": 8}})
    assert given.json()["skills"] == {"english": 8}
    assert (await world.get("/skills", "boss"))["items"] == [{"name": "english", "title": "英语", "agents": 1}]
    renamed = await world.ask("PUT", "/skills/english", "root", json={"title": "English"})
    assert renamed.json()["title"] == "English"
    assert (await world.ask("DELETE", "/skills/english", "root")).status_code == 204
    assert code_of(await world.ask("DELETE", "/skills/english", "root")) == (404, "not_found")
    assert code_of(await world.ask("GET", "/skills/english", "root")) == (404, "not_found")
    assert code_of(await world.ask("PUT", "/skills/english", "root", json={"title": "x"})) == (404, "not_found")


@pytest.mark.parametrize("levels", [{"english": 0}, {"english": 11}, {"Eng lish": 5}, {"english": "much"}, ["english"]])
async def test_a_level_that_is_none_is_refused(world: World, levels: object) -> None:
    assert code_of(await world.ask("PATCH", "/agents/1001", "root", json={"skills": levels})) == (422, "invalid")
