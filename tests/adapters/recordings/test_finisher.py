"""From the spool into storage: cut, silenced, sealed, once; and nothing is let go of before it is kept."""

from __future__ import annotations

import hashlib
import io
import os
import wave
from pathlib import Path

import pytest

from adapters.recordings.failures import StorageFailure
from adapters.recordings.finisher import STRANGE_MS
from adapters.recordings.storage import DiskStorage
from cti.ids import Instant
from cti.recording.kept import Sound
from cti.records import Mark
from tests.adapters.recordings.studio import DEMO, LEFT, NOON, RIGHT, FullStorage, Studio, samples


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def spooled(studio: Studio) -> list[str]:
    return [file.name for file in studio.spool.files()]


async def test_what_was_talked_is_kept_as_a_wav_with_its_sum_and_the_spool_is_empty(studio: Studio) -> None:
    name = studio.call(answered=1, ended=4)
    studio.written(name, 4)

    await studio.finisher.look()

    sound = studio.ledger.sounds[name]
    data = studio.kept(name)
    with wave.open(io.BytesIO(data)) as opened:
        assert (opened.getnchannels(), opened.getframerate(), opened.getnframes()) == (2, 8000, 24000)
    assert (sound.length_ms, sound.bytes, sound.sha256) == (3000, len(data), hashlib.sha256(data).hexdigest())
    assert (sound.tenant, sound.truncated, sound.reason) == (DEMO, False, "queue sales: always")
    assert list(sound.markers) == [{"kind": "talking", "from": 0.0, "to": 3.0, "agent_no": "1001"}]
    assert set(samples(data)) == {(LEFT, RIGHT)}
    assert studio.told == [f"id-of-{name}"]
    assert spooled(studio) == []


async def test_the_place_of_a_recording_tells_no_number(studio: Studio) -> None:
    name = studio.call()
    studio.written(name)
    await studio.finisher.look()

    place = studio.ledger.sounds[name].place
    assert place.startswith("demo/2026/")
    assert "13800001234" not in place


async def test_a_pause_is_silence_and_takes_its_time(studio: Studio) -> None:
    began = NOON + 60_000
    marks = [Mark(Instant(began), "on"), Mark(Instant(began + 2000), "paused"), Mark(Instant(began + 3000), "on")]
    name = studio.call(marks=marks)
    studio.written(name)

    await studio.finisher.look()

    sound = samples(studio.kept(name))
    assert len(sound) == 3 * 8000
    assert set(sound[8000:16000]) == {(0, 0)}
    assert set(sound[:8000] + sound[16000:]) == {(LEFT, RIGHT)}
    assert {"kind": "paused", "from": 1.0, "to": 2.0, "agent_no": None} in studio.ledger.sounds[name].markers


async def test_a_file_from_the_agents_side_is_turned_round(studio: Studio) -> None:
    name = studio.call(side="agent")
    studio.written(name)
    await studio.finisher.look()

    assert set(samples(studio.kept(name))) == {(RIGHT, LEFT)}


async def test_a_call_that_still_talks_is_left_alone(studio: Studio) -> None:
    name = studio.call(ended=None)
    studio.written(name)
    await studio.finisher.look()

    assert spooled(studio) == [name]
    assert studio.ledger.sounds == {}


async def test_a_file_that_is_still_being_written_is_left_alone(studio: Studio) -> None:
    name = studio.call()
    studio.written(name, age=0.2)
    await studio.finisher.look()

    assert spooled(studio) == [name]


@pytest.mark.parametrize("mode", ["never answered", "never asked for"])
async def test_where_nobody_was_to_be_heard_nothing_is_kept(studio: Studio, mode: str) -> None:
    off = [Mark(Instant(NOON + 60_000), "off")]
    name = studio.call(answered=None) if mode == "never answered" else studio.call(mode="on_demand", marks=off)
    studio.written(name)
    await studio.finisher.look()

    assert spooled(studio) == []
    assert studio.ledger.sounds == {}
    assert not list((studio.folder).rglob("*.wav"))
    assert studio.finisher.outcomes["nothing"] == 1


async def test_a_recording_that_a_full_disk_cut_short_is_marked(studio: Studio) -> None:
    name = studio.call(answered=1, ended=60)
    studio.written(name, 20)
    await studio.finisher.look()

    assert studio.ledger.sounds[name].truncated
    assert studio.finisher.outcomes["truncated"] == 1


async def test_with_the_storage_full_everything_stays_in_the_spool_until_there_is_room(tmp_path: Path) -> None:
    storage = FullStorage(1000)
    studio = Studio(tmp_path, storage)
    names = [studio.call(1), studio.call(2)]
    for name in names:
        studio.written(name)

    await studio.finisher.look()
    assert sorted(spooled(studio)) == names
    assert "No space left" in studio.finisher.trouble
    assert storage.sounds == {}

    storage.room = 10_000_000
    await studio.finisher.look()
    assert spooled(studio) == []
    assert sorted(studio.ledger.sounds) == names
    assert studio.finisher.trouble == ""


async def test_with_the_database_away_everything_stays_in_the_spool(studio: Studio) -> None:
    name = studio.call()
    studio.written(name)
    studio.ledger.away = True

    await studio.finisher.look()
    assert spooled(studio) == [name]

    studio.ledger.away = False
    await studio.finisher.look()
    assert spooled(studio) == []


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["while it is stored", "before it is on record", "before the spool lets go"])
async def test_killed_at_any_step_the_next_look_ends_the_same(
    studio: Studio, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = studio.call()
    studio.written(name)

    def dies(*_: object) -> None:
        raise Killed

    async def dies_later(sound: Sound) -> str | None:
        raise Killed

    with monkeypatch.context() as patch:
        match step:
            case "while it is stored":
                patch.setattr(os, "fsync", dies)
            case "before it is on record":
                patch.setattr(studio.ledger, "keep", dies_later)
            case _:
                patch.setattr(studio.spool, "remove", dies)
        with pytest.raises(Killed):
            await studio.finisher.look()
    assert spooled(studio) == [name]

    await studio.finisher.look()

    assert spooled(studio) == []
    assert len(samples(studio.kept(name))) == 24000
    assert [path.suffix for path in (studio.folder / "kept").rglob("*") if path.is_file()] == [".wav"]
    assert len(studio.told) == 1


async def test_what_belongs_to_no_call_is_put_aside_after_a_day_and_strangers_are_not_touched(studio: Studio) -> None:
    strange = "1780000000-9-123456-987654321"
    studio.written(strange, age=STRANGE_MS / 1000 + 60)
    others = [studio.written(name) for name in ("x,touch pwned", "13800001234", "a-b-c-d")]

    await studio.finisher.look()

    assert (studio.spool.folder / "aside" / f"{strange}.raw").is_file()
    assert all(path.is_file() for path in others)
    assert studio.finisher.outcomes["strange"] == 1


async def test_a_call_recorded_while_the_server_was_away_is_dated_by_its_file(studio: Studio) -> None:
    name = studio.call(answered=1, ended=4, began_at=None, marks=[Mark(Instant(0), "on")])
    path = studio.written(name, 4)
    os.utime(path, ((NOON + 64_000) / 1000,) * 2)

    await studio.finisher.look()

    assert studio.ledger.sounds[name].began_at == NOON + 61_000
    assert studio.ledger.sounds[name].length_ms == 3000


@pytest.mark.parametrize("place", ["../x.wav", "/etc/x.wav", "a/../../x.wav", "a/b.txt", "a b.wav", ".wav", "a//b.wav"])
async def test_a_place_that_leads_elsewhere_is_refused(tmp_path: Path, place: str) -> None:
    storage = DiskStorage(tmp_path)

    with pytest.raises(StorageFailure):
        await storage.put(place, iter([b"x"]))
    with pytest.raises(StorageFailure):
        await storage.remove(place)
    with pytest.raises(StorageFailure):
        _ = [block async for block in storage.read(place, 0, 1)]
