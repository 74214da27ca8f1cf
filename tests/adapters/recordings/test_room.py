"""The room that is left, and what leaves."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from adapters.recordings.failures import NotThere, StorageFailure
from adapters.recordings.room import Room
from adapters.recordings.spool import Spool
from adapters.recordings.sweeping import Sweeper
from cti.recording.policy import RecordingRules
from tests.adapters.recordings.studio import DEMO, FullStorage, Studio

MB = 1_000_000


def test_below_the_floor_new_recordings_are_refused_once_and_loudly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    storage = FullStorage(900 * MB)
    told: list[str] = []
    spool = Spool(tmp_path)
    room = Room(spool, storage, 500 * MB, told.append)

    room.look()
    assert (told, room.trouble) == ([], "")
    storage.room = 40 * MB
    with caplog.at_level(logging.ERROR):
        room.look()
        room.look()
    assert told == [room.trouble]
    assert "40 MB are free" in room.trouble
    assert [one.message.startswith("NO NEW CALL IS RECORDED") for one in caplog.records] == [True]
    storage.room = 510 * MB  # not enough to be sure yet
    room.look()
    assert len(told) == 1
    storage.room = 600 * MB
    room.look()
    assert told[1:] == [""]


def test_a_folder_that_is_not_there_or_has_an_odd_name_refuses_recordings(tmp_path: Path) -> None:
    told: list[str] = []
    for folder in (tmp_path / "none", tmp_path / "a,b", Path("relative")):
        Room(Spool(folder), FullStorage(900 * MB), 1, told.append).look()

    assert len(told) == 3
    assert all(told)


async def test_what_has_been_kept_long_enough_is_removed_and_the_rest_is_not(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    old, new = studio.call(1), studio.call(2)
    for name in (old, new):
        studio.written(name)
    await studio.finisher.look()
    places = {name: studio.ledger.sounds[name].place for name in (old, new)}
    sweeper = Sweeper(studio.storage, studio.ports)
    studio.now = type(studio.now)(studio.ledger.sounds[new].began_at + 30 * 24 * 3600 * 1000)

    studio.ledger.tenants = {DEMO: RecordingRules()}  # for ever
    await sweeper.retire()
    assert studio.ledger.leave == []
    studio.ledger.tenants = {DEMO: RecordingRules(keep_days=30)}
    await sweeper.retire()
    await sweeper.sweep()

    assert studio.forgotten == [(old, 30)]
    with pytest.raises(NotThere):
        _ = [block async for block in studio.storage.read(places[old], 0, 1)]
    assert [len(block) async for block in studio.storage.read(places[new], 0, 100)] == [100]


async def test_a_sound_that_cannot_be_removed_yet_stays_on_the_list_and_holds_up_no_other(tmp_path: Path) -> None:
    class Stubborn(FullStorage):
        async def remove(self, place: str) -> None:
            if place == "demo/1.wav":
                raise StorageFailure("read-only file system")
            await super().remove(place)

    studio = Studio(tmp_path, Stubborn(1))
    studio.ledger.leave = [(DEMO, str(n), f"demo/{n}.wav") for n in (1, 2)]

    await Sweeper(studio.storage, studio.ports).sweep()

    assert studio.ledger.leave == [(DEMO, "1", "demo/1.wav")]
