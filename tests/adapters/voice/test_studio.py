"""Sounds are made of texts and uploads; what is hostile is spoken as text, or refused, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from adapters.voice.programs import Failed, find, run
from adapters.voice.sound import kind_of, look
from adapters.voice.studio import MOST_BYTES, Studio
from adapters.voice.texts import spoken
from cti.errors import BadRequest, NotPlayable, NoVoice
from tests.adapters.voice.hearing import a_wav, left_in, loudest, pitch, samples


async def test_a_text_is_spoken_in_both_languages(studio: Studio, tmp_path: Path) -> None:
    for language, text in (("zh", "您好，欢迎致电。"), ("en", "Hello, and welcome.")):
        file = tmp_path / f"{language}.wav"
        sound = await studio.speak(text, language, file)
        assert 700 < sound.milliseconds < 4000
        assert sound == look(file)
        assert loudest(file) > 16000
    assert left_in(tmp_path) == ["en.wav", "zh.wav"]


@pytest.mark.parametrize(
    "text",
    [
        "-v",
        "--stdout",
        "-f /etc/passwd",
        "$(touch taken)",
        "`touch taken`; touch taken | touch taken",
        "\"quotes\" and 'quotes'",
        "<speak><audio src='/etc/passwd'/>hello</speak>",
        "[[touch]] %s %n \\n",
        "../../etc/passwd",
        "两百元，50% & more",
    ],
)
async def test_a_hostile_text_is_only_spoken(studio: Studio, tmp_path: Path, text: str) -> None:
    for language in ("zh", "en"):
        sound = await studio.speak(text, language, tmp_path / "said.wav")
        assert 0 < sound.milliseconds < 15_000
    assert left_in(tmp_path) == ["said.wav"]


def test_brackets_begin_no_phonemes() -> None:
    assert spoken("[[[x]] [y]") == "[ [ [x]] [y]"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no text"),
        (" \n\t ", "no text"),
        ("a" * 1001, "longer"),
        ("a\x00b", "nobody can speak"),
        ("a\x01b", "nobody can speak"),
        ("\x1b[0m", "nobody can speak"),
        ("\ud800", "nobody can speak"),
        ("。", "can be heard"),
    ],
)
async def test_a_text_that_cannot_be_spoken_is_refused(studio: Studio, tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        await studio.speak(text, "zh", tmp_path / "said.wav")
    assert left_in(tmp_path) == []


async def test_a_language_without_a_voice_is_refused(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="'fr; ls'"):
        await studio.speak("bonjour", "fr; ls", tmp_path / "said.wav")


@pytest.mark.parametrize(
    ("rate", "channels", "width"), [(44100, 2, 2), (48000, 1, 3), (8000, 1, 2), (22050, 1, 1), (16000, 2, 4)]
)
async def test_a_wav_becomes_what_asterisk_plays(
    studio: Studio, tmp_path: Path, rate: int, channels: int, width: int
) -> None:
    file = tmp_path / "tone.wav"
    sound = await studio.convert(a_wav(rate=rate, channels=channels, width=width), file)
    assert abs(sound.milliseconds - 1000) < 10
    assert abs(pitch(file) - 440) < 5
    assert 20000 < loudest(file) < 24500  # 3 dB below the most there can be


async def test_an_mp3_becomes_what_asterisk_plays(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(a_wav(seconds=2))
    command = (*studio.programs.sox, str(tmp_path / "tone.wav"), str(tmp_path / "tone.mp3"))
    await run(studio.programs, command, folder=tmp_path, seconds=10)
    content = (tmp_path / "tone.mp3").read_bytes()
    assert kind_of(content) == "mp3"
    tagged = b"ID3\x03\x00\x00\x00\x00\x00\x0aTIT2\x00\x00\x00\x00\x00\x00" + content
    for upload in (content, tagged):
        sound = await studio.convert(upload, tmp_path / "out.wav")
        assert abs(sound.milliseconds - 2000) < 120
        assert abs(pitch(tmp_path / "out.wav") - 440) < 12


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"RIFF" + b"\xff" * 4000,
        b"RIFF\xff\xff\xff\xffWAVE" + b"\x00" * 4000,
        b"ID3" + b"\x00" * 4000,
        b"\xff\xfb\x90\x64" + b"\x00" * 40,
        b"OggS" + b"\x00" * 4000,
        b"#!/bin/sh\ntouch taken\n",
        b"|touch taken",
        b"<html><script>alert(1)</script></html>",
        b"\x7fELF" + b"\x00" * 4000,
        a_wav(seconds=0.5)[:44],
    ],
)
async def test_what_is_no_sound_is_refused_whatever_it_is_called(
    studio: Studio, tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(NotPlayable):
        await studio.convert(content, tmp_path / "prompt.wav")
    assert left_in(tmp_path) == []


async def test_an_upload_has_an_end(studio: Studio, tmp_path: Path) -> None:
    eleven_minutes = a_wav(seconds=1, rate=8000, channels=1, width=1)
    header, second = eleven_minutes[:44], eleven_minutes[44:]
    data = second * 660
    long = header[:4] + (36 + len(data)).to_bytes(4, "little") + header[8:40] + len(data).to_bytes(4, "little") + data
    with pytest.raises(NotPlayable, match="10 minutes"):
        await studio.convert(long, tmp_path / "long.wav")
    with pytest.raises(NotPlayable, match="10 MiB"):
        await studio.convert(long[:44] + bytes(MOST_BYTES), tmp_path / "large.wav")
    assert left_in(tmp_path) == []


async def test_a_program_that_hangs_is_ended(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="longer than"):
        await run(studio.programs, ("/bin/sleep", "60"), folder=tmp_path, seconds=0.05)


async def test_whoever_is_asked_to_stop_leaves_no_file_and_no_program(studio: Studio, tmp_path: Path) -> None:
    task = asyncio.create_task(studio.speak("很长的话。" * 150, "zh", tmp_path / "said.wav"))
    while not left_in(tmp_path):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left_in(tmp_path) == []


async def test_a_machine_without_the_programs_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {"nice": "/usr/bin/nice", "prlimit": "/usr/bin/prlimit"}
    monkeypatch.setattr(shutil, "which", here.get)
    with pytest.raises(NoVoice, match="apt-get install espeak-ng sox"):
        find(tmp_path)


async def test_a_finished_sound_has_one_form(tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(a_wav())
    with pytest.raises(ValueError, match="no sound of ours"):
        look(tmp_path / "tone.wav")
    (tmp_path / "tone.wav").write_bytes(a_wav(rate=8000, channels=1))
    assert look(tmp_path / "tone.wav").milliseconds == 1000
    assert len(samples(tmp_path / "tone.wav")) == 8000
