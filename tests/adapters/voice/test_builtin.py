"""The built-in prompts: complete in both languages, and files that Asterisk plays as they are."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from adapters.lab.place import CHECKOUT
from adapters.store.flow_text import read
from adapters.voice import build as module
from adapters.voice.build import build, place
from adapters.voice.builtin import names, texts
from cti.ivr.check import references
from cti.ivr.flow import from_dict
from cti.speech import LANGUAGES
from cti.speech.words import WORDS
from tests.adapters.voice.hearing import loudest, samples

SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def test_every_prompt_is_there_in_both_languages() -> None:
    for language in LANGUAGES:
        assert texts()[language].keys() == names()
        assert names() >= WORDS[language].keys()
    assert all(map(SAFE.fullmatch, names()))


def test_a_sentence_does_not_take_the_place_of_a_word_of_say() -> None:
    for language in LANGUAGES:
        for name, text in WORDS[language].items():
            assert texts()[language][name] == text


def test_the_flows_of_the_house_play_nothing_else() -> None:
    files = sorted((CHECKOUT / "dialplans/flows").glob("*.yaml"))
    assert files
    for file in files:
        played = references(from_dict(read(file.read_text(encoding="utf-8"))), "prompt")
        assert played <= names(), f"{file.name}: {sorted(played - names())}"


def test_what_the_switchboard_says_of_its_own_accord_is_there() -> None:
    code = (CHECKOUT / "adapters/switchboard.py").read_text(encoding="utf-8")
    said = {
        name
        for listed in re.findall(r"(?:play\(|prompts = )\[([^\]]*)\]", code)
        for name in re.findall(r'"([^"]+)"', listed)
    }
    assert said
    assert said <= names(), sorted(said - names())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_can_be_heard_is_short_and_begins_at_once(voice: Path, language: str) -> None:
    for name in names():
        file = place(voice, language, name)
        heard = samples(file)
        seconds = len(heard) / 8000
        assert 0.1 < seconds < 15, f"{file}: {seconds:.2f} s"
        assert 16000 < loudest(file) < 32700, f"{file}: the level is {loudest(file)}"
        assert max(map(abs, heard[:1600])) > 300, f"{file} begins with silence"


async def test_only_what_is_missing_or_changed_is_made(
    voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (voice / "programs").exists():
        (tmp_path / "programs").symlink_to(voice / "programs")
    known = {"zh": {"thanks": "谢谢。", "num-1": "一"}, "en": {"thanks": "Thank you.", "num-1": "one"}}
    monkeypatch.setattr(module, "texts", lambda: known)
    told: list[str] = []

    assert await build(tmp_path, told.append) == 4
    assert await build(tmp_path, told.append) == 0
    before = place(tmp_path, "zh", "num-1").stat().st_mtime_ns

    place(tmp_path, "en", "num-1").unlink()
    known["zh"]["thanks"] = "多谢。"
    assert await build(tmp_path, told.append) == 2
    assert place(tmp_path, "zh", "num-1").stat().st_mtime_ns == before
    assert loudest(place(tmp_path, "en", "num-1")) > 0
    assert told == ["making 4 built-in prompts", "making 2 built-in prompts"]

    (tmp_path / "builtin" / module.MADE).write_text("no json")
    shutil.rmtree(tmp_path / "builtin" / "en")
    assert await build(tmp_path, told.append) == 4
