"""Prompts over HTTP: a text or a file becomes a version, and nobody's words become a path or a program."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from adapters.lab.place import CHECKOUT
from adapters.prompts import Prompts
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.flows import FlowStore
from adapters.store.prompts import PromptStore
from adapters.voice.build import MADE
from adapters.web.models import Listing
from adapters.web.prompts import Prompt, PromptBrief
from cti.ivr.flow import from_dict
from tests.adapters.voice.hearing import a_wav, pitch, wavs
from tests.adapters.web.world import DEMO, OTHER, World, code_of

VOICE = CHECKOUT / ".lab/voice"


@pytest.fixture
async def database(migrated: Path, tmp_path: Path) -> AsyncIterator[Database]:
    if not (VOICE / "builtin" / MADE).is_file():
        pytest.fail("the built-in prompts are not made yet: run `make fetch`")
    shutil.copy(migrated, tmp_path / "cti.db")
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}")
    for tenant in (DEMO, OTHER):
        await DirectoryStore(made).create_tenant(Tenant(name=tenant, title=tenant))
    yield made
    await made.close()


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    prompts = Prompts(PromptStore(database), tmp_path / "prompts", VOICE)
    await prompts.refresh()
    far = World()
    far.app.state.ports = replace(far.app.state.ports, prompts=prompts)
    async with far.at_hand() as near:
        yield near


async def made(world: World, path: str = "/prompts", by: str = "root", **body: Any) -> Any:
    response = await world.ask("POST", path, by, **body)
    assert response.status_code == 201, response.text
    return TypeAdapter(Prompt).validate_python(response.json()).model_dump(mode="json")


def form(content: bytes, file_name: str = "x.wav", **fields: str) -> dict[str, Any]:
    return {"data": fields, "files": {"file": (file_name, content, "audio/wav")}}


async def heard(world: World, path: str, tmp_path: Path, by: str = "boss") -> Path:
    response = await world.ask("GET", path, by)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "audio/wav"
    assert response.headers["x-content-type-options"] == "nosniff"
    (tmp_path / "heard.wav").write_bytes(response.content)
    return tmp_path / "heard.wav"


async def test_own_and_built_in_prompts_are_listed_by_name(world: World) -> None:
    await made(world, json={"name": "aaa-news", "title": "消息", "text": "新消息。"})
    first = await world.get("/prompts?limit=2", "boss")
    TypeAdapter(Listing[PromptBrief]).validate_python(first)
    assert [one["name"] for one in first["items"]] == ["aaa-news", "agent-no"]
    assert first["total"] > 250
    assert [one["name"] for one in (await world.get("/prompts?built_in=false", "boss"))["items"]] == ["aaa-news"]
    found = await world.get("/prompts?search=录音&built_in=true", "boss")
    assert "recording-notice" in [one["name"] for one in found["items"]]
    assert (await world.get("/prompts?search=aaa", "stranger"))["total"] == 0


async def test_a_text_is_spoken_and_a_new_one_takes_its_place(world: World, tmp_path: Path) -> None:
    one = await made(world, json={"name": "news", "text": "新消息。"})
    assert (one["title"], one["languages"], one["texts"]) == ("news", ["zh"], {"zh": "新消息。"})
    two = await made(world, "/prompts/news/versions", json={"language": "en", "text": "News."})
    assert [(v["version"], v["language"], v["made_by"]) for v in two["versions"]] == [
        (2, "en", "root"),
        (1, "zh", "root"),
    ]
    assert await heard(world, "/prompts/news/audio?language=en", tmp_path)
    assert await heard(world, "/prompts/news/audio?version=1", tmp_path)
    assert code_of(await world.ask("GET", "/prompts/news/audio?version=3", "boss")) == (404, "not_found")
    assert (await world.ask("PATCH", "/prompts/news", "root", json={"title": "消息"})).json()["title"] == "消息"


async def test_a_file_is_kept_as_asterisk_plays_it_whatever_it_is_called(world: World, tmp_path: Path) -> None:
    for n, file_name in enumerate(("../../../etc/passwd", "$(touch x).mp3", "x\x00.wav", "a;b|c&d.exe", "音.wav", "")):
        name = f"tone-{n}"
        await made(world, **form(a_wav(hertz=600), file_name or "x", name=name, language="zh"))
        assert round(pitch(await heard(world, f"/prompts/{name}/audio", tmp_path)), -2) == 600
    kept = {one.relative_to(tmp_path / "prompts").parts[0] for one in wavs(tmp_path / "prompts")}
    assert kept == {"demo"}
    assert not (tmp_path / "x").exists()


async def test_an_older_version_comes_back(world: World, tmp_path: Path) -> None:
    await made(world, **form(a_wav(hertz=400), name="tone"))
    await made(world, "/prompts/tone/versions", **form(a_wav(hertz=800)))
    assert round(pitch(await heard(world, "/prompts/tone/audio", tmp_path)), -2) == 800
    back = await world.ask("POST", "/prompts/tone/restore", "root", json={"version": 1})
    assert back.json()["heard"][0]["version"] == 3
    assert round(pitch(await heard(world, "/prompts/tone/audio", tmp_path)), -2) == 400
    assert code_of(await world.ask("POST", "/prompts/tone/restore", "root", json={"version": 7})) == (404, "not_found")


async def test_a_preview_is_a_sound_and_nothing_is_kept(world: World) -> None:
    response = await world.ask("POST", "/prompts/preview", "root", json={"language": "en", "text": "<b>-v $(ls)</b>"})
    assert (response.status_code, response.headers["content-type"]) == (200, "audio/wav")
    assert response.content.startswith(b"RIFF")
    assert (await world.get("/prompts?built_in=false", "boss"))["total"] == 0


async def test_who_may_not_edit_may_not_edit(world: World) -> None:
    await made(world, json={"name": "news", "text": "新消息。"})
    new = {"json": {"name": "more", "text": "新消息。"}}
    for by, status in (("a1", 403), ("boss", 403), (None, 401)):
        assert (await world.ask("POST", "/prompts", by, **new)).status_code == status
        assert (await world.ask("POST", "/prompts", by, **form(a_wav(), name="more"))).status_code == status
        assert (await world.ask("POST", "/prompts/preview", by, json={"text": "x"})).status_code == status
        assert (await world.ask("DELETE", "/prompts/news", by)).status_code == status
    assert code_of(await world.ask("GET", "/prompts/news", "stranger")) == (404, "not_found")
    assert code_of(await world.ask("GET", "/prompts/news/audio", "stranger")) == (404, "not_found")
    assert code_of(await world.ask("DELETE", "/prompts/news", "stranger")) == (404, "not_found")
    assert (await world.get("/prompts/news", "boss"))["built_in"] is False


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"json": {"name": "../x", "text": "好"}}, 422, "invalid"),
        ({"json": {"name": "x", "text": "好", "language": "fr"}}, 422, "invalid"),
        ({"json": {"name": "x", "text": "好" * 1001}}, 422, "invalid"),
        ({"json": {"name": "x", "text": "好", "path": "/etc"}}, 422, "invalid"),
        ({"json": {"text": "好"}}, 422, "invalid"),
        ({"content": b"{"}, 422, "invalid"),
        ({"content": b"\xff\xfe"}, 422, "invalid"),
        ({"json": {"name": "x"}}, 400, "bad_request"),
        ({"json": {"name": "x", "text": "a\u0007b"}}, 400, "bad_request"),
        ({"json": {"name": "x", "text": "。"}}, 400, "not_playable"),
        (form(b"<html>", name="x"), 400, "not_playable"),
        (form(b"", name="x"), 400, "not_playable"),
        (form(a_wav(), name="x y"), 422, "invalid"),
        (form(a_wav(), name="x", text="好"), 400, "bad_request"),
        ({"files": {"other": ("x.wav", a_wav())}, "data": {"name": "x"}}, 400, "bad_request"),
        ({"content": b"--x", "headers": {"content-type": "multipart/form-data; boundary=y"}}, 400, "bad_request"),
        ({"content": b"--x", "headers": {"content-type": "multipart/form-data"}}, 400, "bad_request"),
    ],
)
async def test_a_bad_prompt_is_refused_by_name_and_leaves_nothing(
    world: World, tmp_path: Path, body: Any, status: int, code: str
) -> None:
    assert code_of(await world.ask("POST", "/prompts", "root", **body)) == (status, code)
    assert (await world.get("/prompts?built_in=false", "root"))["total"] == 0
    assert not wavs(tmp_path)


async def test_an_upload_may_be_large_but_not_without_end(world: World) -> None:
    seconds = 2 * (1 << 20) / 16000  # beyond what any other body may have
    large = a_wav(seconds=1, rate=8000, channels=1)
    second = large[44:]
    data = second * round(seconds)
    large = large[:4] + (36 + len(data)).to_bytes(4, "little") + large[8:40] + len(data).to_bytes(4, "little") + data
    await made(world, **form(large, name="long"))
    too_large = form(b"RIFF" + bytes(11 << 20), name="longer")
    assert code_of(await world.ask("POST", "/prompts", "root", **too_large)) == (413, "too_large")
    elsewhere = await world.ask("POST", "/queues", "root", content=bytes(2 << 20))
    assert code_of(elsewhere) == (413, "too_large")


async def test_a_prompt_that_callers_hear_is_not_removed(world: World, database: Database) -> None:
    await made(world, json={"name": "news", "text": "新消息。"})
    await made(world, json={"name": "goodbye", "text": "再会。"})
    flows = FlowStore(database)
    nodes = {"bye": {"type": "hang_up", "settings": {"prompts": ["news", "goodbye"]}}}
    await flows.save(DEMO, from_dict({"name": "main", "start": "bye", "nodes": nodes}), by="root")
    await flows.publish(DEMO, "main", by="root")

    refused = await world.ask("DELETE", "/prompts/news", "root")
    assert code_of(refused) == (409, "conflict")
    assert "the flow main" in refused.json()["detail"]
    # the built-in prompt of that name is heard instead
    assert (await world.ask("DELETE", "/prompts/goodbye", "root")).status_code == 204
    assert (await world.get("/prompts/goodbye", "root"))["built_in"] is True
    await flows.delete(DEMO, "main")
    assert (await world.ask("DELETE", "/prompts/news", "root")).status_code == 204
    assert code_of(await world.ask("GET", "/prompts/news", "root")) == (404, "not_found")


async def test_a_name_is_taken_once(world: World) -> None:
    await made(world, json={"name": "news", "text": "新消息。"})
    again = await world.ask("POST", "/prompts", "root", json={"name": "news", "text": "新消息。"})
    assert code_of(again) == (409, "conflict")
    absent = await world.ask("POST", "/prompts/other/versions", "root", json={"text": "新消息。"})
    assert code_of(absent) == (404, "not_found")
