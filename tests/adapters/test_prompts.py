"""What callers hear: from memory, one's own before the built-in, followed within a moment, through outages too."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters import prompts as module
from adapters.cli import app
from adapters.lab.place import CHECKOUT
from adapters.prompts import Prompts
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.failures import StoreAway
from adapters.store.prompts import PromptStore, Version
from adapters.voice.build import MADE, place
from adapters.voice.sound import look
from adapters.web.ports import Made
from cti.errors import BadRequest, Conflict, NotFound, NotPlayable
from cti.ids import TenantId
from tests.adapters.voice.hearing import a_wav, loudest, pitch, wavs

DEMO, OTHER = TenantId("demo"), TenantId("other")
VOICE = CHECKOUT / ".lab/voice"
BUILT_IN = VOICE / "builtin"


class Away(PromptStore):
    """A store whose database can be away, and that can fail at the last moment."""

    away = False
    looks = 0
    fails = False

    async def version(self) -> int:
        self.looks += 1
        if self.away:
            raise StoreAway("gone")
        return await super().version()

    async def add(self, tenant: TenantId, name: str, id: str, version: Version) -> None:
        if self.fails:
            raise StoreAway("gone")
        await super().add(tenant, name, id, version)


@pytest.fixture
async def store(migrated: Path, tmp_path: Path) -> AsyncIterator[Away]:
    if not (BUILT_IN / MADE).is_file():
        pytest.fail("the built-in prompts are not made yet: run `make fetch`")
    shutil.copy(migrated, tmp_path / "cti.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}")
    for tenant in (DEMO, OTHER):
        await DirectoryStore(database).create_tenant(Tenant(name=tenant, title=tenant))
    yield Away(database)
    await database.close()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "prompts"


@pytest.fixture
async def prompts(store: Away, own: Path) -> Prompts:
    made = Prompts(store, own, VOICE)
    await made.refresh()
    return made


def text(words: str, language: str = "zh") -> Made:
    return Made(language=language, text=words)


def heard(prompts: Prompts, name: str, language: str = "zh", tenant: TenantId = DEMO) -> Path:
    found = prompts.path(tenant, name, language)
    assert found is not None
    assert Path(found).is_absolute()
    return Path(f"{found}.wav")


async def test_built_in_prompts_are_there_at_once_in_the_language_that_is_asked_for(prompts: Prompts) -> None:
    assert heard(prompts, "greeting", "zh") == BUILT_IN / "zh/greeting.wav"
    assert heard(prompts, "greeting", "en") == BUILT_IN / "en/greeting.wav"
    assert heard(prompts, "en:greeting", "zh") == BUILT_IN / "en/greeting.wav"
    assert heard(prompts, "greeting", "fr") == BUILT_IN / "zh/greeting.wav"
    assert prompts.path(DEMO, "nothing-like-it", "zh") is None
    assert prompts.path(DEMO, "../../etc/passwd", "zh") is None


async def test_a_tenants_own_goes_before_the_built_in_and_is_theirs_alone(prompts: Prompts, own: Path) -> None:
    await prompts.create(DEMO, "greeting", "", text("这里是示例公司。"), "root")
    mine = heard(prompts, "greeting")
    assert mine.is_relative_to(own / "demo")
    assert look(mine).milliseconds > 500
    assert heard(prompts, "greeting", tenant=OTHER) == BUILT_IN / "zh/greeting.wav"
    # a built-in one in the right language is better than one's own in another
    assert heard(prompts, "greeting", "en") == BUILT_IN / "en/greeting.wav"


async def test_a_foreign_language_is_better_than_nothing(prompts: Prompts) -> None:
    await prompts.create(DEMO, "opening", "", text("我们开业了。"), "root")
    assert heard(prompts, "opening", "en") == heard(prompts, "opening", "zh")
    await prompts.add(DEMO, "opening", text("We are open.", "en"), "root")
    assert heard(prompts, "opening", "en") != heard(prompts, "opening", "zh")


async def test_a_new_version_is_heard_and_an_old_one_comes_back(prompts: Prompts) -> None:
    await prompts.create(DEMO, "tone", "音", Made(language="zh", upload=a_wav(hertz=400)), "ana")
    await prompts.add(DEMO, "tone", Made(language="zh", upload=a_wav(hertz=800)), "bo")
    assert round(pitch(heard(prompts, "tone")), -2) == 800

    now = await prompts.restore(DEMO, "tone", 1, "cy")
    assert round(pitch(heard(prompts, "tone")), -2) == 400
    versions = now["versions"]
    assert isinstance(versions, list)
    assert [(one["version"], one["source"], one["made_by"]) for one in versions] == [
        (3, "upload", "cy"),
        (2, "upload", "bo"),
        (1, "upload", "ana"),
    ]
    assert (await prompts.audio(DEMO, "tone", "zh", 2)).name == "2.zh.wav"
    with pytest.raises(NotFound):
        await prompts.restore(DEMO, "tone", 9, "cy")


async def test_what_somebody_else_changes_is_heard_within_a_moment(prompts: Prompts, store: Away, own: Path) -> None:
    other = Prompts(store, own, VOICE)
    await other.create(DEMO, "news", "", text("新消息。"), "root")
    assert prompts.path(DEMO, "news", "zh") is None
    await prompts.refresh()
    assert heard(prompts, "news") == heard(other, "news")


async def test_an_outage_of_the_database_leaves_the_last_prompts(
    prompts: Prompts, store: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prompts.create(DEMO, "news", "", text("新消息。"), "root")
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    store.away, before = True, store.looks
    watching = asyncio.create_task(prompts.watch())
    while store.looks < before + 3:
        await asyncio.sleep(0)
    assert not watching.done()
    assert heard(prompts, "news").is_file()
    watching.cancel()


async def test_a_change_that_the_database_does_not_take_leaves_no_file(
    prompts: Prompts, store: Away, own: Path
) -> None:
    await prompts.create(DEMO, "news", "", text("新消息。"), "root")
    files = wavs(own)
    store.fails = True
    with pytest.raises(StoreAway):
        await prompts.add(DEMO, "news", text("旧消息。"), "root")
    assert wavs(own) == files
    with pytest.raises(NotFound):
        await prompts.create(TenantId("nobody"), "news", "", text("新消息。"), "root")
    assert wavs(own) == files


async def test_a_file_that_a_dead_server_left_behind_is_in_nobodys_way(prompts: Prompts) -> None:
    await prompts.create(DEMO, "news", "", text("新消息。"), "root")
    orphan = heard(prompts, "news").with_name("2.zh.wav")
    orphan.write_bytes(b"half a file")
    now = await prompts.add(DEMO, "news", text("又有新消息。"), "root")
    assert heard(prompts, "news").name == "3.zh.wav"
    assert now["languages"] == ["zh"]
    assert orphan.read_bytes() == b"half a file"


async def test_two_at_once_make_two_versions(prompts: Prompts) -> None:
    await prompts.create(DEMO, "news", "", text("新消息。"), "root")
    await asyncio.gather(*(prompts.add(DEMO, "news", text(f"消息{n}。"), "root") for n in range(4)))
    versions = (await prompts.get(DEMO, "news"))["versions"]
    assert isinstance(versions, list)
    assert [one["version"] for one in versions] == [5, 4, 3, 2, 1]
    assert {one["text"] for one in versions[:4]} == {f"消息{n}。" for n in range(4)}


async def test_a_removed_prompt_is_gone_and_the_built_in_one_is_heard_again(prompts: Prompts, own: Path) -> None:
    await prompts.create(DEMO, "greeting", "", text("这里是示例公司。"), "root")
    folder = heard(prompts, "greeting").parent
    await prompts.remove(DEMO, "greeting")
    assert not folder.exists()
    assert heard(prompts, "greeting") == BUILT_IN / "zh/greeting.wav"
    with pytest.raises(NotFound):
        await prompts.remove(DEMO, "greeting")


async def test_what_cannot_be_kept_is_refused_and_leaves_nothing(prompts: Prompts, own: Path) -> None:
    for name, made, why in (
        ("../x", text("好"), BadRequest),
        ("x", text("", "zh"), BadRequest),
        ("x", text("好", "fr"), BadRequest),
        ("x", text("好", "../x"), BadRequest),
        ("x", Made(language="zh", upload=b"no sound"), NotPlayable),
    ):
        with pytest.raises(why):
            await prompts.create(DEMO, name, "", made, "root")
    with pytest.raises(NotFound):
        await prompts.add(DEMO, "x", text("好"), "root")
    assert not wavs(own)
    await prompts.create(DEMO, "x", "", text("好"), "root")
    with pytest.raises(Conflict):
        await prompts.create(DEMO, "x", "", text("好"), "root")


async def test_a_preview_is_kept_nowhere(prompts: Prompts, own: Path, tmp_path: Path) -> None:
    (tmp_path / "heard.wav").write_bytes(await prompts.preview("en", "Can you hear me?"))
    assert loudest(tmp_path / "heard.wav") > 16000
    assert not wavs(own)


async def test_built_in_prompts_that_are_made_later_are_found(store: Away, own: Path, tmp_path: Path) -> None:
    voice = tmp_path / "voice"
    prompts = Prompts(store, own, voice)
    await prompts.refresh()
    assert prompts.path(DEMO, "greeting", "zh") is None
    file = place(voice, "zh", "greeting")
    file.parent.mkdir(parents=True)
    shutil.copy(BUILT_IN / "zh/greeting.wav", file)
    (voice / "builtin" / MADE).write_text("{}")
    await prompts.refresh()
    assert heard(prompts, "greeting") == file


def test_the_command_line_adds_lists_and_removes(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(migrated, tmp_path / "cti.db")
    (tmp_path / "tone.mp3").write_bytes(a_wav())  # a name is only a name
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTI_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}")
    monkeypatch.setenv("CTI_PROMPTS_DIR", str(tmp_path / "prompts"))
    monkeypatch.setenv("CTI_VOICE_DIR", str(VOICE))
    monkeypatch.setenv("CTI_ADMIN_PASSWORD", "a long password")

    def cti(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == code, done.output
        return done.stdout

    cti("tenant", "add", "demo")
    cti("prompt", "add", "news", "--text", "新消息。", "--title", "消息")
    cti("prompt", "add", "news", "--file", "tone.mp3", "--language", "en")
    (row,) = json.loads(cti("prompt", "list", "--own", "--json"))
    assert (row["name"], row["title"], row["version"], row["zh"]) == ("news", "消息", "en 2 zh 1", "新消息。")
    assert "greeting" in cti("prompt", "list", "greet", "--json")
    cti("prompt", "add", "news", code=1)
    cti("prompt", "add", "news", "--file", "absent.wav", code=1)
    cti("prompt", "add", "-v", "--text", "x", code=2)
    cti("prompt", "remove", "news")
    cti("prompt", "remove", "news", code=1)
    assert json.loads(cti("prompt", "list", "--own", "--json")) == []


def test_the_command_line_tells_how_a_value_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["prompt", "say", "money", "12.05", "--json"])
    assert json.loads(done.stdout) == [
        {"says": "十二元零五分", "prompts": ["num-12", "unit-yuan", "num-0", "num-5", "unit-fen"]}
    ]
    assert CliRunner().invoke(app, ["prompt", "say", "money", "much"]).exit_code == 1
